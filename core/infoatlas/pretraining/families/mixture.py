"""Gaussian mixtures, with or without dependence inside a component."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .hidden import HiddenJoint, hide
from .noise import NoiseSource
from .strength import chance, few, integer, log_uniform, normal, uniform

MOST_ACTIVE = 12  # mixture columns on one side; further columns are noise


@dataclass(frozen=True)
class MixtureJoint:
    """A mixture of c joint normals of the columns of x, then of y.

    A component has a mean and the lower Cholesky factor of its covariance. Because the x columns
    come first, the factor's leading block is the factor of the x covariance.
    """

    log_weights: Tensor  # b c
    means: Tensor  # b c (d_x + d_y)
    factors: Tensor  # b c (d_x + d_y) (d_x + d_y)
    factors_y: Tensor  # b c d_y d_y
    continuous_x: bool = True
    continuous_y: bool = True

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return self.means.shape[-1] - self.d_y

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return self.factors_y.shape[-1]

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """A component for each row, then its normal law."""
        component = source.levels(n, self.log_weights.exp()[:, None])  # b n 1
        noise = source.normal(n, self.means.shape[-1])
        both = torch.zeros_like(noise)
        for c in range(self.means.shape[1]):  # few components: cheaper than gathering factors
            drawn = self.means[:, c, None] + noise @ self.factors[:, c].mT
            both = torch.where(component == c, drawn, both)
        return both[..., : self.d_x], both[..., self.d_x :]

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Log ratio of the mixture densities of (x, y), of x and of y."""
        mean_x, mean_y = self.means[..., : self.d_x], self.means[..., self.d_x :]
        factors_x = self.factors[..., : self.d_x, : self.d_x]
        both = torch.cat([x, y], dim=-1)
        return (
            self._log_density(both, self.means, self.factors)
            - self._log_density(x, mean_x, factors_x)
            - self._log_density(y, mean_y, self.factors_y)
        )

    def mutual_information(self) -> None:
        """No formula."""

    def _log_density(self, rows: Tensor, means: Tensor, factors: Tensor) -> Tensor:
        """Log density of the mixture at rows (b, n, d), shape (b, n)."""
        inverse = torch.linalg.inv(factors)  # small and triangular  # b c d d
        white = inverse @ means[..., None]  # b c d 1
        standard = inverse @ rows.mT[:, None] - white  # b c d n
        square = standard.square().sum(-2)  # b c n
        log_volume = factors.diagonal(dim1=-2, dim2=-1).log().sum(-1)  # b c
        constant = self.log_weights - log_volume - rows.shape[-1] * math.log(2 * math.pi) / 2
        return torch.logsumexp(constant[:, :, None] - square / 2, 1)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Two to eight components; a third of the groups depend only through the component."""
    components = integer(2, 8, generator)
    active_x = few(min(d_x, MOST_ACTIVE), generator)
    active_y = few(min(d_y, MOST_ACTIVE), generator)
    active = active_x + active_y
    log_weights = (normal((b, components), generator) * 0.7).log_softmax(-1)
    spread = log_uniform((b, 1, 1), 0.3, 10.0, generator)
    if chance(0.15, generator):  # same centre: only the shapes of the components differ
        spread = torch.zeros_like(spread)
    unit = (1 + spread.square()).sqrt()  # keeps columns at about unit variance
    means = spread * normal((b, components, active), generator) / unit
    if chance(0.35, generator):
        covariance_x = _covariances(b, components, active_x, generator)
        covariance_y = _covariances(b, components, active_y, generator)
        covariance = torch.zeros(
            (b, components, active, active), device=generator.device, dtype=torch.float64
        )
        covariance[..., :active_x, :active_x] = covariance_x
        covariance[..., active_x:, active_x:] = covariance_y
    else:
        covariance = _covariances(b, components, active, generator)
    covariance = covariance / unit[..., None].square()
    joint = MixtureJoint(
        log_weights,
        means,
        torch.linalg.cholesky(covariance),
        torch.linalg.cholesky(covariance[..., active_x:, active_x:]),
    )
    return hide(joint, d_x, d_y, generator)


def _covariances(b: int, components: int, d: int, generator: torch.Generator) -> Tensor:
    """Unit noise and a few random factors, with component and column scales, (b, c, d, d)."""
    factors = integer(1, 3, generator)
    loadings = normal((b, components, d, factors), generator) / math.sqrt(factors)
    share = uniform((b, 1, 1, 1), 0.0, 0.97, generator)  # of variance explained by the factors
    identity = torch.eye(d, device=generator.device, dtype=torch.float64)
    covariance = share * loadings @ loadings.mT + (1 - share) * identity
    scales = log_uniform((b, components, 1, 1), 0.4, 1.6, generator)
    columns = log_uniform((b, components, d, 1), 0.7, 1.4, generator)
    return covariance * (scales * columns) * (scales * columns).mT
