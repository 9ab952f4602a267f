"""What is left of columns after their smooth dependence on others is taken away.

Kernel ridge regression with the leave-one-out error in closed form (Rasmussen and Williams, 2006,
Gaussian Processes for Machine Learning, 5.4.2), on at most some hundred rows of z as centres.

n: rows   d: columns   c: columns to be regressed   f: features
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

CENTRES = 300  # rows of z that carry a kernel; the cost grows with their square
WIDTHS = (0.35, 0.7, 1.4)  # of the Gaussian kernel, in root mean square distances of rows
RIDGES = 10.0 ** np.arange(-3.0, 2.1)  # times the number of rows' share of one feature

Array = NDArray[np.float64]


def residuals(values: Array, z: Array, order: NDArray[np.intp]) -> Array:
    """Columns minus their regression on z: n c, n d -> n c.

    The first rows of ``order`` carry the kernels. Width and ridge are those of the least leave-one-out error, column by column. Rows with equal z
    have equal predictions, which do not change when values change places among such rows: so
    residuals that change places are residuals of values that changed places.
    """
    centres = z[np.sort(order[:CENTRES])]
    centred = values - values.mean(axis=0)
    best = (centred**2).mean(axis=0)  # of no regression at all
    found = centred.copy()
    for width in WIDTHS:
        basis, strengths = _basis(z, centres, width)
        coordinates = basis.T @ centred  # f c
        for ridge in RIDGES:
            shrink = strengths / (strengths + ridge)
            left = centred - basis @ (shrink[:, None] * coordinates)
            leverage = (basis**2) @ shrink + 1 / len(z)
            error = ((left / np.maximum(1 - leverage, 1e-6)[:, None]) ** 2).mean(axis=0)
            better = error < best
            best = np.where(better, error, best)
            found[:, better] = left[:, better]
    return found


def _basis(z: Array, centres: Array, width: float) -> tuple[Array, Array]:
    """Orthonormal directions of the kernel's features, and how strongly each counts: n f, f."""
    scale = width * np.sqrt(2 * z.var(axis=0).sum())
    among = np.exp(-0.5 * (cdist(centres, centres) / scale) ** 2)
    values, vectors = eigh(among)
    kept = values > 1e-8 * values[-1]
    smooth = np.exp(-0.5 * (cdist(z, centres) / scale) ** 2) @ (
        vectors[:, kept] / np.sqrt(values[kept])
    )
    features = np.column_stack([z, smooth])
    features -= features.mean(axis=0)
    strengths, vectors = eigh(features.T @ features)
    kept = strengths > 1e-8 * strengths[-1]
    basis: Array = features @ (vectors[:, kept] / np.sqrt(strengths[kept]))
    return basis, strengths[kept]
