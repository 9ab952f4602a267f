"""One figure of a segmentation: scene, truth, affinity, eigenvalues, and how K was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion.cluster import MOST_SEVERED
from infoatlas_plugins.motion.metrics import UNKNOWN, best_matching
from infoatlas_plugins.motion.palette import group_colours
from infoatlas_plugins.motion.pointodyssey import read_image
from infoatlas_plugins.motion.reference import ReferenceResult
from infoatlas_plugins.motion.segment import NO_GROUP, MotionSegmenter
from infoatlas_plugins.motion.tracks import Tracks
from infoatlas_plugins.safe_write import replace_when_written

TAIL = 10  # frames of past positions drawn behind each point
DIM = 0.45  # how far the picture is faded to white, so that points stand out
WIDTH = 13.0  # inches


def picture_row(tracks: Tracks) -> int:
    """Row of the frame to show: the one with a picture that sees most tracks, after the first."""
    seen = tracks.visible.sum(axis=1).astype(float)
    has_image = np.isin(tracks.frame_numbers, list(tracks.images))
    has_past = np.arange(tracks.n_frames) >= min(TAIL, tracks.n_frames - 1)
    return int(np.argmax(seen + 1e6 * has_image + 1e3 * has_past))


def display_labels(truth: NDArray[Any] | None, predicted: NDArray[Any]) -> NDArray[np.int64]:
    """Predicted groups renumbered as the true bodies they match, so that colours agree.

    The matching is the metric's. Groups without a partner get numbers after the last body; -1, no
    group, stays.
    """
    if truth is None:
        return predicted
    known = truth != UNKNOWN
    shown = best_matching(truth[known], predicted[known])
    shown[NO_GROUP] = NO_GROUP
    left_over = [int(group) for group in np.unique(predicted) if int(group) not in shown]
    last = int(truth.max(initial=0))
    shown |= {group: last + 1 + order for order, group in enumerate(left_over)}
    return np.array([shown[int(group)] for group in predicted], dtype=np.int64)


def save_picture(
    path: Path, tracks: Tracks, segmenter: MotionSegmenter, metrics: dict[str, float]
) -> None:
    """Draw the figure and write it as PNG.

    Parameters
    ----------
    path : Path
        File to write.
    tracks : Tracks
        What was segmented.
    segmenter : MotionSegmenter
        Fitted on ``tracks``.
    metrics : dict
        From :func:`infoatlas_plugins.motion.evaluate`; empty where there is no truth.
    """
    figures = import_extra("matplotlib.figure", extra="motion", needed_by="motion.save_picture()")
    predicted = display_labels(tracks.labels, segmenter.labels_)
    known = predicted if tracks.labels is None else np.append(tracks.labels, predicted)
    colours = group_colours(int(known.max()))
    row = picture_row(tracks)

    figure = figures.Figure(figsize=(WIDTH, 0.68 * WIDTH), layout="constrained")
    figure.suptitle(_headline(tracks, metrics), fontsize=15)
    figure.get_layout_engine().set(h_pad=0.1)
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.0, 1.12))
    left, right = top.subplots(1, 2)
    _draw_scene(left, tracks, predicted, colours, row)
    left.set_title(f"Segmentation: {segmenter.n_clusters_} moving groups")
    if tracks.labels is None:
        right.set_axis_off()
    else:
        _ring_wrong(left, tracks, predicted, row)
        _draw_scene(right, tracks, tracks.labels, colours, row)
        right.set_title(f"Truth: {len(np.unique(tracks.labels[tracks.labels > 0]))} moving bodies")
    left, middle, right = bottom.subplots(1, 3, width_ratios=(1.25, 1, 1))
    _draw_affinity(left, segmenter, predicted, colours)
    _draw_eigenvalues(middle, segmenter)
    if segmenter.silhouettes_:
        _draw_choice(right, segmenter)
    else:
        _draw_sizes(right, predicted, colours)
    with replace_when_written(path) as handle:
        figure.savefig(handle, format="png", dpi=110)


def save_reference_picture(path: Path, result: ReferenceResult) -> None:
    """Draw the first frame with every track coloured by its MI with the reference, as PNG.

    Parameters
    ----------
    path : Path
        File to write.
    result : ReferenceResult
        From :func:`infoatlas_plugins.motion.reference.reference_protocol`.
    """
    figures = import_extra(
        "matplotlib.figure", extra="motion", needed_by="motion.save_reference_picture()"
    )
    tracks = result.tracks
    figure = figures.Figure(figsize=(0.72 * WIDTH, 0.45 * WIDTH), layout="constrained")
    axis = figure.subplots()
    number = int(tracks.frame_numbers[0])
    if number in tracks.images:
        axis.imshow(DIM + (1 - DIM) * read_image(tracks.images[number]) / 255.0)
    others = np.delete(np.arange(tracks.n_tracks), result.reference)
    order = others[np.argsort(result.information[others])]  # the most telling on top
    drawn = axis.scatter(
        *tracks.pixels[0, order].T,
        s=34,
        c=result.information[order],
        cmap="viridis",
        edgecolors="white",
        linewidths=0.5,
    )
    where = tracks.pixels[0, result.reference]
    axis.scatter(*where, s=260, marker="*", c="#d7263d", edgecolors="white", zorder=4)
    figure.colorbar(drawn, ax=axis, label="MI with the reference (nats, frames as samples)")
    if tracks.image_size:
        width, height = tracks.image_size
        axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axis.set(xticks=[], yticks=[], aspect="equal", xlabel=f"frame {number}; star = reference")
    axis.set_title(f"{tracks.name}: ROC-AUC {result.auc:.3f} of track {result.reference}'s region")
    with replace_when_written(path) as handle:
        figure.savefig(handle, format="png", dpi=110)


def _headline(tracks: Tracks, metrics: dict[str, float]) -> str:
    counts = f"{tracks.name}: {tracks.n_tracks} tracks, {tracks.n_frames} frames"
    if not metrics:
        return counts
    wrong = metrics["misclassification_percent"]
    return f"{counts}   |   ARI {metrics['ari']:.3f}, {wrong:.1f} % misclassified"


def _draw_scene(
    axis: Any, tracks: Tracks, labels: NDArray[Any], colours: NDArray[Any], row: int
) -> None:
    """Points the camera sees in one frame, with tails, over the faded picture."""
    number = int(tracks.frame_numbers[row])
    if number in tracks.images:
        image = read_image(tracks.images[number]) / 255.0
        axis.imshow(DIM + (1 - DIM) * image, interpolation="bilinear")
    elif tracks.image_size:
        axis.set_facecolor("0.97")
    here = tracks.visible[row]
    collections = import_extra(
        "matplotlib.collections", extra="motion", needed_by="motion.save_picture()"
    )
    past = tracks.pixels[max(0, row - TAIL) : row + 1]
    with_tail = np.flatnonzero(here & (labels > 0) & np.isfinite(past).all(axis=(0, 2)))
    tails = collections.LineCollection(
        list(past[:, with_tail].transpose(1, 0, 2)),
        colors=colours[labels[with_tail]],
        linewidths=0.8,
        alpha=0.45,
    )
    axis.add_collection(tails)
    still, moving, none = here & (labels == 0), here & (labels > 0), here & (labels == NO_GROUP)
    for chosen, size in ((still, 14), (moving, 30), (none, 30)):
        axis.scatter(
            *tracks.pixels[row, chosen].T,
            s=size,
            c=colours[labels[chosen]],
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
        )
    if tracks.image_size:
        width, height = tracks.image_size
        axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    elif tracks.frame == "pixel":
        axis.invert_yaxis()  # image rows count downwards
    note = "; black = in no group" if none.any() else ""
    axis.set(
        xticks=[], yticks=[], aspect="equal", xlabel=f"frame {number}; grey = background{note}"
    )


def _ring_wrong(axis: Any, tracks: Tracks, labels: NDArray[Any], row: int) -> None:
    """Ring the points of a frame whose group is not their body's, if there are any."""
    wrong = tracks.visible[row] & (tracks.labels != labels) & (tracks.labels != UNKNOWN)
    if wrong.any():
        where = tracks.pixels[row, wrong].T
        axis.scatter(*where, s=90, facecolors="none", edgecolors="black", linewidths=1.4, zorder=4)
        axis.set_xlabel(axis.get_xlabel() + "; black ring = wrong")


