"""MINE and InfoNCE on one slice: critics trained from scratch, peers of the pretrained estimator.

Belghazi et al. (2018), arXiv:1801.04062; van den Oord, Li and Vinyals (2018), arXiv:1807.03748.
The critic and its training follow the settings of the original InfoAtlas evaluation: three hidden
layers of 500 with a shortcut from the input, Adam at 5e-4, batches of 500, four shuffled partners
for each row, a fifth of the rows held out to choose the best epoch. Patience is shorter here, which
only makes the peers faster.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

# n: rows   k: dimensions of a slice   m: shuffled partners of each row

Pair = tuple[Tensor, Tensor]  # rows of both sides, (n, k) each
Objective = Callable[["SliceCritic", Pair, int, torch.Generator], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a critic is trained."""

    hidden: int = 500
    rate: float = 5e-4
    batch: int = 500
    partners: int = 4  # shuffled partners of each row in training
    partners_read: int = 50  # and when the value is read
    max_epochs: int = 1500
    patience: int = 10  # epochs without a better held-out value; the original waits for 200
    random_state: int = 0


class SliceCritic(nn.Module):
    """Score of a pair of rows."""

    def __init__(self, n_features: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(n_features, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden + n_features, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(…, k) and (…, k) to (…)."""
        pair = torch.cat([x, y], dim=-1)
        hidden = F.leaky_relu(self.first(pair), 0.2)
        hidden = F.leaky_relu(self.second(hidden), 0.2)
        hidden = F.leaky_relu(self.third(hidden), 0.2)
        return self.out(torch.cat([hidden, pair], dim=-1)).squeeze(-1)


def mine(
    x: NDArray[np.float64], y: NDArray[np.float64], *, training: Training | None = None
) -> float:
    """Donsker-Varadhan value of a critic trained on these rows, read on all of them, in nats."""
    return _train_and_read(x, y, _donsker_varadhan, training or Training())


def info_nce_bound(
    x: NDArray[np.float64], y: NDArray[np.float64], *, training: Training | None = None
) -> float:
    """InfoNCE value of a critic trained on these rows, read on all of them, in nats.

    It finds a row's partner among ``partners_read`` shuffled ones, so it is capped at their
    logarithm.
    """
    return _train_and_read(x, y, _info_nce, training or Training())


def _donsker_varadhan(
    critic: SliceCritic, rows: Pair, partners: int, generator: torch.Generator
) -> Tensor:
    x, y = rows
    product = torch.stack(
        [critic(x, y[torch.randperm(len(y), generator=generator)]) for _ in range(partners)]
    )
    return critic(x, y).mean() - torch.logsumexp(product.flatten(), 0) + math.log(product.numel())


def _info_nce(critic: SliceCritic, rows: Pair, partners: int, generator: torch.Generator) -> Tensor:
    x, y = rows
    own = critic(x, y)
    others = [critic(x, y[torch.randperm(len(y), generator=generator)]) for _ in range(partners)]
    scores = torch.stack([own, *others])  # m+1 n
    return (own - torch.logsumexp(scores, 0)).mean() + math.log(len(scores))


def _train_and_read(
    x: NDArray[np.float64], y: NDArray[np.float64], objective: Objective, training: Training
) -> float:
    generator = torch.Generator().manual_seed(training.random_state)
    sides = _standardised(x), _standardised(y)
    order = torch.randperm(len(x), generator=generator)
    n_train = int(0.8 * len(x))
    train, held_out = (
        (sides[0][rows], sides[1][rows]) for rows in (order[:n_train], order[n_train:])
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.random_state)
        critic = SliceCritic(x.shape[1] + y.shape[1], training.hidden)
    optimizer = torch.optim.Adam(critic.parameters(), lr=training.rate)
    best, best_state, waited = -math.inf, copy.deepcopy(critic.state_dict()), 0
    for _ in range(training.max_epochs):
        _train_epoch(critic, optimizer, train, objective, training, generator)
        with torch.no_grad():
            value = float(objective(critic, held_out, training.partners_read, generator))
        waited += 1
        if value > best:
            best, best_state, waited = value, copy.deepcopy(critic.state_dict()), 0
        if waited >= training.patience:
            break
    critic.load_state_dict(best_state)
    with torch.no_grad():
        return float(objective(critic, sides, training.partners_read, generator))


def _standardised(rows: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy((rows - rows.mean(axis=0)) / rows.std(axis=0)).float()


def _train_epoch(
    critic: SliceCritic,
    optimizer: torch.optim.Optimizer,
    train: Pair,
    objective: Objective,
    training: Training,
    generator: torch.Generator,
) -> None:
    order = torch.randperm(len(train[0]), generator=generator)
    for rows in order.split(training.batch):
        batch = train[0][rows], train[1][rows]
        loss = -objective(critic, batch, training.partners, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
