"""Donsker-Varadhan value on rows the critic never saw: written on 4000 rows, scored on 1000.

The 40 BMI tasks, one draw each; MINE's value on the same split: the `trained-baselines` record.
Example: OMP_NUM_THREADS=1 python benchmarks/held_out_value.py
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tqdm import tqdm

from benchmarks import bmi_tasks
from benchmarks.estimators import warm_up
from benchmarks.measurement import Measurement, write_measurements
from benchmarks.record import RESULTS, describe_run, refuse_existing, write_description
from benchmarks.task import fingerprint
from infoatlas import MutualInformation

N_WRITTEN, N_SCORED, SEED = 4000, 1000, 0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-held-out-value.csv``; dv is held out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="default", help="a checkpoint's name or path")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-held-out-value.csv"
    parser.add_argument("--out", type=Path, default=out)
    options = parser.parse_args(argv)
    refuse_existing(options.out)
    weights = warm_up(options.model)
    rows = []
    for task in tqdm(bmi_tasks.TASKS, disable=None, unit="task"):
        x, y = task.draw(N_WRITTEN + N_SCORED, SEED)
        start = time.perf_counter()
        fitted = MutualInformation(model=options.model).fit(x[:N_WRITTEN], y[:N_WRITTEN])
        value = fitted.score(x[N_WRITTEN:], y[N_WRITTEN:])
        rows.append(
            Measurement(
                task=task.name,
                n_samples=N_WRITTEN + N_SCORED,
                seed=SEED,
                draw=fingerprint(x, y),
                method="infoatlas",
                true_mi=task.mutual_information,
                estimate=fitted.result_.mi,
                seconds=time.perf_counter() - start,
                dv=value,
            )
        )
        print(f"{task.name:45s} {task.mutual_information:.3f} {value:.3f}")
    write_measurements(options.out, rows)
    write_description(
        options.out.with_suffix(".json"),
        describe_run(**weights, n_written=N_WRITTEN, n_scored=N_SCORED, seed=SEED),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
