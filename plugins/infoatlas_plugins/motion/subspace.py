"""Affinities by what all other tracks explain: conditional MI, and sparse subspace clustering.

Under an affine camera the tracks of one rigid body span a subspace of at most four dimensions of
the space of trajectories. Both affinities here ask which tracks share one.

Letters: F frames, P tracks, d coordinates, m columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]

FILL_RANK = 8  # dimensions of the low-rank model that fills gaps: two bodies of four
FILL_ROUNDS = 50
SSC_ALPHA = 800.0  # weight of the data term; Elhamifar and Vidal use 800 on Hopkins155
SSC_ROUNDS = 200
SSC_KEPT = 0.7  # share of each track's coefficients (in l1 norm) that enters the graph


def stacked_trajectories(points: Array, usable: NDArray[np.bool_]) -> Array:
    """Trajectories as columns (d F, P), gaps filled, centred and scaled to at most 1."""
    n_tracks = points.shape[1]
    rows = points.transpose(2, 0, 1).reshape(-1, n_tracks)  # F P d -> (d F) P
    known = np.tile(usable, (points.shape[2], 1))
    centre = np.where(known, rows, 0).sum() / known.sum()
    rows = np.where(known, rows - centre, 0.0)
    if not known.all():
        rows = fill_low_rank(rows, known)
    return np.asarray(rows / max(np.abs(rows).max(), np.finfo(float).tiny))


def fill_low_rank(rows: Array, known: NDArray[np.bool_], *, rank: int = FILL_RANK) -> Array:
    """Fill missing entries by alternating with the best approximation of low rank.

    Parameters
    ----------
    rows : ndarray of shape (q, P)
        Trajectories as columns.
    known : ndarray of shape (q, P), bool
        Entries to keep.
    rank : int
        Rank of the approximation.

    Returns
    -------
    ndarray of shape (q, P)
    """
    means = np.where(known, rows, 0).sum(0) / np.maximum(known.sum(0), 1)
    filled = np.where(known, rows, means)
    for _ in range(FILL_ROUNDS):
        left, values, right = np.linalg.svd(filled, full_matrices=False)
        filled = np.where(known, rows, (left[:, :rank] * values[:rank]) @ right[:rank])
    return np.asarray(filled)


def conditional_scores(
    trajectories: Array, *, ridge: float, power: float
) -> Callable[[Array], Array]:
    """Prepare the conditional-MI affinity; the returned function gives the columns asked for.

    In the Gaussian model the MI of two tracks given all others is -1/2 log(1 - rho**2) with rho
    their partial correlation, from the ridge precision matrix, and that is an increasing function
    of |M_ij| / sqrt((1 - M_ii)(1 - M_jj)) for M = V diag(s**2 / (s**2 + ridge)) V' of the
    trajectories' SVD. The affinity is that dependence relative to its upper bound,
    (|M_ij| / sqrt(M_ii M_jj))**power: a ridge form of the shape interaction matrix (Ji, Salzmann
    and Li, ICCV 2015, take the power 3.8). The plain conditional MI in nats does worse.

    Parameters
    ----------
    trajectories : ndarray of shape (q, P)
        From :func:`stacked_trajectories`.
    ridge : float
        Relative to trajectories scaled to 1.
    power : float
        Sharpens the affinity.

    Returns
    -------
    callable
        Indices (m,) -> affinity (P, m) in 0..1.
    """
    with_constant = np.vstack([trajectories, np.ones(trajectories.shape[1])])
    _, values, right = np.linalg.svd(with_constant, full_matrices=False)
    half = right.T * (values / np.sqrt(values**2 + ridge))  # P q, with half @ half.T = M
    lengths = np.maximum(np.linalg.norm(half, axis=1, keepdims=True), np.finfo(float).tiny)
    unit = half / lengths

    def columns(chosen: Array) -> Array:
        return np.asarray(np.minimum(np.abs(unit @ unit[chosen].T), 1.0) ** power)

    return columns


def sparse_coefficients(trajectories: Array) -> Array:
    """Each track as a sparse affine combination of the others (Elhamifar and Vidal, PAMI 2013).

    Solved by ADMM with the data term weighted by 800 and columns normalised at the end; the
    largest coefficients up to 70 % of each column's l1 norm are kept.

    Parameters
    ----------
    trajectories : ndarray of shape (q, P)

    Returns
    -------
    ndarray of shape (P, P)
        Symmetric affinity |C| + |C'|, zero diagonal.
    """
    n_tracks = trajectories.shape[1]
    gram = trajectories.T @ trajectories
    off_diagonal = np.abs(gram - np.diag(np.diag(gram)))
    weight = SSC_ALPHA / max(off_diagonal.max(axis=0).min(), np.finfo(float).tiny)
    penalty = SSC_ALPHA
    # weight G + penalty I + penalty 1 1': the last ties the sum of coefficients to one (affine)
    inverse = np.linalg.inv(weight * gram + penalty * np.eye(n_tracks) + penalty)
    sparse = np.zeros((n_tracks, n_tracks))
    dual, dual_sum = np.zeros_like(sparse), np.zeros(n_tracks)
    for _ in progress_bar(range(SSC_ROUNDS), description="sparse coefficients"):
        right = weight * gram + penalty * (sparse + 1) - dual - dual_sum
        dense = inverse @ right
        raised = dense + dual / penalty
        sparse = np.sign(raised) * np.maximum(np.abs(raised) - 1 / penalty, 0)
        np.fill_diagonal(sparse, 0.0)
        dual = dual + penalty * (dense - sparse)
        dual_sum = dual_sum + penalty * (dense.sum(axis=0) - 1)
    kept = _keep_largest(np.abs(sparse))
    kept = kept / np.maximum(kept.max(axis=0), np.finfo(float).tiny)
    return np.asarray(kept + kept.T)


def _keep_largest(coefficients: Array) -> Array:
    """Zero the small entries of each column beyond 70 % of its sum."""
    order = np.argsort(-coefficients, axis=0)
    sorted_values = np.take_along_axis(coefficients, order, axis=0)
    before = np.cumsum(sorted_values, axis=0) - sorted_values
    keep = before <= SSC_KEPT * coefficients.sum(axis=0)
    kept = np.zeros_like(coefficients)
    np.put_along_axis(kept, order, np.where(keep, sorted_values, 0.0), axis=0)
    return kept
