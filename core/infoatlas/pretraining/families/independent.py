"""x and y independent, whatever their columns look like: what zero nats look like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .indicators import MOST_LEVELS, indicators
from .noise import NoiseSource
from .strength import chance, integer

CONTINUOUS = ("normal", "uniform", "cauchy", "exponential", "two_bumps", "normal")
LETTERS = ("letters", "uneven_letters")  # one indicator column a level
DISCRETE = ("coin", "rare", "levels", "count", *LETTERS)


class Variable(NamedTuple):
    """One independent variable, and how many columns show it."""

    kind: str
    columns: int = 1


@dataclass(frozen=True)
class IndependentJoint:
    """Each variable is independent of all others, of the kind named for it."""

    b: int
    variables_x: tuple[Variable, ...]
    variables_y: tuple[Variable, ...]
    device: torch.device

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return sum(variable.columns for variable in self.variables_x)

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return sum(variable.columns for variable in self.variables_y)

    @property
    def continuous_x(self) -> bool:
        """Whether no column of x is discrete."""
        return all(variable.kind in CONTINUOUS for variable in self.variables_x)

    @property
    def continuous_y(self) -> bool:
        """Whether no column of y is discrete."""
        return all(variable.kind in CONTINUOUS for variable in self.variables_y)

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Every variable by its quantile function."""
        return _side(n, self.variables_x, source), _side(n, self.variables_y, source)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Zero for every pair."""
        return torch.zeros(x.shape[:2], device=x.device, dtype=torch.float64)

    def mutual_information(self) -> Tensor:
        """Zero."""
        return torch.zeros((self.b,), device=self.device, dtype=torch.float64)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> IndependentJoint:
    """One kind for a whole side, or a kind of its own for each variable."""
    variables_x, variables_y = _variables(d_x, generator), _variables(d_y, generator)
    return IndependentJoint(b, variables_x, variables_y, generator.device)


def _variables(d: int, generator: torch.Generator) -> tuple[Variable, ...]:
    pools = CONTINUOUS, CONTINUOUS, DISCRETE, CONTINUOUS + DISCRETE
    pool: tuple[str, ...] = pools[integer(0, 3, generator)]
    if chance(0.5, generator):
        pool = (pool[integer(0, len(pool) - 1, generator)],)
    variables: list[Variable] = []
    while d:
        kind = pool[integer(0, len(pool) - 1, generator)]
        if kind in LETTERS and d < 3:
            kind = "coin"
        width = integer(3, min(d, MOST_LEVELS), generator) if kind in LETTERS else 1
        variables.append(Variable(kind, width))
        d -= width
    return tuple(variables)


def _side(n: int, variables: tuple[Variable, ...], source: NoiseSource) -> Tensor:
    uniforms = source.uniform(n, len(variables))
    return torch.cat(
        [_columns(uniforms[..., j : j + 1], *each) for j, each in enumerate(variables)], dim=-1
    )


def _columns(u: Tensor, kind: str, columns: int) -> Tensor:
    """Columns of one variable from its uniform rank: b n 1 -> b n columns."""
    if kind in LETTERS:
        rank = u.square() if kind == "uneven_letters" else u
        return indicators((columns * rank).floor(), columns)
    return _quantile(u, kind)


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
        case "rare":
            return (u < 0.1).double()
        case "levels":
            return (5 * u).floor()
        case "count":
            return (-2 * torch.log1p(-u)).floor()  # geometric
    raise ValueError(f"unknown kind of column {kind!r}; add its quantile function here.")


def _normal_quantile(u: Tensor) -> Tensor:
    scores: Tensor = torch.special.ndtri(u)
    return scores
