"""Closed-form evidence of dependence: similarities of rows of x against similarities of rows of y.

Every statistic is a sum over pairs of rows of one similarity among the x rows times one among the y
rows, both centred. Two linear similarities make the squared Frobenius norm of the cross-correlation
matrix (RV), two quadratic ones that of the cross-covariances of all squares and products of
columns, two distances make distance covariance (Szekely and Rizzo, 2007, Annals of Statistics
35(6)), two Gaussian kernels make HSIC (Gretton et al., 2005, ALT), and a local one against a wide
one sees what oscillates, as the local scales of MGC do (Vogelstein et al., 2019, eLife 8). All
pairs of similarities count, and all permutations of one pair cost little more than reading them.

n: rows   d: columns   s: similarities of a side   p: permutations, the rows as they are first
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from scipy.special import gammaincc, logsumexp
from scipy.stats import norm, rankdata

SIMILARITIES = ("linear", "distance", "quadratic", "wide", "narrow", "neighbours", "radius")
SCALES = {"wide": 0.5, "narrow": 0.15}  # bandwidths, as quantiles of the distances between rows
NEIGHBOURS = 6
TIMES = {"linear": 40, "distance": 40, "quadratic": 12}  # each with itself: how often it counts
SMALLEST_LOG = -600.0  # of a tail probability; below it single precision decides
LARGEST_SKEW, SMALLEST_SKEW = 6.0, 0.05

Array = NDArray[np.float64]


def normal_scores(values: Array) -> Array:
    """Normal scores of the mid-ranks of each column: n d -> n d."""
    ranks = rankdata(values, axis=0)
    scores: Array = norm.ppf((ranks - 0.5) / len(values))
    return scores


def similarities(scores: Array) -> NDArray[np.float32]:
    """All similarities of rows, centred, with an empty diagonal: n d -> n n s."""
    distances = pdist(scores)
    square = squareform(distances)
    linear = scores @ scores.T
    found = [linear, -square, linear**2]
    for quantile in SCALES.values():
        width = np.quantile(distances, quantile) or distances.mean()
        found.append(np.exp(-0.5 * (square / width) ** 2))
    found.append(_neighbours(square))
    norms = normal_scores(np.round(np.linalg.norm(scores, axis=1), 9)[:, None])
    found.append(-np.abs(norms - norms.T))
    stacked: NDArray[np.float32] = np.stack([_centre(m) for m in found], axis=-1, dtype=np.float32)
    return stacked


def products(
    of_x: NDArray[np.float32], of_y: NDArray[np.float32], orders: NDArray[np.intp]
) -> Array:
    """Every similarity of x against every one of y, the y rows in each order: p s_x*s_y.

    Similarities are symmetric with an empty diagonal, so each pair of rows is read once.
    """
    n, _, s_y = of_y.shape
    first, second = np.triu_indices(n, 1)
    x_pairs = np.ascontiguousarray(2 * of_x[first, second].T)  # s_x pairs
    y_pairs = of_y.reshape(n * n, s_y)
    values = np.empty((len(orders), len(x_pairs) * s_y))
    for i, order in enumerate(orders):
        values[i] = (x_pairs @ y_pairs.take(n * order[first] + order[second], axis=0)).ravel()
    return values


def log_tails(evidence: Array) -> Array:
    """Log tail probability of each value of a statistic among all the others: p e -> p e.

    A gamma distribution with the mean, variance and skewness of the other p - 1 values, as for
    distance statistics in Josse and Holmes (2016), Statistics Surveys 10. Only the order of the
    combined result is used, so the level of the test does not rest on the fit. Statistics that do
    not vary say nothing and get probability 1.
    """
    count = len(evidence)
    spread = evidence.std(axis=0)
    varies = spread > 1e-6 * (np.abs(evidence).max(axis=0) + 1e-30)
    z = (evidence - evidence.mean(axis=0)) / np.where(varies, spread, 1.0)
    first, second, third = ((z**k).sum(axis=0) - z**k for k in (1, 2, 3))
    mean = first / (count - 1)
    variance = np.maximum(second / (count - 1) - mean**2, 1e-12)
    skew = (third / (count - 1) - 3 * mean * variance - mean**3) / variance**1.5
    shape = 4 / np.clip(skew, SMALLEST_SKEW, LARGEST_SKEW) ** 2
    quantile = shape + np.sqrt(shape) * (z - mean) / np.sqrt(variance)
    with np.errstate(divide="ignore"):
        logs = np.log(gammaincc(shape, np.maximum(quantile, 0.0)))
    tails: Array = np.where(varies, np.maximum(logs, SMALLEST_LOG), 0.0)
    return tails


def combine(logs: Array, weights: Array | None = None) -> Array:
    """One number from the log tail probabilities of several statistics: p e -> p.

    Large for evidence. The log of the harmonic mean's reciprocal: one strong piece of evidence is
    enough, and many that agree do not count twice. Wilson (2019), PNAS 116(4).
    """
    weights = np.full(logs.shape[1], 1 / logs.shape[1]) if weights is None else weights
    combined: Array = logsumexp(-logs, axis=1, b=weights)
    return combined


def similarity_weights() -> Array:
    """Weights of the products of all similarities of x with all of y: s_x*s_y, of sum 1.

    Linear with linear and distance with distance count forty times as often as the others,
    quadratic with quadratic twelve times: two thirds of all. Weak dependence among many columns is
    mostly theirs to find, and with even weights it had to stand out from 49 statistics.
    """
    weights = np.ones((len(SIMILARITIES), len(SIMILARITIES)))
    for name, times in TIMES.items():
        weights[SIMILARITIES.index(name), SIMILARITIES.index(name)] = times
    return weights.ravel() / weights.sum()


def _neighbours(square: Array) -> Array:
    """2 where two rows are among each other's nearest rows, 1 where one is; ties all count."""
    k = min(NEIGHBOURS, len(square) - 2)
    others = square + np.diag(np.full(len(square), np.inf))
    reach = np.partition(others, k - 1, axis=1)[:, k - 1 : k]
    near = (others <= reach).astype(float)
    return near + near.T


def _centre(matrix: Array) -> Array:
    """Rows and columns of mean 0, then no row against itself: n n -> n n."""
    centred: Array = (
        matrix - matrix.mean(axis=0) - matrix.mean(axis=1, keepdims=True) + matrix.mean()
    )
    np.fill_diagonal(centred, 0.0)
    return centred
