"""Spectral clustering of a graph of tracks, and the choice of the number of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.cluster import SpectralClustering
from sklearn.metrics import silhouette_score

Array = NDArray[Any]

CANDIDATES = range(2, 13)  # numbers of groups tried when none is given
# Silhouettes this close are equal, and then more groups are right: too few groups can still merge
# whole bodies neatly, while cutting a body in two always costs. Any value from 0 to 0.02 gives the
# same numbers on 20 clips of Hopkins155, six seeds of the sample scene and a marker sequence.
EQUAL = 0.01


def spectral_groups(weights: Array, n_groups: int, *, random_state: int) -> Array:
    """Cut the graph into groups.

    Parameters
    ----------
    weights : ndarray of shape (P, P)
        Symmetric, not negative.
    n_groups : int
        Number of groups.
    random_state : int
        Seed of k-means.

    Returns
    -------
    ndarray of shape (P,)
        Groups 0 .. n_groups - 1, the largest first.
    """
    if n_groups == 1:
        return np.zeros(len(weights), dtype=np.int64)
    model = SpectralClustering(
        n_groups, affinity="precomputed", assign_labels="kmeans", random_state=random_state
    )
    groups = model.fit_predict(weights)
    sizes = np.bincount(groups, minlength=n_groups)
    rank = np.empty(n_groups, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(n_groups)
    return np.asarray(rank[groups])


def embedding(weights: Array, n_dimensions: int) -> Array:
    """Leading eigenvectors of the normalised graph, rows scaled to length 1 (Ng et al., 2001).

    Parameters
    ----------
    weights : ndarray of shape (P, P)
    n_dimensions : int
        Number of eigenvectors.

    Returns
    -------
    ndarray of shape (P, n_dimensions)
    """
    degree = np.maximum(weights.sum(axis=1), np.finfo(float).tiny)
    normalised = weights / np.sqrt(np.outer(degree, degree))
    n_tracks = len(weights)
    _, vectors = eigh(normalised, subset_by_index=[n_tracks - n_dimensions, n_tracks - 1])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(float).tiny))


def choose_n_groups(weights: Array, *, random_state: int) -> tuple[int, Array, dict[int, float]]:
    """Try several numbers of groups; keep the one whose spectral embedding is cut most cleanly.

    No such rule can see that there is only one group.

    Parameters
    ----------
    weights : ndarray of shape (P, P)
    random_state : int
        Seed of k-means.

    Returns
    -------
    n_groups : int
        The candidate with the best silhouette, the largest of equals.
    groups : ndarray of shape (P,)
        Its groups, from 0.
    silhouettes : dict
        Candidate -> mean silhouette of its groups in its own embedding, at most 1.
    """
    n_tracks = len(weights)
    candidates = [n_groups for n_groups in CANDIDATES if n_groups < n_tracks]
    if not candidates:  # one or two tracks: nothing to compare
        return 1, np.zeros(n_tracks, dtype=np.int64), {}
    cuts, silhouettes = {}, {}
    for n_groups in candidates:
        cuts[n_groups] = spectral_groups(weights, n_groups, random_state=random_state)
        space = embedding(weights, n_groups)
        several = len(np.unique(cuts[n_groups])) > 1
        silhouettes[n_groups] = float(silhouette_score(space, cuts[n_groups])) if several else -1.0
    limit = max(silhouettes.values()) - EQUAL
    best = max(n_groups for n_groups, score in silhouettes.items() if score >= limit)
    return best, cuts[best], silhouettes
