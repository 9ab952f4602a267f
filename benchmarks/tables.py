"""Write docs/benchmarks.md from the records in benchmarks/results: no number without a record.

Example: python benchmarks/tables.py --bmi benchmarks/results/2026-11-24-bmi-baselines.csv
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import bars, sections, trust_sections
from benchmarks.measurement import Measurement, read_measurements
from benchmarks.record import RESULTS, ROOT, read_description

HEAD = """# Benchmarks

Written by `python benchmarks/tables.py` from the records named below; do not edit. How to repeat a
record: `benchmarks/README.md`.

All values are in nats. *Error* is |mean over seeds − truth|, as the published tables have it;
*single-draw error* is the mean of |estimate − truth| of single draws, which is what a user sees.
Every method saw the same rows. Nothing is left out: rows where an estimator is bad are here too.
"""

OTHER_RECORDS = (
    "consistency",
    "small-n",
    "many-independent",
    "held-out-value",
    "trained-baselines",
    "calibration",
    "memory",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Read the newest records, or those named, and write the page."""
    options = _parser().parse_args(argv)
    bmi, known, speed = (
        path or newest(kind)
        for kind, path in {
            "bmi": options.bmi,
            "known-mi": options.known_mi,
            "speed": options.speed,
        }.items()
    )
    bmi_rows, known_rows = _rows(bmi), _rows(known)
    speed_rows = sections.read_speed(speed)
    others = {kind: newest(kind) for kind in OTHER_RECORDS}
    other_rows = {kind: _rows(path) for kind, path in others.items()}
    parts = [
        HEAD,
        bars.section(bmi_rows, known_rows, speed_rows, other_rows),
        sections.bmi(bmi_rows),
        sections.independent(bmi_rows),
        sections.known_mi(known_rows),
        trust_sections.consistency(other_rows["consistency"]),
        trust_sections.small_n(other_rows["small-n"]),
        trust_sections.many_independent(other_rows["many-independent"]),
        trust_sections.held_out_value(
            other_rows["held-out-value"], trust_sections.trained_mine(other_rows)
        ),
        trust_sections.calibration(other_rows["calibration"]),
        trust_sections.memory(other_rows["memory"]),
        sections.speed(speed_rows),
        sections.sampler_check(newest("bmi-sampler-check")),
        sections.records([path for path in (bmi, known, speed, *others.values()) if path]),
    ]
    temporary = options.out.with_name(options.out.name + ".tmp")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_text("\n".join(part for part in parts if part))
    temporary.replace(options.out)
    print(f"wrote {options.out}")
    return 0


def newest(kind: str) -> Path | None:
    """The last record named ``<date>-<kind>.csv``; without one, the last of its baselines alone."""
    for name in (kind, f"{kind}-baselines"):
        found = [
            path
            for path in RESULTS.glob(f"????-??-??-{name}*.csv")
            if path.stem[11:] == name or path.stem[11:].startswith(f"{name}.")
            if not path.stem.endswith(".partial")  # of a run that is under way
        ]
        if found:
            return max(found, key=_date)
    return None


def _date(path: Path) -> str:
    return str(read_description(path.with_suffix(".json")).get("date", path.name))


def _rows(path: Path | None) -> list[Measurement]:
    return read_measurements(path) if path else []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bmi", type=Path, help="default: the newest record")
    parser.add_argument("--known-mi", type=Path, help="default: the newest record")
    parser.add_argument("--speed", type=Path, help="default: the newest record")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
