"""The record every loader returns: point trajectories of one clip, and how to choose among them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.segment import FEWEST_FRAMES
from infoatlas_plugins.motion.static import static_tracks

SCENE_RADIUS = 100.0  # metres; a track that strays further is a fault of the annotation (pips2)
PATH_FRAMES = 24  # frames by which two paths are compared when tracks are chosen
LONGEST_JUMP = 128.0  # pixels per frame; a longer step in 2D is a tracking fault (pips2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Point trajectories of one clip.

    Attributes
    ----------
    name : str
        Name of the sequence.
    points : ndarray of shape (F, P, d), float32
        Positions: metres in the world (d = 3) or pixels (d = 2).
    usable : ndarray of shape (F, P), bool
        The position is finite and annotated. In world coordinates this includes frames in which
        something hides the point.
    visible : ndarray of shape (F, P), bool
        The camera sees the point.
    labels : ndarray of shape (P,), int, or None
        True body of each track: 0 = background, -1 = unknown. None where the data set has none.
    pixels : ndarray of shape (F, P, 2), float32
        Position in the image, for pictures.
    image_size : tuple of int, or None
        Width and height in pixels.
    frame : {"world", "camera", "pixel"}
        Frame of reference of ``points``. In a moving camera's frame nothing stands still.
    frame_numbers : ndarray of shape (F,), int
        Number of each frame in the original clip.
    track_numbers : ndarray of shape (P,), int
        Number of each track in the data set's file.
    images : dict
        Frame number -> picture file, for the frames that have one.
    masks : dict
        Frame number -> file of instance colours, for the frames that have one.
    """

    name: str
    points: NDArray[np.float32]
    usable: NDArray[np.bool_]
    visible: NDArray[np.bool_]
    labels: NDArray[np.int64] | None
    pixels: NDArray[np.float32]
    image_size: tuple[int, int] | None
    frame: Literal["world", "camera", "pixel"]
    frame_numbers: NDArray[np.int64]
    track_numbers: NDArray[np.int64]
    images: dict[int, Path]
    masks: dict[int, Path] = field(default_factory=dict)

    @property
    def n_frames(self) -> int:
        """Number of frames F."""
        return int(self.points.shape[0])

    @property
    def n_tracks(self) -> int:
        """Number of tracks P."""
        return int(self.points.shape[1])

    def select(self, chosen: NDArray[Any]) -> Tracks:
        """Keep some tracks, by index or by a mask of shape (P,)."""
        return replace(
            self,
            points=self.points[:, chosen],
            usable=self.usable[:, chosen],
            visible=self.visible[:, chosen],
            labels=None if self.labels is None else self.labels[chosen],
            pixels=self.pixels[:, chosen],
            track_numbers=self.track_numbers[chosen],
        )


def make_tracks(
    name: str,
    points: NDArray[Any],
    usable: NDArray[np.bool_],
    *,
    frame: Literal["world", "camera", "pixel"],
    frames: slice | None = None,
    labels: NDArray[Any] | None = None,
    pixels: NDArray[Any] | None = None,
    image_size: tuple[int, int] | None = None,
) -> Tracks:
    """Record of a clip that has no pictures; a position counts as seen where it is usable.

    Parameters
    ----------
    name : str
        Name of the sequence.
    points : ndarray of shape (F, P, d)
        Positions that are not finite are not usable.
    usable : ndarray of shape (F, P), bool
        Which positions may be used.
    frame : {"world", "camera", "pixel"}
        Frame of reference.
    frames : slice, optional
        Frames to keep; all if not given.
    labels : ndarray of shape (P,), int, optional
        True body of each track, see :class:`Tracks`.
    pixels : ndarray of shape (F, P, 2), optional
        Position in the image. Without one, tracks in space are shown on the plane in which they
        spread most.
    image_size : tuple of int, optional
        Width and height in pixels.
    """
    numbers = np.arange(len(points))[frames or slice(None)]
    usable = np.asarray(usable & np.isfinite(points).all(axis=-1))[numbers]
    points = np.asarray(points, dtype=np.float32)[numbers]
    if pixels is not None:
        pixels = np.asarray(pixels, dtype=np.float32)[numbers]
    elif points.shape[2] == 2:
        pixels = points
    else:
        pixels = widest_view(points, usable)
    return Tracks(
        name=name,
        points=points,
        usable=usable,
        visible=usable,
        labels=None if labels is None else np.asarray(labels, dtype=np.int64),
        pixels=pixels,
        image_size=image_size,
        frame=frame,
        frame_numbers=numbers,
        track_numbers=np.arange(points.shape[1]),
        images={},
    )


