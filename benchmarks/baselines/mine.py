"""MINE: the Donsker-Varadhan bound, raised by gradient steps.

Belghazi, Baratin, Rajeshwar, Ozair, Bengio, Courville and Hjelm (2018), ICML. No moving average of
the gradient's denominator, as in the published comparison.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from benchmarks.baselines.trained_critic import (
    PUBLISHED,
    Critic,
    Protocol,
    TrainedValue,
    product_values,
    train_critic,
)
from benchmarks.task import Array


def mine(x: Array, y: Array, *, protocol: Protocol = PUBLISHED, seed: int = 0) -> TrainedValue:
    """Value of the trained critic on all rows and on those it was not trained on, in nats."""
    return train_critic(x, y, donsker_varadhan, protocol=protocol, seed=seed)


def donsker_varadhan(critic: Critic, x: Tensor, y: Tensor, partners: Tensor) -> Tensor:
    """mean(joint) - log mean exp(product)."""
    product = product_values(critic, x, y, partners)
    return critic(x, y).mean() - torch.logsumexp(product.flatten(), 0) + math.log(product.numel())
