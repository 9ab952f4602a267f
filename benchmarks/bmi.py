"""Run InfoAtlas and the baselines on the 40 BMI tasks and on independent pairs.

Example: python benchmarks/bmi.py --seeds 10 --reuse-baselines benchmarks/results/OLD.csv
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import bmi_tasks, independent_tasks
from benchmarks.measure import run_benchmark


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-bmi.csv``."""
    return run_benchmark(
        argv,
        name="bmi",
        description=str(__doc__),
        tasks=[*bmi_tasks.TASKS, *independent_tasks.TASKS],
        n_samples=5000,
        first_seed=0,
    )


if __name__ == "__main__":
    sys.exit(main())
