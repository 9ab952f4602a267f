"""Read PointOdyssey, any version. Facts about its files are in docs/motion.md."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion.tracks import Tracks
from infoatlas_plugins.progress import progress_bar

SAMPLE_ROOT = Path(__file__).with_name("sample_scene")
ANNOTATION_NAMES = ("anno.npz", "annotations.npz", "annot.npz")  # v1.2, v1.0 and v1.1, readers
MOST_FRAMES = 240  # of a long clip, evenly spaced, unless frames are chosen
BORDER = 1  # pixels; masks are not trusted at the edge of the image
SOURCE = (
    "download sample.tar.gz (3.3 GB) or val.tar.gz (20.4 GB) from "
    "https://huggingface.co/datasets/aharley/pointodyssey (CC BY-NC-SA 4.0) and unpack it"
)


def read_pointodyssey(
    root: Path = SAMPLE_ROOT,
    *,
    split: str = "val",
    sequence: str | None = None,
    frames: slice | None = None,
    frame: Literal["auto", "world", "pixel"] = "auto",
) -> Tracks:
    """Read one sequence of PointOdyssey, any version.

    Parameters
    ----------
    root : Path
        Folder that holds the splits. The default is the sample scene shipped with the plugin.
    split : str
        Folder below ``root``: "train", "val", "test" or "sample".
    sequence : str, optional
        Folder below the split; the first in the alphabet if not given.
    frames : slice, optional
        Frames to read. The default is the whole clip, thinned evenly to at most 240 frames.
    frame : {"auto", "world", "pixel"}
        Frame of reference: 3D tracks in metres, 2D tracks in pixels, or 3D where there are any.

    Returns
    -------
    Tracks
        Labels come from the masks, by majority vote over the frames that see the track.
    """
    folder = _sequence_folder(root, split, sequence)
    with _open(_annotation_path(folder)) as annotation:
        flat = _array(annotation, "trajs_2d", folder)
        numbers = np.arange(len(flat))[frames or _thinning(len(flat))]
        pixels = flat[numbers].astype(np.float32)
        seen, annotated = _visibility(annotation, numbers, folder)
        solid = None if frame == "pixel" else _solid_tracks(annotation, folder, required=frame)
    points = pixels if solid is None else solid[numbers].astype(np.float32)

    masks = _existing(folder / "masks", "mask_{:05d}.png", numbers)
    images = _existing(folder / "rgbs", "rgb_{:05d}.jpg", numbers)
    in_image = np.isfinite(pixels).all(axis=-1)
    visible = seen & annotated & in_image
    labels = _vote(masks, numbers, pixels, visible) if masks else None
    return Tracks(
        name=folder.name,
        points=points,
        usable=annotated & np.isfinite(points).all(axis=-1),
        visible=visible,
        labels=labels,
        pixels=pixels,
        image_size=_image_size([*images.values(), *masks.values()]),
        frame="pixel" if solid is None else "world",
        frame_numbers=numbers,
        track_numbers=np.arange(pixels.shape[1]),
        images=images,
        masks=masks,
    )


def _sequence_folder(root: Path, split: str, sequence: str | None) -> Path:
    """Find the folder, or say which part of the path is missing and how to get it."""
    if not root.is_dir():
        raise FileNotFoundError(
            f"PointOdyssey's root folder {root} does not exist; {SOURCE}, then pass the folder "
            "that holds val/ as --root"
        )
    if not (root / split).is_dir():
        found = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir()))
        raise FileNotFoundError(
            f"{root} has no split '{split}' (it holds: {found or 'no folders'}); {SOURCE}, or pass "
            "another --split"
        )
    names = sorted(path.name for path in (root / split).iterdir() if path.is_dir())
    if not names or sequence not in (None, *names):
        shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise FileNotFoundError(
            f"{root / split} has no sequence '{sequence or ''}' (it holds: {shown or 'none'}); "
            "pass one of these as --sequence"
        )
    return root / split / (sequence or names[0])


def _annotation_path(folder: Path) -> Path:
    for name in ANNOTATION_NAMES:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f"{folder} has no annotation file ({', '.join(ANNOTATION_NAMES)}); {SOURCE} again"
    )


def _open(path: Path) -> Any:
    if not zipfile.is_zipfile(path):  # a download that broke off, or a page in place of the file
        raise ValueError(f"{path} is not a complete .npz file; {SOURCE} again")
    return np.load(path, allow_pickle=False)


def _array(annotation: Any, key: str, folder: Path) -> NDArray[Any]:
    if key not in annotation:
        raise ValueError(f"the annotation of {folder} has no '{key}', only {annotation.files}")
    return np.asarray(annotation[key])


def _visibility(
    annotation: Any, numbers: NDArray[np.int64], folder: Path
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which positions are seen and which are annotated, each (F, P), from either version's keys."""
    if "visibs" in annotation:  # v1.2
        seen = _array(annotation, "visibs", folder)[numbers]
        return seen > 0, _array(annotation, "valids", folder)[numbers] > 0
    # v1.0, v1.1: 0 = hidden or outside, 1 = visible, 2 = behind the camera or too far
    codes = _array(annotation, "visibilities", folder)[numbers]
    return codes == 1, codes < 2


