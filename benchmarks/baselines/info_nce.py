"""InfoNCE: tell the true partner of a row from others.

Van den Oord, Li and Vinyals (2018), arXiv:1807.03748. The bound cannot exceed the log of the number
of candidates: 4 in training and 50 in reading, as in the published comparison.
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


def info_nce(x: Array, y: Array, *, protocol: Protocol = PUBLISHED, seed: int = 0) -> TrainedValue:
    """Value of the trained critic on all rows and on those it was not trained on, in nats."""
    return train_critic(x, y, contrast, protocol=protocol, seed=seed)


def contrast(critic: Critic, x: Tensor, y: Tensor, partners: Tensor) -> Tensor:
    """mean(joint - log mean exp(joint and s - 1 others)): s candidates, the true one among them."""
    joint = critic(x, y)
    others = product_values(critic, x, y, partners[:-1])
    candidates = torch.cat([joint.unsqueeze(0), others])
    return (joint - torch.logsumexp(candidates, dim=0)).mean() + math.log(len(candidates))
