"""Seconds of one evaluation of mutual information inside the key-state loop, all methods in turns.

Pairs are states of the PickCube-v1 demonstrations that come with the plugin, as the finder draws
them: 20 demonstrations, 5 key states pooled, 4 components. Example:

    OMP_NUM_THREADS=1 python benchmarks/key_states_time.py --rounds 15
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from benchmarks.record import RESULTS, describe_run, refuse_existing, write_description
from benchmarks.row_record import write_rows
from infoatlas_plugins.key_states.clock import Scale
from infoatlas_plugins.key_states.discovery import visible_states
from infoatlas_plugins.key_states.objectives import OBJECTIVES, Objective
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.tasks import find_task

N_DEMONSTRATIONS, N_KEYS, N_COMPONENTS, LAG = 20, 5, 4, 2
METHODS = [name for name in OBJECTIVES if name != "none"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write one row a call, and print the medians."""
    options = _parser().parse_args(argv)
    refuse_existing(options.out)
    rows = list(time_in_turns(options.methods, options.rounds))
    write_rows(options.out, rows)
    write_description(
        options.out.with_suffix(".json"), describe_run(n_pairs=N_DEMONSTRATIONS * N_KEYS)
    )
    for method, (wall, processor) in medians(rows).items():
        print(f"{method:15} {wall:.4f} s by the clock, {processor:.4f} s of the processor")
    return 0


def medians(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Median seconds by the clock, and of the processor, for each method."""
    methods = dict.fromkeys(row["method"] for row in rows)
    return {
        method: (
            statistics.median(float(r["wall_seconds"]) for r in rows if r["method"] == method),
            statistics.median(float(r["processor_seconds"]) for r in rows if r["method"] == method),
        )
        for method in methods
    }


def time_in_turns(methods: Sequence[str], rounds: int) -> Iterator[dict[str, Any]]:
    """All methods once, then all again, after one untimed round; a value and its gradient each.

    A slow minute of the machine hits every one of them.
    """
    measures = {method: OBJECTIVES[method](0) for method in methods}
    generator = np.random.default_rng(0)
    for turn in tqdm(range(-1, rounds), disable=None, unit="round"):
        pairs = draw_pairs(generator)
        for method, measure in measures.items():
            wall, processor = seconds(measure, *pairs)
            if turn >= 0:
                yield {
                    "round": turn,
                    "method": method,
                    "wall_seconds": round(wall, 6),
                    "processor_seconds": round(processor, 6),
                }


def seconds(measure: Objective, after: Tensor, before: Tensor) -> tuple[float, float]:
    """Time of one value and its gradients, by the clock and of the processor."""
    after, before = after.requires_grad_(), before.requires_grad_()
    wall, processor = time.perf_counter(), time.process_time()
    torch.autograd.grad(measure(after, before), (after, before))
    return time.perf_counter() - wall, time.process_time() - processor


def draw_pairs(generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """States at random steps and those before: (pairs, components) twice."""
    demonstrations = read_sample().first(N_DEMONSTRATIONS)
    states = visible_states(demonstrations, find_task(demonstrations.task_id))
    scale = Scale.fit(states, N_COMPONENTS)
    after, before = [], []
    for values in states:
        steps = LAG + generator.choice(len(values) - LAG, N_KEYS, replace=False)
        components = scale.standardise(values) @ scale.axes
        after.append(components[steps])
        before.append(components[steps - LAG])
    return torch.from_numpy(np.concatenate(after)), torch.from_numpy(np.concatenate(before))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--methods", nargs="+", choices=METHODS, default=METHODS)
    add("--rounds", type=int, default=15)
    today = datetime.now(UTC).date().isoformat()
    add("--out", type=Path, default=RESULTS / f"{today}-key-states-time.csv")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
