"""Independent pairs of discrete columns with an order: coin flips, ordinal levels, counts."""

from __future__ import annotations

import torch
from torch import Tensor

from .contingency import (
    ContingencyPairs,
    dirichlet_table,
    ordinal_table,
    poisson_table,
    symmetric_channel,
    weakened,
)
from .hidden import HiddenJoint, hide
from .pairs import PairsJoint
from .strength import (
    correlation_of,
    few,
    integer,
    log_uniform,
    saturated,
    shared_information,
)

MOST_PAIRS = 16
MOST_FROM_COUNTS = 1.4  # nats, of the normal pair with the same correlation (0.97)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Pairs of one kind of table."""
    pairs = few(min(d_x, d_y, MOST_PAIRS), generator)
    law = ContingencyPairs(_tables(b, pairs, generator))
    return hide(PairsJoint(law, pairs, continuous=False), d_x, d_y, generator)


def _tables(b: int, pairs: int, generator: torch.Generator) -> Tensor:
    information = shared_information(b, pairs, generator)
    kind = integer(0, 3, generator)
    if kind == 0:
        return weakened(symmetric_channel(b, pairs, 2, generator), information)
    if kind == 1:
        levels = integer(2, 10, generator)
        return weakened(ordinal_table(b, pairs, levels, generator), information)
    if kind == 2:
        levels_x, levels_y = integer(2, 8, generator), integer(2, 8, generator)
        strong = dirichlet_table(b, pairs, levels_x, levels_y, generator)
        return weakened(strong, information)
    mean = log_uniform((b, pairs), 0.5, 8.0, generator)
    return poisson_table(correlation_of(saturated(information, MOST_FROM_COUNTS)), mean)
