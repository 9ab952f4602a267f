"""Power of independence tests on the 20 simulations of hyppo, n = 100, with 1 and 10 columns.

All methods see the same draws and take 39 permutations, so that 0.05 is exact for each. As in
hyppo's own power curves the draws have noise with 1 column and none with 10. ``infoatlas`` (with
the network) is run on the first repetitions only, for it costs most. The same command goes on
where the last one stopped (needs hyppo: pip install "infoatlas[bench]"):

OMP_NUM_THREADS=1 python benchmarks/power.py --minutes 8
"""

from __future__ import annotations

import argparse
import sys
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.ksg import ksg
from benchmarks.row_record import go_on, record_parser
from infoatlas import independence_test

ALPHA, N_SAMPLES, N_PERMUTATIONS = 0.05, 100, 39
WIDTHS = (1, 10)
Array = NDArray[np.float64]


def infoatlas_all(x: Array, y: Array, seed: int) -> float:
    """The test of this project, with the network."""
    return independence_test(x, y, n_permutations=N_PERMUTATIONS, random_state=seed).pvalue


def infoatlas_closed_form(x: Array, y: Array, seed: int) -> float:
    """The test of this project, without the network."""
    return independence_test(
        x, y, n_permutations=N_PERMUTATIONS, evidence="closed form", random_state=seed
    ).pvalue


def ksg_permuted(x: Array, y: Array, seed: int) -> float:
    """KSG mutual information (k = 3, scikit-learn's default) with a permutation null."""
    rng = np.random.default_rng(seed)
    observed = ksg(x, y, n_neighbors=3)
    null = [ksg(x, rng.permutation(y), n_neighbors=3) for _ in range(N_PERMUTATIONS)]
    return float((1 + np.sum(np.array(null) >= observed)) / (1 + N_PERMUTATIONS))


def of_hyppo(name: str) -> Callable[[Array, Array, int], float]:
    """One of hyppo's tests, its permutation null included."""

    def pvalue(x: Array, y: Array, seed: int) -> float:
        import hyppo.independence

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about fewer than 1000 permutations
            test = getattr(hyppo.independence, name)()
            options = {} if name == "MGC" else {"auto": False}
            found = test.test(x, y, reps=N_PERMUTATIONS, workers=1, random_state=seed, **options)
        return float(found[1])

    return pvalue


METHODS: dict[str, Callable[[Array, Array, int], float]] = {
    "infoatlas, closed form": infoatlas_closed_form,
    "Dcorr": of_hyppo("Dcorr"),
    "HSIC": of_hyppo("Hsic"),
    "MGC": of_hyppo("MGC"),
    "KSG": ksg_permuted,
    "infoatlas": infoatlas_all,
}


def draw(simulation: str, width: int, repetition: int) -> tuple[Array, Array]:
    """One draw of a simulation; hyppo draws from NumPy's global state."""
    from hyppo.tools import indep_sim

    seed = zlib.crc32(f"{simulation} {width} {repetition}".encode())
    np.random.seed(seed)  # noqa: NPY002
    silent = ("multiplicative_noise", "multimodal_independence")
    options = {} if simulation in silent else {"noise": width == 1}
    x, y = indep_sim(simulation, N_SAMPLES, width, **options)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def measure(width: str, repetition: str, simulation: str, method: str) -> list[dict[str, Any]]:
    """The p-value of one method on one draw."""
    x, y = draw(simulation, int(width), int(repetition))
    return [
        {
            "width": width,
            "repetition": repetition,
            "simulation": simulation,
            "method": method,
            "pvalue": METHODS[method](x, y, int(repetition)),
        }
    ]


def jobs(repetitions: int, with_network: int) -> list[tuple[str, ...]]:
    """Every method of one repetition before the next repetition; the network's last."""
    from hyppo.tools import SIMULATIONS

    def of(methods: list[str], count: int) -> list[tuple[str, ...]]:
        return [
            (str(width), str(repetition), simulation, method)
            for repetition in range(count)
            for width in WIDTHS
            for simulation in SIMULATIONS
            for method in methods
        ]

    cheap = [name for name in METHODS if name != "infoatlas"]
    return of(cheap, repetitions) + of(["infoatlas"], with_network)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-power.csv`` and print mean powers."""
    options = _parser().parse_args(argv)
    rows = go_on(
        options.out,
        jobs(options.repetitions, options.with_network),
        measure,
        key=("width", "repetition", "simulation", "method"),
        minutes=options.minutes,
        alpha=ALPHA,
        n_samples=N_SAMPLES,
        n_permutations=N_PERMUTATIONS,
    )
    for width in WIDTHS:
        for method in METHODS:
            print_mean(rows, str(width), method)
    return 0


def print_mean(rows: list[dict[str, str]], width: str, method: str) -> None:
    """Mean power over simulations, with the standard error of the repetitions."""
    mine = [row for row in rows if (row["width"], row["method"]) == (width, method)]
    if not mine:
        return
    rejected = np.array([float(row["pvalue"]) <= ALPHA for row in mine])
    names = np.array([row["simulation"] for row in mine])
    powers = np.array([rejected[names == name].mean() for name in np.unique(names)])
    counts = np.array([np.sum(names == name) for name in np.unique(names)])
    error = np.sqrt(np.sum(powers * (1 - powers) / counts)) / len(powers)
    print(f"d = {width:3s} {method:24s} {powers.mean():.3f} ± {error:.3f}  {counts.min()} draws")


def _parser() -> argparse.ArgumentParser:
    parser = record_parser(__doc__, "power")
    parser.add_argument("--repetitions", type=int, default=40)
    parser.add_argument("--with-network", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main())
