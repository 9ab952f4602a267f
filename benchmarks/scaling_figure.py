"""Held-out error against data sets seen, two sizes of run.py and the flagship: a figure in docs.

python benchmarks/scaling_figure.py
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from matplotlib.figure import Figure

from benchmarks.pages import DOCS, write_figure
from benchmarks.record import ROOT
from benchmarks.row_record import read_rows

CURVES = {  # name: logs, each with the data sets that its run's weights had seen before
    "width 24, two rounds": {"scaling/log-small.csv": 0},
    "width 64, three rounds": {"scaling/log-base.csv": 0},
    "the flagship: the same size, all its runs since 25 November": {
        "flagship/log-2026-11-25.csv": 123_934,
        "flagship/log-2026-11-26-gpu.csv": 203_183,
    },
}


def main() -> None:
    """Draw one curve a size from its logs."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axis = figure.subplots()
    for name, logs in CURVES.items():
        rows = [
            (before + int(row["data_sets"]), float(row["held_out_error"]))
            for log, before in logs.items()
            for row in read_rows(ROOT / "runs" / log)
        ]
        axis.plot(*zip(*rows, strict=True), marker="o", markersize=4, label=name)
    axis.set_xscale("log")
    axis.set_ylim(bottom=0.05)
    axis.set_xlabel("data sets seen")
    axis.set_ylabel("held-out error, mean |estimate − MI| / (1 + MI)")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    write_figure(DOCS / "figures" / "scaling.png", figure, dpi=150)


if __name__ == "__main__":
    main()
