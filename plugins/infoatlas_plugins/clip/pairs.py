"""Embedded image-text pairs: two arrays whose rows belong together, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.uint8]  # (height, width, 3), red, green and blue


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPairs:
    """Embeddings of images and of their captions.

    Attributes
    ----------
    name : str
        Where they come from, in a few words.
    images, texts : ndarray of shape (n, d) and (n, e)
        Row i of one belongs to row i of the other.
    captions : tuple of str, optional
        The texts themselves.
    picture : callable, optional
        Picture of a row by its number.
    """

    name: str
    images: NDArray[np.float64]
    texts: NDArray[np.float64]
    captions: tuple[str, ...] | None = None
    picture: Callable[[int], Picture] | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.images)


def check_embeddings(
    images: ArrayLike, texts: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both sides as float64 matrices with as many rows.

    Raises
    ------
    ValueError
        If a side is not a matrix, holds a NaN, an infinite value or a row of zeros, or the sides
        have different numbers of rows. The message says which side and where.
    TypeError
        If a side does not hold real numbers.
    """
    x, y = _matrix("images", images), _matrix("texts", texts)
    if len(x) != len(y):
        raise ValueError(
            "images and texts must have the same number of rows, "
            f"got {len(x)} and {len(y)}; row i of images must belong to row i of texts."
        )
    return x, y


def _matrix(name: str, rows: Any) -> NDArray[np.float64]:
    given = np.asarray(rows)
    if given.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold real numbers, got an array of {given.dtype}.")
    if given.ndim != 2:
        raise ValueError(f"{name} must have shape (n_pairs, n_features), got {given.shape}.")
    matrix = given.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{name} must be finite, but {len(bad)} rows hold NaN or infinity, first row {bad[0]}."
        )
    empty = np.flatnonzero(~matrix.any(axis=1))
    if len(empty):
        raise ValueError(
            f"{name} has {len(empty)} rows of zeros only, first row {empty[0]}: "
            "these were probably never embedded."
        )
    return matrix
