"""Draw docs/figures/consistency.png and calibration.png from the newest records.

Example: python benchmarks/figures.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from matplotlib.figure import Figure

from benchmarks.coverage import coverage
from benchmarks.measurement import Measurement, read_measurements
from benchmarks.pages import write_figure
from benchmarks.record import ROOT
from benchmarks.tables import newest
from benchmarks.trust_sections import errors_by_size

FOLDER = ROOT / "docs" / "figures"


def main() -> int:
    """Draw what there are records of."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, draw in (("consistency", consistency), ("calibration", calibration)):
        record = newest(kind)
        if record is None:
            print(f"no record of {kind}: nothing drawn")
            continue
        path = FOLDER / f"{kind}.png"
        write_figure(path, draw(read_measurements(record)), dpi=110)
        print(f"wrote {path}")
    return 0


def consistency(rows: Sequence[Measurement]) -> Figure:
    """Error of each BMI task against n, and their mean."""
    errors = errors_by_size(rows)
    sizes = sorted({row.n_samples for row in rows})
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for by_n in errors.values():
        axes.plot(sizes, [by_n[n] for n in sizes], color="0.75", linewidth=0.8)
    means = [np.mean([by_n[n] for by_n in errors.values()]) for n in sizes]
    axes.plot(
        sizes, means, color="C0", marker="o", linewidth=2, label=f"mean of {len(errors)} tasks"
    )
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="mean |estimate − truth|, nats")
    axes.set_ylim(1e-4, None)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def calibration(rows: Sequence[Measurement]) -> Figure:
    """Share of 95% intervals that hold the truth, by family and n, with its 95% binomial range."""
    families = sorted({row.task for row in rows})
    sizes = sorted({row.n_samples for row in rows})
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(0.90, 0.98, color="C2", alpha=0.15, label="aimed at")
    for k, n in enumerate(sizes):
        for i, family in enumerate(families):
            own = [row for row in rows if row.task == family and row.n_samples == n]
            share = coverage(own)
            half = 1.96 * np.sqrt(share * (1 - share) / len(own))
            label = f"n = {n}" if i == 0 else None
            place = i + 0.2 * (k - (len(sizes) - 1) / 2)
            axes.errorbar(share, place, xerr=half, fmt="o", color=f"C{k}", label=label)
    axes.set_yticks(range(len(families)), [name.replace("_", " ") for name in families])
    axes.set(xlabel="share of 95% intervals that hold the truth", xlim=(0.4, 1.02))
    axes.legend(frameon=False, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    sys.exit(main())
