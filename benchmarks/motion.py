"""Motion segmentation against its bars: Hopkins155, motion capture, the sample scene, simulations.

    python -m benchmarks.motion hopkins155 alone strays --root FOLDER
    python -m benchmarks.motion mocap scene other-scenes simulated time

Each part writes benchmarks/results/<date>-motion-<part>.csv, one row a measurement, and a .json of
its circumstances. Hopkins155 is not shipped; the rest is.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.motion_scenes import CONDITIONS, draw, stray_tracks
from benchmarks.record import RESULTS, describe_run, write_description
from benchmarks.row_record import write_rows
from infoatlas import load_model
from infoatlas_plugins.motion import (
    MotionSegmenter,
    Tracks,
    clean,
    evaluate,
    misclassification_percent,
    read_hopkins155,
    read_mocap,
    read_pointodyssey,
)
from infoatlas_plugins.motion.hopkins155 import hopkins155_files
from infoatlas_plugins.motion.make_scene import make_scene
from infoatlas_plugins.motion.pairs import gaussian_information, normal_scores
from infoatlas_plugins.motion.pointodyssey import SAMPLE_ROOT
from infoatlas_plugins.motion.reference import (
    ReferenceResult,
    original_filter,
    reference_protocol,
)
from infoatlas_plugins.motion.views import motion_views
from infoatlas_plugins.progress import progress_bar

Row = dict[str, Any]

LEFT_OUT = ("dancing",)  # shipped with Hopkins155, not one of the 155
AFFINITIES = ("mi", "cmi", "rigidity", "mi*rigidity", "correlation", "ssc")
CRITIC_PAIRS = 60  # the plugin's default
FEWEST_ALONE = 15  # tracks of a motion that is segmented alone
TUNED_ON = {"alone": 4, "strays": 8}  # every so manieth sequence of Hopkins155 fixed the rules
N_REFERENCES = 20
N_REFERENCES_ELSEWHERE = 6
OTHER_SCENES = ((0, 5.0), (2, 5.0), (1, 20.0))  # seed, frames a second
SEEDS = range(3)
APART = {"mocap": ("sequence",), "other-scenes": ("random_state", "frames_per_second")}


def measure(
    tracks: Tracks, affinity: str, clusters: int | Literal["auto"], critic_pairs: int
) -> Row:
    """Segment one clip and compare with its labels."""
    segmenter = MotionSegmenter(clusters, affinity=affinity, critic_pairs=critic_pairs)
    start = time.perf_counter()
    segmenter.fit(tracks.points, tracks.usable)
    seconds = time.perf_counter() - start
    assert tracks.labels is not None  # every clip here has a truth
    metrics = evaluate(tracks.labels, segmenter.labels_)
    return {
        "sequence": tracks.name,
        "affinity": segmenter.affinity_,
        "critic_pairs": critic_pairs if segmenter.affinity_.startswith("mi") else 0,
        "clusters": clusters if clusters == "auto" else "given",
        "n_frames": tracks.n_frames,
        "n_tracks": tracks.n_tracks,
        "n_groups_true": metrics["n_groups_true"],
        "n_groups_found": len(np.unique(segmenter.labels_[segmenter.labels_ >= 0])),
        "n_outliers": int(segmenter.outliers_.sum()),
        "error_percent": round(metrics["misclassification_percent"], 4),
        "ari": round(metrics["ari"], 4),
        "seconds": round(seconds, 3),
    }


def hopkins155(arguments: argparse.Namespace) -> Iterator[Row]:
    """Every sequence, with the number of motions given and, for ``cmi``, chosen."""
    for name in progress_bar(_names(arguments), description="Hopkins155"):
        tracks = read_hopkins155(arguments.root, sequence=name)
        assert tracks.labels is not None
        n_motions = len(np.unique(tracks.labels[tracks.labels > 0]))
        for affinity in arguments.affinities:
            yield measure(tracks, affinity, n_motions, arguments.critic_pairs)
        if "cmi" in arguments.affinities:
            yield measure(tracks, "cmi", "auto", 0)


def alone(arguments: argparse.Namespace) -> Iterator[Row]:
    """Each true motion without the others, which should be recognised as one body."""
    for place, name in enumerate(progress_bar(_names(arguments), description="motions alone")):
        tracks = read_hopkins155(arguments.root, sequence=name)
        yield from _alone(tracks, name, "cmi", tuned_on=place % TUNED_ON["alone"] == 0)
    for name, tracks in _both_frames():
        yield from _alone(tracks, name, "auto", tuned_on=False)


def _alone(tracks: Tracks, name: str, affinity: str, *, tuned_on: bool) -> Iterator[Row]:
    assert tracks.labels is not None
    for body in np.unique(tracks.labels[tracks.labels > 0]).tolist():
        one = tracks.select(tracks.labels == body)
        if one.n_tracks < FEWEST_ALONE:
            continue
        segmenter = MotionSegmenter(affinity=affinity, critic_pairs=0)
        segmenter.fit(one.points, one.usable)
        yield {
            "sequence": name,
            "body": body,
            "affinity": segmenter.affinity_,
            "tuned_on": tuned_on,
            "n_frames": one.n_frames,
            "n_tracks": one.n_tracks,
            "n_groups_found": segmenter.n_clusters_,
            "smallest_severed_share": round(min(segmenter.severed_.values()), 4),
        }


def strays(arguments: argparse.Namespace) -> Iterator[Row]:
    """Eight tracks that belong to no body among those of a clip, which should be flagged."""
    for place, name in enumerate(progress_bar(_names(arguments), description="stray tracks")):
        tracks = read_hopkins155(arguments.root, sequence=name)
        for affinity in ("cmi", "mi"):
            tuned_on = place % TUNED_ON["strays"] == 0
            yield _with_strays(tracks, affinity) | {"tuned_on": tuned_on}
    for name, tracks in _both_frames():
        yield _with_strays(tracks, "auto") | {"tuned_on": False, "sequence": name}


def _with_strays(tracks: Tracks, affinity: str) -> Row:
    assert tracks.labels is not None
    moving = tracks.points[:, tracks.labels > 0].astype(np.float64)
    added = stray_tracks(moving, np.random.default_rng(0))
    points = np.concatenate([tracks.points, *added.values()], axis=1)
    n_bodies = len(np.unique(tracks.labels[tracks.labels > 0]))
    in_image = tracks.frame == "pixel" and (tracks.labels == 0).any()  # the background moves too
    segmenter = MotionSegmenter(n_bodies + in_image, affinity=affinity, critic_pairs=0).fit(points)
    clean_labels = segmenter.labels_[: tracks.n_tracks]
    flagged = segmenter.outliers_[tracks.n_tracks :].reshape(len(added), -1).sum(axis=1)
    return {
        "sequence": tracks.name,
        "affinity": segmenter.affinity_,
        "n_tracks": tracks.n_tracks,
        "n_flagged": int(segmenter.outliers_[: tracks.n_tracks].sum()),
        **{f"{kind}, of 2": int(n) for kind, n in zip(added, flagged, strict=True)},
        "error_percent": round(misclassification_percent(tracks.labels, clean_labels), 4),
    }


def _both_frames(root: Path = SAMPLE_ROOT) -> Iterator[tuple[str, Tracks]]:
    """A scene in space and in the image, with a name for each."""
    frames: tuple[Literal["world", "pixel"], ...] = ("world", "pixel")
    for frame in frames:
        tracks, _ = clean(read_pointodyssey(root, frame=frame))
        yield f"{tracks.name} ({frame})", tracks


def _names(arguments: argparse.Namespace) -> list[str]:
    return [name for name in hopkins155_files(arguments.root) if name not in LEFT_OUT]


def mocap(arguments: argparse.Namespace) -> Iterator[Row]:
    """The shipped captures."""
    for sequence in ("box_and_person", "gait_segments", "wheelchair_racing"):
        tracks = read_mocap(sequence=sequence)
        assert tracks.labels is not None
        for affinity in AFFINITIES:
            yield measure(tracks, affinity, int(tracks.labels.max()), 0)
        yield measure(tracks, "mi", int(tracks.labels.max()), CRITIC_PAIRS)
        yield measure(tracks, "auto", "auto", CRITIC_PAIRS)


def scene(arguments: argparse.Namespace) -> Iterator[Row]:
    """The sample scene in space and in the image, and the original's protocol on it."""
    yield from _scene(SAMPLE_ROOT, N_REFERENCES)


