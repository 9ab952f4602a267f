"""ManiSkill's trajectory files: NAME.h5 with the arrays, NAME.json with seeds and settings.

Written here with two additions that ManiSkill ignores: a group ``flags`` in each trajectory (one
value for each state), and ``state_columns`` in the JSON file. Official files are read as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.demonstrations import Demonstration, Demonstrations
from infoatlas_plugins.safe_write import replace_when_written


def write_maniskill(path: Path, demonstrations: Demonstrations) -> None:
    """Write PATH (.h5) and the .json beside it.

    Parameters
    ----------
    path : Path
        Must end in ``.h5``.
    demonstrations : Demonstrations
    """
    if path.suffix != ".h5":
        raise ValueError(f"path must end in .h5, got {str(path)!r}")
    h5py = _h5py()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with h5py.File(temporary, "w") as file:
            for number, episode in enumerate(demonstrations.episodes):
                _write_episode(file.create_group(f"traj_{number}"), episode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    with replace_when_written(path.with_suffix(".json")) as handle:
        handle.write((json.dumps(_card(demonstrations), indent=1) + "\n").encode())


def read_maniskill(path: Path) -> Demonstrations:
    """Read a ManiSkill .h5 file and its .json.

    Parameters
    ----------
    path : Path
        The .h5 file; observations must be states (``obs_mode`` state or state_dict).

    Returns
    -------
    Demonstrations

    Raises
    ------
    FileNotFoundError
        If one of the two files is missing.
    ValueError
        If the file holds no state observations.
    """
    for needed in (path, path.with_suffix(".json")):
        if not needed.is_file():
            raise FileNotFoundError(
                f"{needed} does not exist; ManiSkill demonstrations are a .h5 file with a .json of "
                "the same name (make some with `apps/key_states.py demos`)"
            )
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with _h5py().File(path, "r") as file:
        read = [_read_episode(file, entry) for entry in card["episodes"]]
    info = card["env_info"]
    return Demonstrations(
        task_id=info["env_id"],
        control_mode=_control_mode(card),
        episodes=tuple(episode for episode, _ in read),
        columns=tuple(card.get("state_columns", ())) or read[0][1],
    )


def _h5py() -> Any:
    return import_extra("h5py", extra="robot", needed_by="reading or writing demonstrations")


def _write_episode(group: Any, episode: Demonstration) -> None:
    n_actions = len(episode.actions)
    success = np.asarray(episode.flags.get("success", np.zeros(len(episode.states), dtype=bool)))
    success = success[-n_actions:]
    arrays: dict[str, NDArray[Any]] = {
        "obs": episode.states,
        "actions": episode.actions,
        "success": success,
        "terminated": success,
        "truncated": np.zeros(n_actions, dtype=bool),
        **{f"flags/{name}": values for name, values in episode.flags.items()},
        **{f"env_states/{name}": values for name, values in episode.simulator.items()},
    }
    for name, values in arrays.items():
        group.create_dataset(name, data=values, compression="gzip", compression_opts=6)


def _card(demonstrations: Demonstrations) -> dict[str, Any]:
    return {
        "env_info": {
            "env_id": demonstrations.task_id,
            "env_kwargs": {
                "obs_mode": "state",
                "control_mode": demonstrations.control_mode,
                "sim_backend": "physx_cpu",
            },
        },
        "source_type": "motionplanning",
        "state_columns": list(demonstrations.columns),
        "episodes": [
            {
                "episode_id": number,
                "episode_seed": episode.seed,
                "control_mode": demonstrations.control_mode,
                "elapsed_steps": len(episode.actions),
                "reset_kwargs": {"seed": episode.seed, "options": {}},
                "success": bool(np.any(episode.flags.get("success", False))),
            }
            for number, episode in enumerate(demonstrations.episodes)
        ],
    }


def _control_mode(card: dict[str, Any]) -> str:
    settings = card["env_info"].get("env_kwargs", {})
    return card["episodes"][0].get("control_mode") or settings["control_mode"]


def _read_episode(file: Any, entry: dict[str, Any]) -> tuple[Demonstration, tuple[str, ...]]:
    name = f"traj_{entry['episode_id']}"
    if name not in file:
        raise ValueError(f"{file.filename} has no {name}, which its .json lists")
    group = file[name]
    states, columns = _read_states(group)
    actions = np.asarray(group["actions"], dtype=np.float32)
    flags = {key: np.asarray(values, dtype=bool) for key, values in group.get("flags", {}).items()}
    if "success" not in flags and "success" in group:
        before = np.zeros(len(states) - len(actions), dtype=bool)
        flags["success"] = np.concatenate([before, np.asarray(group["success"], dtype=bool)])
    episode = Demonstration(
        states=states,
        actions=actions,
        flags=flags,
        seed=_seed(entry),
        simulator=dict(_leaves(group["env_states"])) if "env_states" in group else {},
    )
    return episode, columns


def _read_states(group: Any) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    observed = group.get("obs")
    if observed is None or (hasattr(observed, "keys") and "sensor_data" in observed):
        raise ValueError(
            f"{group.file.filename} has no state observations; make them with: python -m "
            "mani_skill.trajectory.replay_trajectory --traj-path FILE --obs-mode state --save-traj"
        )
    if not hasattr(observed, "keys"):
        return np.asarray(observed, dtype=np.float32), ()
    leaves = {path: values.reshape(len(values), -1) for path, values in _leaves(observed)}
    columns = [f"{path}[{i}]" for path, values in leaves.items() for i in range(values.shape[1])]
    return np.concatenate(list(leaves.values()), axis=1), tuple(columns)


def _leaves(group: Any, path: str = "") -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every data set below a group with its path, in the file's order."""
    for name, value in group.items():
        below = f"{path}/{name}" if path else name
        if hasattr(value, "items"):
            yield from _leaves(value, below)
        else:
            yield below, np.asarray(value, dtype=np.float32)


def _seed(entry: dict[str, Any]) -> int | None:
    seed = entry.get("reset_kwargs", {}).get("seed", entry.get("episode_seed"))
    if isinstance(seed, list):  # ManiSkill stores one seed for each parallel environment
        seed = seed[0]
    return None if seed is None else int(seed)
