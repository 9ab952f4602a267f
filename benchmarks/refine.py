"""refine= on the 40 BMI tasks: whether the kept critic is ever worse than the zero-shot one.

It is chosen on the held-out rows, so there it cannot be; the record also has both critics' values
on rows of another draw, which nothing has chosen on, where it can.

Example: python benchmarks/refine.py --n 1000 --steps 10 --minutes 8
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch
from tqdm import tqdm

from benchmarks import bmi_tasks
from benchmarks.estimators import warm_up
from benchmarks.record import RESULTS, describe_run, write_description
from benchmarks.task import Array, Task
from infoatlas import load_model
from infoatlas._bounds import donsker_varadhan
from infoatlas._forward import WrittenCritic
from infoatlas._pairs import pairs_of_new
from infoatlas._refine import refine_critic
from infoatlas._validation import check_pair

SEED, FRESH_SEED = 0, 1000
FRESH_ROWS = 5000
FIELDS = (
    "task", "n_samples", "seed", "true_mi", "zero_shot", "held_out", "step",
    "fresh_zero_shot", "fresh_kept", "seconds",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Measure until all is done or the time is up; print what was found."""
    options = _parser().parse_args(argv)
    rows = _read(options.out)
    done = {row["task"] for row in rows}
    deadline = time.monotonic() + 60 * options.minutes
    weights = warm_up("default")
    for task in tqdm([t for t in bmi_tasks.TASKS if t.name not in done], disable=None):
        if time.monotonic() > deadline:
            break
        rows.append(measure(task, options.n, options.steps))
        _write(options.out, rows, steps=options.steps, **weights)
    worse = sum(float(row["held_out"]) < float(row["zero_shot"]) for row in rows)
    gain, fresh = (
        np.mean([float(row[after]) - float(row[before]) for row in rows])
        for before, after in (("zero_shot", "held_out"), ("fresh_zero_shot", "fresh_kept"))
    )
    print(f"{len(rows)} of {len(bmi_tasks.TASKS)} tasks; worse on the held-out rows: {worse}")
    print(f"mean gain on the held-out rows {gain:.4f}, on fresh rows {fresh:.4f} nats")
    return 0


def measure(task: Task, n_samples: int, steps: int) -> dict[str, str]:
    """Held-out and fresh values of the critic before and after."""
    x, y = task.draw(n_samples, SEED)
    network = load_model()
    start = time.perf_counter()
    found = refine_critic(check_pair(x, y), network, np.random.default_rng(SEED), steps)
    seconds = time.perf_counter() - start
    written = refine_critic(check_pair(x, y), network, np.random.default_rng(SEED), 0).critic
    fresh = task.draw(FRESH_ROWS, FRESH_SEED)
    values = {
        "true_mi": task.mutual_information,
        "zero_shot": found.zero_shot,
        "held_out": found.held_out,
        "fresh_zero_shot": fresh_value(written, *fresh),
        "fresh_kept": fresh_value(found.critic, *fresh),
    }
    return {
        "task": task.name,
        "n_samples": str(n_samples),
        "seed": str(SEED),
        **{name: f"{value:.6g}" for name, value in values.items()},
        "step": str(found.step),
        "seconds": f"{seconds:.3f}",
    }


def fresh_value(critic: WrittenCritic, x: Array, y: Array) -> float:
    """Donsker-Varadhan value on new rows, in nats."""
    readers = critic.pair.reader_x, critic.pair.reader_y
    dtype = critic.model.pair_first.weight.dtype
    with torch.no_grad():
        side_x, side_y = (
            reader(torch.from_numpy(values[None])).to(dtype)
            for reader, values in zip(readers, (x, y), strict=True)
        )
        partners = pairs_of_new(len(x), np.random.default_rng(0)).partner
        product = [critic(side_x, side_y.rows(partner)) for partner in partners]
        return float(donsker_varadhan(critic(side_x, side_y), torch.cat(product, dim=1)))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]], **more: object) -> None:
    temporary = path.with_name(path.name + ".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)
    write_description(path.with_suffix(".json"), describe_run(**more))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=1000, help="rows of each draw (default: 1000)")
    parser.add_argument("--steps", type=int, default=10, help="default: 10")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time")
    out = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-refine.csv"
    parser.add_argument("--out", type=Path, default=out)
    return parser


if __name__ == "__main__":
    sys.exit(main())
