"""Series with memory: what unrelated and related AR(1) series read, and whether intervals hold it.

Both sides remember alike, so the correlation of their columns, and with it the true mutual
information, is that of their innovations. KSG stands beside: it has no notion of time.
Example: OMP_NUM_THREADS=1 python benchmarks/memory.py
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from tqdm import tqdm

from benchmarks.estimators import load_estimators, warm_up
from benchmarks.measurement import Measurement, write_measurements
from benchmarks.record import RESULTS, describe_run, write_description
from benchmarks.task import fingerprint
from benchmarks.trust_sections import memory

N_SAMPLES = 1000
TASKS = {  # columns a side, lag-one correlation of every column, correlation of pairs of columns
    f"{width} column{'s' * (width > 1)}, lag-one {keep}, {kind}": (width, keep, correlation)
    for width in (1, 3)
    for kind, correlation in (("unrelated", 0.0), ("correlation 0.7", 0.7))
    for keep in (0.5, 0.8, 0.95, 0.99)
}
Array = NDArray[np.float64]


def series(n: int, width: int, keep: float, rng: np.random.Generator) -> Array:
    """Stationary AR(1) columns of variance 1."""
    steps = rng.normal(size=(n, width))
    steps[1:] *= math.sqrt(1 - keep**2)
    walked: Array = lfilter([1.0], [1.0, -keep], steps, axis=0)
    return walked


def draw(task: str, seed: int) -> tuple[Array, Array, float]:
    """Both series, and their mutual information."""
    width, keep, correlation = TASKS[task]
    rng = np.random.default_rng([width, round(100 * keep), seed])
    x, e = (series(N_SAMPLES, width, keep, rng) for _ in range(2))
    y = correlation * x + math.sqrt(1 - correlation**2) * e
    return x, y, -0.5 * width * math.log1p(-(correlation**2))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-memory.csv`` and print its section."""
    options = _parser().parse_args(argv)
    if options.out.exists():
        raise SystemExit(f"{options.out} exists; records are never edited: choose another --out")
    weights = warm_up("default")
    read = load_estimators(["infoatlas", "ksg"], model="default")
    rows = []
    for task, seed in tqdm([(t, s) for t in TASKS for s in range(options.draws)], unit="draw"):
        x, y, truth = draw(task, seed)
        for method, estimator in read.items():
            row = Measurement(
                task=task,
                n_samples=N_SAMPLES,
                seed=seed,
                draw=fingerprint(x, y),
                method=method,
                true_mi=truth,
            )
            found = dataclasses.asdict(estimator(x, y))
            rows.append(dataclasses.replace(row, **found))
    write_measurements(options.out, rows)
    write_description(options.out.with_suffix(".json"), describe_run(**weights))
    print(memory(rows))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=20, help="of each task; default: 20")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-memory.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


if __name__ == "__main__":
    sys.exit(main())
