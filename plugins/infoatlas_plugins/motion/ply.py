"""Write a coloured, labelled point cloud as a .ply file. NumPy only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.safe_write import replace_when_written

VERTEX = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("red", "u1"),
        ("green", "u1"),
        ("blue", "u1"),
        ("label", "<i4"),
    ]
)
PLY_TYPES = {"<f4": "float", "|u1": "uchar", "<i4": "int"}


def write_ply(
    path: Path,
    points: NDArray[Any],
    colours: NDArray[Any],
    labels: NDArray[Any],
    *,
    encoding: Literal["ascii", "binary"] = "binary",
) -> None:
    """Write one vertex per point.

    Parameters
    ----------
    path : Path
        File to write; replaced only when the new one is complete.
    points : ndarray of shape (p, 2) or (p, 3)
        Coordinates; z = 0 is added to plane points.
    colours : ndarray of shape (p, 3)
        RGB in 0..1.
    labels : ndarray of shape (p,)
        Integer group of each point, kept as the vertex property ``label``.
    encoding : {"binary", "ascii"}
        Little-endian binary, or text.
    """
    if len(points) != len(colours) or len(points) != len(labels):
        raise ValueError(
            "points, colours and labels must have the same length, got "
            f"{len(points)}, {len(colours)} and {len(labels)}"
        )
    vertices = np.zeros(len(points), dtype=VERTEX)
    for name, column in zip("xyz", np.asarray(points).T, strict=False):
        vertices[name] = column
    channels = np.rint(255 * np.clip(colours, 0.0, 1.0)).T
    for name, channel in zip(("red", "green", "blue"), channels, strict=True):
        vertices[name] = channel
    vertices["label"] = labels

    form = "ascii" if encoding == "ascii" else "binary_little_endian"
    properties = [f"property {PLY_TYPES[VERTEX[name].str]} {name}" for name in VERTEX.names or ()]
    header = ["ply", f"format {form} 1.0", f"element vertex {len(points)}", *properties]
    with replace_when_written(path) as handle:
        handle.write("\n".join([*header, "end_header", ""]).encode("ascii"))
        if encoding == "binary":
            handle.write(vertices.tobytes())
        else:
            np.savetxt(handle, vertices, fmt="%.6g %.6g %.6g %d %d %d %d")