def other_scenes(arguments: argparse.Namespace) -> Iterator[Row]:
    """Scenes of other seeds, and the sample scene's first seconds at more frames a second."""
    for random_state, frames_per_second in OTHER_SCENES:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            make_scene(root, random_state=random_state, frames_per_second=frames_per_second)
            for row in _scene(root, N_REFERENCES_ELSEWHERE):
                yield {
                    "random_state": random_state,
                    "frames_per_second": frames_per_second,
                    **row,
                }


def _scene(root: Path, n_references: int) -> Iterator[Row]:
    for name, tracks in _both_frames(root):
        yield measure(tracks, "auto", "auto", CRITIC_PAIRS) | {"sequence": name}
    tracks = read_pointodyssey(root, frame="pixel")
    n_kept = len(original_filter(tracks))
    references = np.random.default_rng(0).choice(n_kept, n_references, replace=False)
    for reference in progress_bar(sorted(references.tolist()), description="references"):
        start = time.perf_counter()
        result = reference_protocol(tracks, reference)
        yield {
            "sequence": tracks.name,
            "reference": reference,
            "n_frames": tracks.n_frames,
            "n_tracks": n_kept,
            "roc_auc": round(result.auc, 4),
            **closed_form_aucs(result),
            "seconds": round(time.perf_counter() - start, 2),
        }


