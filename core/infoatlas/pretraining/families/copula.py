"""Archimedean copulas: pairs that depend more in one tail (Clayton, Gumbel) or in neither (Frank).

Columns are emitted as normal scores of the copula's uniforms. Formulas: Nelsen (2006), An
Introduction to Copulas, section 4; the mutual informations are derived in docs/families.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .hidden import HiddenJoint
from .noise import NoiseSource
from .pairs import hide_pairs
from .strength import chance, correlation_of, few, integer, saturated, shared_information, uniform

EULER = 0.5772156649015329
SMALLEST = 1e-12  # uniforms closer than this to 0 or 1 are moved there, logarithms stay finite
FRANK_THETAS = (0.05, 60.0, 64)  # log-spaced places where Frank's information is tabulated
MOST_PAIRS = 12
MOST_INFORMATION = 2.4  # nats for one pair: narrower ridges are left to near_deterministic
COPULAS = ("clayton", "gumbel", "frank")


@dataclass(frozen=True)
class CopulaPairs:
    """Pairs with parameters theta (b, k); flips turn u or v into 1 - u or 1 - v."""

    copula: str
    theta: Tensor  # b k
    flip_x: Tensor  # b k, booleans
    flip_y: Tensor

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Uniforms from the copula, shown as normal scores."""
        theta = self.theta[:, None]
        first, second = source.uniform(n, theta.shape[-1]), source.uniform(n, theta.shape[-1])
        if self.copula == "clayton":
            u, v = first, _clayton_conditional(first, second, theta)
        elif self.copula == "frank":
            u, v = first, _frank_conditional(first, second, theta)
        else:
            third, fourth = source.uniform(n, theta.shape[-1]), source.uniform(n, theta.shape[-1])
            u, v = _gumbel(first, second, third, fourth, theta)
        u, v = u.clamp(SMALLEST, 1 - SMALLEST), v.clamp(SMALLEST, 1 - SMALLEST)
        x, y = torch.special.ndtri(u), torch.special.ndtri(v)
        return self._flipped(x, self.flip_x), self._flipped(y, self.flip_y)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Log copula density."""
        u = torch.special.ndtr(self._flipped(x, self.flip_x)).clamp(SMALLEST, 1 - SMALLEST)
        v = torch.special.ndtr(self._flipped(y, self.flip_y)).clamp(SMALLEST, 1 - SMALLEST)
        density = {"clayton": log_clayton, "gumbel": log_gumbel, "frank": log_frank}
        return density[self.copula](u, v, self.theta[:, None])

    def mutual_information(self) -> Tensor:
        """Formulas for Clayton and Gumbel, a table for Frank."""
        if self.copula == "clayton":
            return torch.log1p(self.theta) - self.theta / (1 + self.theta)
        if self.copula == "gumbel":
            return gumbel_information(self.theta)
        return frank_information(self.theta)

    @staticmethod
    def _flipped(scores: Tensor, flip: Tensor) -> Tensor:
        return torch.where(flip[:, None], -scores, scores)


def log_clayton(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """Log density of the Clayton copula, theta > 0: dependence in the lower tail."""
    log_u, log_v = u.log(), v.log()
    # u^-theta + v^-theta - 1, through the larger term so that nothing overflows
    largest = -theta * torch.minimum(log_u, log_v)
    smaller = -theta * torch.maximum(log_u, log_v)
    log_sum = largest + torch.log1p((smaller - largest).exp() - (-largest).exp())
    return torch.log1p(theta) - (theta + 1) * (log_u + log_v) - (2 + 1 / theta) * log_sum


def log_gumbel(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """Log density of the Gumbel copula, theta >= 1: dependence in the upper tail."""
    log_p, log_q = (-u.log()).log(), (-v.log()).log()
    log_sum = torch.logaddexp(theta * log_p, theta * log_q)
    w = (log_sum / theta).exp()  # -ln C(u, v)
    rest = (1 - 2 * theta) * log_sum / theta + (w + theta - 1).log()
    return -w - u.log() - v.log() + (theta - 1) * (log_p + log_q) + rest


def log_frank(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """Log density of the Frank copula, theta > 0: symmetric, no tail dependence."""
    whole = -torch.expm1(-theta)
    gap = whole - torch.expm1(-theta * u) * torch.expm1(-theta * v)
    return theta.log() + whole.log() - theta * (u + v) - 2 * gap.log()


def gumbel_information(theta: Tensor) -> Tensor:
    """E ln(W + theta - 1) + gamma - 1, where W = -ln C mixes Exp(1) and Gamma(2).

    The weights are 1 - 1 / theta and 1 / theta; the expectation is a trapezoid sum in ln W.
    """
    log_w = torch.linspace(-30.0, 4.5, 2048, device=theta.device, dtype=torch.float64)
    w = log_w.exp()
    t = theta[..., None]
    density = (-w).exp() * ((1 - 1 / t) + w / t) * w  # of ln W
    terms = density * (w + (t - 1).clamp(min=1e-15)).log()
    return terms.sum(-1) * (log_w[1] - log_w[0]) + EULER - 1


def frank_information(theta: Tensor) -> Tensor:
    """Interpolated in a table made once by quadrature of the bounded density."""
    thetas, information = _frank_table()
    thetas, information = thetas.to(theta.device), information.to(theta.device)
    return _interpolate(theta, thetas, information)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Parameters found from target informations; any corner may hold the heavy tail."""
    pairs = min(few(min(d_x, d_y), generator), MOST_PAIRS)
    copula = COPULAS[integer(0, len(COPULAS) - 1, generator)]
    information = saturated(shared_information(b, pairs, generator), MOST_INFORMATION).clamp(
        min=1e-4
    )
    if copula == "frank":
        thetas, table = (part.to(generator.device) for part in _frank_table())
        theta = _interpolate(information, table, thetas)
    else:  # Kendall's tau of the normal pair with that information
        tau = (2 / math.pi) * correlation_of(information).asin()
        theta = 2 * tau / (1 - tau) if copula == "clayton" else 1 / (1 - tau)
    flips = uniform((2, b, pairs), 0.0, 1.0, generator) < 0.5
    if chance(0.5, generator):
        flips = flips[:1].expand(2, b, pairs)  # positive dependence only
    law = CopulaPairs(copula, theta, flips[0], flips[1])
    return hide_pairs(law, pairs, d_x, d_y, generator)


