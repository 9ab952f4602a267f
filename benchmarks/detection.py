"""Telling dependent data sets from independent ones: AUC, 16 and 128 columns a side, n = 50 to 800.

One point: so many dependent and as many independent data sets, each scored by every method; the AUC
of the scores. Three linear dependences are those of the original's figure, three are not linear.
The trained critics (MINE, InfoNCE) are run at fewer n and on fewer data sets, for they cost most.
The bound is the likelihood ratio of one who knows all about a linear dependence but its direction
in x: no test does better that is not told it (Lehmann and Romano, 2005, Testing Statistical
Hypotheses, 6.2 and 8.5).
The same command goes on where the last one stopped (needs hyppo: pip install "infoatlas[bench]"):

OMP_NUM_THREADS=1 python benchmarks/detection.py --minutes 8
"""

from __future__ import annotations

import dataclasses
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.baselines.ksg import ksg
from benchmarks.baselines.trained import TRAINED
from benchmarks.baselines.trained_critic import ONE_CORE
from benchmarks.row_record import go_on, record_parser
from infoatlas import independence_test

WIDTHS = (16, 128)
SAMPLES = (50, 100, 150, 200, 250, 300, 800)
TRAINED_SAMPLES = (50, 100, 300)
DATA_SETS, TRAINED_DATA_SETS = 50, 10  # dependent ones; as many independent ones
N_PERMUTATIONS = 99
Array = NDArray[np.float64]


def _shared(x: Array) -> Array:
    """The one feature of x that matters: its columns' sum, of variance 1."""
    return x.sum(axis=1, keepdims=True) / x.shape[1] ** 0.5


