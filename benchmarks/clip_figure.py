"""The figure of `clip.py`: our noise curves, and every method's levels on the same slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.pages import write_figure
from infoatlas_plugins.clip import NoiseCurve
from infoatlas_plugins.clip.picture import TITLES


def save_figure(
    path: Path,
    shared: NoiseCurve,
    independent: NoiseCurve,
    same_slices: Sequence[Mapping[str, Any]],
) -> None:
    """Draw the running means over slices, and levels by method, and write them as PNG.

    Parameters
    ----------
    path : Path
        File to write.
    shared, independent : NoiseCurve
        Our fitted curves.
    same_slices : sequence of dict
        Summaries of the methods on one choice of slices.
    """
    figure = Figure(figsize=(12.5, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
    shades = colormaps["viridis"](np.linspace(0.0, 0.85, len(shared.levels)))
    for axis, curve, name in ((left, shared, "shared"), (middle, independent, "independent")):
        _running_means(axis, curve, shades)
        title = f"{curve.n_slices} {name} slices, {curve.n_repeats} repeats"
        axis.set_title(f"{title}\nsmallest gap {curve.smallest_gap_:.1f}", fontsize=10)
    left.set_ylabel(f"{shared.k}-sliced MI (nats)")
    _levels(right, same_slices, shades)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    write_figure(path, figure, dpi=100)


def _running_means(axis: Any, curve: NoiseCurve, shades: NDArray[np.float64]) -> None:
    """Bands of one standard deviation over repeats, and the shuffled control."""
    mean, sd = curve.running_mean()
    slices = np.arange(1, curve.n_slices + 1)
    for level, m, s, shade in zip(curve.levels, mean, sd, shades, strict=True):
        axis.fill_between(slices, m - s, m + s, color=shade, alpha=0.25, lw=0)
        axis.plot(slices, m, color=shade, lw=1.5, label=f"noise {level:g}")
    control = curve.control_values_.mean()
    axis.axhline(control, color="0.4", ls="--", lw=1, label="shuffled pairs, no noise")
    axis.set(xlabel="slices averaged", ylim=(-0.05, None))
    axis.spines[["top", "right"]].set_visible(False)


def _levels(axis: Any, curves: Sequence[Mapping[str, Any]], shades: NDArray[np.float64]) -> None:
    """Mean and two standard deviations of each level, one column for each method."""
    for column, curve in enumerate(curves):
        levels = zip(curve["mean"], curve["sd"], shades, strict=True)
        for i, (mean, sd, shade) in enumerate(levels):
            place = column + 0.13 * (i - (len(shades) - 1) / 2)
            axis.errorbar(place, mean, 2 * sd, color=shade, marker="o", ms=4, capsize=3)
    names = [f"{TITLES[curve['method']]}\n{curve['smallest_gap']:.1f}" for curve in curves]
    axis.set_xticks(range(len(names)), names, fontsize=9)
    slices, repeats = curves[0]["n_slices"], curves[0]["n_repeats"]
    axis.set_title(
        f"slices shared by all: {slices}, repeats: {repeats}, ±2 sd\nsmallest gap below each",
        fontsize=10,
    )
    axis.set_ylim(-0.05, None)
    axis.spines[["top", "right"]].set_visible(False)
