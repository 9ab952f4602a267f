"""y almost a copy of x: normal correlation 0.99 to 0.99999, or very small uniform noise."""

from __future__ import annotations

import torch

from .additive_noise import AdditiveNoisePairs
from .gaussian import GaussianPairs
from .hidden import HiddenJoint
from .pairs import hide_pairs
from .strength import chance, integer, log_uniform


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """One to three pairs: 2 to 5.4 nats each when normal, 2.4 to 3.9 each when uniform."""
    pairs = integer(1, min(3, d_x, d_y), generator)
    if chance(0.6, generator):
        correlations = 1 - log_uniform((b, pairs), 1e-5, 1e-2, generator)
        return hide_pairs(GaussianPairs(correlations), pairs, d_x, d_y, generator)
    epsilon = log_uniform((b, pairs), 0.01, 0.05, generator)
    return hide_pairs(AdditiveNoisePairs(epsilon), pairs, d_x, d_y, generator)
