"""The CLIP plugin against its bars: noise curves of held-out emoji scenes, ours and the peers'.

Every reading is kept when it is made, and the same command goes on where the last one stopped:

python benchmarks/clip.py --minutes 8

It writes the record, docs/figures/clip.png and the tables of docs/clip.md. Another checkpoint needs
only our own readings again; the peers' come from an older record, where they were made on the same
rows:

python benchmarks/clip.py --reuse-peers benchmarks/results/2026-11-25-clip.csv
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks.clip_figure import save_figure
from benchmarks.clip_page import section
from benchmarks.estimators import warm_up
from benchmarks.pages import DOCS, write_measured
from benchmarks.record import (
    RESULTS,
    describe_run,
    read_description,
    write_description,
)
from benchmarks.row_record import read_rows, write_rows
from benchmarks.task import fingerprint
from infoatlas_plugins.clip import EmojiPairs, NoiseCurve, embed_pairs, smallest_gap
from infoatlas_plugins.clip.methods import SliceMethod, Stack, find_method
from infoatlas_plugins.clip.neural_peers import Training, mine
from infoatlas_plugins.clip.noise_curve import POSTER_LEVELS, SliceChoice, mean_and_sd
from infoatlas_plugins.clip.picture import TITLES
from infoatlas_plugins.clip.small_embedder import SmallEmbedder
from infoatlas_plugins.clip.small_model import WEIGHTS

N_PAIRS, N_SAMPLES, K, SEED = 10_000, 5000, 5, 0
CONTROL = "shuffled"  # in place of a level


class Part(NamedTuple):
    """One noise curve."""

    slices: SliceChoice
    method: str
    n_slices: int
    n_repeats: int


OURS = Part("shared", "infoatlas", 8, 8)
ORIGINAL = Part("independent", "infoatlas", 25, 8)  # the original's choice of slices
# Critics that are trained take a minute for each reading: the first slices and repeats of OURS.
PARTS = (
    OURS,
    ORIGINAL,
    Part("shared", "gaussian", 8, 8),
    Part("shared", "mine", 1, 2),
    Part("shared", "ksg", 8, 8),
    Part("shared", "info_nce", 1, 2),
)
COMPARISONS = ((8, 8), (1, 2))  # slices and repeats on which shared curves lie side by side
PATIENT = "mine, patience 200"  # the published one: once, for its time

Row = dict[str, str]
Key = tuple[str, ...]


class TimeIsUp(Exception):
    """No reading is begun any more."""


class Record:
    """Readings in a CSV file, one row for each slice of each level of each repeat."""

    def __init__(self, path: Path, *, old: Path | None, deadline: float) -> None:
        self.path = path
        self.rows = {_key(row): row for row in read_rows(path)}
        reusable = [row for row in read_rows(old) if row["method"] != "infoatlas"] if old else []
        self.old = {_key(row): row for row in reusable}
        self.deadline = deadline

    def read(self, keys: Sequence[Key], method: SliceMethod, x: Stack, y: Stack) -> Stack:
        """Values of slices in nats: kept ones where the rows are the same, the others made now."""
        draws = [fingerprint(a, b) for a, b in zip(x, y, strict=True)]
        rows = [self._find(key, draw) for key, draw in zip(keys, draws, strict=True)]
        missing = [i for i, row in enumerate(rows) if row is None]
        if missing:
            if time.monotonic() > self.deadline:
                raise TimeIsUp
            start = time.process_time()
            values = method(x[missing], y[missing])
            seconds = (time.process_time() - start) / len(missing)
            for i, value in zip(missing, values, strict=True):
                reading = (*keys[i], draws[i], f"{value:.6f}", f"{seconds:.4f}")
                rows[i] = dict(zip(COLUMNS, reading, strict=True))
        found = {_key(row): row for row in rows if row is not None}
        if not found.items() <= self.rows.items():
            self.rows |= found
            write_rows(self.path, self.rows.values())
        return np.array([float(row["nats"]) for row in found.values()])

    def _find(self, key: Key, draw: str) -> Row | None:
        for row in (self.rows.get(key), self.old.get(key)):
            if row is not None and row["draw"] == draw:
                return row
        return None

    def seconds(self, part: Part, n_slices: int, n_repeats: int) -> list[float]:
        """Processor seconds of the readings of the first slices and repeats of a part."""
        return [
            float(row["processor_seconds"])
            for row in self.rows.values()
            if (row["slices"], row["method"]) == part[:2]
            and int(row["repeat"]) < n_repeats
            and int(row["slice"]) < n_slices
        ]


class Recorded:
    """A method of slices, for one fit of a NoiseCurve, that makes no reading twice."""

    def __init__(self, part: Part, record: Record) -> None:
        self.part, self.record = part, record
        self.method = find_method(part.method)
        levels = [CONTROL, *map(str, POSTER_LEVELS)]  # in the order of NoiseCurve.fit
        self.cells = ((r, level) for r in range(part.n_repeats) for level in levels)

    def __call__(self, x: Stack, y: Stack) -> Stack:
        """Values of slices, in nats, measured now or taken from the record."""
        repeat, level = next(self.cells)
        keys = [(*self.part[:2], str(repeat), level, str(i)) for i in range(len(x))]
        self.last = keys[0], x[:1], y[:1]
        return self.record.read(keys, self.method, x, y)


def _patient_mine(x: Stack, y: Stack) -> Stack:
    return np.array([mine(x[0], y[0], training=Training(patience=200))])


KEY = ("slices", "method", "repeat", "level", "slice")
COLUMNS = (*KEY, "draw", "nats", "processor_seconds")


def _key(row: Row) -> Key:
    return tuple(row[name] for name in KEY)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure until all is done or the time is up; then judge and draw."""
    options = _parser().parse_args(argv)
    about = {
        **warm_up("default"),
        "small_model": WEIGHTS.stem,
        "small_model_sha256": read_description(WEIGHTS.with_suffix(".json"))["sha256"],
    }
    sidecar = options.out.with_suffix(".json")
    before = read_description(sidecar)
    changed = [name for name in about if before and before.get(name) != about[name]]
    if changed:
        raise SystemExit(f"{options.out} was begun with another {changed[0]}: choose another --out")
    deadline = time.monotonic() + 60 * options.minutes
    record = Record(options.out, old=options.reuse_peers, deadline=deadline)
    curves = measure(record)
    described = {
        **about,
        "random_state": SEED,
        "n_pairs": N_PAIRS,
        "n_samples": N_SAMPLES,
        "k": K,
        "training_of_critics": dataclasses.asdict(Training()),
        "peers_from": options.reuse_peers.name if options.reuse_peers else None,
        "curves": [summary(part, curve, record, *part[2:]) for part, curve in curves.items()],
        "same_slices": [side_by_side(curves, record, *size) for size in COMPARISONS],
        "bars": bars(curves, record),
        "runs": [*before.get("runs", []), describe_run()],
    }
    write_description(sidecar, described)
    for bar in described["bars"]:
        print(f"{bar['verdict']:8} {bar['bar']}: {bar['value']:.4g}")
    if OURS in curves and ORIGINAL in curves:
        save_figure(
            DOCS / "figures" / "clip.png",
            curves[OURS],
            curves[ORIGINAL],
            described["same_slices"][-1],
        )
        write_measured(DOCS / "clip.md", section(options.out.name, described))
    if len(curves) < len(PARTS):
        left = ", ".join(" ".join(part[:2]) for part in PARTS if part not in curves)
        print(f"time is up, run again to go on; not yet whole: {left}")
    return 0


