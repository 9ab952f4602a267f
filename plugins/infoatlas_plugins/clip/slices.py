"""Random views of a few dimensions, and embeddings seen through them.

Goldfeld, Greenewald, Nuradha and Reeves (2022), "k-sliced mutual information", arXiv:2206.08526.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# n: rows   d, e: features of the two sides   k: dimensions of a slice   s: slices

Slices = tuple[NDArray[np.float64], NDArray[np.float64]]  # (s, d, k) and (s, e, k)


def draw_slices(
    n_slices: int, n_features: tuple[int, int], k: int, *, seed: Sequence[int]
) -> Slices:
    """Pairs of random directions, each k of them orthogonal and of unit length.

    Parameters
    ----------
    n_slices : int
        How many. The first ones do not depend on how many follow.
    n_features : (int, int)
        Features of the two sides, d and e.
    k : int
        Dimensions of a slice, at most as many as either side has features.
    seed : sequence of int
        Source of randomness.

    Returns
    -------
    (ndarray of shape (s, d, k), ndarray of shape (s, e, k))
        Uniform on the Stiefel manifold of each side.
    """
    if not 1 <= k <= min(n_features):
        raise ValueError(
            f"k must be between 1 and the smaller number of features, {min(n_features)}, got {k}."
        )
    sides: tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]] = ([], [])
    for number in range(n_slices):
        generator = np.random.default_rng([*seed, number])
        for side, features in zip(sides, n_features, strict=True):
            basis, upper = np.linalg.qr(generator.standard_normal((features, k)))
            side.append(basis * np.sign(np.diagonal(upper)))  # else QR's signs are not uniform
    return np.stack(sides[0]), np.stack(sides[1])


def project(rows: NDArray[np.floating], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows seen through each slice: (n, d) and (s, d, k) to (s, n, k)."""
    return np.asarray(np.einsum("nd,sdk->snk", rows, directions, optimize=True))