def _clayton_conditional(u: Tensor, p: Tensor, theta: Tensor) -> Tensor:
    """v whose conditional distribution function given u is p."""
    grown = torch.expm1(-theta / (1 + theta) * p.log())
    return (-torch.log1p((-theta * u.log()).exp() * grown) / theta).exp()


def _frank_conditional(u: Tensor, p: Tensor, theta: Tensor) -> Tensor:
    """v whose conditional distribution function given u is p."""
    decay = (-theta * u).exp()
    return -torch.log1p(p * torch.expm1(-theta) / (p + (1 - p) * decay)) / theta


def _gumbel(
    first: Tensor, second: Tensor, third: Tensor, fourth: Tensor, theta: Tensor
) -> tuple[Tensor, Tensor]:
    """W = -ln C, and the share of W^theta that belongs to u is uniform (Nelsen, section 4.3)."""
    w = -first.log() - torch.where(second < 1 / theta, third.log(), 0.0)
    u = -w * (fourth.log() / theta).exp()
    v = -w * (torch.log1p(-fourth) / theta).exp()
    return u.exp(), v.exp()


@lru_cache(maxsize=1)
def _frank_table() -> tuple[Tensor, Tensor]:
    """Parameters and informations of the Frank copula, midpoint rule on 300 x 300 cells."""
    low, high, count = FRANK_THETAS
    thetas = torch.logspace(math.log10(low), math.log10(high), count, dtype=torch.float64)
    cells = (torch.arange(300, dtype=torch.float64) + 0.5) / 300
    information = []
    for theta in thetas:
        log_density = log_frank(cells[:, None], cells[None, :], theta)
        information.append((log_density * log_density.exp()).mean())
    return thetas, torch.stack(information)


def _interpolate(at: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Linear interpolation of positive, increasing tables on logarithmic axes."""
    at, places, values = at.log(), places.log(), values.log()
    right = torch.searchsorted(places, at.contiguous()).clamp(1, len(places) - 1)
    share = (at - places[right - 1]) / (places[right] - places[right - 1])
    return (values[right - 1] + share * (values[right] - values[right - 1])).exp()
