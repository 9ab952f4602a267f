"""A CSV record of dictionaries that grows while a benchmark runs, and resumes where it stopped."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.record import RESULTS, describe_run, read_description, write_description

Row = Mapping[str, Any]


def record_parser(description: str | None, kind: str) -> argparse.ArgumentParser:
    """Options of every benchmark that goes on: ``--minutes``, and ``--out``, today's record."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=8.0)
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{kind}.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a record as text; none where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write all rows, which may differ in their columns, under a temporary name, then rename it."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)


def go_on(
    path: Path,
    jobs: list[tuple[str, ...]],
    measure: Callable[..., list[Row]],
    *,
    key: tuple[str, ...],
    minutes: float,
    **described: Any,
) -> list[dict[str, str]]:
    """Measure the jobs that the record lacks, in their order, until the time is up.

    Parameters
    ----------
    path : Path
        CSV file of the rows; a JSON file of the same name says what the run was like.
    jobs : list of tuple of str
        Values of the columns ``key``.
    measure : callable
        ``measure(*job)`` gives the rows of one job.
    minutes : float
        No job is begun after that time.
    described
        What the JSON file should say besides.
    """
    rows: list[Any] = read_rows(path)
    done = {tuple(row[name] for name in key) for row in rows}
    todo = [job for job in jobs if job not in done]
    deadline = saved = time.monotonic()
    deadline += 60 * minutes
    for job in tqdm(todo, disable=None, unit="job"):
        rows += [{name: str(value) for name, value in row.items()} for row in measure(*job)]
        now = time.monotonic()
        if now > saved + 20 or now > deadline or job == todo[-1]:
            write_rows(path, rows)
            saved = now
        if now > deadline:
            break
    if todo:
        runs = read_description(path.with_suffix(".json")).get("runs", [])
        write_description(path.with_suffix(".json"), {**described, "runs": [*runs, describe_run()]})
    return rows
