"""Key states of robot demonstrations by mutual information, and ManiSkill policies trained on them.

    python apps/key_states.py
    python apps/key_states.py demos --task StackCube-v1 --count 300 --demos stack.h5
    python apps/key_states.py discover --demos stack.h5 --method infoatlas
    python apps/key_states.py train --demos stack.h5 --config cpu --out results/stack
    python apps/key_states.py eval --policy results/stack --episodes 100
    python apps/key_states.py render --policy results/stack

Without a subcommand it runs everything in miniature on the PickCube demonstrations that come with
the plugin. So few demonstrations and training steps show that the parts work, not how well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states import (
    METHODS,
    TASKS,
    Demonstrations,
    find_key_states,
    key_states_of_flags,
    make_demonstrations,
    mi_profile,
    read_lerobot,
    read_maniskill,
)
from infoatlas_plugins.key_states.discovery import distances, visible_states
from infoatlas_plugins.key_states.evaluate import (
    SuccessRate,
    evaluate_policy,
    seen_seeds,
    unseen_seeds,
)
from infoatlas_plugins.key_states.pictures import save_profile, save_success
from infoatlas_plugins.key_states.render import save_film, save_strips
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.simulation import NO_VULKAN, has_graphics
from infoatlas_plugins.key_states.tasks import Task, find_task
from infoatlas_plugins.key_states.train import (
    CONFIGS,
    KEY_CHOICES,
    TrainedPolicy,
    load_policy,
    train_policy,
)
from infoatlas_plugins.safe_write import replace_when_written

OUT = Path("results") / "key_states"

Record = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    started = time.perf_counter()
    try:
        record = arguments.run(arguments)
        record["seconds"] = round(time.perf_counter() - started, 1)
        path = arguments.json or arguments.out / f"{arguments.command or 'run'}.json"
        with replace_when_written(path) as handle:
            handle.write((json.dumps(record, indent=1) + "\n").encode())
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        print(f"key_states: {error}", file=sys.stderr)
        return 2
    print(f"wrote      {path}  ({record['seconds']} s)")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Options of the command and its subcommands."""
    parser = argparse.ArgumentParser(
        prog="key_states.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run_miniature, demos=None, method="infoatlas", n_keys=5)
    _add_common(parser)
    commands = parser.add_subparsers(dest="command", title="subcommands", metavar="COMMAND")

    demos = commands.add_parser("demos", help="make demonstrations with mani-skill's planners")
    demos.set_defaults(run=run_demos)
    demos.add_argument("--task", choices=sorted(TASKS), default="PickCube-v1")
    demos.add_argument("--count", type=int, default=100, help="wanted in all (default: 100)")
    demos.add_argument("--demos", type=Path, required=True, metavar="FILE.h5", help="added to")

    discover = commands.add_parser("discover", help="find key states")
    discover.set_defaults(run=run_discover)
    discover.add_argument("--method", choices=METHODS, default="infoatlas")
    discover.add_argument("--n-keys", type=int, default=5, help="of each demonstration (default 5)")
    _add_demos(discover)

    train = commands.add_parser("train", help="train a policy, or go on with one in --out")
    train.set_defaults(run=run_train)
    train.add_argument("--config", choices=sorted(CONFIGS), default="miniature")
    train.add_argument("--policy", choices=("key-state", "chunked"), default="key-state")
    train.add_argument("--keys", choices=KEY_CHOICES, default="infoatlas",
                       help="key states to predict (default: infoatlas)")  # fmt: skip
    train.add_argument("--frame", choices=("gripper", "world"),
                       help="of the states (default: the config's)")  # fmt: skip
    train.add_argument("--iterations", type=int, help="instead of the configuration's")
    _add_demos(train)

    evaluate = commands.add_parser("eval", help="success on seen and unseen seeds")
    evaluate.set_defaults(run=run_eval)
    evaluate.add_argument("--policy", type=Path, default=OUT, help=f"folder (default: {OUT})")
    evaluate.add_argument("--episodes", type=int, default=100, help="of each kind (default: 100)")
    evaluate.add_argument(
        "--simulation", choices=("cpu", "gpu"), help="instead of the policy's own"
    )

    render = commands.add_parser("render", help="strips of key frames and a film; needs Vulkan")
    render.set_defaults(run=run_render)
    render.add_argument("--policy", type=Path, help="folder; without it no film")
    render.add_argument("--method", choices=METHODS, default="infoatlas")
    render.add_argument("--n-keys", type=int, default=5)
    render.add_argument("--seed", type=int, default=50_000, help="of the film (default: 50000)")
    _add_demos(render)
    for command in (demos, discover, train, evaluate, render):
        _add_common(command)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=OUT, help=f"results folder (default: {OUT})")
    parser.add_argument("--json", type=Path, metavar="OUT", help="figures (default: below --out)")
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: 0)")


