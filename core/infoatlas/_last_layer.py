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
SMALL_DECREMENT = 2e-7  # nats a row: the noise of single-precision sums, far below sampling's
NEAR = 0.05  # nats in all; after a step that gains no more the curvature is kept
COARSE_FROM, COARSE_STRIDE = 4096, 4  # rows from which every fourth one gives a first solution
DOUBLE_STEPS, DOUBLE_DECREMENT = 60, 1e-14  # in double precision, where exact gradients are wanted


class Solution(NamedTuple):
    weights: Tensor  # b f
    covariance: Tensor  # b f f, inverse Hessian: the Laplace posterior


class _Prior(NamedTuple):
    mean: Tensor  # b f
    precision: Tensor  # b f


class Sample(NamedTuple):
    """Features and offsets of the joint rows, then of all product rows (m = n + s n)."""

    features: Tensor  # b m f
    offset: Tensor  # b m
    weight: Tensor  # m; joint rows 1, product rows sum to n
    n_joint: int

    def values(self, weights: Tensor) -> Tensor:
        """Critic at every row: b f -> b m."""
        return (self.features @ weights.unsqueeze(-1)).squeeze(-1) + self.offset

    def every(self, stride: int) -> Sample:
        """Every ``stride``-th row, weighing as much as all of them."""
        joint = torch.arange(0, self.n_joint, stride, device=self.weight.device)
        product = torch.arange(self.n_joint, len(self.weight), stride, device=self.weight.device)
        weight = [
            self.weight[rows] * (self.n_joint / self.weight[rows].sum())
            for rows in (joint, product)
        ]
        rows = torch.cat([joint, product])
        return Sample(self.features[:, rows], self.offset[:, rows], torch.cat(weight), len(joint))

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
    decrement = SMALL_DECREMENT * sample.n_joint
    if mean.dtype == torch.float64:
        steps, decrement = DOUBLE_STEPS, DOUBLE_DECREMENT
    with torch.no_grad():
        fixed = sample._replace(features=sample.features.detach(), offset=sample.offset.detach())
        prior = _Prior(mean.detach(), precision.detach())
        starts = [prior.mean, torch.zeros_like(prior.mean)]
        if mean.dtype == torch.float32 and sample.n_joint >= COARSE_FROM:
            few = fixed.every(COARSE_STRIDE)
            starts.append(_newton(few, prior, starts, steps, decrement)[0])
        weights, covariance = _newton(fixed, prior, starts, steps, decrement)
    if not torch.is_grad_enabled():
        return Solution(weights, covariance)
    # the value stays that of the solution; its gradient is that of one more Newton step
    probability = torch.sigmoid(sample.values(weights))
    gradient = _gradient(sample, probability, weights, _Prior(mean, precision))
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


class _Place(NamedTuple):
    """A point on the way to the solution."""

    weights: Tensor  # b f
    values: Tensor  # b m
    objective: Tensor  # b


def _newton(
    sample: Sample, prior: _Prior, starts: list[Tensor], steps: int, decrement: float
) -> tuple[Tensor, Tensor]:
    """Newton with step halving: weights (b, f), and the covariance (b, f, f) there.

    Each data set stops, and keeps its curvature, by itself: none depends on its neighbours.
    """
    place = _start(sample, starts, prior)
    factor = torch.diag_embed(prior.precision)  # until the first step
    last = torch.full_like(place.objective, torch.inf)
    near = NEAR if prior.mean.dtype == torch.float32 else 0.0
    for taken in range(steps + 1):
        probability = torch.sigmoid(place.values)
        factor = _refreshed(factor, last > near, sample, probability, prior)
        gradient = _gradient(sample, probability, place.weights, prior)
        direction = torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
        fall = 0.5 * (gradient * direction).sum(dim=1)
        open_ = fall >= decrement
        if taken == steps or not bool(open_.any()):
            break
        last = torch.where(open_, fall, torch.zeros_like(fall))
        place = _halved_step(sample, place, direction * open_.unsqueeze(1), prior)
    return place.weights, torch.cholesky_inverse(factor)


