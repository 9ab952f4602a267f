"""What is left of columns after what z says about them is taken away.

Kernel ridge regression with the leave-one-out error in closed form (Rasmussen and Williams, 2006,
Gaussian Processes for Machine Learning, 5.4.2), on at most 300 rows of z as centres.

n: rows   d: columns of z   c: columns to be regressed   f: features
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.spatial.distance import cdist
from scipy.stats import norm, rankdata

CENTRES = 300  # rows of z that carry a kernel; the cost grows with their square
WIDTHS = (0.35, 0.7, 1.4)  # of the Gaussian kernel, in root mean square distances of rows
RIDGES = 10.0 ** np.arange(-3.0, 2.1)
FEW_VALUES = 8  # rows to each value on average, from which a column has few values

Array = NDArray[np.float64]


def residuals(values: Array, z: Array, generator: np.random.Generator) -> Array:
    """Columns minus their regression on z: n c, n d -> n c.

    Width and ridge are those of the least leave-one-out error, column by column. Rows with equal z
    have equal predictions, which do not change when values change places among such rows: so
    residuals that change places are residuals of values that changed places.
    """
    centres = z[generator.permutation(len(z))[:CENTRES]]
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


def randomised_residuals(values: Array, z: Array, generator: np.random.Generator) -> Array:
    """Residuals of normal scores, without atoms, for continuous z: n c, n d -> n c.

    The residuals of one value lie on a curve over z, and two curves over one z look dependent. So
    tied ranks are parted at random, and a column of few values becomes randomised quantile
    residuals (Dunn and Smyth, 1996, Journal of Computational and Graphical Statistics 5(3)).
    """
    noise = generator.uniform(size=values.shape)
    lowest = rankdata(values, axis=0, method="min") - 1
    highest = rankdata(values, axis=0, method="max")
    found = residuals(norm.ppf((lowest + noise * (highest - lowest)) / len(z)), z, generator)
    for i in np.flatnonzero(has_few_values(values)):
        found[:, i] = _quantiles(values[:, i], z, noise[:, i], generator)
    return found


def has_few_values(values: Array) -> NDArray[np.bool_]:
    """Whether the values of each column have 8 rows or more on average: n c -> c."""
    most = len(values) / FEW_VALUES
    return np.array([len(np.unique(column)) <= most for column in values.T])


def _quantiles(column: Array, z: Array, noise: Array, generator: np.random.Generator) -> Array:
    """Place between the probabilities, given z, of less and of at most each value: n -> n."""
    values, codes = np.unique(column, return_inverse=True)
    at_most = (column[:, None] <= values[:-1]).astype(float)  # n v; the last is certain
    expected = at_most - residuals(at_most, z, generator)
    edges = np.maximum.accumulate(np.clip(expected, 0, 1), axis=1)
    edges = np.pad(edges, ((0, 0), (1, 1)), constant_values=(0, 1))  # n v+1
    rows = np.arange(len(column))
    low, high = edges[rows, codes], edges[rows, codes + 1]
    placed: Array = low + noise * (high - low)
    return placed


def _basis(z: Array, centres: Array, width: float) -> tuple[Array, Array]:
    """Orthonormal directions of the kernel's features, and how strongly each counts: n f, f."""
    scale = width * np.sqrt(2 * z.var(axis=0).sum())
    values, vectors = eigh(np.exp(-0.5 * (cdist(centres, centres) / scale) ** 2))
    kept = values > 1e-8 * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    smooth = np.exp(-0.5 * (cdist(z, centres) / scale) ** 2) @ whiten
    features = np.column_stack([z, smooth])
    features -= features.mean(axis=0)
    strengths, vectors = eigh(features.T @ features)
    kept = strengths > 1e-8 * strengths[-1]
    basis: Array = features @ (vectors[:, kept] / np.sqrt(strengths[kept]))
    return basis, strengths[kept]
