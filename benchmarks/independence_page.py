"""The measured part of docs/independence.md and its figure, from the newest records.

python benchmarks/independence_page.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from matplotlib.figure import Figure

from benchmarks import detection, power
from benchmarks.level import PERMUTATIONS
from benchmarks.markdown import number, table
from benchmarks.pages import DOCS, write_figure, write_measured
from benchmarks.row_record import read_rows
from benchmarks.tables import newest

ALPHA = 0.05
LEVEL_RECORDS = ("level", "level-network")
Rows = list[dict[str, str]]


def main() -> int:
    """Write the page and its figure."""
    records = {kind: newest(kind) for kind in (*LEVEL_RECORDS, "power", "detection")}
    missing = [kind for kind, path in records.items() if path is None]
    if missing:
        raise SystemExit(f"no record of {', '.join(missing)} in benchmarks/results; run it first")
    rows = {kind: read_rows(path) for kind, path in records.items() if path}
    draw_power(rows["power"], DOCS / "figures" / "power.png")
    names = ", ".join(f"`{path.name}`" for path in records.values() if path)
    write_measured(
        DOCS / "independence.md",
        [
            f"Written by `python benchmarks/independence_page.py` from {names} in "
            "`benchmarks/results`; do not edit.",
            *level_section([row for kind in LEVEL_RECORDS for row in rows[kind]]),
            *power_section(rows["power"]),
            *detection_section(rows["detection"]),
        ],
    )
    print("wrote docs/independence.md and docs/figures/power.png")
    return 0


def level_section(rows: Rows) -> list[str]:
    """False-positive rates of both kinds of evidence."""
    body = []
    for evidence in PERMUTATIONS:
        own = [row for row in rows if row["evidence"] == evidence]
        n = np.array([int(row["n_samples"]) for row in own])
        d = np.array([int(row["d_x"]) + int(row["d_y"]) for row in own])
        rejected = np.array([float(row["pvalue"]) <= ALPHA for row in own])
        parts = {"all": n > 0, "n < 160": n < 160, "n >= 160": n >= 160}
        parts |= {"fewer than 16 columns in all": d < 16, "16 or more": d >= 16}
        for name, part in parts.items():
            count = int(part.sum())
            if not count:
                continue
            error = (ALPHA * (1 - ALPHA) / count) ** 0.5
            rate = float(rejected[part].mean())
            body.append([evidence, name, str(count), number(rate), number(error)])
    return [
        "## Level",
        "False-positive rate at 0.05 on independent draws: n from 50 to 500 and 1 to 128 columns a "
        "side on a logarithmic scale, six kinds of margin (normal, Cauchy, log-normal, counts, "
        f"binary, mixed); {PERMUTATIONS['closed form']} permutations for the closed form, "
        f"{PERMUTATIONS['all']} with the network. The target is 0.03 to 0.07.",
        table(["evidence", "draws", "how many", "rate", "standard error"], body, n_text=2),
    ]


def power_section(rows: Rows) -> list[str]:
    """Mean power over the simulations that are not null, and the figure."""
    body = []
    for method in power.METHODS:
        cells = []
        for width in map(str, power.WIDTHS):
            powers = _powers(rows, width, method)
            found = [p for name, p in powers.items() if name != "multimodal_independence"]
            cells.append(number(float(np.mean(found))) if found else "-")
        own = [row for row in rows if row["method"] == method]
        count = len({row["repetition"] for row in own})
        body.append([method, *cells, str(count)])
    return [
        "## Power",
        f"Share rejected at {ALPHA} of draws of hyppo's 20 simulations, n = {power.N_SAMPLES}, "
        f"{power.N_PERMUTATIONS} permutations for every method, all on the same draws; the mean "
        "over the 19 simulations with dependence. With 1 column the draws have noise, with 10 "
        "none, as in hyppo's own curves.",
        table(["method", "1 column", "10 columns", "draws of each"], body),
        "![Power by simulation](figures/power.png)",
    ]


def detection_section(rows: Rows) -> list[str]:
    """AUC of every method, one table a width."""
    found = {
        (row["generator"], row["width"], row["method"], row["n_samples"]): float(row["auc"])
        for row in rows
    }
    text = [
        "## Telling dependent data from independent ones",
        f"AUC over {detection.DATA_SETS} dependent and as many independent data sets a point "
        f"({detection.TRAINED_DATA_SETS} and {detection.TRAINED_DATA_SETS} for MINE and InfoNCE, "
        "in-sample values of critics trained with the one-core protocol of "
        "[baselines.md](baselines.md)). InfoAtlas is the statistic of the closed-form test. The "
        "bound is the likelihood ratio of one who knows all about a linear dependence but its "
        "direction in x: no test does better that is not told it. The "
        "original's published figures for the first row with 128 columns are 0.597, 0.806, 0.870, "
        "0.936, 0.963, 0.995 for n = 50 to 300.",
    ]
    for width in map(str, detection.WIDTHS):
        body = []
        for generator in detection.GENERATORS:
            for method in (*detection.METHODS, detection.BOUND):
                values = [found.get((generator, width, method, str(n))) for n in detection.SAMPLES]
                if any(value is not None for value in values):
                    body.append([generator, method, *(number(value) for value in values)])
        header = [f"{width} columns", "method", *(f"n = {n}" for n in detection.SAMPLES)]
        text.append(table(header, body, n_text=2))
    return text


def draw_power(rows: Rows, path: Path) -> None:
    """Power of every method on every simulation, one panel a width."""
    figure = Figure(figsize=(10, 6.2), layout="constrained")
    names = sorted({row["simulation"] for row in rows})
    axes: Sequence[Any] = figure.subplots(1, 2, sharey=True)
    for axis, width in zip(axes, map(str, power.WIDTHS), strict=True):
        for k, method in enumerate(power.METHODS):
            powers = _powers(rows, width, method)
            places = [i for i, name in enumerate(names) if name in powers]
            values = [powers[names[i]] for i in places]
            ours = method.startswith("infoatlas")
            style = {"marker": "o" if ours else "x", "ms": 7 if ours else 5, "color": f"C{k}"}
            axis.plot(values, places, ls="", label=method, alpha=0.8, **style)
        axis.axvline(ALPHA, color="0.6", lw=0.8)
        axis.set(title=f"{width} column{'s' * (width != '1')} a side", xlabel="power at 0.05")
        axis.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        axis.grid(axis="y", color="0.92")
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    write_figure(path, figure, dpi=90)


def _powers(rows: Rows, width: str, method: str) -> dict[str, float]:
    """Share of draws rejected, by simulation."""
    own = [row for row in rows if (row["width"], row["method"]) == (width, method)]
    return {
        name: float(np.mean([float(r["pvalue"]) <= ALPHA for r in own if r["simulation"] == name]))
        for name in sorted({row["simulation"] for row in own})
    }


if __name__ == "__main__":
    sys.exit(main())
