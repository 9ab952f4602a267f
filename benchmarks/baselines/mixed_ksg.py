"""Nearest-neighbour estimator for discrete, continuous and mixed columns alike.

Gao, Kannan, Oh and Viswanath (2017), "Estimating Mutual Information for Discrete-Continuous
Mixtures", NeurIPS: where a row's k-th neighbour lies at distance zero, the neighbours are counted
at distance zero too. No noise is added to ties, for they are what the estimator reads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import digamma

from benchmarks.baselines.columns import float_columns
from benchmarks.task import Array

BLOCK_ROWS = 250  # rows compared with all others at a time: 10 MB a side at n = 5000
SHRINK = 1 - 1e-10  # the k-th neighbour itself lies on the edge and must not be counted

Columns = NDArray[np.float64]


def mixed_ksg(x: Array, y: Array, *, n_neighbors: int = 5) -> float:
    """Equation (9) of the paper, with the largest-coordinate distance.

    Parameters
    ----------
    x, y : ndarray of shape (n_samples, dim_x) and (n_samples, dim_y)
        Paired rows. Columns are standardised.
    n_neighbors : int
        The k of the paper; rows with more exact copies than that use their number of copies.

    Returns
    -------
    float
        mean(digamma(k_i) + log n - log(n_x + 1) - log(n_y + 1)), in nats; n_x and n_y leave the
        row itself out. It can be below zero.
    """
    side_x, side_y = _standardised(x), _standardised(y)
    n_samples = len(side_x)
    total = 0.0
    for start in range(0, n_samples, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        apart_x = cdist(side_x[rows], side_x, "chebyshev")  # rows of the block, all rows
        apart_y = cdist(side_y[rows], side_y, "chebyshev")
        total += _block_sum(apart_x, apart_y, n_neighbors)
    return total / n_samples + float(np.log(n_samples))


def _block_sum(apart_x: Columns, apart_y: Columns, n_neighbors: int) -> float:
    """Sum of digamma(k_i) - log(n_x + 1) - log(n_y + 1) over the rows of a block."""
    both = np.maximum(apart_x, apart_y)
    # place k, not k - 1: the nearest row to each row is that row itself
    radius = np.partition(both, n_neighbors, axis=1)[:, [n_neighbors]] * SHRINK
    copies = np.count_nonzero(both == 0, axis=1)  # itself among them, as in the authors' code
    k = np.where(radius[:, 0] > 0, n_neighbors, copies)
    near_x = np.count_nonzero(apart_x <= radius, axis=1)  # the row itself is the + 1
    near_y = np.count_nonzero(apart_y <= radius, axis=1)
    return float(np.sum(digamma(k) - np.log(near_x) - np.log(near_y)))


def _standardised(values: Array) -> Columns:
    columns = float_columns(values)
    deviation = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1))
