"""MotionSegmenter: trajectories in, one label per trajectory out, in scikit-learn's manner."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin

from infoatlas_plugins.motion.affinity import affinity_graph, motion_mutual_information
from infoatlas_plugins.motion.cluster import choose_n_groups, spectral_groups
from infoatlas_plugins.motion.static import static_tracks
from infoatlas_plugins.motion.tracks import FEWEST_FRAMES

CRITIC_PARTNERS = 5  # per track: about 700 calls for 200 tracks, 20 ms each for 120 frames


class MotionSegmenter(ClusterMixin, BaseEstimator):
    """Group point trajectories that move together.

    Parameters
    ----------
    n_clusters : int or "auto"
        Number of moving groups, without the static background. "auto" tries 2 to 12.
    affinity : {"mi", "gaussian"}
        "mi": closed-form MI of all pairs, and the pretrained critic on the best partners of each
        track. "gaussian": the closed form alone.
    random_state : int
        Seed of k-means, and of the noise below the storage step of the coordinates.

    Attributes
    ----------
    labels_ : ndarray of shape (P,)
        0 = static background; moving groups from 1, the largest first.
    static_ : ndarray of shape (P,), bool
        Tracks that stand still.
    n_clusters_ : int
        Number of moving groups.
    silhouettes_ : dict
        Number of groups -> silhouette, when the number was chosen automatically; else empty.
    mutual_information_ : ndarray of shape (P, P)
        MI of each pair, summed over views of the motion: a score in nats, not a calibrated MI.
        Zero for static tracks.
    affinity_matrix_ : ndarray of shape (P, P)
        The graph that was cut. Zero for static tracks.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas_plugins.motion import MotionSegmenter
    >>> steps = np.random.default_rng(0).normal(size=(2, 120, 1, 3)).cumsum(axis=1)
    >>> tracks = np.concatenate([body + np.random.default_rng(1).normal(size=(1, 8, 3))
    ...                          for body in steps], axis=1)
    >>> MotionSegmenter(2, affinity="gaussian").fit(tracks).labels_
    array([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        n_clusters: int | Literal["auto"] = "auto",
        *,
        affinity: Literal["mi", "gaussian"] = "mi",
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.affinity = affinity
        self.random_state = random_state

    def fit(self, tracks: NDArray[Any], visibility: NDArray[Any] | None = None) -> MotionSegmenter:
        """Segment one clip.

        Parameters
        ----------
        tracks : ndarray of shape (F, P, d)
            Positions of P points in F frames, d = 2 (pixels) or 3 (metres in the world). Positions
            that are not finite count as missing.
        visibility : ndarray of shape (F, P), bool, optional
            Which positions may be used. Two tracks are compared over the frames they share; with
            fewer than 16 of them their affinity is 0.

        Returns
        -------
        MotionSegmenter
            self
        """
        points, usable = _checked(tracks, visibility)
        self._check_parameters()
        n_tracks = points.shape[1]
        self.static_ = static_tracks(points, usable)
        moving = np.flatnonzero(~self.static_)
        self.labels_ = np.zeros(n_tracks, dtype=np.int64)
        self.mutual_information_ = np.zeros((n_tracks, n_tracks))
        self.affinity_matrix_ = np.zeros((n_tracks, n_tracks))
        self.silhouettes_: dict[int, float] = {}
        self.n_clusters_ = 0
        if len(moving) == 0:
            return self

        scores = motion_mutual_information(
            points[:, moving],
            usable[:, moving],
            n_partners=CRITIC_PARTNERS if self.affinity == "mi" else 0,
            generator=np.random.default_rng(self.random_state),
        )
        weights = affinity_graph(scores)
        square = np.ix_(moving, moving)
        self.mutual_information_[square] = scores
        self.affinity_matrix_[square] = weights
        self.labels_[moving] = 1 + self._cut(weights)
        self.n_clusters_ = int(self.labels_.max())
        return self

    def _cut(self, weights: NDArray[Any]) -> NDArray[Any]:
        if self.n_clusters == "auto":
            _, groups, self.silhouettes_ = choose_n_groups(weights, random_state=self.random_state)
            return groups
        if self.n_clusters > len(weights):
            raise ValueError(
                f"n_clusters={self.n_clusters} is more than the {len(weights)} moving tracks; "
                "choose fewer groups"
            )
        return spectral_groups(weights, self.n_clusters, random_state=self.random_state)

    def _check_parameters(self) -> None:
        if self.affinity not in ("mi", "gaussian"):
            raise ValueError(f"affinity must be 'mi' or 'gaussian', got {self.affinity!r}")
        whole = isinstance(self.n_clusters, (int, np.integer)) and self.n_clusters >= 1
        if self.n_clusters != "auto" and not whole:
            raise ValueError(
                f"n_clusters must be 'auto' or a positive number, got {self.n_clusters!r}"
            )


def _checked(
    tracks: NDArray[Any], visibility: NDArray[Any] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Positions as float64 (F, P, d) and where they are usable (F, P); raises on bad input."""
    points = np.asarray(tracks, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] not in (2, 3):
        raise ValueError(
            f"tracks must have shape (frames, points, 2 or 3), got {points.shape}; for tracks "
            "stored point first use tracks.transpose(1, 0, 2)"
        )
    usable: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=-1))
    if visibility is not None:
        if np.shape(visibility) != usable.shape:
            raise ValueError(
                f"visibility must have shape (frames, points) = {usable.shape}, "
                f"got {np.shape(visibility)}"
            )
        usable &= np.asarray(visibility, dtype=bool)
    short = np.flatnonzero(usable.sum(axis=0) < FEWEST_FRAMES)
    if len(short):
        raise ValueError(
            f"{len(short)} of {usable.shape[1]} tracks have fewer than {FEWEST_FRAMES} usable "
            f"frames (first: track {short[0]}); drop them, for instance with motion.clean()"
        )
    return np.where(usable[..., None], points, np.nan), usable
