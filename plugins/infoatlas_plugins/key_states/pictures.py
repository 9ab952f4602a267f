"""Pictures of what was found and reached, drawn with matplotlib: profile and success rates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.evaluate import SuccessRate
from infoatlas_plugins.key_states.profile import MIProfile
from infoatlas_plugins.safe_write import replace_when_written

INK, BLUE, ORANGE, GREY = "#222222", "#2a6f97", "#d1603d", "#b8b8b8"


def save_profile(
    path: Path,
    profile: MIProfile,
    keys: list[NDArray[np.int64]],
    truth: Mapping[str, NDArray[np.int64]],
    *,
    title: str,
) -> None:
    """MI profile, its permutation band, and key states found and true, on the common grid.

    Parameters
    ----------
    path : Path
        A .png file.
    profile : MIProfile
    keys : list of ndarray
        Found, for each demonstration.
    truth : dict of str to ndarray of shape (n_demonstrations,)
        May be empty.
    title : str
    """
    figure, (upper, lower) = _subplots(2, figsize=(8, 5.2), sharex=True, heights=(2, 1))
    n_steps = len(profile.mi)
    grid = np.arange(n_steps)
    upper.fill_between(grid, 0, profile.band, color=GREY, lw=0, label="largest of permutations")
    upper.plot(grid, profile.mi, color=BLUE, lw=2, label="MI with the state before")
    upper.set_ylabel("nats")
    upper.set_ylim(bottom=0)
    upper.set_title(f"{title} (peak: p = {profile.p_value:.2g})", loc="left", fontsize=11)
    for number, row in enumerate(keys):
        place = np.interp(row, profile.positions[number], grid)
        lower.plot(place, np.full(len(place), number), ".", color=ORANGE, ms=5, mew=0)
    lower.plot([], [], ".", color=ORANGE, label="key states found")
    for (name, steps), style in zip(truth.items(), ("-", "--", ":"), strict=False):
        pairs = zip(steps, profile.positions, strict=True)
        median = float(np.median([np.interp(step, positions, grid) for step, positions in pairs]))
        for axis in (upper, lower):
            axis.axvline(median, color=INK, ls=style, lw=1)
        upper.plot([], [], color=INK, ls=style, lw=1, label=f"{name} (median)")
    lower.set_xlabel("step of the common grid")
    lower.set_ylabel("demonstration")
    for axis in (upper, lower):
        axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
        axis.set_xlim(0, n_steps - 1)
    _save(figure, path)


def save_success(path: Path, rates: Mapping[str, SuccessRate], *, title: str) -> None:
    """Success rates with their 95 % intervals, one bar each.

    Parameters
    ----------
    path : Path
        A .png file.
    rates : dict of str to SuccessRate
    title : str
    """
    figure, (axis,) = _subplots(1, figsize=(6, 0.9 + 0.5 * len(rates)))
    for place, (name, rate) in enumerate(rates.items()):
        low, high = rate.interval
        axis.barh(place, 100 * rate.share, color=BLUE, height=0.6)
        axis.plot([100 * low, 100 * high], [place, place], color=INK, lw=2)
        axis.text(101, place, f"{rate.successes} of {rate.episodes}", va="center", fontsize=9)
        axis.text(-1, place, name, va="center", ha="right", fontsize=9)
    axis.set_yticks([])
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel("success in %, with 95 % Wilson interval")
    axis.set_title(title, loc="left", fontsize=11)
    _save(figure, path)


def _subplots(
    rows: int, *, figsize: tuple[float, float], heights: tuple[int, ...] | None = None, **more: Any
) -> tuple[Any, Any]:
    figures = import_extra("matplotlib.figure", extra="robot", needed_by="drawing a picture")
    figure = figures.Figure(figsize=figsize, layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, gridspec_kw={"height_ratios": heights}, **more))
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    with replace_when_written(path) as handle:
        figure.savefig(handle, dpi=130, format="png")