def measure(record: Record) -> dict[Part, NoiseCurve]:
    """The curves that are whole when the time is up, on the same pairs."""
    pairs = embed_pairs(EmojiPairs(N_PAIRS, random_state=SEED), SmallEmbedder())
    curves = {}
    for part in PARTS:
        recorded = Recorded(part, record)
        curve = NoiseCurve(
            POSTER_LEVELS,
            k=K,
            n_slices=part.n_slices,
            n_repeats=part.n_repeats,
            n_samples=N_SAMPLES,
            slices=part.slices,
            method=recorded,
            random_state=SEED,
        )
        try:
            curves[part] = curve.fit(pairs.images, pairs.texts)
            if part.method == "ksg":  # what is cheap comes first
                _read_patiently(recorded, record)
        except TimeIsUp:  # later parts may have their readings already
            continue
    return curves


def _read_patiently(recorded: Recorded, record: Record) -> None:
    """MINE with the published patience, at the strongest noise: there it stops soonest."""
    (slices, _, *cell), x, y = recorded.last
    record.read([(slices, PATIENT, *cell)], _patient_mine, x, y)


def summary(
    part: Part, curve: NoiseCurve, record: Record, n_slices: int, n_repeats: int
) -> dict[str, Any]:
    """Numbers of the first slices and repeats of one curve."""
    values = curve.values_[:, :n_repeats, :n_slices]
    control = curve.control_values_[:n_repeats, :n_slices]
    mean, sd = mean_and_sd(values)
    seconds = record.seconds(part, n_slices, n_repeats)
    return {
        "method": part.method,
        "slices": part.slices,
        "n_slices": n_slices,
        "n_repeats": n_repeats,
        "levels": list(curve.levels),
        "mean": mean.tolist(),
        "sd": sd.tolist(),
        "smallest_gap": smallest_gap(values),
        "decreasing": bool(np.all(np.diff(mean) < 0)),
        "control": float(control.mean()),
        "seconds": round(sum(seconds), 2),
        "seconds_each": round(float(np.mean(seconds)), 4),
    }


