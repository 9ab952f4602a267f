"""Estimators to beat. Each is one function: (x, y) to mutual information in nats.

MINE, InfoNCE and SMILE train a network for every pair; they are in `trained.py` and need torch.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.baselines.gaussian_copula import gaussian_copula
from benchmarks.baselines.ksg import ksg
from benchmarks.baselines.larger_of_both import larger_of_both
from benchmarks.baselines.mixed_ksg import mixed_ksg
from benchmarks.task import Array

Baseline = Callable[[Array, Array], float]

BASELINES: dict[str, Baseline] = {
    "ksg": ksg,
    "gaussian_copula": gaussian_copula,
    "larger_of_both": larger_of_both,
    "mixed_ksg": mixed_ksg,
}

__all__ = ["BASELINES", "Baseline", "gaussian_copula", "ksg", "larger_of_both", "mixed_ksg"]
