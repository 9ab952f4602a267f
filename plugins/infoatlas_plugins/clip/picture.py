"""Figures of a run: the noise curve with its peers, and the best and worst pairs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.noise_curve import NoiseCurve
from infoatlas_plugins.clip.pairs import EmbeddedPairs
from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.safe_write import replace_when_written

TITLES = {
    "infoatlas": "InfoAtlas",
    "gaussian": "Gaussian copula",
    "ksg": "KSG",
    "mine": "MINE",
    "info_nce": "InfoNCE",
}
PANEL = 3.6  # inches
N_SHOWN = 6  # pairs in each row of the picture of pairs
CAPTION_WIDTH = 24  # characters in a line below a picture


def save_curves(path: Path, curves: Mapping[str, NoiseCurve]) -> None:
    """Draw the running mean over slices, one panel for each method, and write it as PNG.

    Parameters
    ----------
    path : Path
        File to write.
    curves : mapping of str to NoiseCurve
        Fitted curves by the name of their method.
    """
    figures = import_extra("matplotlib.figure", extra="clip", needed_by="clip: drawing figures")
    colours = import_extra("matplotlib", extra="clip", needed_by="clip: drawing figures").colormaps
    figure = figures.Figure(figsize=(PANEL * len(curves) + 1.2, PANEL + 0.4), layout="constrained")
    axes = figure.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    for axis, (method, curve) in zip(axes, curves.items(), strict=True):
        shades = colours["viridis"](np.linspace(0.0, 0.85, len(curve.levels)))
        _draw_curve(axis, curve, shades)
        axis.set_title(
            f"{TITLES.get(method, method)}\nsmallest gap {curve.smallest_gap_:.1f}, "
            f"{curve.seconds_:.3g} s"
        )
    first = next(iter(curves.values()))
    axes[0].set_ylabel(f"{first.k}-sliced MI (nats)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    with replace_when_written(path) as handle:
        figure.savefig(handle, format="png", dpi=130)


def _draw_curve(axis: Any, curve: NoiseCurve, shades: Any) -> None:
    """Running means with bands of one standard deviation, and the shuffled control."""
    mean, sd = curve.running_mean()
    slices = np.arange(1, curve.n_slices + 1)
    for i, level in enumerate(curve.levels):
        axis.fill_between(
            slices, mean[i] - sd[i], mean[i] + sd[i], color=shades[i], alpha=0.25, lw=0
        )
        axis.plot(slices, mean[i], color=shades[i], lw=1.6, marker=".", label=f"noise {level:g}")
    axis.axhline(curve.control_values_.mean(), color="0.4", ls="--", lw=1, label="shuffled pairs")
    axis.set(
        xlabel=f"{curve.slices} slices averaged", ylim=(min(0.0, float(mean.min())) - 0.02, None)
    )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.spines[["top", "right"]].set_visible(False)


def save_pairs(path: Path, pairs: EmbeddedPairs, scores: NDArray[np.float64]) -> None:
    """Show the pairs with the highest and lowest pointwise MI, and write them as PNG.

    Parameters
    ----------
    path : Path
        File to write.
    pairs : EmbeddedPairs
        With pictures and captions.
    scores : ndarray of shape (n,)
        Pointwise MI in nats.
    """
    if pairs.picture is None or pairs.captions is None:
        raise ValueError(f"{pairs.name} has no pictures and captions to show.")
    figures = import_extra("matplotlib.figure", extra="clip", needed_by="clip: drawing figures")
    order = np.argsort(scores, kind="stable")
    shown = {"highest pointwise MI": order[::-1][:N_SHOWN], "lowest": order[:N_SHOWN]}
    figure = figures.Figure(figsize=(2.0 * N_SHOWN, 6.2), layout="constrained")
    for part, (title, rows) in zip(figure.subfigures(2, 1), shown.items(), strict=True):
        part.suptitle(title, fontsize=12)
        for axis, row in zip(part.subplots(1, N_SHOWN), rows, strict=True):
            axis.imshow(pairs.picture(int(row)))
            caption = textwrap.fill(pairs.captions[row], CAPTION_WIDTH)
            axis.set_title(f"{scores[row]:.2f} nats", fontsize=9)
            axis.set_xlabel(caption, fontsize=8)
            axis.set(xticks=[], yticks=[])
    with replace_when_written(path) as handle:
        figure.savefig(handle, format="png", dpi=110)
