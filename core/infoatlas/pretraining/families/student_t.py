"""Multivariate Student t: x and y share one scale, so they depend even without correlation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .gaussian import GaussianPairs
from .hidden import HiddenJoint, hide
from .noise import NoiseSource
from .strength import chance, correlation_of, few, shared_information


@dataclass(frozen=True)
class StudentJoint:
    """All columns jointly t.

    The dispersion has unit blocks; the first k columns of the sides have correlations (b, k).
    """

    pairs: GaussianPairs
    degrees: Tensor  # b
    d_x: int
    d_y: int
    continuous_x: bool = True
    continuous_y: bool = True

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Normal rows, times one random scale that both sides share."""
        x, y = self.pairs.sample(n, source)  # b n k
        x = torch.cat([x, source.normal(n, self.d_x - x.shape[-1])], dim=-1)
        y = torch.cat([y, source.normal(n, self.d_y - y.shape[-1])], dim=-1)
        scale = (self.degrees[:, None, None] / source.chi_square(n, self.degrees)).sqrt()  # b n 1
        return x * scale, y * scale

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Log ratio of the t densities; only their quadratic forms depend on the rows."""
        nu, rho = self.degrees[:, None].double(), self.pairs.correlations[:, None, :]
        k = rho.shape[-1]
        square_x, square_y = x.square().sum(-1), y.square().sum(-1)
        residual = y[..., :k] - rho * x[..., :k]
        rest = (residual.square() / (1 - rho.square())).sum(-1) + y[..., k:].square().sum(-1)
        tails = (
            (nu + self.d_x) * torch.log1p(square_x / nu)
            + (nu + self.d_y) * torch.log1p(square_y / nu)
            - (nu + self.d_x + self.d_y) * torch.log1p((square_x + rest) / nu)
        )
        constant = self.pairs.mutual_information().sum(-1) + self._normalisation()
        return constant[:, None] + tails / 2

    def mutual_information(self) -> Tensor:
        """Gaussian part plus a shared-scale part, Arellano-Valle et al. (2013), Scand. J. Stat."""
        nu = self.degrees.double() / 2
        p, q = nu + self.d_x / 2, nu + self.d_y / 2
        both = nu + (self.d_x + self.d_y) / 2
        shared = p * p.digamma() + q * q.digamma() - both * both.digamma() - nu * nu.digamma()
        return self.pairs.mutual_information().sum(-1) + self._normalisation() + shared

    def _normalisation(self) -> Tensor:
        """Log ratio of the normalising constants of the three t densities, shape (b,)."""
        nu = self.degrees.double() / 2
        both = nu + (self.d_x + self.d_y) / 2
        sides = (nu + self.d_x / 2).lgamma() + (nu + self.d_y / 2).lgamma()
        return nu.lgamma() + both.lgamma() - sides


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """One to ten degrees of freedom; identity dispersion half of the time."""
    degrees = torch.randint(1, 11, (b,), generator=generator, device=generator.device)
    everywhere = chance(0.6, generator)
    active_x = d_x if everywhere else few(d_x, generator)
    active_y = d_y if everywhere else few(d_y, generator)
    pairs = few(min(active_x, active_y), generator)
    correlations = correlation_of(shared_information(b, pairs, generator) / 2)
    if chance(0.5, generator):
        correlations = torch.zeros_like(correlations)
    joint = StudentJoint(GaussianPairs(correlations), degrees, active_x, active_y)
    return hide(joint, d_x, d_y, generator)
