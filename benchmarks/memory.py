"""Series with memory: what unrelated and related AR(1) series read, and whether intervals hold it.

Both sides remember alike, so the correlation of their columns, and with it the true mutual
information, is that of their innovations. InfoAtlas is asked twice, once told
that rows follow each other in time. KSG stands beside: it has no notion of time.
Example: OMP_NUM_THREADS=1 python benchmarks/memory.py
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from scipy.signal import lfilter

from benchmarks.estimators import SERIES
from benchmarks.measure import run_benchmark
from benchmarks.task import Array, Pair, Task


def series(n: int, width: int, keep: float, rng: np.random.Generator) -> Array:
    """Stationary AR(1) columns of variance 1."""
    steps = rng.normal(size=(n, width))
    steps[1:] *= math.sqrt(1 - keep**2)
    walked: Array = lfilter([1.0], [1.0, -keep], steps, axis=0)
    return walked


def task(width: int, keep: float, correlation: float) -> Task:
    """Two sides of so many columns, of one lag-one correlation, correlated column by column."""

    def sample(n: int, rng: np.random.Generator) -> Pair:
        x, e = (series(n, width, keep, rng) for _ in range(2))
        return x, correlation * x + math.sqrt(1 - correlation**2) * e

    kind = f"correlation {correlation}" if correlation else "unrelated"
    name = f"{width} column{'s' * (width > 1)}, lag-one {keep}, {kind}"
    return Task(name, width, width, -0.5 * width * math.log1p(-(correlation**2)), sample)


TASKS = [
    task(width, keep, correlation)
    for width in (1, 3)
    for correlation in (0.0, 0.7)
    for keep in (0.5, 0.8, 0.95, 0.99)
]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-memory.csv``."""
    return run_benchmark(
        argv,
        name="memory",
        description=str(__doc__),
        tasks=TASKS,
        n_samples=1000,
        first_seed=0,
        seeds=20,
        methods=("infoatlas", SERIES, "ksg"),
    )


if __name__ == "__main__":
    sys.exit(main())
