"""False-positive rate of the tests on independent data of mixed margins and widths.

Each draw: n from 50 to 500 and d from 1 to 128 on a logarithmic scale, for each side a width and a
margin of its own, and columns that share a factor. The target is a rate in [0.03, 0.07] at 0.05.
The same command goes on where the last one stopped:

OMP_NUM_THREADS=1 python benchmarks/level.py --minutes 8
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from benchmarks.row_record import go_on, record_parser
from infoatlas import independence_test

ALPHA = 0.05
PERMUTATIONS = {"closed form": 99, "all": 19}  # the fewest that are exact at 0.05, where it costs
Array = NDArray[np.float64]

MARGINS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "normal": lambda z, rng: z,
    "cauchy": lambda z, rng: z / np.abs(rng.normal(size=z.shape)),
    "exponential": lambda z, rng: np.exp(z),
    "counts": lambda z, rng: rng.poisson(np.exp(0.5 * z)).astype(float),
    "binary": lambda z, rng: (z > 0).astype(float),
    "mixed": lambda z, rng: np.where(np.arange(z.shape[1]) % 2, np.maximum(z, 0), np.round(z)),
}


def draw(number: int) -> tuple[Array, Array, dict[str, Any]]:
    """One independent pair, and what it is like."""
    rng = np.random.default_rng(number)
    n = round(50 * 10 ** rng.uniform())
    sides, told = [], {"n_samples": n}
    for side in ("x", "y"):
        d = round(128 ** rng.uniform())
        margin = str(rng.choice(list(MARGINS)))
        shared = rng.uniform(0, 0.8)
        z = np.sqrt(shared) * rng.normal(size=(n, 1))
        z = z + np.sqrt(1 - shared) * rng.normal(size=(n, d))
        values = MARGINS[margin](z, rng)
        constant = np.ptp(values, axis=0) == 0
        values[:, constant] = z[:, constant]  # a column of equal counts would be refused
        sides.append(values)
        told |= {f"d_{side}": d, f"margin_{side}": margin}
    return sides[0], sides[1], told


def measure(number: str, evidence: str) -> list[dict[str, Any]]:
    """The p-value of one draw."""
    x, y, told = draw(int(number))
    n_permutations = PERMUTATIONS[evidence]
    result = independence_test(
        x,
        y,
        evidence="all" if evidence == "all" else "closed form",
        n_permutations=n_permutations,
        random_state=int(number),
    )
    row = {"draw": number, "evidence": evidence, "n_permutations": n_permutations}
    return [{**row, **told, "pvalue": result.pvalue}]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-level.csv`` and print the rates."""
    options = _parser().parse_args(argv)
    jobs = [(str(i), evidence) for evidence in options.evidence for i in range(options.draws)]
    rows = go_on(
        options.out, jobs, measure, key=("draw", "evidence"), minutes=options.minutes, alpha=ALPHA
    )
    for evidence in PERMUTATIONS:
        print_rates([row for row in rows if row["evidence"] == evidence], evidence)
    return 0


def print_rates(rows: list[dict[str, str]], evidence: str) -> None:
    """Rates of all draws, and of the halves by rows and by columns."""
    if not rows:
        return
    rejected = np.array([float(row["pvalue"]) <= ALPHA for row in rows])
    n = np.array([int(row["n_samples"]) for row in rows])
    d = np.array([int(row["d_x"]) + int(row["d_y"]) for row in rows])
    parts = {"all": n > 0, "n < 160": n < 160, "n >= 160": n >= 160}
    parts |= {"d_x + d_y < 16": d < 16, "d_x + d_y >= 16": d >= 16}
    for name, part in parts.items():
        if part.any():
            rate = rejected[part].mean()
            error = np.sqrt(ALPHA * (1 - ALPHA) / part.sum())
            print(f"{evidence:12s} {name:16s} {rate:.4f} ± {error:.4f}  ({part.sum()} draws)")


def _parser() -> argparse.ArgumentParser:
    parser = record_parser(__doc__, "level")
    parser.add_argument("--draws", type=int, default=1000)
    choices = list(PERMUTATIONS)
    parser.add_argument("--evidence", nargs="+", choices=choices, default=choices)
    return parser


if __name__ == "__main__":
    sys.exit(main())
