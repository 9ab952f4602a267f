"""Read Hopkins155 (Tron and Vidal, CVPR 2007) and clips in the layout of KT3DMoSeg."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from infoatlas_plugins.motion.metrics import UNKNOWN
from infoatlas_plugins.motion.tracks import Tracks, make_tracks

SOURCE = (
    "get Hopkins155 from http://www.vision.jhu.edu/data/hopkins155 and pass the folder that holds "
    "the sequences, such as 1R2RC/1R2RC_truth.mat, as --root"
)


def hopkins155_files(root: Path | None) -> dict[str, Path]:
    """Name of each sequence -> its file, ``NAME_truth.mat`` in any folder below ``root``, or .npz.

    The .npz files hold ``points`` (F, P, 2), ``labels`` (P,) and ``size``.
    """
    if root is None or not root.is_dir():
        raise FileNotFoundError(
            f"Hopkins155 is not shipped with the plugin and {root or 'no folder'} was given as "
            f"its root; {SOURCE}"
        )
    files = {path.name.removesuffix("_truth.mat"): path for path in root.rglob("*_truth.mat")}
    files |= {path.stem: path for path in root.glob("*_Tracks.mat")}
    files |= {path.stem: path for path in root.glob("*.npz")}
    if not files:
        raise FileNotFoundError(f"{root} holds no sequence of Hopkins155; {SOURCE}")
    return dict(sorted(files.items()))


def read_hopkins155(
    root: Path | None, *, sequence: str | None = None, frames: slice | None = None
) -> Tracks:
    """Read one sequence.

    Parameters
    ----------
    root : Path
        Folder of the data set, which is not shipped.
    sequence : str, optional
        Name, such as "1R2RC"; the first in the alphabet if not given.
    frames : slice, optional
        Frames to read.

    Returns
    -------
    Tracks
        In pixels; outliers, which the data set labels 0, have the label -1.
    """
    files = hopkins155_files(root)
    if sequence not in (None, *files):
        raise FileNotFoundError(
            f"{root} has no sequence '{sequence}' (it holds {len(files)}, such as "
            f"{', '.join(list(files)[:5])}); pass one of these as --sequence"
        )
    name = sequence or next(iter(files))
    points, usable, labels, size = (
        _from_npz(files[name]) if files[name].suffix == ".npz" else _from_mat(files[name])
    )
    labels = np.where(labels == 0, UNKNOWN, labels)
    return make_tracks(
        name, points, usable, frame="pixel", frames=frames, labels=labels, image_size=size
    )


Content = tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.int64], tuple[int, int] | None]


def _from_npz(path: Path) -> Content:
    with np.load(path, allow_pickle=False) as saved:
        for key in ("points", "labels"):
            if key not in saved:
                raise ValueError(f"{path} has no '{key}', only {saved.files}")
        points, labels = saved["points"], saved["labels"].astype(np.int64)
        usable = saved["visibility"] if "visibility" in saved else np.ones(points.shape[:2], bool)
        size = tuple(map(int, saved["size"])) if "size" in saved else None
    return points, usable, labels, size  # type: ignore[return-value]  # a size has two numbers


def _from_mat(path: Path) -> Content:
    try:
        content = loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError as error:  # MATLAB 7.3 files are HDF5
        raise ValueError(
            f"{path} is a MATLAB 7.3 file, which SciPy does not read; save it with -v7"
        ) from error
    if "Data" in content:  # KT3DMoSeg
        data = content["Data"]
        homogeneous, usable, labels = data.ySparse, data.visibleSparse.T > 0, data.GtLabel
    elif "y" in content and "s" in content:
        homogeneous, labels = content["y"], content["s"]  # 3 P F and P
        usable = np.ones(homogeneous.shape[:0:-1], dtype=bool)
    else:
        names = sorted(name for name in content if not name.startswith("__"))
        raise ValueError(f"{path} has neither 'y' and 's' nor 'Data', only {names}")
    size = None
    if "width" in content and "height" in content:
        size = int(content["width"]), int(content["height"])
    points = np.asarray(homogeneous[:2]).transpose(2, 1, 0)  # 2 P F -> F P 2
    return points, usable, np.asarray(labels).astype(np.int64).ravel(), size
