"""Demonstrations as plain arrays, wherever they came from. No files and no simulator here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """One demonstration of T actions.

    Attributes
    ----------
    states : ndarray of shape (T + 1, D) or (T, D)
        The last state, after the last action, may be missing.
    actions : ndarray of shape (T, A)
    flags : dict of str to bool ndarray, one value for each state
        What the simulator said about the state, such as ``is_grasped``; may be empty.
    seed : int or None
        Seed of the reset.
    simulator : dict of str to ndarray, one row for each state
        Full simulator state by path, such as ``actors/cube``, to draw any step; may be empty.
    """

    states: NDArray[np.float32]
    actions: NDArray[np.float32]
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    seed: int | None = None
    simulator: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.states.ndim != 2 or self.actions.ndim != 2:
            raise ValueError(
                "states and actions must have shape (steps, columns), got "
                f"{self.states.shape} and {self.actions.shape}"
            )
        if len(self.states) - len(self.actions) not in (0, 1):
            raise ValueError(
                "there must be as many states as actions, or one more, got "
                f"{len(self.states)} states and {len(self.actions)} actions"
            )
        for name, values in {**self.flags, **self.simulator}.items():
            if len(values) != len(self.states):
                raise ValueError(
                    f"{name} must have one row for each of the {len(self.states)} states, "
                    f"got {len(values)}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrations:
    """Demonstrations of one task under one control mode.

    ``columns`` names the columns of the states, such as ``extra/tcp_pose[0]``; empty if unknown.
    """

    task_id: str
    control_mode: str
    episodes: tuple[Demonstration, ...]
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.episodes:
            raise ValueError("episodes is empty: a set needs at least one demonstration")
        shapes = {(e.states.shape[1], e.actions.shape[1]) for e in self.episodes}
        if len(shapes) > 1:
            raise ValueError(
                "all demonstrations must have the same columns, got (state, action) widths "
                f"{sorted(shapes)}"
            )
        width = self.episodes[0].states.shape[1]
        if self.columns and len(self.columns) != width:
            raise ValueError(f"columns names {len(self.columns)} of {width} state columns")

    def __len__(self) -> int:
        return len(self.episodes)

    @property
    def states(self) -> list[NDArray[np.float32]]:
        """States of each demonstration."""
        return [episode.states for episode in self.episodes]

    def first(self, count: int) -> Demonstrations:
        """The first ``count`` demonstrations; ValueError if there are fewer."""
        if not 1 <= count <= len(self):
            raise ValueError(f"count must be 1 to {len(self)} demonstrations, got {count}")
        return replace(self, episodes=self.episodes[:count])

    def columns_without(self, hidden: Sequence[str]) -> NDArray[np.intp]:
        """Positions of the state columns that are not in ``hidden``."""
        return columns_without(self.columns, self.episodes[0].states.shape[1], hidden)


def columns_without(
    columns: tuple[str, ...], n_columns: int, hidden: Sequence[str]
) -> NDArray[np.intp]:
    """Positions of the columns that are not in ``hidden``; all, where names are unknown."""
    names = columns or ("",) * n_columns
    return np.array([i for i, name in enumerate(names) if name not in hidden], dtype=np.intp)


def key_states_of_flags(
    demonstrations: Demonstrations, key_flags: Mapping[str, str]
) -> dict[str, NDArray[np.int64]]:
    """First state at which each flag is true, not before the key state named before it.

    A cube may lie at its goal before it is grasped; it counts as placed once it is held there.

    Parameters
    ----------
    demonstrations : Demonstrations
    key_flags : dict of str to str
        Name of the key state and of the flag that marks it, in the order of the task.

    Returns
    -------
    dict of str to ndarray of shape (n_demonstrations,)

    Raises
    ------
    ValueError
        If a flag was not recorded, or is never true from there on.
    """
    found: dict[str, NDArray[np.int64]] = {}
    earliest = np.zeros(len(demonstrations), dtype=np.int64)
    for name, flag in key_flags.items():
        pairs = zip(demonstrations.episodes, earliest, strict=True)
        earliest = np.array([_first_true(episode, flag, int(start)) for episode, start in pairs])
        found[name] = earliest
    return found


def _first_true(episode: Demonstration, flag: str, start: int) -> int:
    if flag not in episode.flags:
        recorded = ", ".join(sorted(episode.flags)) or "none"
        raise ValueError(
            f"the demonstrations have no flag {flag!r} (recorded: {recorded}); privileged key "
            "states need demonstrations made by `apps/key_states.py demos`"
        )
    after = np.flatnonzero(episode.flags[flag][start:])
    if not len(after):
        raise ValueError(
            f"flag {flag!r} is never true from step {start} on in the demonstration of seed "
            f"{episode.seed}"
        )
    return start + int(after[0])


def as_states(states: Sequence[Any]) -> list[NDArray[np.float64]]:
    """Check a list of (T_i, D) arrays and return it as float64; raises ValueError."""
    arrays = [np.asarray(values, dtype=np.float64) for values in states]
    if not arrays:
        raise ValueError("states must hold at least one demonstration, got an empty list")
    for number, values in enumerate(arrays):
        if values.ndim != 2 or not values.shape[1]:
            raise ValueError(
                f"states[{number}] must have shape (steps, columns), got {values.shape}"
            )
        if values.shape[1] != arrays[0].shape[1]:
            raise ValueError(
                f"states[{number}] has {values.shape[1]} columns and states[0] has "
                f"{arrays[0].shape[1]}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"states[{number}] has NaN or infinite values")
    return arrays
