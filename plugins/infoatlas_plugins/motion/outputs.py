"""Files that keep a segmentation: labels and affinity, a point cloud, a record of numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from infoatlas_plugins.motion.palette import group_colours
from infoatlas_plugins.motion.ply import write_ply
from infoatlas_plugins.motion.segment import MotionSegmenter
from infoatlas_plugins.motion.tracks import Tracks
from infoatlas_plugins.safe_write import replace_when_written


def save_labels(path: Path, tracks: Tracks, segmenter: MotionSegmenter) -> None:
    """Write labels and affinity as .npz.

    Parameters
    ----------
    path : Path
        File to write. Keys: ``labels``, ``confidence``, ``static`` and ``outliers`` (P,);
        ``track_numbers`` (P,) in the data set's file and ``frame_numbers`` (F,); ``moving`` (M,),
        ``landmarks`` (m,), ``scores`` and ``affinity`` (M, m) as in :class:`MotionSegmenter`;
        ``n_clusters`` and ``settings`` (JSON); and ``truth`` (P,) where the data set has labels.
    tracks : Tracks
        What was segmented.
    segmenter : MotionSegmenter
        Fitted on ``tracks``.
    """
    arrays: dict[str, Any] = {
        "labels": segmenter.labels_,
        "static": segmenter.static_,
        "outliers": segmenter.outliers_,
        "track_numbers": tracks.track_numbers,
        "frame_numbers": tracks.frame_numbers,
        "confidence": segmenter.confidence_.astype(np.float32),
        "n_clusters": segmenter.n_clusters_,
        "settings": json.dumps(segmenter.get_params() | {"affinity_taken": segmenter.affinity_}),
        "moving": segmenter.moving_,
        "landmarks": segmenter.landmarks_,
        "scores": segmenter.scores_.astype(np.float32),
        "affinity": segmenter.affinity_matrix_.astype(np.float32),
    }
    if tracks.labels is not None:
        arrays["truth"] = tracks.labels
    with replace_when_written(path) as handle:
        np.savez_compressed(handle, **arrays)


def save_point_cloud(path: Path, tracks: Tracks, labels: Any, *, row: int) -> None:
    """Write the points of one frame, coloured by label, as .ply.

    Parameters
    ----------
    path : Path
        File to write.
    tracks : Tracks
        What was segmented.
    labels : ndarray of shape (P,)
        Group of each track; 0 is grey, -1 (no group) nearly black.
    row : int
        Frame to write, as a row of ``tracks.points``. Tracks without a position there are left out.
    """
    there = tracks.usable[row]
    points = tracks.points[row, there]
    if tracks.frame == "pixel":
        points = points * [1, -1]  # image rows count downwards, z-up viewers do not
    chosen = np.asarray(labels)[there]
    write_ply(path, points, group_colours(int(chosen.max(initial=0)))[chosen], chosen)


def save_record(path: Path, record: dict[str, Any]) -> None:
    """Write a dictionary of numbers and texts as JSON."""
    with replace_when_written(path) as handle:
        handle.write((json.dumps(record, indent=2) + "\n").encode())
