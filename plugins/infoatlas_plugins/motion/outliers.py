"""Tracks that belong to no body: faults of a tracker, not motions.

Letters: P tracks, m columns: all tracks, or the landmarks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.affinity import CMI_POWER, MANY_TRACKS

Array = NDArray[Any]

SUPPORT = 2  # a track's support is its score with its second best partner: one may be chance
PARTNERS = 10  # whose support it is compared with
# Of the partners' support. Fixed on tracks injected into every eighth sequence of Hopkins155 and
# into simulated scenes.
LEAST_SUPPORT = 0.4
POWERS = {"mi": 1.0, "mi*rigidity": 1.0, "cmi": CMI_POWER}  # that the scores were raised to


def outlying_tracks(name: str, scores: Array, columns: Array) -> NDArray[np.bool_]:
    """Which tracks are far less supported than the tracks that are closest to them.

    A track's support is its score with its second best partner. It is an outlier if that is below
    0.4 times the median support of its ten best partners, the idea of the local outlier factor
    (Breunig, Kriegel, Ng and Sander, SIGMOD 2000): a noisy body's tracks have noisy partners and
    stay, a track that follows nothing has partners in clean bodies.

    Parameters
    ----------
    name : str
        Affinity. Only mutual information and its conditional form are judged; the scores of the
        peers ("rigidity", "correlation", "ssc") do not tell outliers apart.
    scores : ndarray of shape (P, m)
        Not negative; a track's entry with itself is 0.
    columns : ndarray of shape (m,)
        Rows of the tracks in the columns.

    Returns
    -------
    ndarray of shape (P,), bool
        None with 60 tracks or fewer, where ten partners reach into other bodies.
    """
    if name not in POWERS or len(scores) <= MANY_TRACKS:
        return np.zeros(len(scores), dtype=bool)
    support = np.partition(scores, -SUPPORT, axis=1)[:, -SUPPORT]
    partners = np.argpartition(-scores, PARTNERS, axis=1)[:, :PARTNERS]
    usual = np.median(support[columns][partners], axis=1)
    return np.asarray(support < LEAST_SUPPORT ** POWERS[name] * usual)
