"""Mutual information of two batches of states, as a training objective: the poster's rows.

Each objective is called with two (n, d) tensors and returns nats with a gradient to both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from infoatlas import differentiable_mutual_information

SHRINKAGE = 0.05  # towards independence, of the covariances of the closed form


class Objective(Protocol):
    """Mutual information of the rows of x and y, in nats."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, d), (n, d) -> scalar."""


class InfoAtlas:
    """The pretrained critic, written for these rows and then held fixed.

    At the best critic the gradient through its weights is zero, so only the states' own gradient is
    needed (the envelope theorem); an adversarially trained critic such as MINE does the same.
    """

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, d), (n, d) -> scalar."""
        return differentiable_mutual_information(
            x, y, through_weights="fixed", random_state=self.random_state
        )


class PerDimension:
    """Mean over columns of the 1-D value of x_j and y_j, as MaxMI uses InfoNet."""

    def __init__(self, random_state: int) -> None:
        self.one = InfoAtlas(random_state)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, d), (n, d) -> scalar."""
        columns = range(x.shape[1])
        return torch.stack([self.one(x[:, [j]], y[:, [j]]) for j in columns]).mean()


class Mine:
    """A critic trained for a number of steps at every call, going on from the call before.

    Belghazi et al., ICML 2018: Donsker-Varadhan with a network as critic. Product pairs are drawn
    anew at every step.
    """

    def __init__(self, n_steps: int, random_state: int) -> None:
        self.n_steps = n_steps
        self._generator = torch.Generator().manual_seed(random_state)
        self._begun: tuple[nn.Module, torch.optim.Optimizer] | None = None

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, d), (n, d) -> scalar."""
        x, y = _standard(x).float(), _standard(y).float()
        critic, optimiser = self._begun = self._begun or self._begin(x.shape[1] + y.shape[1])
        for _ in range(self.n_steps):
            loss = -self._value(critic, x.detach(), y.detach())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return self._value(critic, x, y)

    def _begin(self, n_inputs: int) -> tuple[nn.Module, torch.optim.Optimizer]:
        critic = _critic(n_inputs, self._generator)
        return critic, torch.optim.Adam(critic.parameters(), lr=1e-3)

    def _value(self, critic: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        shuffled = y[torch.randperm(len(y), generator=self._generator)]
        joint = critic(torch.cat([x, y], dim=1))
        product = critic(torch.cat([x, shuffled], dim=1))
        log_mean = torch.logsumexp(product, dim=0) - math.log(len(y))
        return (joint.mean() - log_mean).squeeze()


def _critic(n_inputs: int, generator: torch.Generator) -> nn.Module:
    critic = nn.Sequential(
        nn.Linear(n_inputs, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )
    for parameter in critic.parameters():
        bound = parameter.shape[-1] ** -0.5
        parameter.data.uniform_(-bound, bound, generator=generator)
    return critic


def gaussian(x: Tensor, y: Tensor) -> Tensor:
    """Closed form for Gaussian states, with shrunk covariances: (n, d), (n, d) -> scalar."""
    both = torch.cat([_standard(x), _standard(y)], dim=1).double()
    covariance = (1 - SHRINKAGE) * (both.T @ both) / len(both)
    covariance = covariance + SHRINKAGE * torch.eye(len(covariance), dtype=torch.float64)
    d = x.shape[1]
    parts = covariance[:d, :d], covariance[d:, d:], covariance
    first, second, whole = (torch.linalg.slogdet(part).logabsdet for part in parts)
    return ((first + second - whole) / 2).to(x.dtype)


def no_information(x: Tensor, y: Tensor) -> Tensor:
    """Zero: what is left is the order loss."""
    return 0.0 * (x.sum() + y.sum())


def _standard(values: Tensor) -> Tensor:
    return (values - values.mean(dim=0)) / (values.std(dim=0) + 1e-6)


OBJECTIVES: dict[str, Callable[[int], Objective]] = {
    "infoatlas": InfoAtlas,
    "mine-100": lambda random_state: Mine(100, random_state),
    "mine-1000": lambda random_state: Mine(1000, random_state),
    "per-dimension": PerDimension,
    "gaussian": lambda random_state: gaussian,
    "none": lambda random_state: no_information,
}