def _refreshed(
    factor: Tensor, stale: Tensor, sample: Sample, probability: Tensor, prior: _Prior
) -> Tensor:
    """Cholesky factors of the curvature, computed anew for the data sets that moved far."""
    if bool(stale.all()):
        return _factor(_hessian(sample, probability, prior))
    if bool(stale.any()):
        some = sample._replace(features=sample.features[stale])
        own = _Prior(prior.mean[stale], prior.precision[stale])
        factor[stale] = _factor(_hessian(some, probability[stale], own))
    return factor


def _start(sample: Sample, starts: list[Tensor], prior: _Prior) -> _Place:
    """The start with the lowest objective, for each data set."""
    best = _at(sample, starts[0], prior)
    for weights in starts[1:]:
        other = _at(sample, weights, prior)
        better = other.objective < best.objective
        best = _choose(better, other, best)
    return best


def _at(sample: Sample, weights: Tensor, prior: _Prior) -> _Place:
    values = sample.values(weights)
    return _Place(weights, values, _objective(sample, values, weights, prior))


def _choose(condition: Tensor, one: _Place, other: _Place) -> _Place:
    wide = condition.unsqueeze(1)
    return _Place(
        torch.where(wide, one.weights, other.weights),
        torch.where(wide, one.values, other.values),
        torch.where(condition, one.objective, other.objective),
    )


def _objective(sample: Sample, values: Tensor, weights: Tensor, prior: _Prior) -> Tensor:
    n = sample.n_joint
    data = (softplus(-values[:, :n]) * sample.weight[:n]).sum(dim=1)
    data = data + (softplus(values[:, n:]) * sample.weight[n:]).sum(dim=1)
    return data + 0.5 * (prior.precision * (weights - prior.mean).square()).sum(dim=1)


def _gradient(sample: Sample, probability: Tensor, weights: Tensor, prior: _Prior) -> Tensor:
    slopes = sample.slopes(probability).unsqueeze(1)
    return (slopes @ sample.features).squeeze(1) + prior.precision * (weights - prior.mean)


def _hessian(sample: Sample, probability: Tensor, prior: _Prior) -> Tensor:
    curvature = probability * (1 - probability) * sample.weight
    scaled = sample.features * curvature.unsqueeze(-1)
    return scaled.transpose(1, 2) @ sample.features + torch.diag_embed(prior.precision)


def _factor(hessian: Tensor) -> Tensor:
    """Cholesky factor; each data set gets as much more diagonal as its precision needs."""
    diagonal = hessian.diagonal(dim1=1, dim2=2)
    scale = torch.diag_embed(diagonal.mean(dim=1, keepdim=True).expand_as(diagonal))
    jitters = (1e-6 if hessian.dtype == torch.float32 else 1e-13, 1e-4, 1e-2)
    factor, failed = torch.linalg.cholesky_ex(hessian + jitters[0] * scale)
    for jitter in jitters[1:]:
        if not bool(failed.any()):
            break
        again, still = torch.linalg.cholesky_ex(hessian + jitter * scale)
        factor = torch.where((failed > 0).reshape(-1, 1, 1), again, factor)
        failed = still * (failed > 0)
    return factor


def _halved_step(sample: Sample, place: _Place, direction: Tensor, prior: _Prior) -> _Place:
    """Largest step 1, 1/2, 1/4 ... that does not raise the objective, for each data set."""
    step = torch.ones_like(place.objective)
    highest = place.objective + ROUNDING * place.objective.abs()
    for _ in range(HALVINGS):
        candidate = _at(sample, place.weights - step.unsqueeze(1) * direction, prior)
        bad = ~(candidate.objective <= highest)
        if not bool(bad.any()):
            return candidate
        step = torch.where(bad, 0.5 * step, step)
    return _choose(bad, place, candidate)
