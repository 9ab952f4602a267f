"""Pictures of a pairwise matrix. The only file of the core that imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_NUMBERS = 15  # names; beyond it the numbers in the cells are too small to read

Array = NDArray[np.float64]


def heatmap(
    names: Sequence[str], values: Array, *, label: str, top: float | None, axes: Any
) -> Any:
    """Cells coloured by value up to ``top``, with their numbers where there is room."""
    shown = values.copy()
    np.fill_diagonal(shown, np.nan)
    top = np.nanmax(shown, initial=0.0) if top is None else top
    count = len(names)
    side = 2.5 + 0.5 * min(count, 40)  # inches
    axes = axes if axes is not None else _axes(side + 1, side)
    image = axes.imshow(shown, vmin=0, vmax=top, cmap="viridis")
    axes.set_xticks(range(count), names, rotation=45, ha="right")
    axes.set_yticks(range(count), names)
    axes.set_title("Pairwise mutual information")
    axes.figure.colorbar(image, ax=axes, label=label)
    if count <= MOST_NUMBERS:
        for (i, j), value in np.ndenumerate(shown):
            if np.isfinite(value):
                colour = "black" if value > top / 2 else "white"  # against viridis
                axes.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour)
    return axes


def graph(names: Sequence[str], strength: Array, *, threshold: float, axes: Any) -> Any:
    """Names on a circle; the stronger the dependence, from 0 to 1, the thicker the line."""
    count = len(names)
    angle = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    x, y = np.cos(angle), np.sin(angle)
    side = 4 + 0.1 * min(count, 60)  # inches
    axes = axes if axes is not None else _axes(side, side)
    for i in range(count):
        for j in range(i + 1, count):
            if strength[i, j] >= threshold:
                axes.plot(
                    x[[i, j]], y[[i, j]], color="C0", lw=6 * strength[i, j], alpha=strength[i, j],
                    solid_capstyle="round", zorder=1,
                )  # fmt: skip
    axes.scatter(x, y, s=60, color="0.2", zorder=2)
    for name, left, up in zip(names, x, y, strict=True):
        ha = "center" if abs(left) < 0.1 else "left" if left > 0 else "right"
        va = "center" if abs(up) < 0.95 else "bottom" if up > 0 else "top"
        axes.text(1.08 * left, 1.08 * up, name, ha=ha, va=va)
    axes.set(xlim=(-1.6, 1.6), ylim=(-1.3, 1.3), aspect="equal")
    axes.set_title(f"Normalised mutual information of {threshold:g} and more")
    axes.axis("off")
    return axes


def _axes(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'drawing a matrix needs matplotlib; install it with: pip install "infoatlas[plots]"'
        ) from error
    return Figure(figsize=(width, height), layout="constrained").add_subplot()
