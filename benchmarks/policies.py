"""Success of policies trained on key states, and of those without: seen and unseen seeds.

Make the demonstrations first, with `apps/key_states.py demos`. A run that is stopped goes on where
it was: finished runs stay in the record, begun ones in ``--work``. Example:

    OMP_NUM_THREADS=1 python benchmarks/policies.py --study over-fitting --demos PICK.h5 --seeds 0
    OMP_NUM_THREADS=1 python benchmarks/policies.py --study comparison --demos PICK.h5 STACK.h5
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.record import RESULTS
from benchmarks.row_record import go_on
from infoatlas_plugins.key_states import Demonstrations, read_maniskill
from infoatlas_plugins.key_states.evaluate import (
    SuccessRate,
    roll_outs,
    seen_seeds,
    unseen_seeds,
)
from infoatlas_plugins.key_states.tasks import TASKS
from infoatlas_plugins.key_states.train import CONFIGS, PolicyConfig, train_policy

KEY = ("study", "task", "variant", "seed")
FEW = 100  # demonstrations, where the study does not vary them

CHUNKED = replace(CONFIGS["cpu"], policy="chunked")
# Against over-fitting: the flat state and nothing else, one remedy at a time, then all of them.
BARE = replace(CHUNKED, frame="world", noise=0.0)
OVER_FITTING: dict[str, tuple[PolicyConfig, int | None]] = {
    "flat state": (BARE, FEW),
    "all demonstrations": (BARE, None),
    "relative observations": (replace(BARE, frame="gripper"), FEW),
    "noise": (replace(BARE, noise=CHUNKED.noise), FEW),
    "weight decay": (replace(BARE, weight_decay=0.1), FEW),
    "dropout": (replace(BARE, dropout=0.1), FEW),
    "together": (CHUNKED, None),
    "together, squared error": (replace(CHUNKED, loss="squared"), None),
    "together, raw actions": (replace(CHUNKED, actions="raw"), None),
}
# Key states of several origins under one budget; None: all demonstrations of the file.
COMPARISON: dict[str, tuple[PolicyConfig, int | None]] = {
    "infoatlas": (replace(CONFIGS["cpu"], keys="infoatlas"), None),
    "chunked": (CHUNKED, None),
    "uniform": (replace(CONFIGS["cpu"], keys="uniform"), None),
    "shuffled": (replace(CONFIGS["cpu"], keys="shuffled"), None),
    "none": (replace(CONFIGS["cpu"], keys="none"), None),
    # the transformer and its query tokens, which nothing teaches to predict a key state
    "untaught": (replace(CONFIGS["cpu"], keys="uniform", key_weight=0.0), None),
}
STUDIES = {"over-fitting": OVER_FITTING, "comparison": COMPARISON}


def main(argv: Sequence[str] | None = None) -> int:
    """Train and roll out what is missing in ``--out``, two rows a run, and print the table."""
    options = _parser().parse_args(argv)
    demonstrations = {d.task_id: d for d in map(read_maniskill, options.demos)}
    variants = options.variants or list(STUDIES[options.study])
    jobs = [
        (options.study, task, variant, str(seed))
        for task in demonstrations
        for seed in options.seeds
        for variant in variants
    ]

    def measure(study: str, task: str, variant: str, seed: str) -> list[dict[str, Any]]:
        config, count = STUDIES[study][variant]
        chosen = demonstrations[task] if count is None else demonstrations[task].first(count)
        folder = options.work / "-".join((study, task, variant, seed)).replace(" ", "_")
        rows = train_and_roll_out(
            chosen, replace(config, random_state=int(seed)), folder, options.episodes
        )
        print("  ".join((task, variant, seed, *(f"{r['split']} {_told([r])}" for r in rows))),
              flush=True)  # fmt: skip
        return [{"study": study, "task": task, "variant": variant, "seed": seed, **row}
                for row in rows]  # fmt: skip

    rows = go_on(
        options.out, jobs, measure, key=KEY, minutes=options.minutes, config=asdict(CONFIGS["cpu"])
    )
    print_table(rows)
    return 0


def train_and_roll_out(
    demonstrations: Demonstrations, config: PolicyConfig, folder: Path, episodes: int
) -> list[dict[str, Any]]:
    """One row for seen and one for unseen seeds, each with the outcome of every episode."""
    started = time.perf_counter()
    policy = train_policy(demonstrations, config, folder)
    trained = time.perf_counter() - started
    rows = []
    for split, seeds in {
        "seen": seen_seeds(policy, episodes),
        "unseen": unseen_seeds(episodes),
    }.items():
        started = time.perf_counter()
        outcomes = roll_outs(policy, seeds)
        rows.append(
            {
                "split": split,
                "n_demonstrations": len(demonstrations),
                "n_iterations": config.n_iterations,
                "outcomes": "".join(str(int(success)) for success in outcomes),
                "train_seconds": round(trained, 1),
                "roll_out_seconds": round(time.perf_counter() - started, 1),
            }
        )
    return rows


def rate_of(rows: Sequence[dict[str, Any]]) -> SuccessRate:
    """Successes of all episodes of the rows."""
    outcomes = "".join(row["outcomes"] for row in rows)
    return SuccessRate(successes=outcomes.count("1"), episodes=len(outcomes))


def summarise(
    rows: Sequence[dict[str, Any]],
) -> dict[tuple[str, str, str], dict[str, list[dict[str, Any]]]]:
    """Rows of each study, task and variant, one list for each split, in the record's order."""
    table: dict[tuple[str, str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        entry = table.setdefault((row["study"], row["task"], row["variant"]), {})
        entry.setdefault(row["split"], []).append(row)
    return table


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print, as Markdown, successes over all seeds, their 95 % Wilson interval, each seed's own."""
    print("\n| study | task | policy | seen | unseen |\n|---|---|---|---|---|")
    for names, splits in summarise(rows).items():
        print("| " + " | ".join([*names, *(_told(splits[s]) for s in ("seen", "unseen"))]) + " |")


def _told(rows: Sequence[dict[str, Any]]) -> str:
    rate = rate_of(rows)
    low, high = (100 * bound for bound in rate.interval)
    told = f"{rate.successes} of {rate.episodes} ({low:.0f} to {high:.0f} %)"
    each = ", ".join(str(row["outcomes"].count("1")) for row in rows)
    return told if len(rows) == 1 else f"{told}: {each}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--study", choices=sorted(STUDIES), required=True)
    add("--demos", nargs="+", type=Path, required=True, help=f".h5 files of {', '.join(TASKS)}")
    add("--variants", nargs="+", choices=sorted({*OVER_FITTING, *COMPARISON}))
    add("--seeds", nargs="+", type=int, default=[0, 1, 2])
    add("--episodes", type=int, default=100, help="seen, and as many unseen (default: 100)")
    add("--minutes", type=float, default=600.0, help="begin no run after that time")
    add("--work", type=Path, default=Path("results") / "policies", help="checkpoints")
    today = datetime.now(UTC).date().isoformat()
    add("--out", type=Path, default=RESULTS / f"{today}-policies.csv")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
