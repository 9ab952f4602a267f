"""How well pictures find their captions, and how far apart the two clouds of vectors lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Matrix = NDArray[np.float32]


def unit_rows(rows: NDArray[np.floating]) -> Matrix:
    """Rows divided by their length, in single precision."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def cosine_scores(images: NDArray[np.floating], texts: NDArray[np.floating]) -> Matrix:
    """Cosine of every picture with every caption, (n, n)."""
    if images.shape != texts.shape:
        raise ValueError(
            "cosines need image and text embeddings of one space, so of one shape; "
            f"got {images.shape} and {texts.shape}."
        )
    return unit_rows(images) @ unit_rows(texts).T


def recall(scores: Matrix, at: Sequence[int] = (1, 5, 10)) -> dict[str, float]:
    """Share of pictures whose own caption is among the best few, and the other way round.

    Parameters
    ----------
    scores : ndarray of shape (n, n)
        Row i, column j: how well picture i goes with caption j. Own pairs are on the diagonal.
    at : sequence of int
        How many of the best to look at.

    Returns
    -------
    dict
        ``"image_to_text_at_1"`` and so on, between 0 and 1. A tie counts against the pair.
    """
    found: dict[str, float] = {}
    for name, table in (("image_to_text", scores), ("text_to_image", scores.T)):
        own = np.diagonal(table)[:, None]
        rank = (table >= own).sum(axis=1)  # 1 for the best; itself included
        found |= {f"{name}_at_{k}": float(np.mean(rank <= k)) for k in at}
    return found


def info_nce(scores: Matrix, *, scale: float = 100.0) -> float:
    """Lower bound on MI by finding one's own pair among n; never above log n.

    Van den Oord, Li and Vinyals (2018), arXiv:1807.03748. Both directions, averaged.

    Parameters
    ----------
    scores : ndarray of shape (n, n)
        Cosines.
    scale : float
        Inverse temperature; CLIP's models train to 100.

    Returns
    -------
    float
        In nats.
    """
    scaled = scores.astype(np.float64) * scale
    own = np.diagonal(scaled)
    lost = [logsumexp(scaled, axis=axis) - own for axis in (0, 1)]
    return float(np.log(len(scaled)) - np.mean(lost))


def modality_gap(images: NDArray[np.floating], texts: NDArray[np.floating]) -> dict[str, float]:
    """Distance between the mean picture and the mean caption, and the lengths of both means.

    Liang et al. (2022), "Mind the gap", arXiv:2203.02053; rows are scaled to unit length first.
    """
    mean_image, mean_text = unit_rows(images).mean(axis=0), unit_rows(texts).mean(axis=0)
    return {
        "distance": float(np.linalg.norm(mean_image - mean_text)),
        "mean_image_length": float(np.linalg.norm(mean_image)),
        "mean_text_length": float(np.linalg.norm(mean_text)),
    }
