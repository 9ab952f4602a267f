"""The CLIP plugin against its bars: noise curves of held-out emoji scenes, ours and the peers'.

Every reading is kept when it is made, and the same command goes on where the last one stopped:

python benchmarks/clip.py --minutes 8

Another checkpoint needs only our own readings again; the peers' come from an older record, where
they were made on the same rows:

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
from numpy.typing import NDArray

from benchmarks.clip_figure import save_figure
from benchmarks.estimators import warm_up
from benchmarks.record import (
    RESULTS,
    ROOT,
    describe_run,
    read_description,
    write_description,
)
from benchmarks.row_record import read_rows, write_rows
from benchmarks.task import fingerprint
from infoatlas_plugins.clip import EmojiPairs, NoiseCurve, embed_pairs, smallest_gap
from infoatlas_plugins.clip.methods import find_method
from infoatlas_plugins.clip.neural_peers import Training
from infoatlas_plugins.clip.noise_curve import POSTER_LEVELS, SliceChoice, mean_and_sd
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
# The first slices and repeats of OURS: a trained critic takes about a minute for each reading.
PEERS = tuple(Part("shared", name, 1, 3) for name in ("gaussian", "ksg", "mine", "info_nce"))
PARTS = (OURS, ORIGINAL, *PEERS)

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

    def find(self, key: Key, draw: str) -> Row | None:
        """A reading of the same rows, made before."""
        for row in (self.rows.get(key), self.old.get(key)):
            if row is not None and row["draw"] == draw:
                return row
        return None

    def add(self, rows: Sequence[Row]) -> None:
        """Keep readings."""
        new = {_key(row): row for row in rows}
        if new.items() <= self.rows.items():
            return
        self.rows |= new
        write_rows(self.path, self.rows.values())

    def of(self, part: Part) -> list[Row]:
        """Readings of one curve."""
        found = self.rows.values()
        return [row for row in found if (row["slices"], row["method"]) == part[:2]]


class Recorded:
    """A method of slices, for one fit of a NoiseCurve, that makes no reading twice."""

    def __init__(self, part: Part, record: Record) -> None:
        self.part, self.record = part, record
        self.method = find_method(part.method)
        levels = [CONTROL, *map(str, POSTER_LEVELS)]  # in the order of NoiseCurve.fit
        self.cells = ((r, level) for r in range(part.n_repeats) for level in levels)

    def __call__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of slices, in nats, measured now or taken from the record."""
        repeat, level = next(self.cells)
        draws = [fingerprint(a, b) for a, b in zip(x, y, strict=True)]
        keys = [(*self.part[:2], str(repeat), level, str(i)) for i in range(len(x))]
        rows = [self.record.find(key, draw) for key, draw in zip(keys, draws, strict=True)]
        missing = [i for i, row in enumerate(rows) if row is None]
        if missing:
            if time.monotonic() > self.record.deadline:
                raise TimeIsUp
            start = time.process_time()
            values = self.method(x[missing], y[missing])
            seconds = (time.process_time() - start) / len(missing)
            for i, value in zip(missing, values, strict=True):
                reading = (*keys[i], draws[i], f"{value:.6f}", f"{seconds:.4f}")
                rows[i] = dict(zip(COLUMNS, reading, strict=True))
        found = [row for row in rows if row is not None]
        self.record.add(found)
        return np.array([float(row["nats"]) for row in found])


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
    try:
        curves = measure(record)
    except TimeIsUp:
        curves = {}
    described = {
        **about,
        "random_state": SEED,
        "n_pairs": N_PAIRS,
        "n_samples": N_SAMPLES,
        "k": K,
        "training_of_critics": dataclasses.asdict(Training()),
        "peers_from": options.reuse_peers.name if options.reuse_peers else None,
        "curves": [summary(part, curves, record) for part in curves],
        "bars": bars(curves, record) if curves else [],
        "runs": [*before.get("runs", []), describe_run()],
    }
    write_description(sidecar, described)
    if not curves:
        print(f"{len(record.rows)} readings are in {options.out.name}; run again to go on")
        return 0
    for bar in described["bars"]:
        print(f"{bar['verdict']:8} {bar['bar']}: {bar['value']:.4g}")
    save_figure(options.figure, *comparison(curves))
    print(f"wrote {options.figure.name}")
    return 0


