"""Compare our 40 BMI samplers with those of the package `benchmark-mi`: names, truths and samples.

That package needs an old jax, so it gets an environment of its own:

    python -m venv bmi-environment
    bmi-environment/bin/pip install benchmark-mi "jax==0.4.30" "jaxlib==0.4.30" "scipy<1.13"
    bmi-environment/bin/python benchmarks/check_against_bmi.py

Writes one row per task into ``benchmarks/results/<date>-bmi-sampler-check.csv``. Exit status 1 if a
name, a truth, a shape or a distribution differs.
"""

# n: samples   f: features, numbers made from one row of (x, y)

from __future__ import annotations

import argparse
import csv
import importlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from scipy.stats import ks_2samp, norm, ttest_ind

from benchmarks.baselines import Baseline, gaussian_copula, ksg
from benchmarks.bmi_tasks import TASKS
from benchmarks.record import RESULTS, describe_run, write_description
from benchmarks.task import Array, Task

LEVEL = 0.01  # chance that a correct set of 40 samplers is called different, over all tests
TRUTH_TOLERANCE = 1e-5  # nats; the package computes some truths in single precision
COLUMNS = (
    "task", "same_shape", "true_mi", "true_mi_bmi", "n_features", "smallest_p", "p_copula", "p_ksg",
    "copula", "copula_bmi", "ksg", "ksg_bmi", "same",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Compare every task, write the record and print what differs."""
    options = _parser().parse_args(argv)
    bmi = importlib.import_module("bmi")  # here: --help and the tests do without that package

    theirs: dict[str, Any] = bmi.benchmark.BENCHMARK_TASKS
    names = {task.name for task in TASKS}
    for name in sorted(names ^ theirs.keys()):
        print(f"only in {'ours' if name in names else 'theirs'}: {name}")
    rows = []
    for task in TASKS:
        rows.append(compare(task, theirs[task.name], options.n, options.seeds))
        print(f"{task.name:50s} {'same' if rows[-1]['same'] else 'DIFFERENT'}", flush=True)
    _write(options.out, rows)
    about = {
        "n_samples": options.n,
        "seeds": options.seeds,
        "benchmark_mi": version("benchmark-mi"),
    }
    write_description(options.out.with_suffix(".json"), describe_run(**about))
    return 0 if names == theirs.keys() and all(row["same"] for row in rows) else 1


def compare(ours: Task, theirs: Any, n_samples: int, seeds: int) -> dict[str, Any]:
    """One row of the record.

    Two-sample tests: Kolmogorov-Smirnov for each feature of a row, on the pooled rows of all seeds,
    and Welch's t for the two estimates, over seeds; Bonferroni's correction over all of them.
    """
    draws = [ours.draw(n_samples, seed) for seed in range(seeds)]
    draws_bmi = [_numpy(theirs.sample(n_samples, seed=1000 + seed)) for seed in range(seeds)]
    same_shape = {_shape(draw) for draw in draws} == {_shape(draw) for draw in draws_bmi}
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    truth, truth_bmi = ours.mutual_information, float(theirs.mutual_information)
    row |= {"task": ours.name, "same_shape": same_shape, "true_mi": truth, "true_mi_bmi": truth_bmi}
    if not same_shape:
        return row | {"same": False}
    features = np.vstack([row_features(*draw) for draw in draws])  # n f
    features_bmi = np.vstack([row_features(*draw) for draw in draws_bmi])
    p_values = [ks_2samp(a, b).pvalue for a, b in zip(features.T, features_bmi.T, strict=True)]
    row |= {"n_features": len(p_values), "smallest_p": min(p_values)}
    estimators: dict[str, Baseline] = {"copula": gaussian_copula, "ksg": ksg}
    for name, estimator in estimators.items():
        values = [estimator(*draw) for draw in draws]
        values_bmi = [estimator(*draw) for draw in draws_bmi]
        row |= {name: np.mean(values), f"{name}_bmi": np.mean(values_bmi)}
        row[f"p_{name}"] = ttest_ind(values, values_bmi, equal_var=False).pvalue
        p_values.append(row[f"p_{name}"])
    same_truth = abs(truth - truth_bmi) < TRUTH_TOLERANCE
    return row | {"same": same_truth and min(p_values) * len(p_values) > LEVEL / len(TASKS)}


def row_features(x: Array, y: Array) -> Array:
    """Numbers whose distributions tell samplers apart, robust to heavy tails: n f.

    Every coordinate, both norms, products of the first coordinates within and across the sides, and
    projections of the whole row on fixed random directions.
    """
    xy = np.hstack([x, y])
    norms = [np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)]
    first_x, first_y = x[:, :3], y[:, :3]
    products = [a * b for a in first_x.T for b in first_y.T]
    within = [
        side[:, i] * side[:, i - 1] for side in (first_x, first_y) for i in range(side.shape[1])
    ]
    directions = norm.rvs(size=(xy.shape[1], 20), random_state=0)
    return np.column_stack([xy, *norms, *products, *within, xy @ directions])


def _numpy(pair: tuple[Any, Any]) -> tuple[Array, Array]:
    return np.asarray(pair[0], dtype=float), np.asarray(pair[1], dtype=float)


def _shape(pair: tuple[Array, Array]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return pair[0].shape, pair[1].shape


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=10)
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-bmi-sampler-check.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            values = [row[name] for name in COLUMNS]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main())
