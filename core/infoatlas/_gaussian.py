"""The closed-form answer: Gaussian-copula mutual information and its critic.

Canonical correlation analysis of the normal scores (Hotelling, 1936, Biometrika 28) gives canonical
variates and correlations; the log-density ratio of that Gaussian is an analytic critic. The total
is corrected for small samples as in Ince et al. (2017), Human Brain Mapping 38(3), and the
correlations are soft-thresholded until they add up to the corrected value.

b: data sets   n: rows   d: coordinates of a side   k: canonical pairs
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

RIDGE = 1e-8  # keeps one-hot and duplicated columns invertible; far below sampling noise
MAX_CORRELATION = (
    1.0 - 1e-6
)  # keeps -log(1 - r**2) / 2 below 6.6 nats a pair, and single precision exact


class GaussianCritic(NamedTuple):
    """Log-density ratio of a Gaussian copula in canonical coordinates."""

    weights_x: Tensor  # b d_x k
    weights_y: Tensor  # b d_y k
    correlations: Tensor  # b k, after the small-sample correction
    mutual_information: Tensor  # b, nats

    def variates(self, normal: Tensor, side: int) -> Tensor:
        """Canonical variates of one side: b m d -> b m k."""
        return normal @ (self.weights_x, self.weights_y)[side]

    def __call__(self, variates_x: Tensor, variates_y: Tensor) -> Tensor:
        """Log-density ratio, nats, of paired rows of variates: (b, ..., k) twice -> (b, ...)."""
        shape = (self.correlations.shape[0],) + (1,) * (variates_x.dim() - 2) + (-1,)
        r = self.correlations.reshape(shape)
        r2 = r.square()
        quadratic = (
            r2 * (variates_x.square() + variates_y.square()) - 2 * r * variates_x * variates_y
        )
        return (-0.5 * torch.log1p(-r2) - 0.5 * quadratic / (1 - r2)).sum(dim=-1)


def fit_gaussian(
    normal_x: Tensor, normal_y: Tensor, n_effective: Tensor | None = None
) -> GaussianCritic:
    """Fit the Gaussian critic to normal scores (b, n, d_x) and (b, n, d_y), float64.

    ``n_effective`` is how many independent rows those of each data set (b,) count as, all of them
    unless given.
    """
    n = normal_x.shape[1]
    rows = normal_x.new_full((len(normal_x),), n) if n_effective is None else n_effective
    root_x, root_y = _whiten(normal_x, rows), _whiten(normal_y, rows)
    cross = root_x.transpose(1, 2) @ (normal_x.transpose(1, 2) @ normal_y / n) @ root_y
    left, raw, right_t = torch.linalg.svd(cross, full_matrices=False)
    raw = raw.clamp(0.0, MAX_CORRELATION)
    total = -0.5 * torch.log1p(-raw.square()).sum(dim=1)
    d_x, d_y = normal_x.shape[2], normal_y.shape[2]
    trust = ((rows / (d_x + d_y) - 1.25) / 0.75).clamp(0.0, 1.0)  # too few rows say nothing
    correct = trust * (total - _bias(rows, d_x, d_y)).clamp_min(0.0)
    return GaussianCritic(
        root_x @ left, root_y @ right_t.transpose(1, 2), _shrink(raw, correct), correct
    )


def whitener(covariance: Tensor, ridge: float | Tensor) -> Tensor:
    """W with W' (S + ridge I) W = I: b d d -> b d d; one ridge, or one a data set (b, 1, 1)."""
    eye = torch.eye(covariance.shape[1], dtype=covariance.dtype, device=covariance.device)
    factor = torch.linalg.cholesky(covariance + ridge * eye)
    return torch.linalg.solve_triangular(factor, eye.expand_as(factor), upper=False).transpose(1, 2)


def _whiten(normal: Tensor, rows: Tensor) -> Tensor:
    """Whitener of one side's scores, scaled to unit variance: b n d, b -> b d d."""
    n, d = normal.shape[1:]
    lacking = (d / rows - 0.25).clamp_min(0.0)  # too few rows for the dimension: regularise
    ridge = RIDGE + lacking.reshape(-1, 1, 1)
    return whitener(normal.transpose(1, 2) @ normal / n, ridge) * (1 + ridge) ** 0.5


def _bias(rows: Tensor, d_x: int, d_y: int) -> Tensor:
    """Bias of the Gaussian plug-in, nats: mean log-determinant of a Wishart matrix, b -> b."""
    order = torch.arange(1, d_x + d_y + 1, dtype=rows.dtype, device=rows.device)
    terms = 0.5 * torch.digamma(((rows.unsqueeze(1) - order) / 2).clamp_min(0.5))
    return terms[:, :d_x].sum(dim=1) + terms[:, :d_y].sum(dim=1) - terms.sum(dim=1)


def _shrink(raw: Tensor, target: Tensor) -> Tensor:
    """Soft-threshold squared correlations, one level a data set, so that they add up to ``target``.

    r2 -> (r2 - level) / (1 - level), never below 0. With k pairs left, the sum is that of the raw
    values plus k / 2 log(1 - level), so each k gives its level; the right k is the largest whose
    last pair survives its own level.
    """
    squared = raw.square()  # b k, descending
    count = torch.arange(1, raw.shape[1] + 1, dtype=raw.dtype, device=raw.device)
    sums = (-0.5 * torch.log1p(-squared)).cumsum(dim=1)
    levels = -torch.expm1(2 * (target.unsqueeze(1) - sums) / count)
    last = ((squared > levels) * count).argmax(dim=1, keepdim=True)
    level = levels.gather(1, last).clamp(0.0, MAX_CORRELATION)
    shrunk = (squared - level) / (1 - level)
    kept = (shrunk > 0) & (target > 0).unsqueeze(1)
    return torch.where(kept, shrunk, torch.ones_like(shrunk)).sqrt() * kept
