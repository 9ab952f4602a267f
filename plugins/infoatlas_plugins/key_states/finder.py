"""KeyStateFinder: key states where a state tells most about the one before it (MaxMI)."""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from infoatlas_plugins.key_states.clock import Scale, check_lengths, grid_positions, on_grid
from infoatlas_plugins.key_states.localise import (
    LocalisationNetwork,
    order_loss,
    prior_state,
    soft_argmax,
    state_at,
)
from infoatlas_plugins.key_states.objectives import OBJECTIVES, Objective
from infoatlas_plugins.progress import progress_bar

FEWEST_DEMONSTRATIONS = 16  # rows that the estimator needs for one key state


class KeyStateFinder(BaseEstimator):
    """Find the same number of key states in each of several demonstrations of one task.

    A network points at ``n_keys`` steps of every demonstration. It is trained to make the mutual
    information between the states there and the states ``dt`` steps earlier as large as possible,
    over demonstrations, while the steps follow one another. Zhou and Yang, "Maximizing mutual
    information for key states", ECCV 2024 (arXiv 2407.15086); what differs is said below.

    Parameters
    ----------
    estimator : str
        Who measures the mutual information: ``"infoatlas"`` (pretrained, nothing is trained),
        ``"per-dimension"`` (the same, mean over single columns), ``"mine-100"`` and ``"mine-1000"``
        (a critic trained for so many steps at every evaluation), ``"gaussian"`` (closed form), or
        ``"none"`` (the order loss alone).
    n_keys : int
        Key states in each demonstration.
    dt : int
        Steps back to the prior state, on the grid.
    prior : {"lag", "extrapolate"}
        The paper's prior state, or the one that its released code computes.
    pooling : {"pooled", "per-key"}
        One value over the pairs of all key states, as in the paper, or the mean of one for each.
        Pooled values also count how different the key states are from one another.
    clock : {"motion", "time"}
        The grid on which steps are counted: equal motion, so that pauses cannot win, or equal time,
        as in the paper. It has as many steps as the shortest demonstration.
    minimum_gap : float
        Smallest distance of two key states, as a share of what even spacing would give; 0 as in the
        paper.
    n_components : int
        Principal components of the standardised state that the estimator reads.
    mi_weight, order_sharpness : float
        Weight of the mutual information against the order loss, and the slope of that loss for
        each step; the paper's values.
    n_iterations, batch_size, learning_rate
        Of Adam; ``batch_size`` counts demonstrations.
    random_state : int

    Attributes
    ----------
    key_indices_ : ndarray of shape (n_demonstrations, n_keys)
        Steps, increasing, of the demonstrations it was fitted on.
    mi_ : ndarray of shape (n_iterations,)
        Mutual information in nats at each iteration.
    seconds_per_mi_ : float
        Median time of one evaluation with its gradient.
    """

    def __init__(
        self,
        estimator: str = "infoatlas",
        *,
        n_keys: int = 5,
        dt: int = 2,
        prior: Literal["lag", "extrapolate"] = "lag",
        pooling: Literal["pooled", "per-key"] = "pooled",
        clock: Literal["motion", "time"] = "motion",
        minimum_gap: float = 0.5,
        n_components: int = 4,
        mi_weight: float = 4.0,
        order_sharpness: float = 0.3,
        n_iterations: int = 150,
        batch_size: int = 20,
        learning_rate: float = 5e-3,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_keys = n_keys
        self.dt = dt
        self.prior = prior
        self.pooling = pooling
        self.clock = clock
        self.minimum_gap = minimum_gap
        self.n_components = n_components
        self.mi_weight = mi_weight
        self.order_sharpness = order_sharpness
        self.n_iterations = n_iterations
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, states: Any, y: None = None) -> KeyStateFinder:
        """Train the localisation network.

        Parameters
        ----------
        states : list of array of shape (T_i, D)
            At least 16 demonstrations; they may differ in length.
        y : None
            Ignored; scikit-learn's convention.

        Returns
        -------
        KeyStateFinder

        Raises
        ------
        ValueError
            For too few or too short demonstrations, states that are constant, not finite or of
            different widths, or parameters out of range.
        """
        self._check_parameters()
        arrays = check_lengths(states, fewest_steps=self.n_keys * (self.dt + 1))
        if len(arrays) < FEWEST_DEMONSTRATIONS:
            raise ValueError(
                f"states holds {len(arrays)} demonstrations; at least {FEWEST_DEMONSTRATIONS} are "
                "needed to measure mutual information over them"
            )
        self.scale_ = Scale.fit(arrays, self.n_components)
        self.n_steps_ = min(map(len, arrays))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            self.network_ = LocalisationNetwork(len(self.scale_.kept), self.n_keys)
            self._train(*self._grid(arrays)[:2])
        self.key_indices_ = self.predict(arrays)
        return self

    def predict(self, states: Any) -> NDArray[np.int64]:
        """Key states of demonstrations of the same task.

        Parameters
        ----------
        states : list of array of shape (T_i, D)

        Returns
        -------
        ndarray of shape (n_demonstrations, n_keys)
            Steps, increasing.
        """
        check_is_fitted(self, "network_")
        arrays = check_lengths(states, fewest_steps=2)
        standardised, _, positions = self._grid(arrays)
        with torch.no_grad():
            index = soft_argmax(self.network_(standardised), self.dt).sort(dim=1).values.numpy()
        grid = np.arange(self.n_steps_)
        steps = [np.interp(i, grid, p) for i, p in zip(index, positions, strict=True)]
        return np.rint(steps).astype(np.int64)

    def fit_predict(self, states: Any) -> NDArray[np.int64]:
        """``fit(states).key_indices_``."""
        return self.fit(states).key_indices_

    def _check_parameters(self) -> None:
        choices = {
            "estimator": tuple(OBJECTIVES),
            "prior": ("lag", "extrapolate"),
            "pooling": ("pooled", "per-key"),
            "clock": ("motion", "time"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )
        for name in ("n_keys", "dt", "n_components", "n_iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.minimum_gap < 1:
            raise ValueError(f"minimum_gap must be from 0 to below 1, got {self.minimum_gap}")
        if self.batch_size < FEWEST_DEMONSTRATIONS:
            raise ValueError(
                f"batch_size must be at least {FEWEST_DEMONSTRATIONS}, got {self.batch_size}"
            )

    def _grid(
        self, arrays: list[NDArray[np.float64]]
    ) -> tuple[Tensor, Tensor, list[NDArray[np.float64]]]:
        """Standardised states and their components on the grid, and the grid's times."""
        standardised = [self.scale_.standardise(values) for values in arrays]
        positions = [grid_positions(z, self.n_steps_, self.clock) for z in standardised]
        pairs = zip(standardised, positions, strict=True)
        grid = np.stack([on_grid(z, p) for z, p in pairs])  # b l d
        components = grid @ self.scale_.axes  # b l c
        return torch.tensor(grid).float(), torch.tensor(components), positions

    def _train(self, standardised: Tensor, components: Tensor) -> None:
        optimiser = torch.optim.Adam(self.network_.parameters(), lr=self.learning_rate)
        generator = torch.Generator().manual_seed(self.random_state)
        measure = OBJECTIVES[self.estimator](self.random_state)
        gap = self.minimum_gap * (self.n_steps_ - self.dt) / self.n_keys
        values, seconds = [], []
        for _ in progress_bar(range(self.n_iterations), description=f"{self.estimator} key states"):
            rows = torch.randperm(len(standardised), generator=generator)[: self.batch_size]
            index = soft_argmax(self.network_(standardised[rows]), self.dt)  # b k
            started = time.perf_counter()
            value, gradient = self._information(components[rows], index, measure)
            seconds.append(time.perf_counter() - started)
            loss = order_loss(index, self.order_sharpness, gap)
            loss = loss - self.mi_weight * (index * gradient).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            values.append(value)
        self.mi_ = np.array(values)
        self.seconds_per_mi_ = float(np.median(seconds))

    def _information(
        self, components: Tensor, index: Tensor, measure: Objective
    ) -> tuple[float, Tensor]:
        """Mutual information in nats, and its gradient to the indices (b, k)."""
        index = index.detach().double().requires_grad_()
        after = state_at(components, index)  # b k c
        before = prior_state(components, index, self.dt, self.prior)  # b k c
        if self.pooling == "pooled":
            value = measure(after.flatten(0, 1), before.flatten(0, 1))
        else:
            pairs = [(after[:, k], before[:, k]) for k in range(self.n_keys)]
            value = torch.stack([measure(x, y) for x, y in pairs]).mean()
        (gradient,) = torch.autograd.grad(value, index)
        return float(value.detach()), gradient.float()
