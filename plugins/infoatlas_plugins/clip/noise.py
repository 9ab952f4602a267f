"""Gaussian noise on embeddings, and how strong it is beside the signal."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

# n: rows   d: features

NoiseScale = Literal["norm", "spread"]


def add_noise(
    rows: NDArray[np.floating],
    level: float,
    *,
    relative_to: NoiseScale,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Add independent Gaussian noise to every coordinate.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Embeddings.
    level : float
        Standard deviation of the noise in one coordinate, as a multiple of the scale below.
    relative_to : {"norm", "spread"}
        ``"norm"``: the length of the row itself, as the original InfoAtlas protocol has it. The
        energy of the noise is then level² d times that of the row: the same level is stronger in
        more dimensions. ``"spread"``: the root mean square spread of all rows over sqrt(d), so that
        level² is the noise-to-signal ratio in any dimension.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n, d)
        Rows are not scaled back to unit length.
    """
    drawn = generator.standard_normal(rows.shape)  # drawn at level 0 too: all levels use as many
    return np.asarray(rows + level * noise_scale(rows, relative_to) * drawn)


def noise_scale(rows: NDArray[np.floating], relative_to: NoiseScale) -> NDArray[np.float64]:
    """Standard deviation of noise in one coordinate at level 1: (n, 1) or (1, 1)."""
    if relative_to == "norm":
        return np.asarray(np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float64)
    if relative_to == "spread":
        return np.sqrt([[np.var(rows, axis=0, dtype=np.float64).mean()]])
    raise ValueError(f"relative_to must be one of {get_args(NoiseScale)}, got {relative_to!r}.")


def signal_to_noise(rows: NDArray[np.floating], level: float, *, relative_to: NoiseScale) -> float:
    """Variance of the rows around their mean over the variance of the noise; inf at level 0.

    For unit rows and ``relative_to="norm"`` it is (1 - |mean|²) / (level² d).
    """
    noise = np.mean(noise_scale(rows, relative_to) ** 2) * level**2
    signal = np.var(rows, axis=0, dtype=np.float64).mean()
    return float(signal / noise) if noise > 0 else float("inf")
