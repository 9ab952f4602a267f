"""Results that move: a page to play and turn, an animated picture, points per frame, rerun."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion.outputs import save_point_cloud
from infoatlas_plugins.motion.palette import group_colours
from infoatlas_plugins.motion.pointodyssey import read_image
from infoatlas_plugins.motion.tracks import Tracks
from infoatlas_plugins.progress import progress_bar
from infoatlas_plugins.safe_write import replace_when_written

PAGE = Path(__file__).with_name("page.html")
PAGE_FRAMES, PAGE_TRACKS = 240, 2000  # at most, evenly chosen: some megabytes of text
MISSING = 65535  # a coordinate that is not there; the others are 0..65534
PICTURE_FRAMES, PICTURE_WIDTH = 60, 480
PICTURE_MILLISECONDS = 80  # per frame
MOST_INKS = 128  # of a .gif's 256 colours that groups may take; more groups share them
EMPTY = "#f6f7f9"  # behind tracks of a clip without pictures


def save_page(
    path: Path, tracks: Tracks, labels: NDArray[Any], *, truth: NDArray[Any] | None = None
) -> None:
    """Write one self-contained HTML page in which the points can be played and turned.

    Parameters
    ----------
    path : Path
        File to write. It needs no network and no other file.
    tracks : Tracks
        What was segmented.
    labels, truth : ndarray of shape (P,)
        Groups by number: 0 is still, -1 in no group.
    """
    chosen = _evenly(tracks.n_tracks, PAGE_TRACKS)
    frames = _evenly(tracks.n_frames, PAGE_FRAMES)
    points = tracks.points[np.ix_(frames, chosen)].astype(np.float64)
    usable = tracks.usable[np.ix_(frames, chosen)]
    if points.shape[2] == 2:  # stand the image up: x right, rows down, no depth
        points = np.stack([points[..., 0], 0 * points[..., 0], -points[..., 1]], axis=-1)
    elif tracks.frame == "camera":  # x right, y down, z forward
        points = np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)
    stored, aspect = _quantised(points, usable)
    known = labels if truth is None else np.append(labels, truth)
    colours = group_colours(int(known.max(initial=0)))
    content = {
        "title": f"{tracks.name}: {tracks.n_tracks} tracks, {tracks.n_frames} frames",
        "frames": len(frames),
        "numbers": tracks.frame_numbers[frames].tolist(),
        "flat": tracks.points.shape[2] == 2,
        "aspect": aspect.tolist(),
        "positions": base64.b64encode(stored.tobytes()).decode("ascii"),
        "labels": labels[chosen].tolist(),
        "truth": None if truth is None else truth[chosen].tolist(),
        "colours": {str(group): _hex(colours[group]) for group in range(-1, len(colours) - 1)},
    }
    text = json.dumps(content).replace("<", "\\u003c")  # no name may close the script
    page = PAGE.read_text(encoding="utf-8").replace("__DATA__", text)
    title = f"<title>{html.escape(tracks.name)}: motion segmentation</title>"
    page = page.replace("<title>Motion segmentation</title>", title)
    with replace_when_written(path) as handle:
        handle.write(page.encode())


def _evenly(length: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, length - 1, min(length, most)).astype(np.int64))


def _quantised(
    points: NDArray[np.float64], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
    """Points (F, P, 3) as little-endian 0..65534 per axis, and half the extent of each axis."""
    seen = points[usable]
    low, high = np.percentile(seen, (0.5, 99.5), axis=0) if len(seen) else np.zeros((2, 3))
    half = (high - low) / 2
    margin = np.maximum(1.1 * half, 1e-6 * max(half.max(), 1e-9))
    scaled = (points - (low + high) / 2) / margin  # the middle 99 % within 0.91
    levels = np.rint(np.clip(np.nan_to_num(scaled) * 0.5 + 0.5, 0, 1) * (MISSING - 1))
    stored = np.where(usable[..., None], levels, MISSING).astype("<u2")
    return stored, margin / margin.max()


def _hex(colour: NDArray[np.float64]) -> str:
    red, green, blue = (round(255 * float(channel)) for channel in colour)
    return f"#{red:02x}{green:02x}{blue:02x}"


def save_animation(path: Path, tracks: Tracks, labels: NDArray[Any]) -> None:
    """Write the coloured tracks as an animated .gif of at most 60 frames.

    Parameters
    ----------
    path : Path
        File to write.
    tracks : Tracks
        What was segmented.
    labels : ndarray of shape (P,)
        Group of each track.
    """
    image_module = import_extra("PIL.Image", extra="motion", needed_by="motion.save_animation()")
    draw_module = import_extra("PIL.ImageDraw", extra="motion", needed_by="motion.save_animation()")
    where, size = _on_canvas(tracks)
    rows = _evenly(tracks.n_frames, PICTURE_FRAMES)
    faded = {
        row: image_module.fromarray(
            (0.5 * read_image(tracks.images[number]) + 127).astype(np.uint8)
        ).resize(size)
        for row, number in zip(rows, tracks.frame_numbers[rows].tolist(), strict=True)
        if number in tracks.images
    }
    background = image_module.new("RGB", size, EMPTY)
    seen = np.concatenate([np.asarray(picture) for picture in faded.values() or [background]])
    palette, n_inks = _palette(image_module, labels, image_module.fromarray(seen))
    pictures = []
    for row in progress_bar(rows, description="animation"):
        background = faded.get(row, background)
        picture = background.quantize(palette=palette, dither=image_module.Dither.NONE)
        pen = draw_module.Draw(picture)
        shown = tracks.visible[row] & np.isfinite(where[row]).all(axis=-1)
        for track in np.flatnonzero(shown):
            x, y = where[row, track]
            radius = 3.0 if labels[track] > 0 else 1.5
            ink = int(labels[track]) % n_inks
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        pictures.append(picture)
    with replace_when_written(path) as handle:
        pictures[0].save(
            handle,
            format="gif",
            save_all=True,
            append_images=pictures[1:],
            duration=PICTURE_MILLISECONDS,
            loop=0,
        )


def _palette(image_module: Any, labels: NDArray[Any], background: Any) -> tuple[Any, int]:
    """One palette for all frames: the groups' colours exactly, the rest for the background.

    Returns an image that carries it, and how many of its first colours belong to groups.
    """
    inks = group_colours(int(labels.max(initial=0)))[:MOST_INKS]
    n_rest = 256 - len(inks)
    rest = background.quantize(n_rest).getpalette()[: 3 * n_rest]
    carrier = image_module.new("P", (1, 1))
    carrier.putpalette([*np.rint(255 * inks).astype(int).ravel().tolist(), *rest])
    return carrier, len(inks)


def _on_canvas(tracks: Tracks) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Where each position is drawn (F, P, 2), and the size of the picture."""
    pixels = tracks.pixels.astype(np.float64)
    if tracks.image_size is not None:
        low, high = np.zeros(2), np.array(tracks.image_size, dtype=float)
    else:
        seen = pixels[tracks.usable]
        low, high = np.percentile(seen, (0.5, 99.5), axis=0)
        low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)
    scale = PICTURE_WIDTH / max(high[0] - low[0], 1e-9)
    height = int(np.clip(scale * (high[1] - low[1]), 120, 2 * PICTURE_WIDTH))
    where = (pixels - low) * scale
    if tracks.image_size is None and tracks.points.shape[2] == 3:
        where[..., 1] = height - where[..., 1]  # this view has its second axis upwards
    return where, (PICTURE_WIDTH, height)


