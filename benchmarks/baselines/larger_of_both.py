"""The larger of KSG and the Gaussian copula: the free combination a learned estimator has to beat.

On continuous data both miss information rather than invent it, each in other places, so the larger
one is the nearer. On discrete data both can overshoot, and then this overshoots too.
"""

from __future__ import annotations

from benchmarks.baselines.gaussian_copula import gaussian_copula
from benchmarks.baselines.ksg import ksg
from benchmarks.task import Array


def larger_of_both(x: Array, y: Array) -> float:
    """max(ksg(x, y), gaussian_copula(x, y)), in nats."""
    return max(ksg(x, y), gaussian_copula(x, y))