def closed_form_aucs(result: ReferenceResult) -> Row:
    """What limits the protocol, and what the plugin's closed form reaches under it.

    The ceiling: the reference is a positive with MI 0. True bodies score 1 for tracks of the
    reference's own body, 0 for others and, as the protocol has it, 0 for the reference itself; no
    upper bound, since regions of the mask differ. Then the closed-form MI of the raw positions, and
    of all views of the motion, by the protocol. Last the critic and that closed form judged by the
    body itself, the reference left out.
    """
    tracks, reference = result.tracks, result.reference
    assert tracks.labels is not None
    usable = np.asarray(np.isfinite(tracks.points).all(axis=-1))
    points = np.where(usable[..., None], tracks.points, 0.0).astype(np.float64)
    views = motion_views(points, usable, generator=np.random.default_rng(0))
    column = np.array([reference])
    by_view = {
        name: gaussian_information(
            (normal_scores(values, where), where), column, description=f"MI of {name}"
        )[:, 0]
        for name, (values, where) in views.items()
    }
    body = tracks.labels == tracks.labels[reference]
    region = result.components == result.components[reference]
    others = np.arange(tracks.n_tracks) != reference
    added = np.sum(list(by_view.values()), axis=0)
    return {
        "roc_auc_ceiling": round(1 - 1 / int(region.sum()), 4),
        "roc_auc_true_bodies": _auc(region, body & others),
        "roc_auc_closed_positions": _auc(region, by_view["positions"] * others),
        "roc_auc_closed_views": _auc(region, added * others),
        "roc_auc_by_body": _auc(body[others], result.information[others]),
        "roc_auc_closed_views_by_body": _auc(body[others], added[others]),
    }


def _auc(positive: NDArray[Any], score: NDArray[Any]) -> float:
    return round(float(roc_auc_score(positive, score)), 4)


