"""SMILE: MINE with a clipped critic.

Song and Ermon (2020), "Understanding the Limitations of Variational Mutual Information Estimators",
ICLR. The critic is held within +-8 nats at joint and product pairs alike, as in the published
comparison.
"""

from __future__ import annotations

from torch import Tensor

from benchmarks.baselines.mine import donsker_varadhan
from benchmarks.baselines.trained_critic import (
    PUBLISHED,
    Critic,
    Protocol,
    TrainedValue,
    train_critic,
)
from benchmarks.task import Array

CLIP = 8.0  # nats


def smile(x: Array, y: Array, *, protocol: Protocol = PUBLISHED, seed: int = 0) -> TrainedValue:
    """Value of the trained critic on all rows and on those it was not trained on, in nats."""
    return train_critic(x, y, clipped, protocol=protocol, seed=seed)


def clipped(critic: Critic, x: Tensor, y: Tensor, partners: Tensor) -> Tensor:
    """The Donsker-Varadhan value of the critic clipped to +-CLIP."""
    return donsker_varadhan(lambda a, b: critic(a, b).clamp(-CLIP, CLIP), x, y, partners)
