"""Run InfoAtlas and the baselines on the BMI tasks of at most five columns a side, n = 200.

Example: OMP_NUM_THREADS=1 python benchmarks/small_n.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import bmi_tasks
from benchmarks.measure import run_benchmark

MOST_COLUMNS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-small-n.csv``."""
    return run_benchmark(
        argv,
        name="small-n",
        description=str(__doc__),
        tasks=[t for t in bmi_tasks.TASKS if max(t.dim_x, t.dim_y) <= MOST_COLUMNS],
        n_samples=200,
        first_seed=0,
    )


if __name__ == "__main__":
    sys.exit(main())
