"""Run InfoAtlas and the baselines on the 33 closed-form tasks, n = 1000, seeds 42 to 51.

Example: python benchmarks/known_mi.py --tasks Cat --methods ksg gaussian_copula
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import known_mi_tasks
from benchmarks.measure import run_benchmark


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-known-mi.csv``."""
    return run_benchmark(
        argv,
        name="known-mi",
        description=str(__doc__),
        tasks=known_mi_tasks.TASKS,
        n_samples=1000,
        first_seed=42,
    )


if __name__ == "__main__":
    sys.exit(main())
