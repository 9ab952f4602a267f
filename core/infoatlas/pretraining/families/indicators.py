"""Letters as indicator columns, one a level: what nominal columns become."""

from __future__ import annotations

import torch
from torch import Tensor

MOST_LEVELS = 8


def columns_of(levels: int) -> int:
    """Columns of one nominal variable: two levels need one indicator, k > 2 levels k of them."""
    return 1 if levels == 2 else levels


def indicators(values: Tensor, levels: int) -> Tensor:
    """Level indices (b, n, v) to indicator columns (b, n, v * columns_of(levels))."""
    if levels == 2:
        return values
    return torch.nn.functional.one_hot(values.long(), levels).flatten(2).double()


def levels_of(columns: Tensor, variables: int, levels: int) -> Tensor:
    """Level indices (b, n, v) from the leading indicator columns: the inverse of indicators."""
    if levels == 2:
        return columns[..., :variables]
    leading = columns[..., : variables * levels]
    return leading.reshape(*leading.shape[:-1], variables, levels).argmax(-1).double()
