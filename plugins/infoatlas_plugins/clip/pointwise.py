"""Pairs one by one: pointwise mutual information, swapped captions, and what is worth keeping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_auc_score

import infoatlas
from infoatlas_plugins.clip.pairs import EmbeddedPairs, check_embeddings
from infoatlas_plugins.clip.retrieval import unit_rows
from infoatlas_plugins.clip.slices import draw_slices, project
from infoatlas_plugins.progress import progress_bar

# n: rows   k: dimensions of a slice   s: slices

SLICES = 17  # stream of random numbers


def pointwise_scores(
    images: ArrayLike,
    texts: ArrayLike,
    *,
    k: int = 5,
    n_slices: int = 16,
    random_state: int = 0,
) -> NDArray[np.float64]:
    """Pointwise mutual information of each pair, averaged over slices.

    Unlike the cosine it needs no common space: the two sides may come from any two models.

    Parameters
    ----------
    images, texts : array-like of shape (n, d) and (n, e)
        Embeddings; row i of one belongs to row i of the other.
    k : int
        Dimensions of a slice.
    n_slices : int
        Slices to average.
    random_state : int
        Seed, not negative.

    Returns
    -------
    ndarray of shape (n,)
        In nats; below zero where a caption is less likely with its picture than without.
    """
    x, y = check_embeddings(images, texts)
    to_image, to_text = draw_slices(
        n_slices, (x.shape[1], y.shape[1]), k, seed=(random_state, SLICES)
    )
    total = np.zeros(len(x))
    for number in progress_bar(range(n_slices), description="pointwise"):
        here = slice(number, number + 1)  # one at a time: pieces of a bar, little memory
        (result,) = infoatlas.mutual_information_batch(
            project(x, to_image[here]), project(y, to_text[here])
        )
        total += result.pointwise
    return total / n_slices


def cosines(images: NDArray[np.floating], texts: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of each pair, (n,); NaN where the two sides have different numbers of features."""
    if images.shape != texts.shape:
        return np.full(len(images), np.nan)
    return np.einsum("nd,nd->n", unit_rows(images), unit_rows(texts)).astype(np.float64)


def swap_captions(
    n: int, *, share: float = 0.1, random_state: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give some pictures the caption of another.

    Parameters
    ----------
    n : int
        Number of pairs.
    share : float
        Share of pairs to spoil, such that at least two are.
    random_state : int
        Seed, not negative.

    Returns
    -------
    partners : ndarray of shape (n,)
        Row of the caption that each picture now has.
    swapped : ndarray of shape (n,)
        True where it is not its own.
    """
    n_swapped = round(share * n)
    if not 2 <= n_swapped <= n:
        raise ValueError(f"share must spoil between 2 and all {n} pairs, got share={share}.")
    chosen = np.random.default_rng(random_state).permutation(n)[:n_swapped]
    partners = np.arange(n)
    partners[chosen] = np.roll(chosen, 1)  # a ring: nobody keeps their own
    return partners, partners != np.arange(n)


def swap_detection(
    pairs: EmbeddedPairs, *, share: float = 0.1, random_state: int = 0, **options: Any
) -> dict[str, Any]:
    """How well low scores find swapped captions, for pointwise MI and for the cosine.

    Parameters
    ----------
    pairs : EmbeddedPairs
        Good pairs; the scores are computed after the swap, as on data that came spoilt.
    share, random_state
        As for :func:`swap_captions`.
    **options
        For :func:`pointwise_scores`.

    Returns
    -------
    dict
        ``"pointwise_auc"``, ``"cosine_auc"`` (None without a common space), ``"share"``.
    """
    partners, swapped = swap_captions(len(pairs), share=share, random_state=random_state)
    texts = pairs.texts[partners]
    scores = pointwise_scores(pairs.images, texts, random_state=random_state, **options)
    cosine = cosines(pairs.images, texts)
    known = not np.isnan(cosine).any()
    return {
        "share": share,
        "pointwise_auc": float(roc_auc_score(swapped, -scores)),
        "cosine_auc": float(roc_auc_score(swapped, -cosine)) if known else None,
    }


def keep_above_quantile(scores: NDArray[np.float64], quantile: float) -> NDArray[np.int64]:
    """Rows whose score is at or above a quantile of all scores, in their old order."""
    if not 0 <= quantile < 1:
        raise ValueError(f"quantile must be at least 0 and below 1, got {quantile}.")
    return np.flatnonzero(scores >= np.quantile(scores, quantile))
