"""The measured part of docs/clip.md, written from a record of `clip.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.markdown import number, table
from infoatlas_plugins.clip.picture import TITLES


def section(record: str, described: dict[str, Any]) -> list[str]:
    """Paragraphs and tables."""
    run = described["runs"][-1]
    cpu = run["machine"]["cpu"]
    found = [
        f"Written by `python benchmarks/clip.py` from `benchmarks/results/{record}` "
        f"({run['date'][:10]}, {cpu}, one thread; checkpoint {described['model']}, small model "
        f"{described['small_model']}); do not edit. {described['n_pairs']} held-out pairs, "
        f"{described['n_samples']} of them in each repeat, k = {described['k']}.",
        table(
            ["bar", "measured", "verdict"],
            [[bar["bar"], f"{bar['value']:.4g}", bar["verdict"]] for bar in described["bars"]],
        ),
    ]
    ours = [curve for curve in described["curves"] if curve["method"] == "infoatlas"]
    if ours:
        found.append("Our curves, mean ± standard deviation over repeats, in nats:")
        found.append(_levels("slices", ours, [f"{c['n_slices']} {c['slices']}" for c in ours]))
    for same in described["same_slices"]:
        if len(same) < 2:
            continue
        slices = "slice" if same[0]["n_slices"] == 1 else "slices"
        found.append(
            f"The same {same[0]['n_slices']} shared {slices} and {same[0]['n_repeats']} repeats by "
            "each method; seconds are those of the processor for one reading:"
        )
        names = [TITLES[curve["method"]] for curve in same]
        found.append(_levels("method", same, names, seconds=True))
    return found


def _levels(
    title: str, curves: Sequence[dict[str, Any]], names: Sequence[str], *, seconds: bool = False
) -> str:
    """One row for each curve: its levels, control and smallest gap."""
    levels = [f"noise {level:g}" for level in curves[0]["levels"]]
    header = [title, *levels, "shuffled", "smallest gap", *(["seconds"] if seconds else [])]
    rows = []
    for name, curve in zip(names, curves, strict=True):
        values = [f"{m:.3f} ± {s:.3f}" for m, s in zip(curve["mean"], curve["sd"], strict=True)]
        row = [name, *values, number(curve["control"]), number(curve["smallest_gap"], 1)]
        rows.append([*row, f"{curve['seconds_each']:.3g}"] if seconds else row)
    return table(header, rows)
