"""Letters without an order, as one indicator column per level: what nominal columns become."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .contingency import ContingencyPairs, dirichlet_table, symmetric_channel, weakened
from .hidden import HiddenJoint, hide
from .indicators import MOST_LEVELS, columns_of, indicators, levels_of
from .noise import NoiseSource
from .strength import chance, integer, permutation, shared_information


@dataclass(frozen=True)
class NominalJoint:
    """v independent pairs of nominal variables, one-hot on both sides."""

    law: ContingencyPairs  # tables b v levels_x levels_y
    continuous_x: bool = False
    continuous_y: bool = False

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return self.law.tables.shape[1] * columns_of(self.law.tables.shape[2])

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return self.law.tables.shape[1] * columns_of(self.law.tables.shape[3])

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Draw levels, show indicators."""
        x, y = self.law.sample(n, source)  # b n v
        levels_x, levels_y = self.law.tables.shape[2:]
        return indicators(x, levels_x), indicators(y, levels_y)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Read the levels off the indicators, look the pairs up."""
        variables, levels_x, levels_y = self.law.tables.shape[1:]
        x = levels_of(x, variables, levels_x)
        y = levels_of(y, variables, levels_y)
        return self.law.pointwise(x, y).sum(-1)

    def mutual_information(self) -> Tensor:
        """Sum over variables."""
        return self.law.mutual_information().sum(-1)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Symmetric channels with shuffled letters, or random tables; two levels where d is small."""
    levels_x = _levels(d_x, generator)
    levels_y = levels_x if chance(0.6, generator) and d_y >= levels_x else _levels(d_y, generator)
    variables = min(d_x // columns_of(levels_x), d_y // columns_of(levels_y))
    variables = integer(1, variables, generator) if chance(0.5, generator) else variables
    information = shared_information(b, variables, generator)
    if levels_x == levels_y and chance(0.6, generator):
        strong = symmetric_channel(b, variables, levels_x, generator)
        strong = strong[..., permutation(levels_x, generator)]
    else:
        strong = dirichlet_table(b, variables, levels_x, levels_y, generator)
    joint = NominalJoint(ContingencyPairs(weakened(strong, information)))
    return hide(joint, d_x, d_y, generator)


def _levels(d: int, generator: torch.Generator) -> int:
    """A number of levels that fits into d columns."""
    return 2 if d < 3 else integer(2, min(d, MOST_LEVELS), generator)
