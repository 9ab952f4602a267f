"""Read motion capture, markers in space: .c3d files, or the captures shipped with the plugin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion.tracks import Tracks, make_tracks

SAMPLE_CAPTURES = Path(__file__).with_name("sample_captures")
SAMPLE_CAPTURE = "wheelchair_racing"  # the shipped one that is read when none is asked for
METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "": 1e-3}  # millimetres where a file does not say


def read_mocap(
    root: Path = SAMPLE_CAPTURES, *, sequence: str | None = None, frames: slice | None = None
) -> Tracks:
    """Read one capture.

    Parameters
    ----------
    root : Path
        A .c3d or .npz file, or a folder of them. The default folder is shipped with the plugin.
    sequence : str, optional
        Name of the file without its ending. If not given: the first in the alphabet, and of the
        shipped captures "wheelchair_racing".
    frames : slice, optional
        Frames to read; all if not given.

    Returns
    -------
    Tracks
        Metres. Labels are the bodies named in the file: in .c3d the part before the colon of
        markers' names, if there are two or more.
    """
    if root == SAMPLE_CAPTURES:
        sequence = sequence or SAMPLE_CAPTURE
    path = _find(root, sequence)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as saved:
            points, labels = saved["points"], saved.get("labels")
            usable = np.isfinite(points).all(axis=-1)
            if "visibility" in saved:
                usable &= saved["visibility"]
    else:
        points, labels = _read_c3d(path)
        usable = np.isfinite(points).all(axis=-1)
    return make_tracks(path.stem, points, usable, frame="world", frames=frames, labels=labels)


def _find(root: Path, sequence: str | None) -> Path:
    if root.is_file() and root.suffix in (".c3d", ".npz"):
        return root
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root} is neither a folder nor a .c3d or .npz file; pass one as --root, or leave "
            "--root out for the captures shipped with the plugin"
        )
    files = {path.stem: path for path in sorted(root.iterdir()) if path.suffix in (".c3d", ".npz")}
    if not files or sequence not in (None, *files):
        raise FileNotFoundError(
            f"{root} has no capture '{sequence or ''}' (it holds: {', '.join(files) or 'none'}); "
            "pass one of these as --sequence"
        )
    return files[sequence or next(iter(files))]


def _read_c3d(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Markers (F, P, 3) in metres, NaN where missing, and bodies by the prefix of their names."""
    ezc3d = import_extra("ezc3d", extra="motion", needed_by="reading .c3d files")
    try:
        content = ezc3d.c3d(str(path))
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path} is not a readable .c3d file: {error}") from error
    parameters, data = content["parameters"]["POINT"], content["data"]
    unit = "".join(parameters.get("UNITS", {"value": [""]})["value"][:1]).strip().lower()
    if unit not in METRES:
        raise ValueError(f"{path} has points in {unit!r}; known units are {sorted(METRES)[1:]}")
    points = data["points"][:3].transpose(2, 1, 0) * METRES[unit]  # 3 P F -> F P 3
    missing = data["meta_points"]["residuals"][0].T < 0  # F P
    points = np.where(missing[..., None], np.nan, points)
    names = parameters["LABELS"]["value"][: points.shape[1]]
    bodies = [name.split(":")[0] if ":" in name else "" for name in names]
    if len(set(bodies)) < 2:
        return points, None
    return points, np.unique(bodies, return_inverse=True)[1] + 1
