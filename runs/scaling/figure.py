"""Held-out error against data sets seen, two sizes of run.py and the flagship: a figure in docs.

python runs/scaling/figure.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

RUNS = Path(__file__).resolve().parents[1]
FIGURE = RUNS.parent / "docs" / "figures" / "scaling.png"
CURVES = {  # name: logs, each with the data sets that its run's weights had seen before
    "width 24, two rounds": {"scaling/log-small.csv": 0},
    "width 64, three rounds": {"scaling/log-base.csv": 0},
    "the flagship: the same size, all its runs since 25 November": {
        "flagship/log-2026-11-25.csv": 123_934,
        "flagship/log.csv": 203_183,
    },
}


def main() -> None:
    """Draw one curve a size from its logs."""
    figure, axis = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for name, logs in CURVES.items():
        rows = [
            (before + int(row["data_sets"]), float(row["held_out_error"]))
            for log, before in logs.items()
            for row in _rows(RUNS / log)
        ]
        axis.plot(*zip(*rows, strict=True), marker="o", markersize=4, label=name)
    axis.set_xscale("log")
    axis.set_ylim(bottom=0.05)
    axis.set_xlabel("data sets seen")
    axis.set_ylabel("held-out error, mean |estimate − MI| / (1 + MI)")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    temporary = FIGURE.with_suffix(".part.png")
    figure.savefig(temporary, dpi=150)
    temporary.replace(FIGURE)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
