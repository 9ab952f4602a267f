"""What a policy is trained on: windows of states, chunks of actions, key states to predict."""

# b: windows in a batch   c: states in a window   d: state columns   a: action columns   k: keys

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infoatlas_plugins.key_states.demonstrations import Demonstrations
from infoatlas_plugins.key_states.tasks import Task

Frame = Literal["world", "gripper"]
SMALLEST_SPREAD = 1e-3  # columns that vary less are not blown up; metres and radians


@dataclass(frozen=True, slots=True)
class Observer:
    """Turns the simulator's flat observation into what the policy reads.

    Attributes
    ----------
    kept : ndarray of int
        Columns that are not a privileged flag.
    moved, origin : ndarray of int
        Columns that hold an absolute position, and for each the gripper's column to subtract.
    mean, deviation : ndarray of shape (d,)
    """

    kept: NDArray[np.intp]
    moved: NDArray[np.intp]
    origin: NDArray[np.intp]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, demonstrations: Demonstrations, task: Task, frame: Frame) -> Observer:
        """Learn the scale of each column, after moving positions into ``frame``."""
        columns = demonstrations.columns_without(task.hidden_columns)
        moved, origin = _positions(demonstrations.columns) if frame == "gripper" else ([], [])
        raw = cls(
            columns,
            np.array(moved, dtype=np.intp),
            np.array(origin, dtype=np.intp),
            np.zeros(len(columns)),
            np.ones(len(columns)),
        )
        together = np.concatenate([raw(states) for states in demonstrations.states])
        deviation = np.maximum(together.std(axis=0), SMALLEST_SPREAD)
        return cls(raw.kept, raw.moved, raw.origin, together.mean(axis=0), deviation)

    def __call__(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, D) -> (T, d)."""
        relative = states.astype(np.float64)
        relative[:, self.moved] -= states[:, self.origin]
        return ((relative[:, self.kept] - self.mean) / self.deviation).astype(np.float32)


def _positions(columns: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Columns of absolute positions other than the gripper's, and the gripper's for each.

    ManiSkill calls them ``extra/NAME_pose[0..2]`` and ``extra/NAME_pos[0..2]``; differences, which
    have ``_to_`` in their name, are relative already.
    """
    place = {name: number for number, name in enumerate(columns)}
    pairs = [
        (number, place[f"extra/tcp_pose[{axis}]"])
        for axis in range(3)
        for name, number in place.items()
        if name.endswith((f"_pose[{axis}]", f"_pos[{axis}]"))
        and name.startswith("extra/")
        and "_to_" not in name
        and "tcp" not in name
        and f"extra/tcp_pose[{axis}]" in place
    ]
    return [moved for moved, _ in pairs], [origin for _, origin in pairs]


def resize_keys(keys: NDArray[np.int64], n_keys: int) -> NDArray[np.int64]:
    """Exactly ``n_keys`` steps: evenly chosen among more, the last one repeated after fewer."""
    if len(keys) >= n_keys:
        return keys[np.rint(np.linspace(0, len(keys) - 1, n_keys)).astype(int)]
    return np.concatenate([keys, np.repeat(keys[-1:], n_keys - len(keys))])


class Windows:
    """Random windows of all demonstrations.

    Parameters
    ----------
    demonstrations : Demonstrations
    observer : Observer
    keys : list of ndarray, or None
        Key states of each demonstration; the last state is added to them.
    context, chunk : int
        States in a window, and actions from its last state on. Windows that begin before a
        demonstration repeat its first state, chunks that run past it its last action.
    owners : ndarray of int, optional
        Whose key states each demonstration is given; its own by default.
    """

    def __init__(
        self,
        demonstrations: Demonstrations,
        observer: Observer,
        keys: list[NDArray[np.int64]] | None,
        *,
        context: int,
        chunk: int,
        owners: NDArray[np.intp] | None = None,
    ) -> None:
        observed = [observer(states) for states in demonstrations.states]
        actions = [episode.actions for episode in demonstrations.episodes]
        padded = [np.concatenate([np.repeat(s[:1], context - 1, axis=0), s]) for s in observed]
        longer = [np.concatenate([a, np.repeat(a[-1:], chunk - 1, axis=0)]) for a in actions]
        self.states = torch.from_numpy(np.concatenate(padded))
        self.actions = torch.from_numpy(np.concatenate(longer))
        lengths = np.array([len(a) for a in actions])
        self.episode = torch.from_numpy(np.repeat(np.arange(len(actions)), lengths))
        step = np.concatenate([np.arange(length) for length in lengths])
        starts = np.concatenate([[0], np.cumsum([len(p) for p in padded])[:-1]])
        firsts = np.concatenate([[0], np.cumsum([len(a) for a in longer])[:-1]])
        self.first_state = torch.from_numpy(np.repeat(starts, lengths) + step)
        self.first_action = torch.from_numpy(np.repeat(firsts, lengths) + step)
        self.context, self.chunk = torch.arange(context), torch.arange(chunk)
        self.keys = None if keys is None else _key_states(observed, keys, owners)  # episodes k d

    def __len__(self) -> int:
        return len(self.episode)

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor | None]:
        """Windows (b, c, d), chunks (b, chunk, a) and key states (b, k, d) or None."""
        chosen = torch.randint(len(self), (count,), generator=generator)
        states = self.states[self.first_state[chosen, None] + self.context]
        actions = self.actions[self.first_action[chosen, None] + self.chunk]
        keys = None if self.keys is None else self.keys[self.episode[chosen]]
        return states, actions, keys


def _key_states(
    observed: list[NDArray[np.float32]],
    keys: list[NDArray[np.int64]],
    owners: NDArray[np.intp] | None,
) -> Tensor:
    whole = [s[np.append(k, len(s) - 1)] for s, k in zip(observed, keys, strict=True)]
    order = range(len(whole)) if owners is None else owners
    return torch.from_numpy(np.stack([whole[owner] for owner in order]))
