"""Segment the moving bodies of a scene by mutual information between point trajectories.

    python apps/motion_seg.py --dataset pointodyssey
    python apps/motion_seg.py --dataset pointodyssey --root FOLDER --split val --sequence ani_s
    python apps/motion_seg.py --dataset mocap --clusters 2
    python apps/motion_seg.py --dataset tracks --root tracks.npz

Without --root, pointodyssey is the sample scene and mocap a capture shipped with the plugin. It
writes labels.npz, metrics.json and the segmentation as .ply, .png, .gif, .html and, where rerun is
installed, .rrd to --out. With --reference it runs the original's protocol instead.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from infoatlas_plugins.motion import (
    MotionSegmenter,
    Tracks,
    clean,
    evaluate,
    read_hopkins155,
    read_mocap,
    read_pointodyssey,
    read_tracks,
    spread_out,
)
from infoatlas_plugins.motion.cluster import MOST_SEVERED
from infoatlas_plugins.motion.metrics import intersection_over_union
from infoatlas_plugins.motion.mocap import SAMPLE_CAPTURES
from infoatlas_plugins.motion.moving import (
    save_animation,
    save_page,
    save_point_clouds,
    save_rerun,
)
from infoatlas_plugins.motion.outputs import save_labels, save_point_cloud, save_record
from infoatlas_plugins.motion.picture import (
    display_labels,
    picture_row,
    save_picture,
    save_reference_picture,
)
from infoatlas_plugins.motion.pointodyssey import SAMPLE_ROOT
from infoatlas_plugins.motion.reference import reference_protocol
from infoatlas_plugins.motion.segment import AFFINITY_NAMES, NO_GROUP

DATASETS = ("pointodyssey", "hopkins155", "mocap", "tracks")
UNITS = {"world": "in the world", "camera": "in the camera's frame", "pixel": "in the image"}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    try:
        run(arguments)
    except (OSError, ValueError, ImportError) as error:
        print(f"motion_seg: {error}", file=sys.stderr)
        return 2
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Options of the command."""
    parser = argparse.ArgumentParser(
        prog="motion_seg.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--dataset",
        choices=DATASETS,
        default="pointodyssey",
        help="file layout to read (default: pointodyssey)",
    )
    add("--root", type=Path, help="folder or file of the data set")
    add("--split", default="val", help="pointodyssey: folder below the root (default: val)")
    add("--sequence", help="which clip (default: the first)")
    add("--frames", type=frame_range, metavar="START:STOP:STEP",
        help="frames to use (default: all; pointodyssey: thinned to at most 240)")  # fmt: skip
    add("--coordinates", choices=("auto", "world", "pixel"), default="auto",
        help="pointodyssey: 3D tracks, 2D tracks, or 3D where there are any (default)")  # fmt: skip
    add("--layout", choices=("frames-first", "points-first"),
        help="tracks: order of axes (default: frames first; TAP-Vid: points first)")  # fmt: skip
    add("--max-points", type=positive, default=1200,
        help="moving tracks to keep, and still ones, spread out (default: 1200)")  # fmt: skip
    add("--clusters", type=cluster_count, default="auto", help="moving groups, or auto (default)")
    add("--affinity", choices=AFFINITY_NAMES, default="auto",
        help="how two tracks are compared (default: auto, which says what it takes)")  # fmt: skip
    add("--critic-pairs", type=count, default=60,
        help="pairs the critic reads for mi; 0 = closed form alone (default: 60)")  # fmt: skip
    add("--reference", type=count, metavar="I",
        help="pointodyssey: MI of track I with all others, and its ROC-AUC")  # fmt: skip
    add("--ply-per-frame", action="store_true", help="also write ply/frame_%%05d.ply")
    add("--random-state", type=int, default=0, help="seed (default: 0)")
    add("--json", type=Path, metavar="OUT", help="metrics file (default: metrics.json in --out)")
    add("--out", type=Path, metavar="DIR",
        help="folder of results (default: results/motion_seg/SEQUENCE)")  # fmt: skip
    return parser


def frame_range(text: str) -> slice:
    """Read START:STOP:STEP, each part optional."""
    try:
        parts = [int(part) if part else None for part in text.split(":")]
    except ValueError:
        parts = []
    backwards = len(parts) == 3 and parts[2] is not None and parts[2] < 1
    if not 2 <= len(parts) <= 3 or backwards:
        raise argparse.ArgumentTypeError(f"expected START:STOP:STEP, such as 0:200:2, got {text!r}")
    return slice(*parts)


