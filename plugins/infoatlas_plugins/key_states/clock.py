"""One grid for demonstrations of different lengths, that runs in motion or in time.

A pause has no motion, so on a grid of equal motion it takes no room: a resting arm, whose state of
course tells its state two steps earlier, cannot become a key state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.key_states.demonstrations import as_states

SMALLEST_SHARE = (
    0.02  # of a demonstration's mean speed, so that the grid can be inverted in a pause
)
CONSTANT = 1e-6  # a column that varies less, relative to its size, is left out


@dataclass(frozen=True, slots=True)
class Scale:
    """Standardises states and turns them into their leading principal components."""

    kept: NDArray[np.intp]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def fit(cls, states: list[NDArray[np.float64]], n_components: int) -> Scale:
        """Learn from all steps of all demonstrations; constant columns are left out."""
        together = np.concatenate(states)
        spread = together.std(axis=0)
        kept = np.flatnonzero(spread > CONSTANT * (1 + np.abs(together).max(axis=0)))
        if not len(kept):
            raise ValueError("states do not vary: every column is constant")
        mean, deviation = together[:, kept].mean(axis=0), spread[kept]
        _, _, axes = np.linalg.svd((together[:, kept] - mean) / deviation, full_matrices=False)
        return cls(kept, mean, deviation, axes[:n_components].T)

    def standardise(self, states: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T, D) -> (T, kept columns) of unit variance."""
        return np.asarray((states[:, self.kept] - self.mean) / self.deviation)


def grid_positions(
    standardised: NDArray[np.float64], n_steps: int, clock: Literal["motion", "time"]
) -> NDArray[np.float64]:
    """Times, in steps of the demonstration, of a grid of ``n_steps``.

    Parameters
    ----------
    standardised : ndarray of shape (T, d)
    n_steps : int
        Length of the grid.
    clock : {"motion", "time"}
        Equal motion between two grid steps, or equal time.

    Returns
    -------
    ndarray of shape (n_steps,)
        From 0 to T - 1, increasing.
    """
    times = np.arange(len(standardised), dtype=np.float64)
    if clock == "time":
        return np.linspace(0, times[-1], n_steps)
    speed = np.linalg.norm(np.diff(standardised, axis=0), axis=1)
    if not speed.any():
        return np.linspace(0, times[-1], n_steps)
    travelled = np.concatenate([[0.0], np.cumsum(speed + SMALLEST_SHARE * speed.mean())])
    return np.interp(np.linspace(0, travelled[-1], n_steps), travelled, times)


def on_grid(values: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, d) read at fractional steps (n,) by linear interpolation -> (n, d)."""
    below = np.minimum(positions.astype(int), len(values) - 2)
    share = (positions - below)[:, None]
    return np.asarray((1 - share) * values[below] + share * values[below + 1])


def check_lengths(states: Any, *, fewest_steps: int) -> list[NDArray[np.float64]]:
    """Demonstrations as float64 arrays, each with at least ``fewest_steps`` steps."""
    arrays = as_states(states)
    for number, values in enumerate(arrays):
        if len(values) < fewest_steps:
            raise ValueError(
                f"states[{number}] has {len(values)} steps; at least {fewest_steps} are needed"
            )
    return arrays
