"""x and y independent, whatever their columns look like: what zero nats look like."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .noise import NoiseSource
from .strength import chance, integer

CONTINUOUS = ("normal", "uniform", "cauchy", "exponential", "two_bumps", "normal")
DISCRETE = ("coin", "levels", "count")


@dataclass(frozen=True)
class IndependentJoint:
    """Each column is independent of all others, of the kind named for it."""

    b: int
    kinds_x: tuple[str, ...]
    kinds_y: tuple[str, ...]
    device: torch.device

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return len(self.kinds_x)

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return len(self.kinds_y)

    @property
    def continuous_x(self) -> bool:
        """Whether no column of x is discrete."""
        return not set(self.kinds_x) & set(DISCRETE)

    @property
    def continuous_y(self) -> bool:
        """Whether no column of y is discrete."""
        return not set(self.kinds_y) & set(DISCRETE)

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Every column by its quantile function."""
        return _columns(n, self.kinds_x, source), _columns(n, self.kinds_y, source)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Zero for every pair."""
        return torch.zeros(x.shape[:2], device=x.device, dtype=torch.float64)

    def mutual_information(self) -> Tensor:
        """Zero."""
        return torch.zeros((self.b,), device=self.device, dtype=torch.float64)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> IndependentJoint:
    """One kind for a whole side, or a kind of its own for each column."""
    kinds_x, kinds_y = _kinds(d_x, generator), _kinds(d_y, generator)
    return IndependentJoint(b, kinds_x, kinds_y, generator.device)


def _kinds(d: int, generator: torch.Generator) -> tuple[str, ...]:
    pool = CONTINUOUS if chance(0.6, generator) else CONTINUOUS + DISCRETE
    if chance(0.5, generator):
        return (pool[integer(0, len(pool) - 1, generator)],) * d
    return tuple(pool[integer(0, len(pool) - 1, generator)] for _ in range(d))


def _columns(n: int, kinds: tuple[str, ...], source: NoiseSource) -> Tensor:
    uniforms = source.uniform(n, len(kinds))
    return torch.stack([_quantile(uniforms[..., j], kind) for j, kind in enumerate(kinds)], dim=-1)


def _quantile(u: Tensor, kind: str) -> Tensor:
    """Inverse distribution function of one kind of column."""
    match kind:
        case "normal":
            return _normal_quantile(u)
        case "uniform":
            return (u - 0.5) * 12**0.5
        case "cauchy":
            return torch.tan(math.pi * (u - 0.5))
        case "exponential":
            return -torch.log1p(-u)
        case "two_bumps":
            inner = torch.where(u < 0.5, 2 * u, 2 * u - 1).clamp(1e-12, 1 - 1e-12)
            return torch.where(u < 0.5, -1.5, 1.5) + 0.5 * _normal_quantile(inner)
        case "coin":
            return (u < 0.5).double()
        case "levels":
            return (5 * u).floor()
        case "count":
            return (-2 * torch.log1p(-u)).floor()  # geometric
    raise ValueError(f"unknown kind of column {kind!r}; add its quantile function here.")


def _normal_quantile(u: Tensor) -> Tensor:
    scores: Tensor = torch.special.ndtri(u)
    return scores
