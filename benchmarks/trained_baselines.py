"""MINE, InfoNCE and SMILE on the poster's columns, and MINE held out on all 40 BMI tasks.

One draw of each task. Every reading is written before the next is begun, and the same command goes
on where the last one stopped:

python benchmarks/trained_baselines.py --minutes 8
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tqdm import tqdm

from benchmarks import bmi_tasks, known_mi_tasks, published
from benchmarks.baselines.trained import PROTOCOLS, TRAINED
from benchmarks.baselines.trained_critic import Protocol
from benchmarks.measurement import Measurement, read_measurements, write_measurements
from benchmarks.record import RESULTS, describe_run, read_description, write_description
from benchmarks.task import Task, fingerprint

BMI_ROWS, KNOWN_ROWS = 5000, 1000
BMI_SEED, KNOWN_SEED = 0, 42  # the first ones of bmi.py and known_mi.py: the same draws


class Run(NamedTuple):
    """One reading to make."""

    task: Task
    n_samples: int
    seed: int
    method: str

    @property
    def key(self) -> tuple[str, int, int, str]:
        """As ``Measurement.key``."""
        return self.task.name, self.n_samples, self.seed, self.method


def main(argv: Sequence[str] | None = None) -> int:
    """Measure until all is done or the time is up."""
    options = _parser().parse_args(argv)
    protocol = PROTOCOLS[options.protocol]
    _check_protocol(options.out, protocol)
    known = {row.key: row for row in read_measurements(options.out)}
    wanted = [run for run in runs() if run.n_samples <= options.most_rows]
    todo = [run for run in wanted if run.key not in known]
    deadline = time.monotonic() + 60 * options.minutes
    for run in tqdm(todo, disable=None, unit="run"):
        if time.monotonic() > deadline:
            break
        known[run.key] = measure(run, protocol)
        _write(options.out, list(known.values()), protocol)
    print(f"{len(known)} readings of {len(wanted)} are in {options.out.name}")
    return 0


def runs() -> Iterator[Run]:
    """The published figures first; then MINE on the other BMI tasks; then SMILE."""
    columns = [names[0] for names in published.BMI_COLUMNS.values()]
    others = [task.name for task in bmi_tasks.TASKS if task.name not in columns]
    known = list(published.KNOWN_MI_COLUMNS)
    yield from _of_method("mine", known + columns)
    yield from _of_method("info_nce", columns)
    yield from _of_method("mine", others)
    yield from _of_method("info_nce", known)
    yield from _of_method("smile", known + columns)


def _of_method(method: str, names: Sequence[str]) -> Iterator[Run]:
    known = {task.name: Run(task, KNOWN_ROWS, KNOWN_SEED, method) for task in known_mi_tasks.TASKS}
    bmi = {task.name: Run(task, BMI_ROWS, BMI_SEED, method) for task in bmi_tasks.TASKS}
    yield from ({**known, **bmi}[name] for name in names)


def measure(run: Run, protocol: Protocol) -> Measurement:
    """One reading, its time, and its value on rows that were not trained on."""
    x, y = run.task.draw(run.n_samples, run.seed)
    row = Measurement(
        task=run.task.name,
        n_samples=run.n_samples,
        seed=run.seed,
        draw=fingerprint(x, y),
        method=run.method,
        true_mi=run.task.mutual_information,
    )
    start = time.perf_counter()
    try:
        value = TRAINED[run.method](x, y, protocol=protocol, seed=run.seed)
    except Exception as error:  # noqa: BLE001 - a failure is a row of the record too
        return dataclasses.replace(row, error=f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - start
    return dataclasses.replace(
        row, estimate=value.in_sample, held_out=value.held_out, seconds=seconds
    )


def _check_protocol(out: Path, protocol: Protocol) -> None:
    before: dict[str, Any] = read_description(out.with_suffix(".json")).get("protocol", {})
    now = dataclasses.asdict(protocol)
    if before and before != now:
        raise SystemExit(f"{out} was begun with another protocol, {before}: choose another --out")


def _write(out: Path, rows: list[Measurement], protocol: Protocol) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    write_measurements(out, rows)
    description = describe_run(protocol=dataclasses.asdict(protocol), n_readings=len(rows))
    write_description(out.with_suffix(".json"), description)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time")
    parser.add_argument(
        "--most-rows", type=int, default=BMI_ROWS, help="leave out draws of more rows than this"
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="one-core",
        help="one-core: bfloat16 training steps, less patience (default); published: hours",
    )
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-trained-baselines.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


if __name__ == "__main__":
    sys.exit(main())
