"""Runs methods over tasks and seeds: the loop of `bmi.py` and `known_mi.py`.

Every single reading is kept. An interrupted run, started again, goes on where it stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.baselines import BASELINES
from benchmarks.estimators import METHODS, OURS, Estimator, Reading, load_estimators, warm_up
from benchmarks.measurement import (
    Measurement,
    append_measurements,
    read_measurements,
    write_measurements,
)
from benchmarks.record import RESULTS, begin_or_go_on, describe_run, finish, refuse_existing
from benchmarks.summary import print_summary
from benchmarks.task import Task, fingerprint

Known = dict[tuple[str, int, int, str], Measurement]


def run_benchmark(
    argv: Sequence[str] | None,
    *,
    name: str,
    description: str,
    tasks: Sequence[Task],
    n_samples: int | Sequence[int],
    first_seed: int,
    seeds: int = 10,
    methods: Sequence[str] = METHODS,
) -> int:
    """Parse the command line, measure, write the record, print the summary."""
    defaults = {
        "n": [n_samples] if isinstance(n_samples, int) else list(n_samples),
        "first_seed": first_seed,
        "seeds": seeds,
        "methods": list(methods),
        "out": _default_out(name),
    }
    options = _parser(description, defaults).parse_args(argv)
    chosen = [task for task in tasks if options.tasks in task.name]
    if not chosen:
        raise SystemExit(f"no task has {options.tasks!r} in its name")
    refuse_existing(options.out)
    rows = _measure_all(chosen, options)
    print_summary(rows)
    return 0


def _default_out(name: str) -> Path:
    return RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{name}.csv"


def _parser(description: str, defaults: dict[str, Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(**defaults)
    parser.add_argument("--n", type=int, nargs="+", help="rows a draw (default: %(default)s)")
    parser.add_argument("--seeds", type=int, help="draws of each task (default: %(default)s)")
    parser.add_argument("--first-seed", type=int, help="default: %(default)s")
    parser.add_argument("--tasks", default="", help="only tasks with these letters in their name")
    choices = (*OURS, *BASELINES)
    parser.add_argument("--methods", nargs="+", choices=choices, help="default: %(default)s")
    parser.add_argument("--model", default="default", help="a checkpoint's name or path")
    parser.add_argument("--reuse-baselines", type=Path, metavar="OLD.csv", help="an older record")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/<date>-<name>.csv")
    return parser


def _measure_all(tasks: Sequence[Task], options: argparse.Namespace) -> list[Measurement]:
    """All rows; each is on disk, in a file named .partial, before the next is begun."""
    partial = options.out.with_suffix(".partial.csv")
    begin_or_go_on(partial, _description(options))
    known = {row.key: row for row in read_measurements(partial)}
    old = _reusable(options.reuse_baselines)
    estimators = load_estimators(options.methods, model=options.model)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    draws = [(task, n, seed) for n in options.n for task in tasks for seed in seeds]
    for task, n, seed in tqdm(draws, disable=None, unit="draw"):
        rows = _measure_draw(task, seed, n, estimators, known, old)
        append_measurements(partial, [row for row in rows if row is not known.get(row.key)])
        known.update({row.key: row for row in rows})
    keys = [(task.name, n, seed, name) for task, n, seed in draws for name in options.methods]
    rows = [known[key] for key in keys]
    write_measurements(partial, rows)
    finish(partial, options.out)
    return rows


def _description(options: argparse.Namespace) -> dict[str, Any]:
    weights = warm_up(options.model) if OURS.keys() & set(options.methods) else {}
    seeds = [options.first_seed, options.first_seed + options.seeds - 1]
    reused = options.reuse_baselines.name if options.reuse_baselines else None
    return describe_run(
        **weights,
        n_samples=options.n[0] if len(options.n) == 1 else options.n,
        seeds_first_last=seeds,
        baselines_from=reused,
    )


def _reusable(path: Path | None) -> Known:
    """Baseline rows of an older record."""
    if path is None:
        return {}
    if not path.exists():
        raise SystemExit(f"--reuse-baselines {path}: no such record")
    rows = read_measurements(path)
    return {row.key: row for row in rows if row.method in BASELINES and row.error is None}


def _measure_draw(
    task: Task,
    seed: int,
    n_samples: int,
    estimators: dict[str, Estimator],
    known: Known,
    old: Known,
) -> list[Measurement]:
    """Readings of every method on the same rows, measured now or taken from a record."""
    x, y = task.draw(n_samples, seed)
    draw = fingerprint(x, y)
    rows: dict[str, Measurement] = {}
    for name, estimator in estimators.items():
        row = Measurement(
            task=task.name,
            n_samples=n_samples,
            seed=seed,
            draw=draw,
            method=name,
            true_mi=task.mutual_information,
        )
        found = known.get(row.key) or old.get(row.key)
        if found is not None and found.draw == draw:
            rows[name] = found
        elif name == "larger_of_both" and {"ksg", "gaussian_copula"} <= rows.keys():
            rows[name] = _larger(row, rows["ksg"], rows["gaussian_copula"])
        else:
            rows[name] = _timed(row, lambda: estimator(x, y))  # noqa: B023 - called at once
    return list(rows.values())


def _timed(row: Measurement, read: Any) -> Measurement:
    """``row`` with its reading and its time, or with the error that came instead."""
    start = time.perf_counter()
    try:
        reading: Reading = read()
    except Exception as error:  # noqa: BLE001 - a failure is a row of the record too
        return dataclasses.replace(row, error=f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - start
    return dataclasses.replace(row, seconds=seconds, **dataclasses.asdict(reading))


def _larger(row: Measurement, first: Measurement, second: Measurement) -> Measurement:
    """The combination of two rows already measured: their sum of seconds, their larger value."""
    if first.estimate is None or second.estimate is None:
        return dataclasses.replace(row, error=first.error or second.error)
    return dataclasses.replace(
        row,
        estimate=max(first.estimate, second.estimate),
        seconds=(first.seconds or 0.0) + (second.seconds or 0.0),
    )
