"""How much two trajectories say about each other: one small function for each affinity.

Letters: F frames, P tracks, d coordinates, m columns (tracks that all others are compared with).

Each function prepares a clip and returns a function that gives the scores (P, m) of all tracks with
the tracks asked for. Scores are not negative; larger means closer. Those in nats are scores all the
same, not MI to be quoted: neighbouring frames are alike, so F frames hold far fewer than F samples,
and several views count shared information more than once. Only their order matters here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.critic import critic_excess
from infoatlas_plugins.motion.pairs import (
    FEWEST_COMMON_FRAMES,
    gaussian_information,
    normal_scores,
)
from infoatlas_plugins.motion.subspace import (
    conditional_scores,
    sparse_coefficients,
    stacked_trajectories,
)
from infoatlas_plugins.motion.views import View, motion_views
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]
Usable = NDArray[np.bool_]
Scores = Callable[[Array], Array]  # indices (m,) -> scores (P, m)

MANY_TRACKS = 60  # with fewer, most of ten nearest partners belong to other bodies
RANKS_FROM = 100  # frames; on shorter clips ranks throw away amplitude that few frames need
CMI_RIDGE = 0.003  # of trajectories scaled to 1; .001 to .01 do within half a point on Hopkins155
CMI_POWER = 3.8  # Ji, Salzmann and Li (ICCV 2015)
LONG_CLIP = 60  # frames from which pairwise MI is the better choice for tracks in space
FINEST = 1e-4  # of the scene's extent; smaller changes of a distance are noise
VALUES_PER_BLOCK = 4_000_000  # of pairwise distances in time: bounds memory


def choose_affinity(n_coordinates: int, n_frames: int) -> str:
    """What "auto" means: ``mi`` for 60 frames or more in space, else ``cmi``."""
    return "mi" if n_coordinates == 3 and n_frames >= LONG_CLIP else "cmi"


def mi(
    points: Array, usable: Usable, *, generator: np.random.Generator, critic_pairs: int
) -> Scores:
    """Pairwise mutual information, added up over the views of the motion.

    All pairs have the closed form; the pretrained critic reads up to ``critic_pairs`` pairs of best
    partners and adds what it finds beyond the closed form where that is significant, see
    :func:`infoatlas_plugins.motion.critic.critic_excess`.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
    generator : numpy.random.Generator
        See :func:`infoatlas_plugins.motion.views.motion_views`; also draws the critic's surrogates.
    critic_pairs : int
        Pairs the pretrained critic may read; 0 leaves the closed form alone.

    Returns
    -------
    callable
        Indices (m,) -> scores (P, m): the mean over views in nats. With 60 tracks or fewer the
        views are joined as distances, -log mean exp(-I), so that no single view ties what the
        others hold apart.
    """
    views = motion_views(points, usable, generator=generator)
    many = points.shape[1] > MANY_TRACKS
    if many and points.shape[0] >= RANKS_FROM:
        views = {name: _as_normal_scores(view) for name, view in views.items()}

    def scores(columns: Array) -> Array:
        found = [
            gaussian_information(view, columns, description=f"MI of {name}")
            for name, view in views.items()
        ]
        if critic_pairs:
            excess = critic_excess(
                list(views.values()), found, columns, n_pairs=critic_pairs, generator=generator
            )
            found = [closed + more for closed, more in zip(found, excess, strict=True)]
        if many:
            return np.asarray(np.mean(found, axis=0))
        return np.asarray(-np.log(np.mean(np.exp(-np.array(found)), axis=0)))

    return scores


def _as_normal_scores(view: View) -> View:
    values, usable = view
    return normal_scores(values, usable), usable


def cmi(
    points: Array, usable: Usable, *, generator: np.random.Generator, critic_pairs: int
) -> Scores:
    """Conditional mutual information of two tracks given all others, relative to its bound.

    Closed form, see :func:`infoatlas_plugins.motion.subspace.conditional_scores`. The affinity for
    short tracks in the image.
    """
    trajectories = stacked_trajectories(points, usable)
    return conditional_scores(trajectories, ridge=CMI_RIDGE, power=CMI_POWER)


def rigidity(
    points: Array, usable: Usable, *, generator: np.random.Generator, critic_pairs: int
) -> Scores:
    """How little the distance of two tracks varies over time.

    The score is -log(standard deviation of the distance / extent of the scene), so that like the
    others it turns into a distance by exp(-score). Only frames that both have count.
    """
    positions = np.where(usable[..., None], points, 0.0).transpose(1, 0, 2)  # P F d
    mask = usable.T.astype(float)
    extent = float(np.nanmax(np.where(usable[..., None], points, np.nan), axis=(0, 1)).max())
    extent -= float(np.nanmin(np.where(usable[..., None], points, np.nan)))

    def scores(columns: Array) -> Array:
        found = np.zeros((len(positions), len(columns)))
        length = max(1, VALUES_PER_BLOCK // (len(columns) * positions.shape[1]))
        starts = range(0, len(positions), length)
        for start in progress_bar(starts, description="rigidity"):
            rows = slice(start, start + length)
            squares = np.zeros((len(positions[rows]), len(columns), positions.shape[1]))
            for axis in range(positions.shape[2]):
                here, there = positions[rows, :, axis], positions[columns, :, axis]
                squares += np.square(here[:, None] - there[None])
            distances = np.sqrt(squares)  # r m F
            common = mask[rows, None] * mask[None, columns]
            counts = common.sum(axis=-1)
            mean = (distances * common).sum(axis=-1) / np.maximum(counts, 1)
            deviation = np.square((distances - mean[..., None]) * common).sum(axis=-1)
            relative = np.sqrt(deviation / np.maximum(counts, 1)) / max(extent, 1e-300)
            found[rows] = np.where(
                counts >= FEWEST_COMMON_FRAMES, -np.log(np.clip(relative, FINEST, 1.0)), 0.0
            )
        return found

    return scores


def correlation(
    points: Array, usable: Usable, *, generator: np.random.Generator, critic_pairs: int
) -> Scores:
    """Pearson correlation of positions: the peer everybody has at hand.

    The score is -1/2 log(1 - r**2), r**2 being the mean squared correlation over coordinates.
    """
    positions, where = motion_views(points, usable, generator=generator)["positions"]

    def scores(columns: Array) -> Array:
        squares = [
            1 - np.exp(-2 * gaussian_information((axis, where), columns, description="correlation"))
            for axis in np.split(positions, positions.shape[2], axis=2)
        ]
        return np.asarray(-0.5 * np.log1p(-np.mean(squares, axis=0)))

    return scores


def ssc(
    points: Array, usable: Usable, *, generator: np.random.Generator, critic_pairs: int
) -> Scores:
    """Sparse subspace clustering, the peer for short clips in the image: all tracks at once."""
    coefficients = sparse_coefficients(stacked_trajectories(points, usable))

    def scores(columns: Array) -> Array:
        return np.asarray(coefficients[:, columns])

    return scores


AFFINITIES = {"mi": mi, "cmi": cmi, "rigidity": rigidity, "correlation": correlation, "ssc": ssc}