def _solid_tracks(annotation: Any, folder: Path, *, required: str) -> NDArray[Any] | None:
    """3D tracks (F, P, 3), or None where there are none and they are not required."""
    solid = None
    if "trajs_3d" in annotation:
        try:
            solid = annotation["trajs_3d"]
        except ValueError as error:  # an array of Python objects: only pickle could read it
            raise ValueError(
                f"no 3D tracks in this sequence: 'trajs_3d' of {folder} holds Python objects, "
                "which are never unpickled; pass --coordinates pixel to use the 2D tracks"
            ) from error
        if solid.ndim != 3 or solid.shape[-1] != 3:  # v1.2 stores an empty array
            solid = None
    if solid is None and required == "world":
        raise ValueError(
            f"no 3D tracks in this sequence: {folder}; pass --coordinates pixel to use the 2D ones"
        )
    return solid


def _thinning(n_frames: int) -> slice:
    return slice(None, None, max(1, -(-n_frames // MOST_FRAMES)))


def _existing(folder: Path, pattern: str, numbers: Iterable[int]) -> dict[int, Path]:
    paths = {int(number): folder / pattern.format(number) for number in numbers}
    return {number: path for number, path in paths.items() if path.is_file()}


def _image_size(paths: list[Path]) -> tuple[int, int] | None:
    if not paths:
        return None
    with import_extra("PIL.Image", extra="motion", needed_by="read_pointodyssey()").open(
        paths[0]
    ) as image:
        width, height = image.size
    return int(width), int(height)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Picture as uint8 RGB of shape (height, width, 3)."""
    with import_extra("PIL.Image", extra="motion", needed_by="motion.read_image()").open(
        path
    ) as image:
        return np.asarray(image.convert("RGB"))


def _vote(
    masks: dict[int, Path],
    numbers: NDArray[np.int64],
    pixels: NDArray[np.float32],
    visible: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Body of each track (P,): the mask colour found most often under it.

    One frame is not enough: at the border of a body a point may be a pixel off its mask. Colours
    are numbered over all frames at once, in the order of their packed value, so that black, the
    background, is 0. A track that no mask shows is -1.
    """
    colours = np.full(visible.shape, -1, dtype=np.int64)
    rows = {int(number): row for row, number in enumerate(numbers)}
    for number, path in progress_bar(masks.items(), description="reading masks"):
        row, mask = rows[number], read_image(path).astype(np.int64)
        packed = (mask[..., 0] << 16) | (mask[..., 1] << 8) | mask[..., 2]
        height, width = packed.shape
        where = np.rint(np.where(visible[row][:, None], pixels[row], -1)).astype(np.int64)
        inside = (where >= BORDER).all(axis=1)
        inside &= (where < [width - BORDER, height - BORDER]).all(axis=1)
        colours[row, inside] = packed[where[inside, 1], where[inside, 0]]

    palette = np.union1d(colours[colours >= 0], [0])
    votes = np.array([(colours == colour).sum(axis=0) for colour in palette])
    return np.where(votes.any(axis=0), votes.argmax(axis=0), -1)
