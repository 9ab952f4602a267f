"""Do the 95% intervals hold the truth? InfoAtlas on fresh synthetic data sets of every family.

The families are those of pretraining, the data sets are not: they are drawn here, with a seed of
their own. Example: OMP_NUM_THREADS=1 python benchmarks/calibration.py --data-sets 60
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.coverage import coverage, flagged
from benchmarks.estimators import load_estimators, warm_up
from benchmarks.measurement import Measurement, append_measurements, read_measurements
from benchmarks.record import RESULTS, begin_or_go_on, describe_run, finish, refuse_existing
from benchmarks.task import Array, fingerprint
from infoatlas.pretraining import FAMILIES
from infoatlas.pretraining.distributions import draw_data_sets, draw_distributions

SEED = 777
DIMENSIONS = (1, 2, 3, 5, 10)
Draw = tuple[str, int, int, float, Array, Array]  # family, n, which, truth, x, y


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write ``benchmarks/results/<date>-calibration.csv``; resumes from .partial."""
    options = _parser().parse_args(argv)
    refuse_existing(options.out)
    weights = warm_up(options.model)
    read = load_estimators(["infoatlas"], model=options.model)["infoatlas"]
    partial = options.out.with_suffix(".partial.csv")
    begin_or_go_on(
        partial,
        describe_run(**weights, n_samples=options.n, data_sets=options.data_sets, seed=SEED),
    )
    done = {row.key for row in read_measurements(partial)}
    total = len(FAMILIES) * len(options.n) * options.data_sets
    for family, n, i, truth, x, y in tqdm(
        draws(options.n, options.data_sets), total=total, disable=None, unit="draw"
    ):
        row = Measurement(
            task=family,
            n_samples=n,
            seed=i,
            draw=fingerprint(x, y),
            method="infoatlas",
            true_mi=truth,
        )
        if row.key in done:
            continue
        found = dataclasses.asdict(read(x, y))
        append_measurements(partial, [dataclasses.replace(row, **found)])
    finish(partial, options.out)
    print_coverage(read_measurements(options.out))
    return 0


def draws(sizes: Sequence[int], data_sets: int) -> Iterator[Draw]:
    """Fresh data sets of each family, the dimensions in turns."""
    for n in sizes:
        for k, family in enumerate(sorted(FAMILIES)):
            generator = torch.Generator().manual_seed(SEED + 1000 * k + n)
            for i in range(data_sets):
                d = DIMENSIONS[i % len(DIMENSIONS)]
                law = draw_distributions(1, d, d, generator, family_weights={family: 1.0})
                data = draw_data_sets(law, n, generator)
                x, y = (side[0].double().numpy() for side in (data.x, data.y))
                if (x.std(axis=0) > 0).all() and (y.std(axis=0) > 0).all():
                    yield family, n, i, float(data.mi[0]), x, y


def print_coverage(rows: Sequence[Measurement]) -> None:
    """Share of intervals that hold the truth, and how well `reliable` tells bad from good."""
    for n in sorted({row.n_samples for row in rows}):
        mine = [row for row in rows if row.n_samples == n]
        for family in sorted({row.task for row in mine}):
            own = [row for row in mine if row.task == family]
            errors = [abs((row.estimate or 0.0) - row.true_mi) for row in own]
            print(f"n={n:5d} {family:18s} {coverage(own):5.1%}  mean |error| {np.mean(errors):.3f}")
        bad, good = flagged(mine)
        print(f"n={n:5d} flagged: {bad:.1%} of those off by > 0.3, {good:.1%} of those within 0.05")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--data-sets", type=int, default=60, help="a family and n; default: 60")
    parser.add_argument("--model", default="default", help="a checkpoint's name or path")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-calibration.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


if __name__ == "__main__":
    sys.exit(main())
