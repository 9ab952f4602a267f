"""Jointly normal x and y with random canonical correlations and random mixing of each side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .noise import NoiseSource
from .strength import (
    chance,
    correlation_of,
    few,
    integer,
    log_uniform,
    orthogonal,
    shared_information,
    uniform,
)


@dataclass(frozen=True)
class GaussianPairs:
    """Standard normal pairs with correlations (b, k)."""

    correlations: Tensor

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """x normal, y its regression plus noise."""
        rho = self.correlations[:, None, :]
        x = source.normal(n, rho.shape[-1])
        return x, rho * x + (1 - rho.square()).sqrt() * source.normal(n, rho.shape[-1])

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """ln N(y; rho x, 1 - rho^2) / N(y; 0, 1), through the residual: exact for rho near 1."""
        rho = self.correlations[:, None, :]
        rest = 1 - rho.square()
        return (y.square() - (y - rho * x).square() / rest - rest.log()) / 2

    def mutual_information(self) -> Tensor:
        """-ln(1 - rho^2) / 2 of each pair."""
        return -torch.log1p(-self.correlations.square()) / 2


@dataclass(frozen=True)
class GaussianJoint:
    """Canonical variates z, of which the first k pairs are correlated, mixed as z diag(s) Q."""

    pairs: GaussianPairs
    scales_x: Tensor  # b d_x
    scales_y: Tensor  # b d_y
    rotation_x: Tensor  # b d_x d_x
    rotation_y: Tensor  # b d_y d_y
    continuous_x: bool = True
    continuous_y: bool = True

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return self.scales_x.shape[-1]

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return self.scales_y.shape[-1]

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Normal rows of each side."""
        x, y = self.pairs.sample(n, source)  # b n k
        x = torch.cat([x, source.normal(n, self.d_x - x.shape[-1])], dim=-1)
        y = torch.cat([y, source.normal(n, self.d_y - y.shape[-1])], dim=-1)
        x = (x * self.scales_x[:, None]) @ self.rotation_x
        return x, (y * self.scales_y[:, None]) @ self.rotation_y

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Through the canonical pairs."""
        pairs = self.pairs.correlations.shape[-1]
        x = (x @ self.rotation_x.mT[..., :pairs]) / self.scales_x[:, None, :pairs]
        y = (y @ self.rotation_y.mT[..., :pairs]) / self.scales_y[:, None, :pairs]
        return self.pairs.pointwise(x, y).sum(-1)

    def mutual_information(self) -> Tensor:
        """Sum of -ln(1 - rho^2) / 2 over the canonical pairs."""
        return self.pairs.mutual_information().sum(-1)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> GaussianJoint:
    """Sparse, dense (one common factor of all columns) or spread canonical correlations."""
    if chance(0.25, generator):
        return _equicorrelated(b, d_x, d_y, generator)
    pairs = few(min(d_x, d_y), generator)
    correlations = correlation_of(shared_information(b, pairs, generator))
    scales_x, rotation_x = _mixing(b, d_x, generator)
    scales_y, rotation_y = _mixing(b, d_y, generator)
    return GaussianJoint(GaussianPairs(correlations), scales_x, scales_y, rotation_x, rotation_y)


def _mixing(b: int, d: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Identity half of the time, else a rotation, else a rotation of unequal scales."""
    ones = torch.ones((b, d), device=generator.device, dtype=torch.float64)
    kind = integer(0, 3, generator)
    if kind < 2:  # columns keep their own partner, in random places
        places = torch.randperm(d, generator=generator, device=generator.device)
        return ones, torch.eye(d, device=generator.device, dtype=torch.float64)[places].expand(
            b, d, d
        )
    scales = ones if kind == 2 else log_uniform((b, d), 0.4, 2.5, generator)
    return scales, orthogonal(b, d, None, generator)


def _equicorrelated(b: int, d_x: int, d_y: int, generator: torch.Generator) -> GaussianJoint:
    """All d_x + d_y columns share one factor: every correlation equals r.

    The only canonical pair is the two column sums; the rest of each side is spherical.
    """
    r = uniform((b, 1), 0.02, 0.95, generator)
    variance_x, variance_y = 1 + (d_x - 1) * r, 1 + (d_y - 1) * r
    correlations = r * ((d_x * d_y) / (variance_x * variance_y)).sqrt()
    scales_x = torch.cat([variance_x.sqrt(), (1 - r).sqrt().expand(b, d_x - 1)], dim=-1)
    scales_y = torch.cat([variance_y.sqrt(), (1 - r).sqrt().expand(b, d_y - 1)], dim=-1)
    rotation_x = _mean_direction_first(d_x, generator.device).expand(b, d_x, d_x)
    rotation_y = _mean_direction_first(d_y, generator.device).expand(b, d_y, d_y)
    return GaussianJoint(GaussianPairs(correlations), scales_x, scales_y, rotation_x, rotation_y)


def _mean_direction_first(d: int, device: torch.device) -> Tensor:
    """Householder reflection whose first row is (1, ..., 1) / sqrt(d)."""
    identity = torch.eye(d, device=device, dtype=torch.float64)
    if d == 1:
        return identity
    normal = identity[0] - torch.full_like(identity[0], d**-0.5)
    return identity - 2 * torch.outer(normal, normal) / normal.square().sum()