def positive(text: str) -> int:
    """Read a positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return int(text)


def count(text: str) -> int:
    """Read a whole number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected 0 or a positive number, got {text!r}")
    return int(text)


def cluster_count(text: str) -> int | Literal["auto"]:
    """Read a positive whole number, or the word auto."""
    return "auto" if text == "auto" else positive(text)


def run(arguments: argparse.Namespace) -> None:
    """Read the clip, then segment it or compare it with one reference track."""
    clock = Stopwatch()
    tracks = read(arguments)
    print(
        f"scene      {tracks.name}: {tracks.n_tracks} tracks, {tracks.n_frames} frames, "
        f"{UNITS[tracks.frame]}"
    )
    if arguments.reference is None:
        segment(arguments, tracks, clock)
    else:
        compare_with_reference(arguments, tracks, clock)


def compare_with_reference(arguments: argparse.Namespace, tracks: Tracks, clock: Stopwatch) -> None:
    """The original's protocol: MI of one track with all others, judged by the first mask."""
    clock.lap("read")
    result = reference_protocol(tracks, arguments.reference)
    clock.lap("estimate")
    n_same = int((result.components == result.components[result.reference]).sum())
    print(
        f"kept       {result.tracks.n_tracks} of {tracks.n_tracks} tracks by the original's filter"
    )
    print(f"reference  track {result.reference}; {n_same} tracks start in its region of the mask")
    print(f"ROC-AUC    {result.auc:.3f}")
    out = arguments.out or Path("results") / "motion_seg" / tracks.name
    save_reference_picture(out / "reference.png", result)
    record = {
        "dataset": arguments.dataset,
        "sequence": tracks.name,
        "embedded": arguments.root is None,
        "n_frames": tracks.n_frames,
        "n_tracks": result.tracks.n_tracks,
        "reference": result.reference,
        "track_number": int(result.tracks.track_numbers[result.reference]),
        "n_same_region": n_same,
        "roc_auc": result.auc,
        "information_nats": [round(float(value), 4) for value in result.information],
        "seconds": clock.seconds,
    }
    save_record(arguments.json or out / "metrics.json", record)
    print(f"wrote      {out}/reference.png, {arguments.json or out / 'metrics.json'}")


def segment(arguments: argparse.Namespace, tracks: Tracks, clock: Stopwatch) -> None:
    """Clean, segment, compare with the truth, write."""
    tracks, dropped = clean(tracks)
    n_clean = tracks.n_tracks
    tracks = spread_out(tracks, arguments.max_points)
    reasons = "; ".join(f"dropped {count}: {reason}" for reason, count in dropped.items())
    print(f"kept       {tracks.n_tracks} of {n_clean} clean tracks; {reasons or 'none dropped'}")
    clock.lap("read")

    segmenter = MotionSegmenter(
        arguments.clusters,
        affinity=arguments.affinity,
        critic_pairs=arguments.critic_pairs,
        random_state=arguments.random_state,
    ).fit(tracks.points, tracks.usable)
    clock.lap("segment")
    print(f"affinity   {segmenter.affinity_}")
    print_groups(segmenter)

    metrics = {} if tracks.labels is None else evaluate(tracks.labels, segmenter.labels_)
    print_metrics(metrics)
    out = arguments.out or Path("results") / "motion_seg" / tracks.name
    save_labels(out / "labels.npz", tracks, segmenter)
    shown = display_labels(tracks.labels, segmenter.labels_)
    save_results(out, arguments, tracks, segmenter, shown, metrics)
    clock.lap("write")
    record = describe(arguments, tracks, dropped, segmenter) | metrics | {"seconds": clock.seconds}
    if tracks.labels is not None:
        overlaps = intersection_over_union(tracks.labels, segmenter.labels_)
        record["iou_per_body"] = {str(body): round(iou, 4) for body, iou in overlaps.items()}
    save_record(arguments.json or out / "metrics.json", record)
    print(f"wrote      {out}/labels.npz, segmentation.html and others of that name")
    print(f"           {arguments.json or out / 'metrics.json'}")
    print("time       " + ", ".join(f"{name} {took:.1f} s" for name, took in clock.seconds.items()))


