"""What each part of the estimator is worth: the shipped network read with one part taken away.

Held-out error, the mean of |estimate - MI| / (1 + MI), on synthetic data sets drawn like those that
choose a checkpoint, with a seed of their own. The network is not trained again for a row, so a row
says how much the shipped network leans on that part, not how well one could do without it.
The same command goes on where the last one stopped:

OMP_NUM_THREADS=1 python benchmarks/ablation.py --minutes 8
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch
from torch import Tensor

from benchmarks.estimators import warm_up
from benchmarks.markdown import number, table
from benchmarks.pages import DOCS, write_measured
from benchmarks.row_record import go_on, record_parser
from infoatlas import _coordinates, _forward, _pairs, _variates, load_model
from infoatlas._critic import N_BASE, N_QUADRATIC, N_SERIES
from infoatlas._hypernetwork import HyperNetwork, Written
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.distributions import DataSets
from infoatlas.pretraining.held_out import held_out_sets, relative_error

SEED = 31
BATCHES = 40  # of 8 data sets, twice the grid of the held-out sets
OFF = 1e9  # prior precision of a feature that is not to be used
CANDIDATES = (
    "plug-in",
    "Donsker-Varadhan",
    "plug-in, rows left out",
    "Donsker-Varadhan, rows left out",
    "clipped Donsker-Varadhan, rows left out",
    "Gaussian closed form",
    "value the critic implies",
)
QUADRATIC = slice(N_BASE, N_BASE + 2 * N_QUADRATIC)
SERIES = slice(QUADRATIC.stop, QUADRATIC.stop + N_SERIES)
WRITTEN = slice(SERIES.stop, None)


@contextmanager
def _without_features(model: HyperNetwork, which: slice) -> Iterator[None]:
    write = model.forward

    def fewer(*arguments: Any) -> Written:
        written = write(*arguments)
        precision, mean = written.prior_precision.clone(), written.prior_mean.clone()
        precision[:, which], mean[:, which] = OFF, 0.0
        return written._replace(prior_precision=precision, prior_mean=mean)

    with patch.object(model, "forward", fewer):
        yield


@contextmanager
def _with_steps(model: HyperNetwork, steps: int) -> Iterator[None]:
    with patch.object(model, "config", dataclasses.replace(model.config, newton_steps=steps)):
        yield


@contextmanager
def with_pairs(count: int) -> Iterator[None]:
    """So many product pairs a row, whatever their number."""
    with patch.object(_pairs, "_pairs_per_row", lambda n: count):
        yield


@contextmanager
def without_cross_fitting() -> Iterator[None]:
    """Every row's canonical variates from the directions of all rows, its own among them."""
    fit = _variates.cross_fitted_variates

    def in_sample(x: Tensor, y: Tensor, *arguments: Any) -> _variates.Variates:
        readers = fit(x, y, *arguments).readers
        sides = tuple(
            _variates.apply_reader(side, reader)
            for side, reader in zip((x, y), readers, strict=True)
        )
        return _variates.Variates((sides[0], sides[1]), readers)

    with patch.object(_coordinates, "cross_fitted_variates", in_sample):
        yield


@contextmanager
def without_screening() -> Iterator[None]:
    """Every feature has the same part in canonical variates."""

    def everything(promise: Tensor) -> _variates._Kept:
        places = torch.arange(promise.shape[1], device=promise.device)
        return _variates._Kept(places.expand_as(promise), torch.ones_like(promise))

    with patch.object(_variates, "_most_promising", everything):
        yield


PARTS: dict[str, Callable[[HyperNetwork], Any]] = {
    "as shipped": nullcontext,
    "without the written network": lambda model: _without_features(model, WRITTEN),
    "without the cosine series": lambda model: _without_features(model, SERIES),
    "without squares and products of variates": lambda model: _without_features(model, QUADRATIC),
    "no Newton step: the prior mean": lambda model: _with_steps(model, 0),
    "one Newton step": lambda model: _with_steps(model, 1),
    "two Newton steps": lambda model: _with_steps(model, 2),
    "two product pairs a row": lambda model: with_pairs(2),
    "sixteen product pairs a row": lambda model: with_pairs(16),
    "without cross-fitting": lambda model: without_cross_fitting(),
    "without screening": lambda model: without_screening(),
}


def measure(part: str) -> list[dict[str, Any]]:
    """Errors of one way to read the network, and of each candidate where nothing is taken away."""
    model = load_model()
    sets = data_sets()
    with PARTS[part](model), torch.no_grad():
        forwards = [_read(model, data) for data in sets]
    mi = torch.cat([data.mi for data in sets])
    values = {part: torch.cat([reading for reading, _ in forwards])}
    if part == "as shipped":
        candidates = torch.cat([found for _, found in forwards])
        values |= {f"reported: {name}": candidates[:, i] for i, name in enumerate(CANDIDATES)}
    rows = []
    for name, estimates in values.items():
        errors = relative_error(estimates, mi).numpy()
        told = {"part": part, "read": name, "n_data_sets": len(errors)}
        error, of_mean = errors.mean(), errors.std() / math.sqrt(len(errors))
        rows.append({**told, "error": round(float(error), 5), "stderr": round(float(of_mean), 5)})
    return rows


def data_sets() -> list[DataSets]:
    """The same data sets for every row."""
    config = dataclasses.replace(RECIPES["flagship"], evaluation_batches=BATCHES)
    return held_out_sets(config, seed=SEED)


def _read(model: HyperNetwork, data: DataSets) -> tuple[Tensor, Tensor]:
    pair = _coordinates.read_pair(data.x.double(), data.y.double())
    forward = _forward.write_critics(model, pair, np.random.default_rng(SEED))
    return forward.reading.mi, forward.summary.candidates


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-ablation.csv`` and the table of the page."""
    options = record_parser(__doc__, "ablation").parse_args(argv)
    rows = go_on(
        options.out,
        [(part,) for part in PARTS],
        measure,
        key=("part",),
        minutes=options.minutes,
        seed=SEED,
        weights=warm_up("default"),
    )
    cells = [
        [row["read"], number(float(row["error"]), 4), number(float(row["stderr"]), 4)]
        for row in rows
    ]
    write_measured(
        DOCS / "ablation.md",
        [
            "Written by `python benchmarks/ablation.py`, from "
            f"`benchmarks/results/{options.out.name}`; do not edit.",
            table(["read", "error", "standard error of the mean"], cells),
        ],
    )
    print(f"{len(rows)} rows; wrote docs/ablation.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
