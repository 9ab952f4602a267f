"""Level and power of the test of conditional independence, errors of the estimate, graphs.

Level: 500 draws of each kind of null, n from 100 to 500 and 1 to 3 columns of z. Power: 100 draws
of each alternative, n = 200. With the network both are measured on fewer draws of the same kind and
with 19 permutations. Estimate: data of known conditional mutual information, beside the
plain chain rule, a null by local permutation, and the Gaussian copula. Graphs: edges that PC gets
wrong on a known graph (needs causal-learn).
The same command goes on where the last one stopped:

OMP_NUM_THREADS=1 python benchmarks/conditional.py --minutes 8
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from benchmarks.conditional_data import (
    ALTERNATIVES,
    COLLIDERS,
    KNOWN,
    NULLS,
    Triple,
    alternative,
    colliders,
)
from benchmarks.row_record import go_on, record_parser
from infoatlas import (
    conditional_independence_test,
    conditional_mutual_information,
    gaussian_mutual_information,
    mutual_information,
)
from infoatlas.dependence._cells import find_cells
from infoatlas.dependence._evidence import normal_scores
from infoatlas.dependence._permutations import Exchange

ALPHA = 0.05
N_PERMUTATIONS, NETWORK_PERMUTATIONS = 99, 19
NETWORK_LEVEL_DRAWS, NETWORK_POWER_DRAWS = 100, 25
SIZES = (500, 2000)
SEEDS = {500: 10, 2000: 4}
LOCAL_PERMUTATIONS = 2
GRAPH_ALPHA = 0.02
PARTS = ("level", "power", "estimate", "graph", "level, network", "power, network")
EMPTY: dict[str, Any] = dict.fromkeys(
    ("part", "task", "draw", "n_samples", "d_z", "method", "value", "true_mi", "stderr"), ""
)
Array = NDArray[np.float64]


def measure(part: str, task: str, n: str, draw: str) -> list[dict[str, Any]]:
    """Rows of one draw."""
    if part == "estimate":
        return measure_estimates(task, int(n), int(draw))
    if part == "graph":
        return measure_graphs(task, int(n), int(draw))
    kind, _, network = part.partition(", ")
    rng = np.random.default_rng([PARTS.index(kind), int(draw)])
    if kind == "level":
        n_samples, d = round(100 * 5 ** rng.uniform()), 1 + int(draw) % 3
        triple = NULLS[task](rng, n_samples, d)
    else:
        n_samples, d = int(n), (1, 3)[int(draw) % 2]
        triple = alternative(task, rng, n_samples, d)
    pvalue = conditional_independence_test(
        *triple[:3],
        n_permutations=NETWORK_PERMUTATIONS if network else N_PERMUTATIONS,
        evidence="all" if network else "closed form",
        random_state=int(draw),
    ).pvalue
    told = {"part": part, "task": task, "n": n, "draw": draw, "n_samples": n_samples, "d_z": d}
    return [{**EMPTY, **told, "method": network or "closed form", "value": pvalue}]


def measure_estimates(task: str, n: int, seed: int) -> list[dict[str, Any]]:
    """Every method on one draw of known conditional mutual information."""
    draw, d = KNOWN[task]
    triple = draw(np.random.default_rng([9, seed]), n, d)
    told = {"part": "estimate", "task": task, "n": n, "draw": seed, "n_samples": n, "d_z": d}
    result = conditional_mutual_information(*triple[:3], random_state=seed)
    rows = [{"method": "infoatlas", "value": result.mi, "stderr": result.stderr}]
    rows += [{"method": name, "value": v} for name, v in other_methods(triple, seed).items()]
    return [{**EMPTY, **told, **row, "true_mi": triple.true_mi} for row in rows]


def measure_graphs(task: str, n: int, seed: int) -> list[dict[str, Any]]:
    """Edges of PC's graph that are missing, too many or turned, with three tests."""
    import networkx as nx
    from causallearn.graph.SHD import SHD
    from causallearn.search.ConstraintBased.PC import pc

    from infoatlas.causal import causal_learn_test

    data = colliders(np.random.default_rng([8, seed]), n)
    told = {"part": "graph", "task": task, "n": n, "draw": seed, "n_samples": n}
    quiet: dict[str, Any] = {"show_progress": False}
    truth = pc(data, indep_test="d_separation", true_dag=nx.DiGraph(COLLIDERS), **quiet)
    rows = []
    for name in (causal_learn_test(), "fisherz", "kci"):
        found = pc(data, GRAPH_ALPHA, name, **quiet)
        rows.append({**told, "method": name, "value": SHD(truth.G, found.G).get_shd()})
    return [{**EMPTY, **row} for row in rows]