def _draw_affinity(
    axis: Any, segmenter: MotionSegmenter, labels: NDArray[Any], colours: NDArray[Any]
) -> None:
    """Scores of moving tracks or landmarks, sorted by group, with a strip of group colours."""
    axis.set_title(f"Affinity {segmenter.affinity_}, tracks sorted by group")
    shown = segmenter.moving_[segmenter.landmarks_]
    if len(shown) == 0:
        axis.set_axis_off()
        return
    places = np.argsort(labels[shown], kind="stable")
    order = shown[places]
    scores = segmenter.scores_[np.ix_(segmenter.landmarks_[places], places)]
    np.fill_diagonal(scores, np.nan)
    n_moving = len(order)
    top = float(np.nanpercentile(scores, 98)) if n_moving > 1 else 1.0
    image = axis.imshow(scores, cmap="magma", vmin=0, vmax=top, interpolation="nearest")
    axis.figure.colorbar(image, ax=axis, label="score, not calibrated MI", shrink=0.9)
    strip = 0.035 * n_moving
    axis.imshow(
        colours[labels[order]][:, None],
        extent=(-1.6 * strip, -0.6 * strip, n_moving - 0.5, -0.5),
        interpolation="nearest",
    )
    axis.set(xlim=(-1.8 * strip, n_moving - 0.5), ylim=(n_moving - 0.5, -0.5))
    groups, sizes = np.unique(labels[order], return_counts=True)
    centres = np.cumsum(sizes) - (sizes + 1) / 2
    names = [f"{_name(group)}  ({size})" for group, size in zip(groups, sizes, strict=True)]
    axis.set_yticks(centres, names, fontsize=9)
    axis.tick_params(length=0)
    axis.set(xlabel=f"{n_moving} moving tracks", xticks=[], aspect="equal")
    axis.set_ylabel("group  (tracks)")
    axis.spines[:].set_visible(False)