def _add_demos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--demos", type=Path, metavar="PATH",
        help="ManiSkill .h5 file or LeRobot folder (default: the shipped set)")  # fmt: skip


def read_demonstrations(path: Path | None) -> Demonstrations:
    """The shipped set, a ManiSkill file or a LeRobot folder."""
    if path is None:
        print("data       no --demos given: the PickCube demonstrations shipped with the plugin")
        return read_sample()
    return read_lerobot(path) if path.is_dir() else read_maniskill(path)


def task_of(demonstrations: Demonstrations) -> Task:
    """The known task, or a nameless one without privileged key states for other data."""
    if demonstrations.task_id in TASKS:
        return find_task(demonstrations.task_id)
    return Task(
        id=demonstrations.task_id,
        horizon=max(map(len, demonstrations.states)),
        control_mode=demonstrations.control_mode,
        planner="",
        key_flags={},
    )


def run_demos(arguments: argparse.Namespace) -> Record:
    made = make_demonstrations(arguments.task, arguments.demos, count=arguments.count)
    steps = [len(episode.actions) for episode in made.episodes]
    print(
        f"made       {len(made)} demonstrations of {made.task_id}, {min(steps)}-{max(steps)} steps"
    )
    return {"task": made.task_id, "count": len(made), "steps": steps}


def run_discover(arguments: argparse.Namespace) -> Record:
    demonstrations = read_demonstrations(arguments.demos)
    return discover(demonstrations, arguments)[0]


def discover(
    demonstrations: Demonstrations, arguments: argparse.Namespace, **options: Any
) -> tuple[Record, list[NDArray[np.int64]]]:
    """Find key states, compare with uniform and random ones, draw the profile."""
    task = task_of(demonstrations)
    seed = arguments.random_state
    found = find_key_states(
        demonstrations, task, arguments.method, n_keys=arguments.n_keys, random_state=seed,
        **options,
    )  # fmt: skip
    truth = key_states_of_flags(demonstrations, task.key_flags)
    lengths = [len(states) for states in demonstrations.states]
    table = {}
    for name in (arguments.method, "uniform", "random"):
        keys = found if name == arguments.method else find_key_states(
            demonstrations, task, name, n_keys=arguments.n_keys, random_state=seed
        )  # fmt: skip
        apart = distances(keys, truth, lengths)
        table[name] = {key: float(np.median(values)) for key, values in apart.items()}
        if truth:
            told = ", ".join(f"{key} {steps:.1f}" for key, steps in table[name].items())
            print(f"{name:10} median steps to the nearest key state: {told}")
    profile = mi_profile(visible_states(demonstrations, task), random_state=seed)
    picture = arguments.out / "profile.png"
    title = f"{task.id}, {arguments.method}"
    save_profile(picture, profile, found, truth, title=title)
    print(f"profile    peak {profile.mi.max():.2f} nats, p = {profile.p_value:.2g}; {picture}")
    record = {
        "task": task.id,
        "method": arguments.method,
        "n_demonstrations": len(demonstrations),
        "key_states": [keys.tolist() for keys in found],
        "median_steps_to_privileged": table,
        "profile_nats": profile.mi.round(4).tolist(),
        "profile_p_value": profile.p_value,
    }
    return record, found


