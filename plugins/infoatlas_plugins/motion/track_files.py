"""Read plain files of tracks: .npz, .npy, .pt and .csv, as trackers and people write them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.tracks import Tracks, make_tracks

Arrays = dict[str, NDArray[Any]]
Layout = Literal["frames-first", "points-first"]

TRACK_KEYS = ("tracks", "pred_tracks", "tracks_XYZ", "tracks_xyz", "trajs", "points", "coords")
SEEN_KEYS = ("visibility", "visible", "pred_visibility", "visibs", "confidence")
ENDINGS = (".npz", ".npy", ".pt", ".csv")
CONFIDENT = 0.5  # visibility and confidence in 0..1 count from here on
PICKLE = (
    "pickled files are never opened, since they can run any code; convert yours once with: "
    "import numpy, pickle; data = pickle.load(open('FILE', 'rb')); "
    "numpy.savez('FILE.npz', tracks=data['tracks'], visibility=data['visibility'])"
)


def read_tracks(
    root: Path | None,
    *,
    sequence: str | None = None,
    frames: slice | None = None,
    layout: Layout | None = None,
) -> Tracks:
    """Read one file of tracks.

    Parameters
    ----------
    root : Path
        The file, or its folder.
    sequence : str, optional
        Name of the file in the folder; the first that fits if not given.
    frames : slice, optional
        Frames to read; all if not given.
    layout : {"frames-first", "points-first"}, optional
        Order of the first two axes. Not guessed from sizes: the default is frames first, as
        CoTracker and TAPVid-3D write, and points first in TAP-Vid's files, known by ``occluded``.

    Returns
    -------
    Tracks
        Tracks with two coordinates are in pixels. Tracks with three are in the world, except
        TAPVid-3D's ``tracks_XYZ``, which are in the camera's frame and brought to the world if the
        file has ``extrinsics_w2c`` (F, 4, 4).
    """
    path = _find(root, sequence)
    arrays = _ARRAYS_OF[path.suffix](path)
    key = next((key for key in TRACK_KEYS if key in arrays), None)
    if key is None:
        raise ValueError(f"{path} has none of {TRACK_KEYS}, only {sorted(arrays)}")
    points = _three_axes(arrays[key], path, key)
    seen = _seen(arrays, path)
    tap_vid = "occluded" in arrays
    if (layout or ("points-first" if tap_vid else "frames-first")) == "points-first":
        points, seen = points.swapaxes(0, 1), None if seen is None else seen.T
    if seen is None:
        seen = np.ones(points.shape[:2], dtype=bool)
    if seen.shape != points.shape[:2]:
        raise ValueError(
            f"{path} has tracks of shape {points.shape} and visibility of shape {seen.shape}; both "
            "must start with (frames, points), or (points, frames) with --layout points-first"
        )
    in_camera = key.lower() == "tracks_xyz"
    if in_camera and "extrinsics_w2c" in arrays:
        points, in_camera = to_world(points, arrays["extrinsics_w2c"]), False
    labels = arrays.get("labels")
    if labels is not None and labels.shape != points.shape[1:2]:
        raise ValueError(f"{path} has {points.shape[1]} tracks and labels of shape {labels.shape}")
    frame: Literal["pixel", "camera", "world"] = "camera" if in_camera else "world"
    return make_tracks(
        path.stem,
        points,
        seen,
        frame="pixel" if points.shape[2] == 2 else frame,
        frames=frames,
        labels=labels,
    )


def to_world(points: NDArray[Any], world_to_camera: NDArray[Any]) -> NDArray[Any]:
    """Bring points (F, P, 3) from each frame's camera to the world by (F, 4, 4) matrices."""
    if world_to_camera.shape != (len(points), 4, 4):
        raise ValueError(
            f"extrinsics_w2c must have shape ({len(points)}, 4, 4), got {world_to_camera.shape}"
        )
    rotation, shift = world_to_camera[:, :3, :3], world_to_camera[:, None, :3, 3]
    return np.einsum("fpi,fij->fpj", points - shift, rotation)  # R' (x - t)


