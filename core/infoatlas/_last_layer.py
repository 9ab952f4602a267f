"""The critic's last layer in closed form: penalised logistic density-ratio estimation.

Joint rows against product rows, a Gaussian prior on every weight. The objective is convex, so
Newton with step halving converges from anywhere. Gradients with respect to features, offset and
prior come from one more Newton step at the solution (the implicit function theorem), so pretraining
learns features for this very solver. Density ratios by logistic regression: Qin (1998), Biometrika
85(3).

b: data sets   n: joint rows   s: product pairs a row   m: all rows   f: features
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

HALVINGS = 12
ROUNDING = 1e-6  # relative; single-precision sums cannot tell smaller falls from none
SMALL_DECREMENT = 1e-4  # nats in all, far below what sampling leaves open
DOUBLE_STEPS, DOUBLE_DECREMENT = 60, 1e-14  # in double precision, where exact gradients are wanted


class Solution(NamedTuple):
    weights: Tensor  # b f
    covariance: Tensor  # b f f, inverse Hessian: the Laplace posterior


class Sample(NamedTuple):
    """Features and offsets of the joint rows, then of all product rows (m = n + s n)."""

    features: Tensor  # b m f
    offset: Tensor  # b m
    weight: Tensor  # m; joint rows 1, product rows sum to n
    n_joint: int

    def values(self, weights: Tensor) -> Tensor:
        """Critic at every row: b f -> b m."""
        return (self.features @ weights.unsqueeze(-1)).squeeze(-1) + self.offset

    def slopes(self, probability: Tensor) -> Tensor:
        """Derivative of the objective by the critic's value at every row: b m."""
        is_joint = torch.arange(probability.shape[1], device=probability.device) < self.n_joint
        return (probability - is_joint.to(probability.dtype)) * self.weight


def solve(sample: Sample, mean: Tensor, precision: Tensor, *, steps: int) -> Solution:
    """Posterior mode of the last layer.

    Parameters
    ----------
    sample : Sample
    mean, precision : Tensor of shape (b, f)
        Prior of every weight, in units of one row.
    steps : int
        Newton steps at most, each halved until the objective falls.
    """
    decrement = SMALL_DECREMENT
    if mean.dtype == torch.float64:
        steps, decrement = DOUBLE_STEPS, DOUBLE_DECREMENT
    with torch.no_grad():
        fixed = sample._replace(features=sample.features.detach(), offset=sample.offset.detach())
        mean_, precision_ = mean.detach(), precision.detach()
        weights, values, objective = _start(fixed, mean_, precision_)
        for taken in range(steps + 1):
            probability = torch.sigmoid(values)
            gradient = _gradient(fixed, probability, weights, mean_, precision_)
            factor = _factor(_hessian(fixed, probability, precision_))
            if taken == steps:
                break
            direction = torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
            open_ = (gradient * direction).sum(dim=1) >= 2 * decrement
            if not bool(open_.any()):
                break
            direction = direction * open_.unsqueeze(1)  # each data set stops by itself
            weights, values, objective = _halved_step(
                fixed, weights, direction, objective, mean_, precision_
            )
        covariance = torch.cholesky_inverse(factor)
    if not torch.is_grad_enabled():
        return Solution(weights, covariance)
    # the value stays that of the solution; its gradient is that of one more Newton step
    probability = torch.sigmoid(sample.values(weights))
    gradient = _gradient(sample, probability, weights, mean, precision)
    step = (covariance @ gradient.unsqueeze(-1)).squeeze(-1)
    return Solution(weights - (step - step.detach()), covariance)


def leave_one_out(joint_values: Tensor, joint_features: Tensor, covariance: Tensor) -> Tensor:
    """Critic at each joint row as if that row had not been used to fit the last layer: (b, n).

    The infinitesimal-jackknife step of Beirami et al. (2017), NeurIPS, in closed form.
    """
    leverage = torch.einsum("bnf,bfg,bng->bn", joint_features, covariance, joint_features)
    p = torch.sigmoid(joint_values)
    curvature = (p * (1 - p) * leverage).clamp_max(0.9)
    return joint_values - (1 - p) * leverage / (1 - curvature)


def _start(sample: Sample, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The prior mean or zero, whichever has the lower objective: weights, values, objective."""
    best = mean, sample.values(mean)
    objective = _objective(sample, best[1], mean, mean, precision)
    zero = torch.zeros_like(mean)
    values = sample.values(zero)
    value = _objective(sample, values, zero, mean, precision)
    worse = (value < objective).unsqueeze(1)
    return (
        torch.where(worse, zero, best[0]),
        torch.where(worse, values, best[1]),
        torch.minimum(value, objective),
    )


def _objective(
    sample: Sample, values: Tensor, weights: Tensor, mean: Tensor, precision: Tensor
) -> Tensor:
    n = sample.n_joint
    data = softplus(-values[:, :n]).sum(dim=1)
    data = data + (softplus(values[:, n:]) * sample.weight[n:]).sum(dim=1)
    return data + 0.5 * (precision * (weights - mean).square()).sum(dim=1)


def _gradient(
    sample: Sample, probability: Tensor, weights: Tensor, mean: Tensor, precision: Tensor
) -> Tensor:
    slopes = sample.slopes(probability).unsqueeze(1)
    return (slopes @ sample.features).squeeze(1) + precision * (weights - mean)


def _hessian(sample: Sample, probability: Tensor, precision: Tensor) -> Tensor:
    curvature = probability * (1 - probability) * sample.weight
    scaled = sample.features * curvature.unsqueeze(-1)
    return scaled.transpose(1, 2) @ sample.features + torch.diag_embed(precision)


def _factor(hessian: Tensor) -> Tensor:
    """Cholesky factor; as much of the diagonal is added as the precision needs."""
    diagonal = hessian.diagonal(dim1=1, dim2=2)
    scale = torch.diag_embed(diagonal.mean(dim=1, keepdim=True).expand_as(diagonal))
    for jitter in (1e-6 if hessian.dtype == torch.float32 else 1e-13, 1e-4, 1e-2):
        factor, failed = torch.linalg.cholesky_ex(hessian + jitter * scale)
        if not bool(failed.any()):
            break
    return factor


def _halved_step(
    sample: Sample,
    weights: Tensor,
    direction: Tensor,
    objective: Tensor,
    mean: Tensor,
    precision: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Largest step 1, 1/2, 1/4 ... that does not raise the objective, for each data set."""
    step = torch.ones_like(objective)
    for _ in range(HALVINGS):
        candidate = weights - step.unsqueeze(1) * direction
        values = sample.values(candidate)
        value = _objective(sample, values, candidate, mean, precision)
        bad = ~(value <= objective + ROUNDING * objective.abs())
        if not bool(bad.any()):
            return candidate, values, value
        step = torch.where(bad, 0.5 * step, step)
    kept = torch.where(bad.unsqueeze(1), weights, candidate)
    return kept, sample.values(kept), torch.where(bad, objective, value)