def widest_view(points: NDArray[Any], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Points (F, P, 3) on the plane in which they spread most, (F, P, 2); NaN where not usable.

    The axis that is closest to the third coordinate points up.
    """
    if not usable.any():
        return np.full((*usable.shape, 2), np.nan, dtype=np.float32)
    seen = points[usable].astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov((seen - seen.mean(axis=0)).T))
    axes = vectors[:, 1:]  # 3 2: the two with most spread
    axes = axes[:, np.argsort(np.abs(axes[2]))]  # the more upright one last
    axes = axes * np.where(axes[2] < 0, -1.0, 1.0)
    flat = (points - seen.mean(axis=0)) @ axes
    return np.where(usable[..., None], flat, np.nan).astype(np.float32)


def clean(tracks: Tracks) -> tuple[Tracks, dict[str, int]]:
    """Drop tracks that cannot be judged.

    Returns
    -------
    tracks : Tracks
        What is left.
    dropped : dict
        Reason in words -> number of tracks dropped for it, each track counted once.
    """
    if tracks.n_frames < FEWEST_FRAMES:
        raise ValueError(
            f"{tracks.name} has {tracks.n_frames} frames in this selection, and motion needs at "
            f"least {FEWEST_FRAMES}; choose more with --frames start:stop:step"
        )
    seen = tracks.visible & tracks.usable
    faults = {f"seen in fewer than {FEWEST_FRAMES} frames": seen.sum(axis=0) < FEWEST_FRAMES}
    if tracks.points.shape[2] == 3:
        faults[f"strays more than {SCENE_RADIUS:g} m"] = _strays(tracks)
    else:
        faults[f"jumps more than {LONGEST_JUMP:g} pixels in a frame"] = _jumps(tracks)
    keep = np.ones(tracks.n_tracks, dtype=bool)
    dropped = {}
    for reason, faulty in faults.items():
        dropped[reason] = int((keep & faulty).sum())
        keep &= ~faulty
    if not keep.any():
        raise ValueError(f"{tracks.name} has no usable track in this selection: {dropped}")
    return tracks.select(keep), {reason: count for reason, count in dropped.items() if count}


def _strays(tracks: Tracks) -> NDArray[np.bool_]:
    positions = np.where(tracks.usable[..., None], tracks.points, np.nan)
    first = positions[tracks.usable.argmax(axis=0), np.arange(tracks.n_tracks)]
    distances = np.linalg.norm(positions - first, axis=-1)
    return np.asarray((np.nan_to_num(distances) > SCENE_RADIUS).any(axis=0))


def _jumps(tracks: Tracks) -> NDArray[np.bool_]:
    steps = np.linalg.norm(np.diff(np.nan_to_num(tracks.points), axis=0), axis=-1)
    speed = steps / np.diff(tracks.frame_numbers)[:, None]
    both = tracks.usable[1:] & tracks.usable[:-1]
    return np.asarray((both & (speed > LONGEST_JUMP)).any(axis=0))


def spread_out(tracks: Tracks, n_tracks: int) -> Tracks:
    """Keep at most ``n_tracks`` moving tracks and as many still ones, as different as can be.

    Farthest-point sampling of whole trajectories: each next track is the one whose path is farthest
    from all chosen before. Still tracks are counted apart, since in a real scene they are so many
    that they would leave little room for what moves.
    """
    still = static_tracks(tracks.points, tracks.usable)
    chosen = [
        members[_farthest_paths(tracks.select(members), n_tracks)]
        for members in (np.flatnonzero(still), np.flatnonzero(~still))
    ]
    kept = np.sort(np.concatenate(chosen))
    return tracks if len(kept) == tracks.n_tracks else tracks.select(kept)


def _farthest_paths(tracks: Tracks, n_tracks: int) -> NDArray[np.int64]:
    """Indices of at most ``n_tracks`` tracks, by farthest-point sampling of their paths."""
    if tracks.n_tracks <= n_tracks:
        return np.arange(tracks.n_tracks)
    seen = tracks.usable[..., None]
    mean = np.where(seen, tracks.points, 0).sum(axis=0) / seen.sum(axis=0)  # F P d -> P d
    paths = np.where(seen, tracks.points, mean)[:: -(-tracks.n_frames // PATH_FRAMES)]
    paths = paths.transpose(1, 0, 2).reshape(tracks.n_tracks, -1)
    chosen = [int(np.linalg.norm(paths - paths.mean(axis=0), axis=1).argmax())]
    nearest = np.full(tracks.n_tracks, np.inf)
    while len(chosen) < n_tracks:
        nearest = np.minimum(nearest, np.linalg.norm(paths - paths[chosen[-1]], axis=1))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)