def measure(record: Record) -> dict[Part, NoiseCurve]:
    """Every curve, on the same pairs."""
    pairs = embed_pairs(EmojiPairs(N_PAIRS, random_state=SEED), SmallEmbedder())
    curves = {}
    for part in PARTS:
        curve = NoiseCurve(
            POSTER_LEVELS,
            k=K,
            n_slices=part.n_slices,
            n_repeats=part.n_repeats,
            n_samples=N_SAMPLES,
            slices=part.slices,
            method=Recorded(part, record),
            random_state=SEED,
        )
        curves[part] = curve.fit(pairs.images, pairs.texts)
    return curves


def summary(part: Part, curves: dict[Part, NoiseCurve], record: Record) -> dict[str, Any]:
    """Numbers of one curve, with the seconds of the run that made its readings."""
    seconds = [float(row["processor_seconds"]) for row in record.of(part)]
    return {
        "method": part.method,
        **curves[part].summary(),
        "seconds": round(sum(seconds), 2),
        "seconds_each": round(float(np.mean(seconds)), 4),
    }


def comparison(
    curves: dict[Part, NoiseCurve],
) -> tuple[NoiseCurve, NoiseCurve, dict[str, NDArray[np.float64]]]:
    """Our two curves, and the values of all methods on the slices and repeats of the peers."""
    ours = curves[OURS].values_[:, : PEERS[0].n_repeats, : PEERS[0].n_slices]
    values = {"infoatlas": ours} | {peer.method: curves[peer].values_ for peer in PEERS}
    return curves[OURS], curves[ORIGINAL], values


def bars(curves: dict[Part, NoiseCurve], record: Record) -> list[dict[str, Any]]:
    """Every bar of the plugin with its value, its threshold and the verdict."""
    ours, original, values = comparison(curves)
    gaps = {method: smallest_gap(found) for method, found in values.items()}
    steps = np.concatenate([np.diff(mean_and_sd(curve.values_)[0]) for curve in (ours, original)])
    each = {part.method: summary(part, curves, record)["seconds_each"] for part in (OURS, *PEERS)}
    found = [
        _above("smallest gap, shared slices", ours.smallest_gap_, 2),
        _above("smallest gap, 25 independent slices", original.smallest_gap_, 1),
        _above("smallest fall between levels, nats", float(-steps.max()), 0),
        _below("distance of the shuffled control from 0, shared slices", _control(ours), 0.01),
        _below("distance of the shuffled control from 0, independent", _control(original), 0.01),
    ]
    for peer in PEERS:
        name = f"smallest gap over that of {peer.method}, same slices and repeats"
        found.append(_above(name, gaps["infoatlas"] - gaps[peer.method], 0))
        found[-1] |= {"ours": gaps["infoatlas"], "theirs": gaps[peer.method]}
    ratio = each["mine"] / each["infoatlas"]
    return [*found, _above("seconds of MINE over ours, one reading", ratio, 100)]


def _control(curve: NoiseCurve) -> float:
    return float(abs(curve.control_values_.mean()))


def _above(name: str, value: float, threshold: float) -> dict[str, Any]:
    return _bar(name, value, f"> {threshold:g}", met=value > threshold)


def _below(name: str, value: float, threshold: float) -> dict[str, Any]:
    return _bar(name, value, f"< {threshold:g}", met=value < threshold)


def _bar(name: str, value: float, threshold: str, *, met: bool) -> dict[str, Any]:
    return {
        "bar": f"{name} {threshold}",
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
    figure = ROOT / "docs" / "figures" / "clip.png"
    parser.add_argument(
        "--figure", type=Path, default=figure, help="default: docs/figures/clip.png"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