def save_point_clouds(folder: Path, tracks: Tracks, labels: NDArray[Any]) -> None:
    """Write the points of every frame as ``folder/frame_%05d.ply``."""
    for row in progress_bar(range(tracks.n_frames), description="point clouds"):
        name = f"frame_{int(tracks.frame_numbers[row]):05d}.ply"
        save_point_cloud(folder / name, tracks, labels, row=row)


def save_rerun(path: Path, tracks: Tracks, labels: NDArray[Any]) -> None:
    """Write the moving points for the rerun viewer, as .rrd.

    Parameters
    ----------
    path : Path
        File to write.
    tracks : Tracks
        What was segmented.
    labels : ndarray of shape (P,)
        Group of each track.
    """
    rerun = import_extra("rerun", extra="motion-viewer", needed_by="motion.save_rerun()")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    colours = group_colours(int(labels.max(initial=0)))
    recording = rerun.RecordingStream("infoatlas_motion")
    recording.save(str(partial))
    shape = rerun.Points3D if tracks.points.shape[2] == 3 else rerun.Points2D
    for row, number in enumerate(tracks.frame_numbers):
        there = tracks.usable[row]
        recording.set_time("frame", sequence=int(number))
        recording.log(
            "tracks",
            shape(
                tracks.points[row, there],
                colors=colours[labels[there]],
                class_ids=np.maximum(labels[there], 0),
            ),
        )
    recording.flush()
    recording.disconnect()
    partial.replace(path)