def other_methods(triple: Triple, seed: int) -> dict[str, float]:
    """What was tried besides: none of them takes a regression on z away."""
    x, y, z = (side.reshape(len(side), -1) for side in triple[:3])
    y_and_z, x_and_z = np.hstack([y, z]), np.hstack([x, z])

    def mi(a: Array, b: Array) -> float:
        return mutual_information(a, b, random_state=seed).mi

    joint = mi(x, y_and_z)
    both = joint - mi(x, z) + mi(y, x_and_z) - mi(y, z)
    labels = find_cells(normal_scores(z)).labels
    rng, rows = np.random.default_rng(seed), np.arange(len(z))
    orders = Exchange(len(z), labels).draw(LOCAL_PERMUTATIONS, rng, among=rows)[1:]
    null = np.mean([mi(x, np.hstack([y[order], z])) for order in orders])
    gaussian = gaussian_mutual_information(x[None], y_and_z[None])
    gaussian -= gaussian_mutual_information(x[None], z[None])
    return {
        "chain rule": max(both / 2, 0.0),
        "local permutation": max(joint - float(null), 0.0),
        "gaussian copula": max(float(gaussian[0]), 0.0),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-conditional.csv`` and print the tables."""
    options = _parser().parse_args(argv)
    jobs = [job for part in options.parts for job in jobs_of(part, level_draws=options.level_draws)]
    rows = go_on(
        options.out,
        jobs,
        measure,
        key=("part", "task", "n", "draw"),
        minutes=options.minutes,
        alpha=ALPHA,
        n_permutations=N_PERMUTATIONS,
    )
    print_rates(rows)
    print_errors(rows)
    print_graphs(rows)
    return 0


def jobs_of(part: str, *, level_draws: int) -> list[tuple[str, ...]]:
    """Part, task, rows asked for and number of the draw."""
    if part.startswith("level"):
        draws = range(level_draws if part == "level" else NETWORK_LEVEL_DRAWS)
        return [(part, t, "100-500", str(i)) for i in draws for t in NULLS]
    if part.startswith("power"):
        draws = range(100 if part == "power" else NETWORK_POWER_DRAWS)
        return [(part, task, "200", str(i)) for i in draws for task in ALTERNATIVES]
    if part == "graph":
        return [(part, "two colliders", "400", str(seed)) for seed in range(10)]
    sized = [(n, seed) for n in SIZES for seed in range(SEEDS[n])]
    return [(part, task, str(n), str(seed)) for n, seed in sized for task in KNOWN]


def print_rates(rows: list[dict[str, str]]) -> None:
    """Share of p-values up to 0.05, by task and number of columns of z."""
    for part in (part for part in PARTS if part.startswith(("level", "power"))):
        chosen = [row for row in rows if row["part"] == part]
        print(f"\n{part}: share rejected, by columns of z (draws)")
        for task in dict.fromkeys(row["task"] for row in chosen):
            mine = [row for row in chosen if row["task"] == task]
            cells = [_share([r for r in mine if r["d_z"] == d], f"d_z = {d}") for d in "123"]
            print(f"{task:30s} {_share(mine, 'all')}  {'  '.join(filter(None, cells))}")


def _share(rows: list[dict[str, str]], name: str) -> str:
    if not rows:
        return ""
    return f"{name} {np.mean([float(r['value']) <= ALPHA for r in rows]):.3f} ({len(rows)})"


def print_errors(rows: list[dict[str, str]]) -> None:
    """Mean estimate and mean absolute error of single draws, by task, size and method."""
    chosen = [row for row in rows if row["part"] == "estimate"]
    print("\nestimate: mean, and mean absolute error, nats")
    for task, n in dict.fromkeys((row["task"], row["n"]) for row in chosen):
        mine = [row for row in chosen if (row["task"], row["n"]) == (task, n)]
        line = f"{task:14s} {n:>5s}  true {float(mine[0]['true_mi']):.3f}"
        for method in dict.fromkeys(row["method"] for row in mine):
            values = np.array([float(row["value"]) for row in mine if row["method"] == method])
            error = np.abs(values - float(mine[0]["true_mi"])).mean()
            line += f"  {method} {values.mean():.3f} ({error:.3f})"
        print(line)


def print_graphs(rows: list[dict[str, str]]) -> None:
    """Number of wrong edges in each draw, by test."""
    chosen = [row for row in rows if row["part"] == "graph"]
    print("\ngraph: wrong edges in each draw")
    for method in dict.fromkeys(row["method"] for row in chosen):
        print(f"{method:10s}", *(row["value"] for row in chosen if row["method"] == method))


def _parser() -> argparse.ArgumentParser:
    parser = record_parser(__doc__, "conditional")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--level-draws", type=int, default=500)
    return parser


if __name__ == "__main__":
    sys.exit(main())
