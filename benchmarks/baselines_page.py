"""The measured part of docs/baselines.md, from the newest records of `trained_baselines.py`.

python benchmarks/baselines_page.py
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import published
from benchmarks.markdown import number, table
from benchmarks.measurement import Measurement, read_measurements
from benchmarks.pages import DOCS, write_measured
from benchmarks.record import read_description
from benchmarks.tables import newest

PUBLISHED_AS = {"mine": "MINE", "info_nce": "InfoNCE"}


def main() -> int:
    """Write the page."""
    write_measured(
        DOCS / "baselines.md",
        [
            "Written by `python benchmarks/baselines_page.py`; do not edit.",
            *_section("trained-published"),
            *_section("trained-baselines"),
        ],
    )
    print("wrote docs/baselines.md")
    return 0


def _section(kind: str) -> list[str]:
    """Sentences and table of the newest record of one protocol."""
    path = newest(kind)
    if path is None:
        raise SystemExit(f"no {kind} record of trained_baselines.py in benchmarks/results")
    rows = read_measurements(path)
    protocol = read_description(path.with_suffix(".json"))["protocol"]
    return [
        f"`benchmarks/results/{path.name}`: training steps in {protocol['precision']} precision, "
        f"patience {protocol['patience']}, {protocol['validation_partners']} partners in "
        f"validation. {len(rows)} readings.",
        table(
            ["task", "method", "truth", "published", "in sample", "held out", "seconds"],
            [_cells(row) for row in rows],
            n_text=2,
        ),
    ]


def _cells(row: Measurement) -> list[str]:
    values = [row.true_mi, _published(row), row.estimate, row.held_out]
    return [f"`{row.task}`", row.method, *map(number, values), number(row.seconds, 0)]


def _published(row: Measurement) -> float | None:
    """The poster's value, where the task is the first of those that fit one of its columns."""
    method = PUBLISHED_AS.get(row.method)
    for columns, values in (
        (published.BMI_COLUMNS, published.BMI_PUBLISHED),
        (published.KNOWN_MI_COLUMNS, published.KNOWN_MI_PUBLISHED),
    ):
        for place, names in enumerate(columns.values()):
            if row.task == names[0] and method in values:
                return values[method][place]
    return None


if __name__ == "__main__":
    sys.exit(main())
