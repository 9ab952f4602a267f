"""What a policy is trained on: windows of states, chunks of actions, key states to predict."""

# b: windows in a batch   c: states in a window   d: state columns   a: action columns   k: keys

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infoatlas_plugins.key_states.demonstrations import Demonstrations, columns_without
from infoatlas_plugins.key_states.gripper_view import GripperView
from infoatlas_plugins.key_states.tasks import Task

Frame = Literal["world", "gripper"]
SMALLEST_SPREAD = 1e-3  # columns that vary less are not blown up; metres and radians


@dataclass(frozen=True, slots=True)
class Observer:
    """Turns the simulator's flat observation into what the policy reads.

    Attributes
    ----------
    view : GripperView or ndarray of int
        How the gripper sees the state, or the columns that are read as they are.
    mean, deviation : ndarray of shape (d,)
    """

    view: GripperView | NDArray[np.intp]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, demonstrations: Demonstrations, task: Task, frame: Frame) -> Observer:
        """Learn the scale of what is seen in ``frame``."""
        width = demonstrations.episodes[0].states.shape[1]
        view = view_of(demonstrations.columns, width, task, frame)
        raw = cls(view, np.zeros(1), np.ones(1))
        together = np.concatenate([raw(states) for states in demonstrations.states])
        return cls(raw.view, together.mean(axis=0), spread_of(together))

    def __call__(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, D) -> (T, d)."""
        whole = states.astype(np.float64)
        seen = self.view(whole) if isinstance(self.view, GripperView) else whole[:, self.view]
        return ((seen - self.mean) / self.deviation).astype(np.float32)


def view_of(
    columns: tuple[str, ...], n_columns: int, task: Task, frame: Frame
) -> GripperView | NDArray[np.intp]:
    """What a policy of this task reads of a state of so many columns; names may be unknown."""
    if frame == "gripper":
        return GripperView.of(columns, task)
    return columns_without(columns, n_columns, task.hidden_columns)


def spread_of(values: NDArray[Any]) -> NDArray[np.float64]:
    """Standard deviation of each column, at least 1e-3: (T, d) -> (d,)."""
    return np.maximum(values.std(axis=0, dtype=np.float64), SMALLEST_SPREAD)


@dataclass(frozen=True, slots=True)
class ActionScale:
    """Actions at zero mean and unit spread, so that a gripper's jumps do not outweigh all else.

    Attributes
    ----------
    mean, deviation : ndarray of shape (a,)
    switched : ndarray of bool, shape (a,)
        Columns that demonstrations only ever switch between two values, such as a gripper's. What
        a policy says of them is snapped to the nearer one: a gripper half closed on the way to an
        object is in no demonstration.
    low, high : ndarray of shape (a,)
        Smallest and largest action demonstrated.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    switched: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def fit(cls, demonstrations: Demonstrations, scale: Literal["spread", "raw"]) -> ActionScale:
        """Learn from all actions; ``"raw"`` leaves their size and their values as they are."""
        together = np.concatenate([episode.actions for episode in demonstrations.episodes])
        together = together.astype(np.float64)
        low, high = together.min(axis=0), together.max(axis=0)
        if scale == "raw":
            neither = np.zeros(len(low), dtype=bool)
            return cls(np.zeros(len(low)), np.ones(len(low)), neither, low, high)
        two = ((together == low) | (together == high)).all(axis=0)
        return cls(together.mean(axis=0), spread_of(together), two, low, high)

    def scaled(self, actions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, a) -> (T, a), what a network is trained on."""
        return ((actions - self.mean) / self.deviation).astype(np.float32)

    def unscaled(self, actions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, a) -> (T, a), what the simulator takes."""
        raw = actions * self.deviation + self.mean
        nearer = np.where(raw > (self.low + self.high) / 2, self.high, self.low)
        return np.where(self.switched, nearer, raw).astype(np.float32)


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
    scaling : ActionScale
        Of the actions.
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
        scaling: ActionScale,
        owners: NDArray[np.intp] | None = None,
    ) -> None:
        observed = [observer(states) for states in demonstrations.states]
        actions = [scaling.scaled(episode.actions) for episode in demonstrations.episodes]
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
