"""Pictures of a pairwise matrix. The only file of the core that imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from infoatlas.dependence._matrix_result import PairwiseMutualInformation

MOST_NUMBERS = 15  # names; beyond it the numbers in the cells are too small to read


def heatmap(result: PairwiseMutualInformation, *, values: str, axes: Any) -> Any:
    """Cells coloured by value, with their numbers where there is room."""
    if values not in ("mi", "normalised"):
        raise ValueError(f'values must be "mi" or "normalised", got {values!r}.')
    shown = (result.mi if values == "mi" else result.normalised()).copy()
    np.fill_diagonal(shown, np.nan)
    count = len(result.names)
    side = 2.5 + 0.5 * min(count, 40)  # inches
    axes = axes if axes is not None else _axes(side + 1, side)
    top = 1.0 if values == "normalised" else np.nanmax(shown, initial=0.0)
    image = axes.imshow(shown, vmin=0, vmax=top, cmap="viridis")
    axes.set_xticks(range(count), result.names, rotation=45, ha="right")
    axes.set_yticks(range(count), result.names)
    word = f"mutual information ({result.units})" if values == "mi" else "normalised, 0 to 1"
    axes.set_title("Pairwise mutual information")
    axes.figure.colorbar(image, ax=axes, label=word)
    if count <= MOST_NUMBERS:
        for (i, j), value in np.ndenumerate(shown):
            if np.isfinite(value):
                colour = "black" if value > top / 2 else "white"  # against viridis
                axes.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour)
    return axes


def graph(result: PairwiseMutualInformation, *, threshold: float, axes: Any) -> Any:
    """Names on a circle; the stronger the dependence, the thicker the line."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be between 0 and 1, got {threshold}.")
    strength = result.normalised()
    count = len(result.names)
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
    for name, left, up in zip(result.names, x, y, strict=True):
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
