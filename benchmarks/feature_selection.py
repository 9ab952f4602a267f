"""Feature selection beside scikit-learn's, on data that ships with it and where single scores fail.

The selector chooses inside each fold; a k-nearest-neighbour model on what it chose is scored on the
rest. Every fold is written before the next is begun, and the same command goes on.

Example: python benchmarks/feature_selection.py --minutes 8
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from sklearn import datasets
from sklearn import feature_selection as sklearn_selection
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.estimators import warm_up
from benchmarks.markdown import number, table
from benchmarks.pages import DOCS, write_measured
from benchmarks.record import RESULTS
from benchmarks.row_record import go_on
from infoatlas.feature_selection import (
    MutualInformationSelector,
    mutual_info_classif,
    mutual_info_regression,
)

FOLDS = 5
Table = tuple[Any, Any]


class Data(NamedTuple):
    """One data set: how it is made, what is predicted, how many features to choose."""

    load: Callable[[], Table]
    target: str  # "classes" or "numbers"
    count: int
    useful: tuple[frozenset[int], ...] = ()  # one feature of each set is all there is to know


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-feature-selection.csv``, then the page's table."""
    options = _parser().parse_args(argv)
    rows = go_on(
        options.out,
        list(keys()),
        measure,
        key=("data", "method", "fold"),
        minutes=options.minutes,
        folds=FOLDS,
        weights=warm_up("default"),
    )
    write_measured(
        DOCS / "feature-selection.md",
        [
            "Written by `python benchmarks/feature_selection.py`, from "
            f"`benchmarks/results/{options.out.name}`; do not edit.",
            table(["data", "method", "score", "found", "seconds"], _cells(rows), n_text=2),
        ],
    )
    print(f"{len(rows)} of {len(list(keys()))} folds; wrote docs/feature-selection.md")
    return 0


def xor(n_samples: int = 500) -> Table:
    """The class is the sign of the product of two features of ten."""
    X = np.random.default_rng(0).normal(size=(n_samples, 10))
    return X, (X[:, 3] * X[:, 7] > 0).astype(int)


def redundant(n_samples: int = 500) -> Table:
    """Three numbers make the class; the first is there four times, with a little noise."""
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(n_samples, 3))
    copies = parts[:, :1] + 0.1 * rng.normal(size=(n_samples, 4))
    noise = rng.normal(size=(n_samples, 4))
    y = parts @ [1.5, 1.0, 1.0] + 0.3 * rng.normal(size=n_samples) > 0
    return np.column_stack([copies, parts[:, 1:], noise]), y.astype(int)


def _shipped(load: Callable[..., Any]) -> Callable[[], Table]:
    return partial(load, return_X_y=True)


DATA: dict[str, Data] = {
    "iris": Data(_shipped(datasets.load_iris), "classes", 2),
    "wine": Data(_shipped(datasets.load_wine), "classes", 4),
    "breast_cancer": Data(_shipped(datasets.load_breast_cancer), "classes", 5),
    "diabetes": Data(_shipped(datasets.load_diabetes), "numbers", 4),
    "xor": Data(xor, "classes", 2, (frozenset({3}), frozenset({7}))),
    "redundant": Data(
        redundant, "classes", 3, (frozenset({0, 1, 2, 3}), frozenset({4}), frozenset({5}))
    ),
    "digits": Data(_shipped(datasets.load_digits), "classes", 8),
}
METHODS = ("scikit-learn", "infoatlas", "jmi", "mrmr", "greedy", "jmi, pair start", "all features")
# Many minutes a fold on one core: 500 and more estimates at 1400 rows, or 435 at 450.
TOO_LONG = {
    *(("digits", method) for method in ("jmi", "mrmr", "greedy", "jmi, pair start")),
    ("breast_cancer", "jmi, pair start"),
}


def keys() -> Iterator[tuple[str, str, str]]:
    """Data set, method and fold of every row of the record."""
    for name in DATA:
        for method in METHODS:
            if (name, method) not in TOO_LONG:
                yield from ((name, method, str(fold)) for fold in range(FOLDS))


def measure(name: str, method: str, fold: str) -> list[dict[str, str]]:
    """Choose on four folds, score a neighbour model on the fifth."""
    data = DATA[name]
    X, y = data.load()
    kind = StratifiedKFold if data.target == "classes" else KFold
    train, test = list(kind(FOLDS, shuffle=True, random_state=0).split(X, y))[int(fold)]
    selector = make_selector(method, data, X.shape[1])
    start = time.perf_counter()
    selector.fit(X[train], y[train])
    seconds = time.perf_counter() - start
    chosen = np.flatnonzero(selector.get_support())
    neighbours = KNeighborsClassifier() if data.target == "classes" else KNeighborsRegressor()
    model = make_pipeline(StandardScaler(), neighbours).fit(X[train][:, chosen], y[train])
    found = sum(bool(group & set(chosen.tolist())) for group in data.useful)
    return [
        {
            "data": name,
            "method": method,
            "fold": fold,
            "score": f"{model.score(X[test][:, chosen], y[test]):.6f}",
            "found": f"{found}/{len(data.useful)}" if data.useful else "",
            "seconds": f"{seconds:.4f}",
            "chosen": " ".join(map(str, chosen)),
        }
    ]


def make_selector(method: str, data: Data, n_features: int) -> Any:
    """An unfitted selector of ``data.count`` features."""
    classes = data.target == "classes"
    match method:
        case "all features":
            return SelectKBest(k=n_features)
        case "scikit-learn":
            name = "mutual_info_classif" if classes else "mutual_info_regression"
            score = partial(getattr(sklearn_selection, name), random_state=0)
            return SelectKBest(score, k=data.count)
        case "infoatlas":
            return SelectKBest(
                mutual_info_classif if classes else mutual_info_regression, k=data.count
            )
    criterion, _, start = method.partition(", ")
    return MutualInformationSelector(
        data.count,
        criterion=criterion,  # type: ignore[arg-type]  # one of METHODS
        start="pair" if start else "feature",
        target=data.target,  # type: ignore[arg-type]  # one of two words
    )


def _cells(rows: list[dict[str, str]]) -> Iterator[list[str]]:
    """Means over the folds, a row for each data set and method."""
    for name in DATA:
        for method in METHODS:
            mine = [row for row in rows if (row["data"], row["method"]) == (name, method)]
            if mine:
                score, seconds = (
                    float(np.mean([float(row[field]) for row in mine]))
                    for field in ("score", "seconds")
                )
                found = ", ".join(sorted({row["found"] for row in mine}))
                folds = "" if len(mine) == FOLDS else f" ({len(mine)} folds)"
                yield [name, method + folds, number(score), found, number(seconds, 2)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-feature-selection.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


if __name__ == "__main__":
    sys.exit(main())
