"""MotionSegmenter: trajectories in, one label per trajectory out, in scikit-learn's manner."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin

from infoatlas_plugins.motion.affinity import AFFINITIES, choose_affinity
from infoatlas_plugins.motion.cluster import (
    CANDIDATES,
    choose_n_groups,
    embedding,
    spectral_groups,
)
from infoatlas_plugins.motion.graph import affinity_weights
from infoatlas_plugins.motion.outliers import outlying_tracks
from infoatlas_plugins.motion.static import static_tracks

AFFINITY_NAMES = ("auto", *AFFINITIES, "mi*rigidity")
FEWEST_FRAMES = 10  # usable frames; a track with fewer is not judged
NO_GROUP = -1  # label of a track with too few usable frames, and of an outlier
LANDMARKS_FROM = 3000  # moving tracks; below, all pairs fit in memory
EIGENVALUES = max(CANDIDATES) + 1  # kept for the picture, and for the choice of a number


class MotionSegmenter(ClusterMixin, BaseEstimator):
    """Group point trajectories that move together.

    Parameters
    ----------
    n_clusters : int or "auto"
        Number of moving groups, without the static background. "auto" tries 1 to 12.
    affinity : {"auto", "mi", "cmi", "rigidity", "mi*rigidity", "correlation", "ssc"}
        See :mod:`infoatlas_plugins.motion.affinity`. "auto" is "mi" for 60 frames or more in space,
        else "cmi"; ``affinity_`` says which.
    critic_pairs : int
        Pairs of tracks that the pretrained critic may read for "mi"; about 40 ms each, since it
        reads a surrogate of each too. 0 leaves the closed form alone.
    n_landmarks : int
        With more than 3000 moving tracks each is compared with so many landmarks drawn at random
        instead of with all others. "ssc" cannot do that.
    random_state : int
        Seed of k-means, of landmarks, of surrogates, and of the noise below the storage step of the
        coordinates.

    Attributes
    ----------
    labels_ : ndarray of shape (P,)
        0 = static background; moving groups from 1, the largest first; -1 = in no group: fewer
        than 10 usable frames, or an outlier.
    confidence_ : ndarray of shape (P,)
        1 = certain, 0 = between two groups, or in none; 1 for the static background.
    static_ : ndarray of shape (P,), bool
        Tracks that stand still in space; none in the image, where the background is one of the
        motions.
    outliers_ : ndarray of shape (P,), bool
        Moving tracks that belong to no body, see :mod:`infoatlas_plugins.motion.outliers`.
    n_clusters_ : int
        Number of moving groups.
    affinity_ : str
        The affinity that was taken.
    silhouettes_ : dict
        Number of groups -> silhouette, when the number was chosen automatically; else empty.
    severed_ : dict
        Number of groups -> share of tracks severed from a close partner, likewise.
    eigenvalues_ : ndarray of shape (e,)
        Largest eigenvalues of the normalised graph.
    moving_ : ndarray of shape (M,)
        Indices of the tracks that were compared, outliers included: the rows of the last two.
    landmarks_ : ndarray of shape (m,)
        Positions in ``moving_`` of the tracks in the columns: all M of them, or the landmarks.
    scores_ : ndarray of shape (M, m)
        What the affinity measured: a score, not a calibrated MI.
    affinity_matrix_ : ndarray of shape (M, m)
        The graph; outliers are left out when it is cut.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas_plugins.motion import MotionSegmenter
    >>> steps = np.random.default_rng(0).normal(size=(2, 120, 1, 3)).cumsum(axis=1)
    >>> tracks = np.concatenate([body + np.random.default_rng(1).normal(size=(1, 8, 3))
    ...                          for body in steps], axis=1)
    >>> MotionSegmenter(2, critic_pairs=0).fit(tracks).labels_
    array([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        n_clusters: int | Literal["auto"] = "auto",
        *,
        affinity: str = "auto",
        critic_pairs: int = 60,
        n_landmarks: int = 300,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.affinity = affinity
        self.critic_pairs = critic_pairs
        self.n_landmarks = n_landmarks
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
            fewer than 5 of them their affinity is 0.

        Returns
        -------
        MotionSegmenter
            self
        """
        points, usable = _checked(tracks, visibility)
        self._check_parameters()
        n_frames, n_tracks, n_coordinates = points.shape
        judged = usable.sum(axis=0) >= FEWEST_FRAMES
        if not judged.any():
            raise ValueError(
                f"no track has {FEWEST_FRAMES} usable frames or more, out of {n_frames}; motion "
                "cannot be judged from fewer"
            )
        self.affinity_ = self.affinity
        if self.affinity == "auto":
            self.affinity_ = choose_affinity(n_coordinates, n_frames)
        self.static_ = np.zeros(n_tracks, dtype=bool)
        if n_coordinates == 3:  # in the image the still background is one of the motions
            self.static_[judged] = static_tracks(points[:, judged], usable[:, judged])
        self.moving_ = np.flatnonzero(judged & ~self.static_)
        self.labels_ = np.where(judged, 0, NO_GROUP)
        self.confidence_ = judged.astype(float)
        self._compare(points[:, self.moving_], usable[:, self.moving_])
        outlying = outlying_tracks(self.affinity_, self.scores_, self.landmarks_)
        self.outliers_ = np.zeros(n_tracks, dtype=bool)
        self.outliers_[self.moving_[outlying]] = True
        self.labels_[self.outliers_], self.confidence_[self.outliers_] = NO_GROUP, 0.0
        self._cut(~outlying)
        return self

    def _compare(self, points: NDArray[Any], usable: NDArray[np.bool_]) -> None:
        """Measure the affinity of the moving tracks, with each other or with landmarks."""
        n_moving = points.shape[1]
        generator = np.random.default_rng(self.random_state)
        self.landmarks_ = np.arange(n_moving)
        if n_moving > LANDMARKS_FROM:
            if self.affinity_ == "ssc":
                raise ValueError(
                    f"affinity 'ssc' compares all tracks at once and takes at most {LANDMARKS_FROM}"
                    f" moving ones, got {n_moving}; keep fewer (--max-points) or choose another"
                )
            drawn = generator.choice(n_moving, self.n_landmarks, replace=False)
            self.landmarks_ = np.sort(drawn)
        if n_moving < 2:
            self.scores_ = self.affinity_matrix_ = np.zeros((n_moving, n_moving))
            return
        self.scores_, self.affinity_matrix_ = affinity_weights(
            self.affinity_,
            points,
            usable,
            self.landmarks_,
            generator=generator,
            critic_pairs=self.critic_pairs,
        )

    def _cut(self, clustered: NDArray[np.bool_]) -> None:
        """Label the moving tracks of a mask (M,), the others being outliers."""
        tracks = self.moving_[clustered]
        columns = clustered[self.landmarks_]  # an outlier is no landmark either
        weights = self.affinity_matrix_[np.ix_(clustered, columns)]
        self.silhouettes_: dict[int, float] = {}
        self.severed_: dict[int, float] = {}
        self.n_clusters_, self.eigenvalues_ = 0, np.ones(min(len(tracks), 1))
        if len(tracks) == 0:
            return
        wanted = self.n_clusters
        if wanted != "auto" and wanted > len(tracks):
            raise ValueError(
                f"n_clusters={wanted} is more than the {len(tracks)} moving tracks; choose fewer"
            )
        if len(tracks) == 1:
            self.n_clusters_, self.labels_[tracks] = 1, 1
            return
        n_dimensions = max(EIGENVALUES, 0 if wanted == "auto" else wanted)
        self.eigenvalues_, vectors = embedding(weights, min(n_dimensions, weights.shape[1]))
        if wanted == "auto":
            rows = np.cumsum(clustered) - 1  # of the moving tracks among the clustered ones
            wanted, self.silhouettes_, self.severed_ = choose_n_groups(
                vectors,
                self.scores_[np.ix_(clustered, columns)],
                rows[self.landmarks_[columns]],
                random_state=self.random_state,
            )
        groups, confidence = spectral_groups(vectors, wanted, random_state=self.random_state)
        self.n_clusters_ = len(np.unique(groups))
        self.labels_[tracks] = 1 + groups
        self.confidence_[tracks] = confidence

    def _check_parameters(self) -> None:
        if self.affinity not in AFFINITY_NAMES:
            raise ValueError(f"affinity must be one of {AFFINITY_NAMES}, got {self.affinity!r}")
        if self.n_clusters != "auto" and not _is_whole(self.n_clusters, least=1):
            raise ValueError(
                f"n_clusters must be 'auto' or a positive number, got {self.n_clusters!r}"
            )
        if not _is_whole(self.critic_pairs, least=0):
            raise ValueError(f"critic_pairs must be 0 or more, got {self.critic_pairs!r}")
        if not _is_whole(self.n_landmarks, least=EIGENVALUES) or self.n_landmarks > LANDMARKS_FROM:
            raise ValueError(
                f"n_landmarks must be a number from {EIGENVALUES} to {LANDMARKS_FROM}, "
                f"got {self.n_landmarks!r}"
            )


def _is_whole(value: Any, *, least: int) -> bool:
    return (
        isinstance(value, (int, np.integer))
        and not isinstance(value, bool)
        and bool(value >= least)
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
    return np.where(usable[..., None], points, np.nan), usable