def save_results(
    out: Path,
    arguments: argparse.Namespace,
    tracks: Tracks,
    segmenter: MotionSegmenter,
    shown: Any,
    metrics: dict[str, float],
) -> None:
    """Write the segmentation in every form."""
    save_point_cloud(out / "segmentation.ply", tracks, shown, row=picture_row(tracks))
    if arguments.ply_per_frame:
        save_point_clouds(out / "ply", tracks, shown)
    save_picture(out / "segmentation.png", tracks, segmenter, metrics)
    save_animation(out / "segmentation.gif", tracks, shown)
    save_page(out / "segmentation.html", tracks, shown, truth=tracks.labels)
    if importlib.util.find_spec("rerun") is not None:
        save_rerun(out / "segmentation.rrd", tracks, shown)


def read(arguments: argparse.Namespace) -> Tracks:
    """Read the clip that was asked for, or the embedded one."""
    chosen = {"sequence": arguments.sequence, "frames": arguments.frames}
    if arguments.dataset == "hopkins155":
        return read_hopkins155(arguments.root, **chosen)
    if arguments.dataset == "tracks":
        return read_tracks(arguments.root, layout=arguments.layout, **chosen)
    if arguments.dataset == "mocap":
        if arguments.root is None:
            print("data       no --root given: a real capture shipped with the plugin")
        return read_mocap(arguments.root or SAMPLE_CAPTURES, **chosen)
    if arguments.root is None:
        print("data       no --root given: the sample scene shipped with the plugin (simulated)")
    return read_pointodyssey(
        arguments.root or SAMPLE_ROOT,
        split=arguments.split,
        frame=arguments.coordinates,
        **chosen,
    )


class Stopwatch:
    """Seconds spent in each named stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the stage called ``name``."""
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 3), now


def print_groups(segmenter: MotionSegmenter) -> None:
    """Say what is still, how the number of groups was chosen, and how large the groups are."""
    n_static, n_moving = int(segmenter.static_.sum()), len(segmenter.moving_)
    print(f"static     {n_static} still tracks (label 0), {n_moving} moving")
    n_outliers = int(segmenter.outliers_.sum())
    n_short = int((segmenter.labels_ == NO_GROUP).sum()) - n_outliers
    print(f"no group   {n_outliers} outliers, {n_short} with too few frames (label -1)")
    for number, silhouette in segmenter.silhouettes_.items():
        title = "silhouette" if number == min(segmenter.silhouettes_) else ""
        chosen = "  <- chosen" if number == segmenter.n_clusters_ else ""
        severed = f"severs {100 * segmenter.severed_[number]:4.1f} %"
        print(f"{title:10} {number:3d} groups  {silhouette:6.3f}  {severed}{chosen}")
    if segmenter.silhouettes_ and segmenter.n_clusters_ == 1:
        print(f"           every cut severs more than {100 * MOST_SEVERED:.0f} %: one body")
    sizes = ", ".join(map(str, np.bincount(segmenter.labels_[segmenter.labels_ >= 0])[1:]))
    print(f"groups     {segmenter.n_clusters_} moving groups of {sizes or 'no'} tracks")


def print_metrics(metrics: dict[str, float]) -> None:
    """Print agreement with the truth, if there is one."""
    if not metrics:
        print("truth      none: this clip has no labels")
        return
    for name, suffix in (("all tracks", ""), ("moving", "_moving")):
        wrong = metrics[f"misclassification_percent{suffix}"]
        print(f"{name:10} ARI {metrics[f'ari{suffix}']:.3f}, misclassified {wrong:.1f} %")


def describe(
    arguments: argparse.Namespace,
    tracks: Tracks,
    dropped: dict[str, int],
    segmenter: MotionSegmenter,
) -> dict[str, Any]:
    """Everything needed to repeat the run, and what it found, without the metrics."""
    return {
        "dataset": arguments.dataset,
        "sequence": tracks.name,
        "embedded": arguments.root is None,
        "coordinates": tracks.frame,
        "frames": tracks.frame_numbers[[0, -1]].tolist(),
        "n_frames": tracks.n_frames,
        "n_tracks": tracks.n_tracks,
        "dropped": dropped,
        "n_static": int(segmenter.static_.sum()),
        "n_outliers": int(segmenter.outliers_.sum()),
        "n_no_group": int((segmenter.labels_ == NO_GROUP).sum()),
        "clusters": arguments.clusters,
        "affinity": segmenter.affinity_,
        "critic_pairs": arguments.critic_pairs,
        "random_state": arguments.random_state,
        "n_clusters": segmenter.n_clusters_,
        "silhouettes": {str(k): round(s, 4) for k, s in segmenter.silhouettes_.items()},
        "severed": {str(k): round(s, 4) for k, s in segmenter.severed_.items()},
    }


if __name__ == "__main__":
    raise SystemExit(main())
