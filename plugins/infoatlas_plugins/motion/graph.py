"""From scores of pairs to the weights of the graph that spectral clustering cuts.

Letters: P tracks, m columns: all tracks, or the landmarks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.affinity import AFFINITIES, MANY_TRACKS, Usable

Array = NDArray[Any]

PARTNERS = 10  # each track keeps; 7 to 15 do equally well
MI_SCALE_PARTNER = 5  # partner whose distance is a track's own scale in the dense graph
RIGIDITY_SCALE_PARTNER = 3  # three partners fix a rigid body


def affinity_weights(
    name: str,
    points: Array,
    usable: Usable,
    columns: Array,
    *,
    generator: np.random.Generator,
    critic_pairs: int,
) -> tuple[Array, Array]:
    """Scores and weights of all tracks with the tracks ``columns``, for a named affinity.

    With more than 60 tracks each keeps its ten best partners: dropping weak ties is the single best
    step on real sequences. Their MI is first measured on each track's own scale, see
    :func:`relative_to_partners`. With fewer, ten partners reach beyond the body, so the graph stays
    dense and distances exp(-score) are measured on each track's own scale (Zelnik-Manor and Perona,
    NIPS 2004). ``cmi`` and ``ssc`` are graphs already and stay as they are.

    Parameters
    ----------
    name : str
        A name of ``AFFINITIES``, or "mi*rigidity".
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
    columns : ndarray of shape (m,)
        Indices of tracks.
    generator : numpy.random.Generator
        See :func:`infoatlas_plugins.motion.views.motion_views`.
    critic_pairs : int
        See :func:`infoatlas_plugins.motion.affinity.mi`.

    Returns
    -------
    scores, weights : ndarray of shape (P, m)
        A track's entry with itself is 0 in both. For "mi*rigidity" the scores are those of "mi".
    """
    parts = name.split("*")
    scores = []
    for part in parts:
        prepared = AFFINITIES[part](points, usable, generator=generator, critic_pairs=critic_pairs)
        scores.append(_without_self(prepared(columns), columns))
    if name in ("cmi", "ssc"):
        return scores[0], scores[0]
    many = points.shape[1] > MANY_TRACKS
    if name == "mi" and many:
        weights = relative_to_partners(scores[0], columns)
    else:
        scaled = [locally_scaled(part, values) for part, values in zip(parts, scores, strict=True)]
        weights = _without_self(np.prod(scaled, axis=0), columns)
    return scores[0], keep_partners(weights, columns) if many else weights


def _without_self(values: Array, columns: Array) -> Array:
    values[columns, np.arange(len(columns))] = 0.0
    return values


def relative_to_partners(scores: Array, columns: Array) -> Array:
    """I / sqrt(s s') with s the MI of a track with its tenth best partner.

    A noisy body's tracks tell less about each other than a clean one's; on each track's own scale
    both hang together alike.
    """
    n_partners = min(PARTNERS, scores.shape[1])
    tenth = np.partition(scores, -n_partners, axis=1)[:, -n_partners]
    scale = np.sqrt(np.maximum(tenth, 1e-3 * max(tenth.max(), np.finfo(float).tiny)))
    return np.asarray(scores / np.outer(scale, scale[columns]))


def locally_scaled(name: str, scores: Array) -> Array:
    """exp(-D / sqrt(s s')) with D = exp(-score) and s a track's distance to its third or fifth."""
    distances = np.exp(-scores)
    partner = RIGIDITY_SCALE_PARTNER if name == "rigidity" else MI_SCALE_PARTNER
    partner = min(partner, max(1, scores.shape[1] - 1)) - 1  # a track itself has the distance 1
    scale_of_row = np.partition(distances, partner, axis=1)[:, partner]
    scale_of_column = np.partition(distances, min(partner, len(distances) - 1), axis=0)[partner]
    scale = np.sqrt(np.outer(scale_of_row, scale_of_column))
    return np.asarray(np.exp(-distances / np.maximum(scale, np.finfo(float).tiny)))


def keep_partners(weights: Array, columns: Array) -> Array:
    """Keep the ten largest weights of each track; a tie that only one track keeps counts half."""
    n_partners = min(PARTNERS, weights.shape[1])
    best = np.argpartition(-weights, n_partners - 1, axis=1)[:, :n_partners]
    rows = np.arange(len(weights))[:, None]
    kept = np.zeros_like(weights)
    kept[rows, best] = weights[rows, best]
    square = kept[columns]  # ties among the columns themselves, seen from both sides
    kept[columns] = (square + square.T) / 2
    return kept
