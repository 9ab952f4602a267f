"""Mutual information from critic values: one formula a function, in nats.

b: data sets   n: joint rows   m: product pairs
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def plug_in(joint: Tensor) -> Tensor:
    """Mean critic over joint rows: b n -> b. Exact where the critic is the pointwise MI."""
    return joint.mean(dim=1)


def donsker_varadhan(joint: Tensor, product: Tensor, weight: Tensor | None = None) -> Tensor:
    """mean(joint) - log mean exp(product). Donsker and Varadhan (1983), CPAM 36(2)."""
    return joint.mean(dim=1) - log_mean_exp(product, weight)


def nwj(joint: Tensor, product: Tensor, weight: Tensor | None = None) -> Tensor:
    """1 + mean(joint) - mean exp(product). Nguyen, Wainwright and Jordan (2010), IEEE IT 56(11).

    The critic is shifted by one, for which this bound is exact at the pointwise MI.
    """
    return 1.0 + joint.mean(dim=1) - log_mean_exp(product, weight).exp()


def clipped_donsker_varadhan(
    joint: Tensor, product: Tensor, weight: Tensor | None = None, *, clip: float = 3.0
) -> Tensor:
    """Donsker-Varadhan with clipped product values: SMILE, Song and Ermon (2020), ICLR."""
    return joint.mean(dim=1) - log_mean_exp(product.clamp(-clip, clip), weight)


def tilted_plug_in(product: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mutual information that the critic implies, from product pairs alone: b m -> b.

    The divergence from the product of the distribution whose density ratio to it is proportional
    to exp(critic). Over-fitted joint rows do not raise it.
    """
    share = torch.softmax(product + _log_weight(product, weight), dim=1)
    return (share * product).sum(dim=1) - log_mean_exp(product, weight)


def log_mean_exp(product: Tensor, weight: Tensor | None = None) -> Tensor:
    """Log of the (weighted) mean of exp: b m -> b."""
    if weight is None:
        return torch.logsumexp(product, dim=1) - math.log(product.shape[1])
    return torch.logsumexp(product + weight.log(), dim=1) - weight.sum().log()


def effective_sample_share(product: Tensor, weight: Tensor | None = None) -> Tensor:
    """Share of product pairs that carry the mean of exp(critic): b m -> b, from 1 / m to 1."""
    log_weight = _log_weight(product, weight)
    first = torch.logsumexp(product + log_weight, dim=1)
    second = torch.logsumexp(2 * product + log_weight, dim=1)
    count = product.shape[1] if weight is None else float(weight.sum())
    return (2 * first - second).exp() / count


def _log_weight(product: Tensor, weight: Tensor | None) -> Tensor:
    return torch.zeros_like(product) if weight is None else weight.log().expand_as(product)
