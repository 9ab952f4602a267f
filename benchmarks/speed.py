"""Time one pair, n = 5000 and 5 columns a side: InfoAtlas and KSG (k = 5) in turns.

Example: OMP_NUM_THREADS=1 python benchmarks/speed.py --repeats 21
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tqdm import tqdm

from benchmarks import bmi_tasks
from benchmarks.estimators import Estimator, load_estimators, warm_up
from benchmarks.record import RESULTS, describe_run, refuse_existing, write_description

METHODS = ("infoatlas", "ksg", "gaussian_copula")
TASK = bmi_tasks.dense(5)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-speed.csv``: one row a call."""
    options = _parser().parse_args(argv)
    refuse_existing(options.out)
    weights = warm_up(options.model) if "infoatlas" in options.methods else {}
    estimators = load_estimators(options.methods, model=options.model)
    rows = time_in_turns(estimators, n_samples=options.n, repeats=options.repeats)
    _write(options.out, rows)
    description = describe_run(**weights, task=TASK.name, n_samples=options.n, seed=0)
    write_description(options.out.with_suffix(".json"), description)
    _print_medians(rows)
    return 0


def time_in_turns(
    estimators: dict[str, Estimator], *, n_samples: int, repeats: int
) -> list[tuple[int, str, float]]:
    """Rows of (repeat, method, seconds), after one untimed round.

    All methods once, then all again: a slow minute of the machine hits every one of them.
    """
    x, y = TASK.draw(n_samples, seed=0)
    rows = []
    for repeat in tqdm(range(-1, repeats), disable=None, unit="round"):
        for name, estimator in estimators.items():
            start = time.perf_counter()
            estimator(x, y)
            rows.append((repeat, name, time.perf_counter() - start))
    return [row for row in rows if row[0] >= 0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--model", default="default", help="a checkpoint's name or path")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-speed.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


def _write(path: Path, rows: list[tuple[int, str, float]]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["repeat", "method", "seconds"])
        writer.writerows([repeat, name, f"{seconds:.6g}"] for repeat, name, seconds in rows)
    temporary.replace(path)


def _print_medians(rows: list[tuple[int, str, float]]) -> None:
    medians = {
        method: statistics.median(seconds for _, name, seconds in rows if name == method)
        for method in dict.fromkeys(name for _, name, _ in rows)
    }
    for method, median in medians.items():
        print(f"{method:16s} {median:8.4f} s")
    if {"infoatlas", "ksg"} <= medians.keys():
        print(f"{'ksg / infoatlas':16s} {medians['ksg'] / medians['infoatlas']:8.2f}")


if __name__ == "__main__":
    sys.exit(main())