def simulated(arguments: argparse.Namespace) -> Iterator[Row]:
    """Every affinity in every simulated condition, the number of bodies given."""
    for condition in progress_bar(CONDITIONS, description="simulated"):
        for random_state in SEEDS:
            points, bodies = draw(condition, random_state)
            for affinity in AFFINITIES:
                segmenter = MotionSegmenter(4, affinity=affinity, critic_pairs=0).fit(points)
                metrics = evaluate(bodies + 1, segmenter.labels_)
                yield {
                    "condition": condition,
                    "random_state": random_state,
                    "affinity": affinity,
                    "ari": round(metrics["ari"], 4),
                }


def speed(arguments: argparse.Namespace) -> Iterator[Row]:
    """2 000 tracks of 100 frames with all pairs, 10 000 of 200 with landmarks."""
    for n_tracks, n_frames in ((2000, 100), (10_000, 200)):
        generator = np.random.default_rng(0)
        bodies = np.repeat(np.arange(5), n_tracks // 5)
        points = np.empty((n_frames, n_tracks, 3))
        for body in range(5):
            path = generator.normal(size=(n_frames, 1, 3)).cumsum(axis=0)
            sway = 0.3 * generator.normal(size=(n_frames, 3, 3)).cumsum(axis=0)
            shape = generator.normal(size=(n_tracks // 5, 3))
            points[:, bodies == body] = path + np.einsum("fij,pj->fpi", sway, shape)
        segmenter = MotionSegmenter(5, affinity="mi")
        start = time.perf_counter()
        segmenter.fit(points)
        yield {
            "n_tracks": n_tracks,
            "n_frames": n_frames,
            "n_columns": len(segmenter.landmarks_),
            "affinity": "mi",
            "ari": round(evaluate(bodies + 1, segmenter.labels_)["ari"], 4),
            "seconds": round(time.perf_counter() - start, 2),
        }


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "hopkins155": hopkins155,
    "alone": alone,
    "strays": strays,
    "mocap": mocap,
    "scene": scene,
    "other-scenes": other_scenes,
    "simulated": simulated,
    "time": speed,
}


def summarise(part: str, rows: Sequence[Row]) -> None:
    """Print the mean of each kind of row."""
    kinds = ("condition", "affinity", "critic_pairs", "clusters", "tuned_on")
    keys = [*APART.get(part, ()), *(key for key in kinds if key in rows[0])]
    for kind in dict.fromkeys(tuple(row.get(key) for key in keys) for row in rows):
        members = [row for row in rows if tuple(row.get(key) for key in keys) == kind]
        means = {
            name: np.mean([row[name] for row in members if name in row])
            for name in dict.fromkeys(key for row in members for key in row)
            if name.startswith(("error_percent", "ari", "roc_auc", "seconds", "n_flagged"))
            or name.endswith("of 2")
        }
        text = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
        name = " | ".join(str(value) for value in kind if value is not None)
        print(f"{part}: {name}: {len(members)} rows, {text}")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--root", type=Path, help="folder of Hopkins155")
    parser.add_argument("--affinities", nargs="+", choices=AFFINITIES, default=["cmi", "mi"],
        help="for hopkins155 (default: cmi mi)")  # fmt: skip
    parser.add_argument("--critic-pairs", type=int, default=0, help="for hopkins155 (default: 0)")
    parser.add_argument("--name", help="in the results' name, in place of the part's")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of results")
    arguments = parser.parse_args(argv)
    for part in arguments.parts:
        rows = list(PARTS[part](arguments))
        date = datetime.now(UTC).date().isoformat()
        path = arguments.out / f"{date}-motion-{arguments.name or part}.csv"
        write_rows(path, rows)
        circumstances = describe_run(
            part=part,
            random_state=0,
            weights=load_model("default").name,
            load_average=os.getloadavg(),
        )
        write_description(path.with_suffix(".json"), circumstances)
        summarise(part, rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
