"""Closed-form mutual information of many pairs of tracks at once, from their joint moments.

Letters: P tracks, F frames, d coordinates, r tracks in a block of rows, m tracks in the columns.
Everything is a matrix product over frames, so that all pairs of thousands of tracks take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from infoatlas_plugins.motion.views import View
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]

FEWEST_COMMON_FRAMES = 5  # pairs with fewer get no affinity
PAIRS_PER_BLOCK = 400_000  # bounds memory to some hundreds of megabytes
SMALLEST = 1e-9  # determinants of correlation matrices are kept above it: at most 10.4 nats


def gaussian_information(view: View, columns: Array, *, description: str) -> Array:
    """Gaussian MI of every track with the tracks ``columns``.

    I = -1/2 log det(I - C C') with C the whitened cross-covariance over the frames that both tracks
    have (pairwise complete), shrunk by 1 - d / n for n common frames: the Gaussian value of pure
    noise grows with d / n. On :func:`normal_scores` this is the Gaussian-copula MI.

    Parameters
    ----------
    view : tuple
        Values (P, F, d) and where they are usable (P, F).
    columns : ndarray of shape (m,)
        Indices of tracks.
    description : str
        For the progress bar.

    Returns
    -------
    ndarray of shape (P, m)
        Nats, not negative, 0 for pairs with fewer than 5 common frames.
    """
    values, usable = view
    if usable.all():
        pairs = _complete_pairs(values, columns)
    else:
        pairs = _masked_pairs((values, usable), columns)
    found = np.empty((len(values), len(columns)))
    for rows in progress_bar(_blocks(*found.shape), description=description):
        found[rows] = pairs(rows)
    return found


def normal_scores(values: Array, usable: NDArray[np.bool_]) -> Array:
    """Replace each coordinate of each track (P, F, d) by the normal scores of its ranks."""
    keyed = np.where(usable[..., None], values, np.inf)  # unusable frames rank last
    ranks = keyed.argsort(axis=1).argsort(axis=1) + 1.0
    counts = usable.sum(axis=1)[:, None, None]
    levels = np.where(usable[..., None], ranks / (counts + 1), 0.5)
    return np.asarray(ndtri(levels))


def _blocks(n_rows: int, n_columns: int) -> list[slice]:
    length = max(1, PAIRS_PER_BLOCK // max(1, n_columns))
    return [slice(start, start + length) for start in range(0, n_rows, length)]


def _complete_pairs(values: Array, columns: Array) -> Callable[[slice], Array]:
    """MI of a block of rows with the columns, when no frame is missing anywhere."""
    _, n_frames, n_coordinates = values.shape
    centred = values - values.mean(axis=1, keepdims=True)
    covariance = np.einsum("pfi,pfj->pij", centred, centred) / n_frames
    white = np.einsum("pfi,pij->jpf", centred, _inverse_roots(covariance))  # d P F
    shrinkage = max(0.0, 1 - n_coordinates / n_frames)

    def block(rows: slice) -> Array:
        cross = np.einsum("irf,jmf->rmij", white[:, rows], white[:, columns], optimize=True)
        return _information(cross * (shrinkage / n_frames))

    return block


def _masked_pairs(view: View, columns: Array) -> Callable[[slice], Array]:
    """MI of a block of rows with the columns over the frames each pair has in common."""
    values, usable = view
    mask = usable.astype(float)
    values = (
        values
        - (values * mask[..., None]).sum(1, keepdims=True)
        / np.maximum(mask.sum(1), 1)[:, None, None]
    )
    values = values * mask[..., None]
    n_coordinates = values.shape[2]
    squares = np.einsum("pfi,pfj->pfij", values, values)

    def block(rows: slice) -> Array:
        here, there = mask[rows], mask[columns]
        counts = here @ there.T  # r m
        n = np.maximum(counts, 1)[..., None, None]
        # the means of each track over the frames that the other one has too
        mean_x = np.einsum("rfi,mf->rmi", values[rows], there, optimize=True)[..., None] / n
        mean_y = np.einsum("rf,mfi->rmi", here, values[columns], optimize=True)[..., None] / n
        xx = np.einsum("rfij,mf->rmij", squares[rows], there, optimize=True) / n
        yy = np.einsum("rf,mfij->rmij", here, squares[columns], optimize=True) / n
        xy = np.einsum("rfi,mfj->rmij", values[rows], values[columns], optimize=True) / n
        xx -= mean_x * mean_x.swapaxes(-1, -2)
        yy -= mean_y * mean_y.swapaxes(-1, -2)
        xy -= mean_x * mean_y.swapaxes(-1, -2)
        white = np.einsum(
            "rmki,rmkl,rmlj->rmij", _inverse_roots(xx), xy, _inverse_roots(yy), optimize=True
        )
        shrinkage = np.maximum(0.0, 1 - n_coordinates / n)
        return np.where(counts >= FEWEST_COMMON_FRAMES, _information(white * shrinkage), 0.0)

    return block


def _inverse_roots(covariance: Array) -> Array:
    """W with W' covariance W = I for a stack of covariances (..., d, d); near-null axes get 0."""
    values, vectors = np.linalg.eigh(covariance)
    floor = 1e-10 * np.maximum(values[..., -1:], np.finfo(float).tiny)
    roots = np.where(values > floor, 1 / np.sqrt(np.maximum(values, floor)), 0.0)
    return np.asarray(vectors * roots[..., None, :])


def _information(cross: Array) -> Array:
    """-1/2 log det(I - C C') for whitened cross-covariances C of shape (..., d, d)."""
    identity = np.eye(cross.shape[-1])
    determinant = np.linalg.det(identity - cross @ cross.swapaxes(-1, -2))
    return np.asarray(-0.5 * np.log(np.clip(determinant, SMALLEST, 1.0)))
