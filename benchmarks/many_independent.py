"""Run InfoAtlas on 1000 independent pairs of every kind, 1 to 16 columns a side, n = 500.

Example: OMP_NUM_THREADS=1 python benchmarks/many_independent.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import independent_tasks as sides
from benchmarks.measure import run_benchmark
from benchmarks.task import Task

N_TASKS = 1000
MOST_COLUMNS = 16
SIDES = {
    "gaussian": sides.gaussian,
    "correlated": sides.correlated_gaussian,
    "uniform": sides.uniform,
    "cauchy": lambda dim: sides.student(dim, 1),
    "student": lambda dim: sides.student(dim, 3),
    "binary": lambda dim: sides.binary(dim, 0.5),
    "rare": lambda dim: sides.binary(dim, 0.1),
    "letters": lambda dim: sides.letters(dim, "abcd"),
}


def tasks() -> list[Task]:
    """Sides and dimensions drawn once, with a seed of their own."""
    generator = np.random.default_rng(2024)
    drawn = []
    for i in range(N_TASKS):
        dim_x, dim_y = generator.integers(1, MOST_COLUMNS + 1, size=2).tolist()
        x, y = generator.choice(sorted(SIDES), size=2)
        name = f"{i:04d}-{x}-{dim_x}-{y}-{dim_y}"
        drawn.append(sides.independent_task(name, dim_x, dim_y, SIDES[x](dim_x), SIDES[y](dim_y)))
    return drawn


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-many-independent.csv``."""
    return run_benchmark(
        argv,
        name="many-independent",
        description=str(__doc__),
        tasks=tasks(),
        n_samples=500,
        first_seed=0,
        seeds=1,
        methods=["infoatlas"],
    )


if __name__ == "__main__":
    sys.exit(main())
