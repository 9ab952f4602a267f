"""Held-out error against data sets seen, for the sizes of run.py: docs/figures/scaling.png.

python runs/scaling/figure.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).resolve().parent
FIGURE = HERE.parents[1] / "docs" / "figures" / "scaling.png"
NAMES = {"small": "width 24, two rounds", "base": "width 64, three rounds (the flagship's)"}


def main() -> None:
    """Draw one curve a size from its log."""
    figure, axis = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for size, name in NAMES.items():
        with (HERE / f"log-{size}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        seen = [int(row["data_sets"]) for row in rows]
        axis.plot(seen, [float(row["held_out_error"]) for row in rows], marker="o", label=name)
    axis.set_xscale("log")
    axis.set_xlabel("data sets seen, from random weights")
    axis.set_ylabel("held-out error, mean |estimate − MI| / (1 + MI)")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    temporary = FIGURE.with_suffix(".part.png")
    figure.savefig(temporary, dpi=150)
    temporary.replace(FIGURE)


if __name__ == "__main__":
    main()
