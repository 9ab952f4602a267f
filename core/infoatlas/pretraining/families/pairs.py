"""Several pairs of columns (x_i, y_i): dependent inside a pair, independent between pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .hidden import HiddenJoint, hide
from .noise import NoiseSource


class PairLaw(Protocol):
    """k independent one-dimensional pairs for each of b data sets."""

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Draw both members, each of shape (b, n, k)."""
        ...

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Pointwise MI of each pair, shape (b, n, k), in nats."""
        ...

    def mutual_information(self) -> Tensor:
        """Mutual information of each pair, shape (b, k), in nats."""
        ...


@dataclass(frozen=True)
class PairsJoint:
    """Pair i of a law is column i of x and column i of y; pairs do not know of each other."""

    law: PairLaw
    pairs: int
    continuous: bool = True

    @property
    def d_x(self) -> int:
        """One column for each pair."""
        return self.pairs

    @property
    def d_y(self) -> int:
        """One column for each pair."""
        return self.pairs

    @property
    def continuous_x(self) -> bool:
        """Whether x has a density."""
        return self.continuous

    @property
    def continuous_y(self) -> bool:
        """Whether y has a density."""
        return self.continuous

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Rows of all pairs, (b, n, k) each."""
        return self.law.sample(n, source)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Sum over pairs."""
        return self.law.pointwise(x, y).sum(-1)

    def mutual_information(self) -> Tensor:
        """Sum over pairs."""
        return self.law.mutual_information().sum(-1)


def hide_pairs(
    law: PairLaw, pairs: int, d_x: int, d_y: int, generator: torch.Generator
) -> HiddenJoint:
    """Continuous pairs in random columns among noise columns."""
    return hide(PairsJoint(law, pairs), d_x, d_y, generator)
