"""Run InfoAtlas on the 40 BMI tasks at n = 250 to 50 000: the error has to fall as rows come in.

Example: OMP_NUM_THREADS=1 python benchmarks/consistency.py --n 250 1000
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import bmi_tasks
from benchmarks.measure import run_benchmark


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-consistency.csv``."""
    return run_benchmark(
        argv,
        name="consistency",
        description=str(__doc__),
        tasks=bmi_tasks.TASKS,
        n_samples=(250, 1000, 5000, 20_000, 50_000),
        first_seed=100,
        seeds=2,
        methods=["infoatlas"],
    )


if __name__ == "__main__":
    sys.exit(main())