def _find(root: Path | None, sequence: str | None) -> Path:
    if root is None:
        raise FileNotFoundError(
            "tracks need a file: pass one of .npz, .npy, .pt or .csv, or its folder, as --root"
        )
    if root.is_dir():
        files = [path for path in sorted(root.iterdir()) if path.suffix in ENDINGS]
        chosen = [path for path in files if sequence in (None, path.name, path.stem)]
        if not chosen:
            names = ", ".join(path.name for path in files[:10]) or "none that ends so"
            raise FileNotFoundError(
                f"{root} has no file '{sequence or '*'}' that ends in {', '.join(ENDINGS)} "
                f"(it holds: {names})"
            )
        return chosen[0]
    if root.suffix in (".pkl", ".pickle"):
        raise ValueError(f"{root}: {PICKLE}")
    if not root.is_file() or root.suffix not in ENDINGS:
        raise FileNotFoundError(f"{root} is not a file that ends in one of {', '.join(ENDINGS)}")
    return root


def _from_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as saved:
        arrays = {}
        for key in saved.files:
            if key in (*TRACK_KEYS, *SEEN_KEYS, "occluded", "labels", "extrinsics_w2c"):
                try:
                    arrays[key] = saved[key]
                except ValueError as error:
                    raise ValueError(f"'{key}' of {path} holds Python objects: {PICKLE}") from error
        return arrays or dict.fromkeys(saved.files, np.zeros(0))


def _from_npy(path: Path) -> Arrays:
    try:
        return {"tracks": np.load(path, allow_pickle=False)}
    except ValueError as error:
        raise ValueError(f"{path} is not an array of numbers: {PICKLE}") from error


def _from_pt(path: Path) -> Arrays:
    import pickle

    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} holds more than tensors: {PICKLE}") from error
    if isinstance(content, torch.Tensor):
        content = {"tracks": content}
    elif isinstance(content, (tuple, list)):  # CoTracker returns (tracks, visibility)
        content = dict(zip(("tracks", "visibility"), content, strict=False))
    tensors = {key: value for key, value in content.items() if isinstance(value, torch.Tensor)}
    return {key: value.numpy() for key, value in tensors.items()}


def _from_csv(path: Path) -> Arrays:
    """Rows of frame, track, x, y and optionally z, visible or confidence, label."""
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    needed = {"frame", "track", "x", "y"}
    if not rows or not needed <= set(rows[0]):
        found = sorted(rows[0]) if rows else "nothing"
        raise ValueError(f"{path} needs the columns frame, track, x and y, and has {found}")
    try:
        columns = {
            key: np.array([float(row[key] or "nan") for row in rows])
            for key in ("frame", "track", "x", "y", "z", "visible", "confidence", "label")
            if key in rows[0]
        }
    except ValueError as error:
        raise ValueError(f"{path} has a value that is no number: {error}") from error
    frames, frame = np.unique(columns["frame"], return_inverse=True)
    numbers, track = np.unique(columns["track"], return_inverse=True)
    axes = [key for key in ("x", "y", "z") if key in columns]
    points = np.full((len(frames), len(numbers), len(axes)), np.nan)
    points[frame, track] = np.column_stack([columns[axis] for axis in axes])
    arrays: Arrays = {"tracks": points}
    for key, name in (("visible", "visible"), ("confidence", "confidence")):
        if key in columns:
            arrays[name] = np.zeros(points.shape[:2])
            arrays[name][frame, track] = columns[key]
    if "label" in columns:
        arrays["labels"] = np.zeros(len(numbers), dtype=np.int64)
        arrays["labels"][track] = columns["label"].astype(np.int64)
    return arrays


_ARRAYS_OF = {".npz": _from_npz, ".npy": _from_npy, ".pt": _from_pt, ".csv": _from_csv}


def _three_axes(points: NDArray[Any], path: Path, key: str) -> NDArray[Any]:
    if points.ndim == 4 and points.shape[0] == 1:  # a batch of one clip
        points = points[0]
    if points.ndim != 3 or points.shape[2] not in (2, 3) or points.dtype.kind not in "fiu":
        raise ValueError(
            f"'{key}' of {path} must have shape (frames, points, 2 or 3), got {points.shape} of "
            f"{points.dtype}"
        )
    return points.astype(np.float64)


def _seen(arrays: Arrays, path: Path) -> NDArray[np.bool_] | None:
    """Which positions count, from visibility, confidence and occlusion, as the file orders axes."""
    seen = None
    for key in (*SEEN_KEYS, "occluded"):
        if key in arrays:
            values = arrays[key]
            values = values[0] if values.ndim > 2 and values.shape[0] == 1 else values
            values = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
            if values.ndim != 2:
                raise ValueError(f"'{key}' of {path} must have two axes, got {values.shape}")
            here = values < CONFIDENT if key == "occluded" else values >= CONFIDENT
            seen = here if seen is None else seen & here
    return seen
