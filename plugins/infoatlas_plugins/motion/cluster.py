"""Spectral clustering of a graph of tracks, and the choice of the number of groups.

Letters: P tracks, m columns: all tracks, or the landmarks, e dimensions of the embedding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

Array = NDArray[Any]

CANDIDATES = range(2, 13)  # numbers of groups tried when none is given
STARTS = 20  # of k-means
SILHOUETTE_TRACKS = 2000  # tracks whose silhouette is measured, at most: it takes all their pairs
FLOOR = 1e-6  # weight of absent edges relative to the largest: keeps the graph in one piece
# Silhouettes this close are equal, and then more groups are right: too few groups can still merge
# whole bodies neatly, while cutting a body in two always costs.
EQUAL = 0.003
# Fixed on every fourth sequence of Hopkins155 and its single motions; half as close is close.
CLOSE_SHARE = 0.5
CLOSE_NATS = np.log(2)
MOST_SEVERED = 0.05


def embedding(weights: Array, n_dimensions: int) -> tuple[Array, Array]:
    """Leading eigenvalues and eigenvectors of the normalised graph.

    Parameters
    ----------
    weights : ndarray of shape (P, m)
        Not negative. With m < P the columns are landmarks: the graph is then the one of tracks
        that share landmarks, and its eigenvectors come from a singular value decomposition (Chen
        and Cai, AAAI 2011).
    n_dimensions : int
        Number of eigenvectors e, at most m.

    Returns
    -------
    values : ndarray of shape (e,)
        In 0..1, the largest first.
    vectors : ndarray of shape (P, e)
    """
    n_tracks, n_columns = weights.shape
    weights = weights / max(weights.max(), np.finfo(float).tiny) + FLOOR
    if n_tracks == 1:
        return np.ones(1), np.ones((1, 1))
    if n_columns == n_tracks:
        np.fill_diagonal(weights, 0.0)
        degree = np.maximum(weights.sum(axis=1), np.finfo(float).tiny)
        normalised = weights / np.sqrt(np.outer(degree, degree))
        values, vectors = eigh(normalised, subset_by_index=[n_tracks - n_dimensions, n_tracks - 1])
        return values[::-1], vectors[:, ::-1]
    rows = weights / weights.sum(axis=1, keepdims=True)
    normalised = rows / np.sqrt(np.maximum(rows.sum(axis=0), np.finfo(float).tiny))
    values, right = np.linalg.eigh(normalised.T @ normalised)
    values, right = values[::-1][:n_dimensions], right[:, ::-1][:, :n_dimensions]
    vectors = normalised @ right / np.sqrt(np.maximum(values, np.finfo(float).tiny))
    return np.asarray(values), np.asarray(vectors)


def spectral_groups(vectors: Array, n_groups: int, *, random_state: int) -> tuple[Array, Array]:
    """Cut the embedding into groups (Ng, Jordan and Weiss, NIPS 2001).

    Parameters
    ----------
    vectors : ndarray of shape (P, e)
        From :func:`embedding`; the first ``n_groups`` columns are read.
    n_groups : int
        Number of groups.
    random_state : int
        Seed of k-means.

    Returns
    -------
    groups : ndarray of shape (P,)
        0 .. n_groups - 1, the largest first.
    confidence : ndarray of shape (P,)
        (b - a) / (b + a) for the distances a to the own and b to the next centre of the embedding:
        1 is certain, 0 is a tie.
    """
    if n_groups == 1:
        return np.zeros(len(vectors), dtype=np.int64), np.ones(len(vectors))
    space = unit_rows(vectors[:, :n_groups])
    model = KMeans(n_groups, n_init=STARTS, random_state=random_state).fit(space)
    sizes = np.bincount(model.labels_, minlength=n_groups)
    rank = np.empty(n_groups, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(n_groups)
    own, following = np.sort(model.transform(space), axis=1)[:, :2].T
    margin = (following - own) / np.maximum(following + own, np.finfo(float).tiny)
    return np.asarray(rank[model.labels_]), np.asarray(margin)


def unit_rows(vectors: Array) -> Array:
    """Scale each row to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(float).tiny))


def choose_n_groups(
    vectors: Array, scores: Array, columns: Array, *, random_state: int
) -> tuple[int, dict[int, float], dict[int, float]]:
    """Try several numbers of groups; keep the one whose embedding is cut most cleanly.

    A number counts only if its cut goes between bodies and not through one: at most 5 % of the
    tracks may be severed, see :func:`severed_share`. If that holds for none, there is one group.

    Parameters
    ----------
    vectors : ndarray of shape (P, e)
        From :func:`embedding`.
    scores : ndarray of shape (P, m)
        What the affinity measured, not negative; a track's entry with itself is 0.
    columns : ndarray of shape (m,)
        Rows of the tracks in the columns of ``scores``.
    random_state : int
        Seed of k-means, and of the tracks that are measured when there are more than 2000.

    Returns
    -------
    n_groups : int
        The candidate with the best silhouette of those that count, the largest of equals; 1 if
        none counts.
    silhouettes : dict
        Candidate -> mean silhouette of its groups in its own embedding, at most 1.
    severed : dict
        Candidate -> share of severed tracks.
    """
    n_tracks = len(vectors)
    silhouettes: dict[int, float] = {}
    severed: dict[int, float] = {}
    for n_groups in CANDIDATES:
        if n_groups >= n_tracks or n_groups > vectors.shape[1]:
            break
        groups, _ = spectral_groups(vectors, n_groups, random_state=random_state)
        severed[n_groups] = severed_share(scores, columns, groups)
        silhouettes[n_groups] = -1.0
        if len(np.unique(groups)) > 1:
            silhouettes[n_groups] = float(
                silhouette_score(
                    unit_rows(vectors[:, :n_groups]),
                    groups,
                    sample_size=min(n_tracks, SILHOUETTE_TRACKS),
                    random_state=random_state,
                )
            )
    counting = {n: silhouettes[n] for n, share in severed.items() if share <= MOST_SEVERED}
    if not counting:
        return 1, silhouettes, severed
    limit = max(counting.values()) - EQUAL
    best = max(n_groups for n_groups, score in counting.items() if score >= limit)
    return best, silhouettes, severed


def severed_share(scores: Array, columns: Array, groups: Array) -> float:
    """Share of tracks that a cut severs from a partner at least half as close as one they keep.

    Through one body any cut leaves neighbours on both sides; between bodies hardly any track has a
    partner across that says half as much about it as the best one on its own side.

    Parameters
    ----------
    scores : ndarray of shape (P, m)
        Not negative; a track's entry with itself is 0.
    columns : ndarray of shape (m,)
        Rows of the tracks in the columns.
    groups : ndarray of shape (P,)
        Group of each track.
    """
    kept = groups[:, None] == groups[columns]
    within = np.where(kept, scores, 0.0).max(axis=1)
    across = np.where(kept, 0.0, scores).max(axis=1)
    close = np.maximum(CLOSE_SHARE * within, within - CLOSE_NATS)
    return float(np.mean(across >= np.maximum(close, np.finfo(float).tiny)))
