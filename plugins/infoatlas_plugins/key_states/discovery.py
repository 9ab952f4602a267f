"""One door to every way of finding key states, and how well they were found."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.key_states.baselines import (
    gripper_keys,
    random_keys,
    uniform_keys,
    waypoint_keys,
)
from infoatlas_plugins.key_states.clock import Scale
from infoatlas_plugins.key_states.demonstrations import (
    Demonstrations,
    as_states,
    key_states_of_flags,
)
from infoatlas_plugins.key_states.finder import KeyStateFinder
from infoatlas_plugins.key_states.objectives import OBJECTIVES
from infoatlas_plugins.key_states.tasks import Task

BASELINES = ("privileged", "uniform", "random", "gripper-change", "awe")
METHODS = (*OBJECTIVES, *BASELINES)
N_COMPONENTS = 8  # principal components of the state that AWE draws lines through


def visible_states(demonstrations: Demonstrations, task: Task) -> list[NDArray[np.float64]]:
    """States without the columns that are a privileged flag themselves."""
    columns = demonstrations.columns_without(task.hidden_columns)
    return as_states([states[:, columns] for states in demonstrations.states])


def find_key_states(
    demonstrations: Demonstrations,
    task: Task,
    method: str = "infoatlas",
    *,
    n_keys: int = 5,
    random_state: int = 0,
    **options: Any,
) -> list[NDArray[np.int64]]:
    """Key states of each demonstration by any of ``METHODS``.

    Parameters
    ----------
    demonstrations : Demonstrations
    task : Task
    method : str
        An estimator of `KeyStateFinder`, or one of ``"privileged"`` (the simulator's flags),
        ``"uniform"``, ``"random"``, ``"gripper-change"`` and ``"awe"``.
    n_keys : int
        Wanted; ``"privileged"`` and ``"gripper-change"`` give as many as there are.
    random_state : int
    **options
        Passed to `KeyStateFinder`.

    Returns
    -------
    list of ndarray
        Steps, increasing, one array for each demonstration.
    """
    if method in OBJECTIVES:
        finder = KeyStateFinder(method, n_keys=n_keys, random_state=random_state, **options)
        return list(finder.fit(visible_states(demonstrations, task)).key_indices_)
    if method not in BASELINES:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if options:
        raise ValueError(f"method {method!r} takes no options, got {', '.join(options)}")
    lengths = [len(states) for states in demonstrations.states]
    if method == "uniform":
        return uniform_keys(lengths, n_keys)
    if method == "random":
        return random_keys(lengths, n_keys, random_state=random_state)
    if method == "privileged":
        return list(np.stack(list(key_states_of_flags(demonstrations, task.key_flags).values()), 1))
    return _from_states(demonstrations, task, method, n_keys)


def _from_states(
    demonstrations: Demonstrations, task: Task, method: str, n_keys: int
) -> list[NDArray[np.int64]]:
    visible = visible_states(demonstrations, task)
    scale = Scale.fit(visible, N_COMPONENTS)
    scaled = [scale.standardise(states) for states in visible]
    if method == "awe":
        return [waypoint_keys(states @ scale.axes, n_keys) for states in scaled]
    if task.gripper_column not in demonstrations.columns:
        raise ValueError(
            f"gripper-change needs the state column {task.gripper_column!r}, which the "
            "demonstrations do not name"
        )
    column = demonstrations.columns.index(task.gripper_column)
    grippers = [states[:, column].astype(np.float64) for states in demonstrations.states]
    return [gripper_keys(states, opening) for states, opening in zip(scaled, grippers, strict=True)]


def distances(
    found: list[NDArray[np.int64]], truth: dict[str, NDArray[np.int64]], lengths: list[int]
) -> dict[str, NDArray[np.int64]]:
    """Steps from each privileged key state to the nearest one found.

    The last state of a demonstration counts as found by every method, as in MaxMI's labels.

    Parameters
    ----------
    found : list of ndarray
    truth : dict of str to ndarray of shape (n_demonstrations,)
    lengths : list of int
        Number of states of each demonstration.

    Returns
    -------
    dict of str to ndarray of shape (n_demonstrations,)
    """
    whole = [np.append(keys, length - 1) for keys, length in zip(found, lengths, strict=True)]
    return {
        name: np.array([np.abs(keys - step).min() for keys, step in zip(whole, steps, strict=True)])
        for name, steps in truth.items()
    }


def spread_over_demonstrations(keys: NDArray[np.int64], lengths: NDArray[np.int64]) -> float:
    """Mean standard deviation, over demonstrations, of the share of the time at each key state."""
    return float((keys / (lengths[:, None] - 1)).std(axis=0).mean())


def disagreement_of_seeds(runs: list[NDArray[np.int64]]) -> float:
    """Median distance in steps of the same key state in two runs with different seeds.

    Parameters
    ----------
    runs : list of ndarray of shape (n_demonstrations, n_keys)
        Two or more.
    """
    if len(runs) < 2:
        raise ValueError(f"runs must hold at least two runs, got {len(runs)}")
    pairs = [(a, b) for i, a in enumerate(runs) for b in runs[i + 1 :]]
    return float(np.median([np.abs(a - b) for a, b in pairs]))
