"""Key states without mutual information: even, random, gripper changes, waypoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STILL_SPEED = 0.1  # of the mean speed: below it the arm counts as resting
MOVED = 0.2  # of a gripper's whole range: a change by this much is a change of its state
MERGED_STEPS = 4  # PerAct's buffer: candidates so close together are one


def uniform_keys(lengths: Sequence[int], n_keys: int) -> list[NDArray[np.int64]]:
    """Evenly spaced steps, neither the first nor the last."""
    shares = np.arange(1, n_keys + 1) / (n_keys + 1)
    return [np.rint(shares * (length - 1)).astype(np.int64) for length in lengths]


def random_keys(
    lengths: Sequence[int], n_keys: int, *, random_state: int
) -> list[NDArray[np.int64]]:
    """Steps drawn without replacement from all but the first and the last, in order."""
    generator = np.random.default_rng(random_state)
    return [
        np.sort(1 + generator.choice(length - 2, size=n_keys, replace=False)).astype(np.int64)
        for length in lengths
    ]


def gripper_keys(states: NDArray[np.float64], gripper: NDArray[np.float64]) -> NDArray[np.int64]:
    """Steps at which the gripper has just opened or closed, or the arm comes to rest.

    After the rule of ARM and PerAct (James and Davison 2022; Shridhar et al. 2022). The gripper
    counts as open above the middle of its range. Candidates less than 4 steps apart are one.

    Parameters
    ----------
    states : ndarray of shape (T, d)
        Standardised states.
    gripper : ndarray of shape (T,)
        Opening of the gripper.

    Returns
    -------
    ndarray
        As many steps as the rule finds; one at least, the last step.
    """
    span = float(np.ptp(gripper))
    opened = gripper > gripper.min() + span / 2
    moves = span > MOVED * np.abs(gripper).max()
    changed = np.flatnonzero(np.diff(opened) & moves) + 1
    speed = np.linalg.norm(np.diff(states, axis=0), axis=1)
    resting = speed < STILL_SPEED * speed.mean()
    stops = np.flatnonzero(resting[1:] & ~resting[:-1]) + 2
    candidates = np.unique(np.concatenate([changed, stops, [len(states) - 1]])).astype(np.int64)
    return candidates[np.diff(candidates, prepend=-MERGED_STEPS) >= MERGED_STEPS]


def waypoint_keys(states: NDArray[np.float64], n_keys: int) -> NDArray[np.int64]:
    """The steps between which straight lines follow the states best.

    After AWE (Shi et al., CoRL 2023), which asks for the fewest waypoints within an error; here
    their number is given, and the largest distance of any state from its line is made smallest by
    dynamic programming.

    Parameters
    ----------
    states : ndarray of shape (T, d)
        Standardised states.
    n_keys : int

    Returns
    -------
    ndarray of shape (n_keys,)
        Steps strictly between the first and the last, increasing.
    """
    cost = _line_errors(states)
    best, came_from = cost[0], []
    for _ in range(n_keys):
        through = np.maximum(best[:, None], cost)  # waypoint i, then end j
        came_from.append(through.argmin(axis=0))
        best = through.min(axis=0)
    keys, end = [], len(states) - 1
    for choice in reversed(came_from):
        end = int(choice[end])
        keys.append(end)
    return np.array(keys[::-1], dtype=np.int64)


def _line_errors(states: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest distance of the states from the line from step i to step j, infinite unless i < j."""
    n_steps = len(states)
    errors = np.full((n_steps, n_steps), np.inf)
    for i in range(n_steps - 1):
        errors[i, i + 1] = 0.0
        for j in range(i + 2, n_steps):
            share = np.arange(1, j - i)[:, None] / (j - i)
            line = states[i] + share * (states[j] - states[i])
            errors[i, j] = np.linalg.norm(states[i + 1 : j] - line, axis=1).max()
    return errors