def run_train(arguments: argparse.Namespace) -> Record:
    config = replace(
        CONFIGS[arguments.config],
        policy=arguments.policy,
        keys=arguments.keys,
        random_state=arguments.random_state,
    )
    if arguments.frame is not None:
        config = replace(config, frame=arguments.frame)
    if arguments.iterations is not None:
        config = replace(config, n_iterations=arguments.iterations)
    policy = train_policy(read_demonstrations(arguments.demos), config, arguments.out)
    print(f"trained    {config.policy} policy, {config.n_iterations} iterations: {arguments.out}")
    return {"task": policy.task_id, "policy": config.policy, "keys": config.keys}


def run_eval(arguments: argparse.Namespace) -> Record:
    policy = load_policy(arguments.policy, simulation=arguments.simulation)
    return evaluate(policy, arguments.episodes, arguments.out)


def evaluate(policy: TrainedPolicy, episodes: int, out: Path) -> Record:
    """Roll out on seen and unseen seeds, print and draw the table."""
    rates = {
        "seen": evaluate_policy(policy, seen_seeds(policy, episodes)),
        "unseen": evaluate_policy(policy, unseen_seeds(episodes)),
    }
    for name, rate in rates.items():
        low, high = (100 * bound for bound in rate.interval)
        print(f"{name:10} {rate.successes} of {rate.episodes}  (95 %: {low:.0f} to {high:.0f} %)")
    save_success(out / "success.png", rates, title=f"{policy.task_id}, {policy.config.policy}")
    return {"task": policy.task_id, **{name: _told(rate) for name, rate in rates.items()}}


def _told(rate: SuccessRate) -> Record:
    return {
        "successes": rate.successes,
        "episodes": rate.episodes,
        "interval": [round(bound, 4) for bound in rate.interval],
    }


def run_render(arguments: argparse.Namespace) -> Record:
    demonstrations = read_demonstrations(arguments.demos)
    if not has_graphics():
        raise RuntimeError(NO_VULKAN)
    found = find_key_states(
        demonstrations, task_of(demonstrations), arguments.method, n_keys=arguments.n_keys,
        random_state=arguments.random_state,
    )  # fmt: skip
    save_strips(arguments.out / "key_frames.png", demonstrations, found)
    print(f"drew       {arguments.out / 'key_frames.png'}")
    record: Record = {"key_frames": "key_frames.png"}
    if arguments.policy is not None:
        rate = save_film(
            arguments.out / "rollout.mp4", load_policy(arguments.policy), arguments.seed
        )
        outcome = "succeeds" if rate.successes else "fails"
        print(f"filmed     {arguments.out / 'rollout.mp4'}: seed {arguments.seed} {outcome}")
        record |= {"film": "rollout.mp4", "film_seed": arguments.seed, "film_succeeds": outcome}
    return record


def run_miniature(arguments: argparse.Namespace) -> Record:
    """Everything once, small."""
    import_extra("mani_skill", extra="robot", needed_by="evaluating a policy in ManiSkill")
    demonstrations = read_demonstrations(None)
    found, keys = discover(demonstrations, arguments, n_iterations=60)
    config = replace(
        CONFIGS["miniature"], finder_iterations=60, random_state=arguments.random_state
    )
    folder = arguments.out / "policy"
    policy = train_policy(demonstrations, config, folder)
    print(f"trained    {config.n_iterations} iterations on {len(demonstrations)} demonstrations")
    measured = evaluate(policy, 10, arguments.out)
    if has_graphics():
        save_strips(arguments.out / "key_frames.png", demonstrations, keys)
        save_film(arguments.out / "rollout.mp4", policy, seen_seeds(policy, 1)[0])
        print(f"drew       {arguments.out / 'key_frames.png'} and rollout.mp4")
    else:
        print(f"no frames  {NO_VULKAN}")
    return {"discover": found, "eval": measured}


if __name__ == "__main__":
    raise SystemExit(main())