def _name(group: int) -> str:
    return {NO_GROUP: "none", 0: "still"}.get(int(group), str(group))


def _draw_eigenvalues(axis: Any, segmenter: MotionSegmenter) -> None:
    """Largest eigenvalues of the graph; those of the chosen groups filled."""
    values, n_groups = segmenter.eigenvalues_, segmenter.n_clusters_
    numbers = np.arange(1, len(values) + 1)
    axis.plot(numbers, values, color="#c3cad3", zorder=1)
    for chosen, face in ((numbers <= n_groups, "#1f6fd1"), (numbers > n_groups, "white")):
        axis.scatter(
            numbers[chosen], values[chosen], s=34, facecolors=face, edgecolors="#1f6fd1", zorder=2
        )
    axis.set_title("Eigenvalues of the graph")
    axis.set(xlabel="number", ylabel="eigenvalue; 1 = a group apart")
    axis.margins(y=0.1)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_choice(axis: Any, segmenter: MotionSegmenter) -> None:
    """Silhouette of each number of groups, the chosen one filled, cuts through a body hatched."""
    numbers = list(segmenter.silhouettes_)
    chosen = ["#1f6fd1" if k == segmenter.n_clusters_ else "#c3cad3" for k in numbers]
    bars = axis.bar(numbers, list(segmenter.silhouettes_.values()), color=chosen)
    for bar, number in zip(bars, numbers, strict=True):
        if segmenter.severed_[number] > MOST_SEVERED:
            bar.set(hatch="////", edgecolor="white")
    axis.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axis.set_title(f"Groups: {segmenter.n_clusters_}; hatched = cuts a body")
    low = min(0.0, *segmenter.silhouettes_.values())
    axis.set(xlabel="number of moving groups tried", ylabel="silhouette", ylim=(low, 1.1))
    axis.set_xticks(numbers)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_sizes(axis: Any, labels: NDArray[Any], colours: NDArray[Any]) -> None:
    """Tracks in each group, for a number of groups that was given."""
    groups, sizes = np.unique(labels, return_counts=True)
    bars = axis.bar(np.arange(len(groups)), sizes, color=colours[groups])
    axis.bar_label(bars, fontsize=9, padding=2)
    axis.set_xticks(np.arange(len(groups)), [_name(group) for group in groups])
    axis.margins(y=0.12)
    axis.set_title("Tracks in each group (number given)")
    axis.set(xlabel="group", ylabel="tracks")
    axis.spines[["top", "right"]].set_visible(False)
