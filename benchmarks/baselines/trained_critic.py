"""A critic trained by gradient steps on one data set: what MINE, InfoNCE and SMILE share.

The protocol is that of the published comparison (datou30/InfoAtlas): network, optimiser, batches,
early stopping. Each method adds its objective only, in a file of its own.

n: rows   s: partners a row   d: columns of both sides
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from benchmarks.baselines.columns import float_columns
from benchmarks.task import Array

EVALUATION_ROWS = 20_000  # pairs that go through the critic at a time: 120 MB
SLOPE = 0.2  # of the leaky rectifier, as published

Critic = Callable[[Tensor, Tensor], Tensor]
# (critic, x, y, partners) to the bound, in nats; row i of x is beside rows partners[:, i] of y
Objective = Callable[[Critic, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a critic is trained. The defaults are the published ones."""

    width: int = 500  # of the three hidden layers
    learning_rate: float = 5e-4  # of Adam
    weight_decay: float = 1e-5
    batch_rows: int = 500  # half of the training rows where these are fewer than 1000
    partners: int = 4  # product pairs a row, in training
    reading_partners: int = 50  # in the two values that are returned
    validation_partners: int = 50  # in the value that chooses the epoch
    training_share: float = 0.8  # the first rows; the rest chooses the epoch
    epochs: int = 1500  # at most
    patience: int = 200  # epochs without a better value before it stops
    precision: Literal["single", "half"] = "single"  # of the training steps; bfloat16 if half


PUBLISHED = Protocol()
# What one CPU core can pay. Deviations: training steps in bfloat16, patience, fewer pairs in the
# value that chooses the epoch. benchmarks/results/*-trained-baselines.json says which was used.
ONE_CORE = Protocol(validation_partners=8, patience=10, precision="half")


class TrainedValue(NamedTuple):
    """What one training run says, in nats."""

    in_sample: float  # on all rows, those trained on among them: the published figures
    held_out: float  # on the rows that chose the epoch, and were not trained on
    epochs: int  # done in all


class DenseCritic(nn.Module):
    """d-500-500-500-1, whose last layer sees the input again."""

    def __init__(self, n_columns: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(n_columns, width), nn.Linear(width, width), nn.Linear(width, width)]
        )
        self.last = nn.Linear(width + n_columns, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Critic at paired rows: n dx, n dy -> n."""
        both = torch.cat([x, y], dim=1)
        hidden = both
        for layer in self.layers:
            hidden = leaky_relu(layer(hidden), SLOPE)
        return torch.as_tensor(self.last(torch.cat([hidden, both], dim=1)).squeeze(1).float())


def train_critic(
    x: Array, y: Array, objective: Objective, *, protocol: Protocol = PUBLISHED, seed: int = 0
) -> TrainedValue:
    """Train a critic on the first rows, keep its best epoch, and read it.

    Parameters
    ----------
    x, y : ndarray of shape (n_samples, dim_x) and (n_samples, dim_y)
        Paired rows in random order; used as they come, without any scaling, as published.
    objective : callable
        The bound to raise.
    protocol : Protocol
    seed : int
        Of the network's start, the batches and the product pairs.
    """
    sides = [torch.from_numpy(float_columns(side)).float() for side in (x, y)]
    n_train = int(protocol.training_share * len(sides[0]))
    train = sides[0][:n_train], sides[1][:n_train]
    validation = sides[0][n_train:], sides[1][n_train:]
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DenseCritic(sides[0].shape[1] + sides[1].shape[1], protocol.width)
    epochs = _train(network, train, validation, objective, protocol, generator)
    values = [
        _read(network, pair, objective, protocol.reading_partners, generator)
        for pair in ((sides[0], sides[1]), validation)
    ]
    return TrainedValue(values[0], values[1], epochs)


def draw_partners(n_rows: int, count: int, generator: torch.Generator) -> Tensor:
    """Random orders of the rows: s n."""
    return torch.stack([torch.randperm(n_rows, generator=generator) for _ in range(count)])


def product_values(critic: Critic, x: Tensor, y: Tensor, partners: Tensor) -> Tensor:
    """Critic at the product pairs: s n."""
    rows = torch.arange(len(x)).repeat(len(partners))
    chosen = partners.flatten()
    pieces = [
        critic(x[rows[start : start + EVALUATION_ROWS]], y[chosen[start : start + EVALUATION_ROWS]])
        for start in range(0, len(rows), EVALUATION_ROWS)
    ]
    return torch.cat(pieces).view(partners.shape)


def _train(
    network: DenseCritic,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    objective: Objective,
    protocol: Protocol,
    generator: torch.Generator,
) -> int:
    """Raise the objective until the validation value stops rising; leaves the best epoch."""
    optimizer = torch.optim.Adam(
        network.parameters(), lr=protocol.learning_rate, weight_decay=protocol.weight_decay
    )
    best, best_epoch, best_state = -math.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, protocol.epochs + 1):
        _one_epoch(network, optimizer, train, objective, protocol, generator)
        value = _read(network, validation, objective, protocol.validation_partners, generator)
        if value > best:
            best, best_epoch, best_state = value, epoch, copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= protocol.patience:
            break
    network.load_state_dict(best_state)
    return epoch


def _one_epoch(
    network: DenseCritic,
    optimizer: torch.optim.Optimizer,
    train: tuple[Tensor, Tensor],
    objective: Objective,
    protocol: Protocol,
    generator: torch.Generator,
) -> None:
    x, y = train
    size = protocol.batch_rows if len(x) >= 1000 else max(len(x) // 2, 1)
    order = torch.randperm(len(x), generator=generator)
    for rows in order.chunk(max(1, len(x) // size)):
        partners = draw_partners(len(rows), protocol.partners, generator)
        half = protocol.precision == "half"
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = -objective(network, x[rows], y[rows], partners)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _read(
    network: DenseCritic,
    pair: tuple[Tensor, Tensor],
    objective: Objective,
    count: int,
    generator: torch.Generator,
) -> float:
    partners = draw_partners(len(pair[0]), min(count, len(pair[0])), generator)
    with torch.no_grad():
        value = float(objective(network, *pair, partners))
    return value if np.isfinite(value) else -math.inf