def side_by_side(
    curves: dict[Part, NoiseCurve], record: Record, n_slices: int, n_repeats: int
) -> list[dict[str, Any]]:
    """Every shared curve that has so many slices and repeats, cut to them; ours is the first."""
    return [
        summary(part, curve, record, n_slices, n_repeats)
        for part, curve in curves.items()
        if part.slices == "shared" and part.n_slices >= n_slices and part.n_repeats >= n_repeats
    ]


def bars(curves: dict[Part, NoiseCurve], record: Record) -> list[dict[str, Any]]:
    """Every bar of the plugin that can be judged, with its value, threshold and verdict."""
    found = []
    for part, threshold in ((OURS, 2), (ORIGINAL, 1)):
        if part not in curves:
            continue
        curve, name = curves[part], f"{part.n_slices} {part.slices} slices"
        fall = -float(np.diff(curve.mean_).max())
        control = float(abs(curve.control_values_.mean()))
        found += [
            _bar(f"smallest gap, {name}", curve.smallest_gap_, above=threshold),
            _bar(f"smallest fall from level to level in nats, {name}", fall, above=0),
            _bar(f"shuffled control's distance from 0 in nats, {name}", control, below=0.01),
        ]
    for n_slices, n_repeats in COMPARISONS:
        rows = side_by_side(curves, record, n_slices, n_repeats)
        same = {row["method"]: row for row in rows}
        for part in curves:
            if part == OURS or part[0] != "shared" or part[2:] != (n_slices, n_repeats):
                continue
            ours, theirs = same["infoatlas"], same[part.method]
            name = f"smallest gap beside {TITLES[part.method]}, {n_slices} x {n_repeats}"
            found.append(_bar(name, ours["smallest_gap"], above=theirs["smallest_gap"]))
            if part.method == "mine":
                ratio = theirs["seconds_each"] / ours["seconds_each"]
                found.append(_bar("seconds of MINE over ours, patience 10", ratio, above=100))
    patient = record.seconds(Part("shared", PATIENT, 1, 8), 1, 8)
    if patient and OURS in curves:
        ratio = patient[0] / summary(OURS, curves[OURS], record, *OURS[2:])["seconds_each"]
        found.append(_bar("seconds of MINE over ours, published patience", ratio, above=100))
    return found


def _bar(
    name: str, value: float, *, above: float | None = None, below: float | None = None
) -> dict[str, Any]:
    met = (above is None or value > above) and (below is None or value < below)
    sign, threshold = (">", above) if below is None else ("<", below)
    return {
        "bar": f"{name} {sign} {threshold:.4g}",
        "value": round(value, 5),
        "verdict": "met" if met else "missed",
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no reading after this")
    parser.add_argument("--reuse-peers", type=Path, metavar="OLD.csv", help="older record")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-clip.csv"
    parser.add_argument("--out", type=Path, default=out)
    figure = DOCS / "figures" / "clip.png"
    parser.add_argument(
        "--figure", type=Path, default=figure, help="default: docs/figures/clip.png"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
