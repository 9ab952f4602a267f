"""Tell still tracks from moving ones, and know how finely positions were stored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NOISE_FACTOR = 3.0  # a track moves if its range exceeds this many times its own noise
RANGE_PERCENTILES = (5, 95)  # robust range: a few wild frames do not make a still track move


def storage_step(points: NDArray[Any]) -> NDArray[np.float64]:
    """Spacing of the numbers each track was stored in.

    PointOdyssey casts coordinates to float16: at 4 metres neighbours are 4 millimetres apart. A
    file of float16 numbers stays recognisable after it is cast to float32.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
        NaN is ignored.

    Returns
    -------
    ndarray of shape (P,)
        Step at the track's largest coordinate, in the unit of ``points``.
    """
    finite = np.nan_to_num(np.asarray(points, dtype=np.float64))
    largest = np.abs(finite).max(axis=(0, 2))
    for kind in (np.float16, np.float32):
        with np.errstate(over="ignore"):
            if np.array_equal(finite.astype(kind), finite):
                return np.asarray(np.spacing(largest.astype(kind)), dtype=np.float64)
    return np.asarray(np.spacing(largest))


def static_tracks(points: NDArray[Any], usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which tracks stand still.

    A track is static if its robust range is below three times its noise (the median absolute
    second difference in time) plus the storage step, in every coordinate.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
        Positions to look at.

    Returns
    -------
    ndarray of shape (P,), bool
    """
    positions = np.where(usable[..., None], points, np.nan).astype(np.float64)
    low, high = np.nanpercentile(positions, RANGE_PERCENTILES, axis=0)  # P d each
    # no three usable frames in a row: no noise estimate, so only the storage step counts
    bends = np.ma.masked_invalid(np.abs(np.diff(positions, n=2, axis=0)))
    noise = np.ma.median(bends, axis=0).filled(0.0)  # F-2 P d -> P d
    limit = NOISE_FACTOR * noise + storage_step(points)[:, None]
    return np.asarray((high - low <= limit).all(axis=-1))
