"""Mutual information with the state before at every step: its peak, and what chance gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas import gaussian_mutual_information, mutual_information_batch
from infoatlas_plugins.key_states.clock import Scale, check_lengths, grid_positions, on_grid

FEWEST_DEMONSTRATIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MIProfile:
    """Mutual information over demonstrations between a state and the one before, step by step.

    Attributes
    ----------
    mi : ndarray of shape (n,)
        Nats, at the last n steps of the grid.
    band : ndarray of shape (n,)
        Largest value over permutations: what demonstrations paired at random give.
    p_value : float
        Of the peak: the share of permutations whose own peak is as high, itself counted.
    positions : ndarray of shape (n_demonstrations, n)
        The grid's steps in each demonstration.
    """

    mi: NDArray[np.float64]
    band: NDArray[np.float64]
    p_value: float
    positions: NDArray[np.float64]

    def at(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """Profile at steps of each demonstration: (n_demonstrations, k), the same shape back."""
        rows = zip(keys, self.positions, strict=True)
        return np.stack([np.interp(key, steps, self.mi) for key, steps in rows])

    def percentile_of(self, keys: NDArray[np.int64]) -> float:
        """Mean share of all steps whose mutual information is below that at the key states.

        One half by chance.
        """
        return float((self.mi < self.at(keys)[..., None]).mean())


def mi_profile(
    states: Any,
    *,
    dt: int = 2,
    clock: Literal["motion", "time"] = "motion",
    n_components: int = 4,
    n_permutations: int = 19,
    estimator: Literal["infoatlas", "gaussian"] = "infoatlas",
    random_state: int = 0,
) -> MIProfile:
    """Profile of ``MI(s_t; s_{t-dt})`` over demonstrations, on a common grid.

    Parameters
    ----------
    states : list of array of shape (T_i, D)
        At least 16 demonstrations.
    dt, clock, n_components
        As in `KeyStateFinder`.
    n_permutations : int
        Pairings of demonstrations at random; 19 is the fewest for a p-value of 0.05.
    estimator : {"infoatlas", "gaussian"}
        The pretrained network, or its closed-form part. The network was trained on 64 rows and
        more: with fewer demonstrations the band is wide, and the closed form sees more.
    random_state : int

    Returns
    -------
    MIProfile
    """
    arrays = check_lengths(states, fewest_steps=dt + 2)
    if len(arrays) < FEWEST_DEMONSTRATIONS:
        raise ValueError(
            f"states holds {len(arrays)} demonstrations; at least {FEWEST_DEMONSTRATIONS} are "
            "needed to measure mutual information over them"
        )
    if estimator not in ("infoatlas", "gaussian"):
        raise ValueError(f"estimator must be infoatlas or gaussian, got {estimator!r}")
    scale = Scale.fit(arrays, n_components)
    scaled = [scale.standardise(values) for values in arrays]
    positions = np.stack([grid_positions(z, min(map(len, arrays)), clock) for z in scaled])
    pairs = zip(scaled, positions, strict=True)
    grid = np.stack([on_grid(z, p) @ scale.axes for z, p in pairs], axis=1)  # l b c
    generator = np.random.default_rng(random_state)
    after, before = grid[dt:], grid[:-dt]
    measured = _measure(after, before, estimator, random_state)
    orders = [generator.permutation(len(arrays)) for _ in range(n_permutations)]
    null = np.stack([_measure(after, before[:, o], estimator, random_state) for o in orders])
    as_high = int((null.max(axis=1) >= measured.max()).sum())
    return MIProfile(
        mi=measured,
        band=null.max(axis=0),
        p_value=(1 + as_high) / (1 + n_permutations),
        positions=positions[:, dt:],
    )


def _measure(
    after: NDArray[np.float64], before: NDArray[np.float64], estimator: str, random_state: int
) -> NDArray[np.float64]:
    """(l, b, c) twice -> nats at each of the l steps."""
    if estimator == "gaussian":
        return np.asarray(gaussian_mutual_information(after, before), dtype=np.float64)
    results = mutual_information_batch(after, before, random_state=random_state)
    return np.array([float(result) for result in results])