def _circle(x: Array, z: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The feature of x and that of y are the two coordinates of a point on a circle."""
    angle = rng.uniform(0, 2 * np.pi, size=(len(x), 1))
    d = x.shape[1]
    on_circle = x + (2**0.5 * np.cos(angle) - _shared(x)) / d**0.5
    return on_circle, (2**0.5 * np.sin(angle) + z) / 2**0.5


def _half_sum(x: Array, z: Array) -> Array:
    d = x.shape[1]
    return (x[:, : d // 2].sum(axis=1, keepdims=True) + z) / (d * 2**0.5)


# (x, noise, generator) to (x, y); x and noise are standard normal, of equal shape
GENERATORS: dict[str, Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]] = {
    "one feature, linear": lambda x, z, rng: (x, (_shared(x) + z) / 2**0.5),
    "half of the columns": lambda x, z, rng: (x, _half_sum(x, z)),
    "column by column": lambda x, z, rng: (x, (x + z) / 2**0.5),
    "one feature, sinusoid": lambda x, z, rng: (x, (2**0.5 * np.sin(3 * _shared(x)) + z) / 2**0.5),
    "circle": _circle,
    "feature times noise": lambda x, z, rng: (
        x,
        (_shared(x) * rng.normal(size=(len(x), 1)) + z) / 2**0.5,
    ),
}


def draw(generator: str, width: int, n: int, number: int) -> tuple[Array, Array, Array]:
    """x, a y that depends on it, and the same y in another order."""
    rng = np.random.default_rng(zlib.crc32(f"{generator} {width} {n} {number}".encode()))
    x, z = rng.normal(size=(2, n, width))
    x, y = GENERATORS[generator](x, z, rng)
    return x, y, rng.permutation(y)


def infoatlas_statistic(x: Array, y: Array, seed: int) -> float:
    """The statistic of the independence test, without the network."""
    return independence_test(
        x, y, n_permutations=N_PERMUTATIONS, evidence="closed form", random_state=seed
    ).statistic


def distance_correlation(x: Array, y: Array, seed: int) -> float:
    """Unbiased distance correlation."""
    from hyppo.independence import Dcorr

    return float(Dcorr().statistic(x, y))


def rv(x: Array, y: Array, seed: int) -> float:
    """Squared Frobenius norm of the cross-correlation matrix: what linear dependence is made of."""
    return float(np.square(np.corrcoef(x.T, y.T)[: x.shape[1], x.shape[1] :]).sum())


def of_trained(name: str) -> Callable[[Array, Array, int], float]:
    """In-sample value of a trained critic, the published reading; as it is where it is finite."""

    def score(x: Array, y: Array, seed: int) -> float:
        value = TRAINED[name](x, y, protocol=ONE_CORE, seed=seed).in_sample
        return float(np.clip(value, -1e3, 1e3))

    return score


# of the mean of y's columns: what it is divided by to be the feature of x, and the variance of the
# noise beside the feature, both from the number of columns
FEATURE: dict[str, Callable[[int], tuple[float, float]]] = {
    "one feature, linear": lambda d: (2**-0.5, 1 / d),
    "half of the columns": lambda d: (0.5 * d**-0.5, 2 / d**2),
}


def likelihood_ratio(generator: str) -> Callable[[Array, Array, int], float]:
    """Log-likelihood ratio of a feature of x in any direction against a feature of its own.

    Dependent, the feature is X w with w normal of covariance I / d, so normal of covariance
    X X' / d; independent, its rows are independent. A test that favours no direction is the same in
    all of them, for x is spherical.
    """

    def score(x: Array, y: Array, seed: int) -> float:
        scale, noise = FEATURE[generator](x.shape[1])
        variance, directions = np.linalg.eigh(x @ x.T / x.shape[1])
        squared = np.square(directions.T @ (y.mean(axis=1) / scale))
        dependent, independent = variance + noise, 1 + noise
        logs = np.log(independent / dependent) + squared / independent - squared / dependent
        return float(0.5 * logs.sum())

    return score


METHODS: dict[str, Callable[[Array, Array, int], float]] = {
    "infoatlas": infoatlas_statistic,
    "Dcorr": distance_correlation,
    "RV": rv,
    "KSG": lambda x, y, seed: ksg(x, y, n_neighbors=3),
    "MINE": of_trained("mine"),
    "InfoNCE": of_trained("info_nce"),
}
BOUND = "bound"


def measure(width: str, n: str, generator: str, method: str) -> list[dict[str, Any]]:
    """AUC of one method at one point."""
    count = TRAINED_DATA_SETS if method in ("MINE", "InfoNCE") else DATA_SETS
    score = likelihood_ratio(generator) if method == BOUND else METHODS[method]
    dependent, independent = [], []
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hyppo warns about few rows
        for number in range(count):
            x, y, shuffled = draw(generator, int(width), int(n), number)
            dependent.append(score(x, y, number))
            independent.append(score(x, shuffled, number))
    seconds = (time.perf_counter() - start) / (2 * count)
    labels = [1] * count + [0] * count
    return [
        {
            "width": width,
            "n_samples": n,
            "generator": generator,
            "method": method,
            "n_data_sets": 2 * count,
            "auc": round(float(roc_auc_score(labels, dependent + independent)), 4),
            "seconds": round(seconds, 4),
        }
    ]


def jobs() -> list[tuple[str, ...]]:
    """The cheap methods first."""

    def of(
        methods: Sequence[str], samples: Sequence[int], generators: Iterable[str] = GENERATORS
    ) -> list[tuple[str, ...]]:
        return [
            (str(width), str(n), generator, method)
            for method in methods
            for n in samples
            for width in WIDTHS
            for generator in generators
        ]

    cheap = of((BOUND,), SAMPLES, FEATURE) + of(("infoatlas", "Dcorr", "RV", "KSG"), SAMPLES)
    return cheap + of(("MINE", "InfoNCE"), TRAINED_SAMPLES)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-detection.csv`` and print the AUCs."""
    options = record_parser(__doc__, "detection").parse_args(argv)
    rows = go_on(
        options.out,
        jobs(),
        measure,
        key=("width", "n_samples", "generator", "method"),
        minutes=options.minutes,
        n_permutations=N_PERMUTATIONS,
        trained_protocol=dataclasses.asdict(ONE_CORE),
    )
    aucs = {
        (row["generator"], row["width"], row["method"], row["n_samples"]): row["auc"]
        for row in rows
    }
    for generator in GENERATORS:
        for width in map(str, WIDTHS):
            for method in (*METHODS, BOUND):
                found = [aucs.get((generator, width, method, str(n)), "-") for n in SAMPLES]
                print(f"{generator:22s} d = {width:4s}{method:10s}", *(f"{v:>6s}" for v in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
