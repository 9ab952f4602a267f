"""The figure of a record of `policies.py`: success on seen and unseen seeds, one panel a task.

Example: python benchmarks/policies_figure.py benchmarks/results/2026-11-26-policies.csv --out P.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from matplotlib.figure import Figure

from benchmarks.pages import write_figure
from benchmarks.policies import rate_of, summarise
from benchmarks.row_record import read_rows

INK, COLOURS = "#222222", {"seen": "#b8cdd9", "unseen": "#2a6f97"}
Splits = Mapping[str, list[dict[str, Any]]]


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the record."""
    options = _parser().parse_args(argv)
    save_figure(options.out, read_rows(options.record))
    print(f"wrote {options.out}")
    return 0


def save_figure(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Bars of the share of all episodes, its 95 % Wilson interval, and a dot for each seed."""
    panels: dict[tuple[str, str], dict[str, Splits]] = {}
    for (study, task, variant), splits in summarise(rows).items():
        panels.setdefault((study, task), {})[variant] = splits
    height = 1.0 + 0.5 * max(len(variants) for variants in panels.values())
    figure = Figure(figsize=(1.5 + 5.0 * len(panels), height), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, ((_, task), variants) in zip(axes, panels.items(), strict=True):
        _panel(axis, variants)
        axis.set_title(task, loc="left", fontsize=11)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)
    write_figure(path, figure, dpi=110)


def _panel(axis: Any, variants: Mapping[str, Splits]) -> None:
    for place, splits in enumerate(variants.values()):
        for (split, colour), shift in zip(COLOURS.items(), (-0.2, 0.2), strict=True):
            chosen = splits[split]
            rate = rate_of(chosen)
            label = split if place == 0 else None
            axis.barh(place + shift, 100 * rate.share, color=colour, height=0.38, label=label)
            axis.plot(
                [100 * bound for bound in rate.interval], 2 * [place + shift], color=INK, lw=1
            )
            seeds = [100 * rate_of([row]).share for row in chosen]
            if len(seeds) > 1:
                axis.plot(seeds, len(seeds) * [place + shift], ".", color=INK, ms=4)
    axis.set_yticks(range(len(variants)), list(variants))
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel("success in %, with 95 % Wilson interval (dots: single seeds)")
    axis.spines[["top", "right"]].set_visible(False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("record", type=Path, help="CSV file that `policies.py` wrote")
    parser.add_argument("--out", type=Path, required=True, help=".png file")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
