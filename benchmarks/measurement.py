"""One row of a benchmark record, and CSV files of such rows. What a run was like: `record.py`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One method on one draw of one task. Every value is in nats unless its name says otherwise.

    A blank (None) stands where a method has no such number; a failure has an ``error`` and no
    ``estimate``.
    """

    task: str
    n_samples: int
    seed: int
    draw: str  # fingerprint of the rows
    method: str
    true_mi: float
    estimate: float | None = None
    seconds: float | None = None
    stderr: float | None = None
    low: float | None = None  # ends of the 95% interval
    high: float | None = None
    dv: float | None = None
    plug_in: float | None = None
    gaussian: float | None = None
    reliable: bool | None = None
    held_out: float | None = None  # of methods that train: on rows they were not trained on
    error: str | None = None

    @property
    def key(self) -> tuple[str, int, int, str]:
        """What a record holds at most once."""
        return self.task, self.n_samples, self.seed, self.method


FIELDS = tuple(field.name for field in fields(Measurement))
INTEGERS = ("n_samples", "seed")
TEXTS = ("task", "draw", "method", "error")


def read_measurements(path: Path) -> list[Measurement]:
    """Rows of a record, in their order; an empty list where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [_from_text(row) for row in csv.DictReader(file)]


def append_measurements(path: Path, rows: Iterable[Measurement]) -> None:
    """Add rows to a record that is being written, with the header first."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(FIELDS)
        writer.writerows([_as_text(row) for row in rows])


def write_measurements(path: Path, rows: Iterable[Measurement]) -> None:
    """Write a whole record under a temporary name, then rename it: never half a file."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    append_measurements(temporary, rows)
    temporary.replace(path)


def _as_text(row: Measurement) -> list[str]:
    values = [getattr(row, name) for name in FIELDS]
    return ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in values]


def _from_text(row: dict[str, str]) -> Measurement:
    values: dict[str, object] = {}
    for name, text in row.items():
        if text == "":
            values[name] = None
        elif name in TEXTS:
            values[name] = text
        elif name in INTEGERS:
            values[name] = int(text)
        else:
            values[name] = text == "True" if name == "reliable" else float(text)
    return Measurement(**values)  # type: ignore[arg-type]  # one type per column, as above
