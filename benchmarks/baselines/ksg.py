"""Nearest-neighbour estimator of Kraskov, Stoegbauer and Grassberger (2004), Phys. Rev. E 69."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.special import digamma

from benchmarks.baselines.columns import float_columns
from benchmarks.task import Array

SHRINK = 1 - 1e-10  # the k-th neighbour itself lies on the edge and must not be counted
TIE_NOISE = 1e-10  # in standard deviations; the authors' advice for repeated values
TREE_FEATURES = 6  # with more columns comparing all rows is faster: 0.2 s, not 0.5 s, for 5 x 5
BLOCK_ROWS = 250  # rows compared with all others at a time: 10 MB a side at n = 5000

Columns = NDArray[np.float64]
Counts = NDArray[np.int64]


def ksg(x: Array, y: Array, *, n_neighbors: int = 5) -> float:
    """First estimator of the paper, equation (8), with the largest-coordinate distance.

    Parameters
    ----------
    x, y : ndarray of shape (n_samples, dim_x) and (n_samples, dim_y)
        Paired rows. Columns are standardised; repeated values get noise of 1e-10 deviations.
    n_neighbors : int
        The k of the paper.

    Returns
    -------
    float
        digamma(k) + digamma(n) - mean(digamma(n_x + 1) + digamma(n_y + 1)), in nats. It can be
        below zero: an estimate without a bound scatters to both sides of a true zero.
    """
    side_x, side_y = _prepared(x, seed=0), _prepared(y, seed=1)
    few_columns = side_x.shape[1] + side_y.shape[1] <= TREE_FEATURES
    count = _count_with_trees if few_columns else _count_all_pairs
    count_x, count_y = count(side_x, side_y, n_neighbors)
    lost = np.mean(digamma(count_x) + digamma(count_y))
    return float(digamma(n_neighbors) + digamma(len(side_x)) - lost)


def _prepared(values: Array, *, seed: int) -> Columns:
    """Standardised columns without repeated values."""
    columns = float_columns(values)
    deviation = columns.std(axis=0)
    columns = np.asarray((columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1))
    generator = np.random.default_rng(seed)
    for column in columns.T:  # a view: changed in place
        if len(np.unique(column)) < len(column):
            column += TIE_NOISE * generator.standard_normal(len(column))
    return columns


# Both ways return n_x + 1 and n_y + 1: how many rows, itself included, are nearer to each row on
# one side than its k-th neighbour is on both.


def _count_with_trees(x: Columns, y: Columns, n_neighbors: int) -> tuple[Counts, Counts]:
    tree = cKDTree(np.hstack([x, y]))
    # + 1: the nearest row to each row is that row itself
    distance, _ = tree.query(tree.data, k=[n_neighbors + 1], p=np.inf)
    radius = distance[:, 0] * SHRINK
    return _count_within(x, radius), _count_within(y, radius)


def _count_within(points: Columns, radius: Columns) -> Counts:
    if points.shape[1] > 1:
        tree = cKDTree(points)
        return np.asarray(tree.query_ball_point(points, radius, p=np.inf, return_length=True))
    line = np.sort(points[:, 0])
    above = np.searchsorted(line, points[:, 0] + radius, side="right")
    below = np.searchsorted(line, points[:, 0] - radius, side="left")
    return np.asarray(above - below)


def _count_all_pairs(x: Columns, y: Columns, n_neighbors: int) -> tuple[Counts, Counts]:
    count_x, count_y = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
    for start in range(0, len(x), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        apart_x = cdist(x[block], x, "chebyshev")  # rows of the block, all rows
        apart_y = cdist(y[block], y, "chebyshev")
        nearest = np.partition(np.maximum(apart_x, apart_y), n_neighbors, axis=1)
        radius = nearest[:, [n_neighbors]] * SHRINK
        count_x[block] = np.count_nonzero(apart_x <= radius, axis=1)
        count_y[block] = np.count_nonzero(apart_y <= radius, axis=1)
    return count_x, count_y
