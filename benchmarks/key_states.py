"""How near discovered key states come to the simulator's own, and what one MI evaluation costs.

Make the demonstrations first, with `apps/key_states.py demos`. A run that is stopped goes on where
it was. Example:

    OMP_NUM_THREADS=1 python benchmarks/key_states.py --demos PICK.h5 STACK.h5 PEG.h5 --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import RESULTS, describe_run, read_description, write_description
from infoatlas_plugins.key_states import (
    METHODS,
    Demonstrations,
    KeyStateFinder,
    find_key_states,
    key_states_of_flags,
    mi_profile,
    read_maniskill,
)
from infoatlas_plugins.key_states.discovery import (
    disagreement_of_seeds,
    distances,
    visible_states,
)
from infoatlas_plugins.key_states.objectives import OBJECTIVES
from infoatlas_plugins.key_states.tasks import find_task

COLUMNS = ("task", "method", "clock", "seed", "demonstration", "states", "keys", "truth",
           "seconds_per_mi")  # fmt: skip
DEFAULT_METHODS = ("infoatlas", "mine-100", "gaussian", "none", "uniform", "random",
                   "gripper-change", "awe")  # fmt: skip

Row = dict[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is missing in ``--out``, one row for each demonstration, and print the table."""
    options = _parser().parse_args(argv)
    for file in options.demos:
        demonstrations = read_maniskill(file).first(options.count)
        clock = options.clock
        done = {tuple(row[n] for n in ("task", "method", "clock", "seed"))
                for row in read_rows(options.out)}  # fmt: skip
        for seed in options.seeds:
            for method in options.methods:
                run = (demonstrations.task_id, method, clock, str(seed))
                if run not in done and (method in OBJECTIVES or clock == "motion"):
                    append(options.out, measure(demonstrations, method, clock, seed))
                    print("  ".join(run), flush=True)
        describe(options.out, demonstrations, profile=options.profile)
    print_table(read_rows(options.out))
    return 0


def measure(
    demonstrations: Demonstrations, method: str, clock: Literal["motion", "time"], seed: int
) -> Iterator[dict[str, Any]]:
    """One row for each demonstration; the baselines know no clock."""
    task = find_task(demonstrations.task_id)
    truth = np.stack(list(key_states_of_flags(demonstrations, task.key_flags).values()), axis=1)
    seconds: float | str = ""
    if method in OBJECTIVES:
        finder = KeyStateFinder(method, clock=clock, random_state=seed)
        found = list(finder.fit(visible_states(demonstrations, task)).key_indices_)
        seconds = round(finder.seconds_per_mi_, 6)
    else:
        found = find_key_states(demonstrations, task, method, random_state=seed)
    for number, keys in enumerate(found):
        yield {
            "task": task.id,
            "method": method,
            "clock": clock,
            "seed": seed,
            "demonstration": demonstrations.episodes[number].seed,
            "states": len(demonstrations.states[number]),
            "keys": " ".join(map(str, keys)),
            "truth": " ".join(map(str, truth[number])),
            "seconds_per_mi": seconds,
        }


def describe(out: Path, demonstrations: Demonstrations, *, profile: bool) -> None:
    """Write the circumstances and, if asked for, the MI profile of this task."""
    before = read_description(out.with_suffix(".json"))
    profiles = before.get("profiles", {})
    if profile and demonstrations.task_id not in profiles:
        profiles[demonstrations.task_id] = _profile(out, demonstrations)
    described = describe_run(
        n_demonstrations=len(demonstrations),
        finder=KeyStateFinder().get_params(),
        profiles=profiles,
    )
    write_description(out.with_suffix(".json"), described)


def _profile(out: Path, demonstrations: Demonstrations) -> dict[str, Any]:
    task = find_task(demonstrations.task_id)
    found = mi_profile(visible_states(demonstrations, task))
    runs = keys_of_runs([row for row in read_rows(out) if row["task"] == task.id])
    fixed = {run: keys for run, keys in runs.items() if isinstance(keys, np.ndarray)}
    return {
        "mi_nats": found.mi.round(3).tolist(),
        "band_nats": found.band.round(3).tolist(),
        "p_value_of_peak": found.p_value,
        "share_of_steps_below_the_key_states": {
            f"{method} {clock} seed {seed}": round(found.percentile_of(keys), 3)
            for (_, method, clock, seed), keys in fixed.items()
        },
    }


def keys_of_runs(rows: list[Row]) -> dict[tuple[str, str, str, str], NDArray[np.int64] | None]:
    """Key states (n_demonstrations, n_keys) of each task, method, clock and seed.

    None where the demonstrations of a run have different numbers of them.
    """
    runs: dict[tuple[str, str, str, str], list[list[int]]] = {}
    for row in rows:
        run = runs.setdefault((row["task"], row["method"], row["clock"], row["seed"]), [])
        run.append([int(key) for key in row["keys"].split()])
    return {
        name: np.array(keys) if len({len(k) for k in keys}) == 1 else None
        for name, keys in runs.items()
    }


def read_rows(path: Path) -> list[Row]:
    """Rows written so far."""
    if not path.exists():
        return []
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def append(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Add the rows of one run, all at once."""
    measured = list(rows)
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerows(measured)


def summarise(rows: list[Row]) -> dict[tuple[str, str, str], dict[str, float]]:
    """Median steps to the nearest key state, by key and over all, for each task, method, clock."""
    chosen: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        chosen.setdefault((row["task"], row["method"], row["clock"]), []).append(row)
    runs = keys_of_runs(rows)
    table = {}
    for (task, method, clock), group in chosen.items():
        names = tuple(find_task(task).key_flags)
        truth = np.array([[int(step) for step in row["truth"].split()] for row in group])
        found = [np.array(row["keys"].split(), dtype=np.int64) for row in group]
        by_key = distances(
            found, dict(zip(names, truth.T, strict=True)), [int(row["states"]) for row in group]
        )
        entry = {name: float(np.median(values)) for name, values in by_key.items()}
        entry["all"] = float(np.median(np.concatenate(list(by_key.values()))))
        entry["mean"] = float(np.mean(np.concatenate(list(by_key.values()))))
        entry["n_keys"] = statistics.mean(len(keys) for keys in found)
        seeds = [keys for (*run, _), keys in runs.items() if run == [task, method, clock]]
        whole = [keys for keys in seeds if keys is not None]
        if len(whole) > 1:
            entry["seeds_apart"] = disagreement_of_seeds(whole)
        if group[0]["seconds_per_mi"]:
            entry["seconds"] = statistics.median(float(row["seconds_per_mi"]) for row in group)
        table[task, method, clock] = entry
    return table


def print_table(rows: list[Row]) -> None:
    """Print medians in steps, and seconds for one evaluation."""
    for (task, method, clock), entry in sorted(summarise(rows).items()):
        numbers = "  ".join(f"{name} {value:.3g}" for name, value in entry.items())
        print(f"{task:20} {method:15} {clock:7} {numbers}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--demos", nargs="+", type=Path, required=True, help=".h5 files, one for each task")
    add("--count", type=int, default=40, help="demonstrations of each task (default: 40)")
    add("--methods", nargs="+", choices=METHODS, default=DEFAULT_METHODS)
    add("--seeds", nargs="+", type=int, default=[0, 1, 2])
    add(
        "--clock",
        choices=("motion", "time"),
        default="motion",
        help="grid of the finder (default: motion); baselines are measured with motion alone",
    )
    add("--profile", action="store_true", help="also the MI profile with its permutation band")
    today = datetime.now(UTC).date().isoformat()
    add("--out", type=Path, default=RESULTS / f"{today}-key-states.csv")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
