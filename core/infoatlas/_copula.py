"""Rank copula: every column goes through its ranks to a normal score.

Mutual information does not change under strictly monotone maps of a coordinate, so only ranks
enter. Mid-ranks for ties. Everything is torch and batched; nothing here is learned.

b: data sets   n: rows   c: columns
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Scores(NamedTuple):
    """Two views of the same columns: standardised normal scores, and uniform ranks in (0, 1)."""

    normal: Tensor  # b n c
    uniform: Tensor  # b n c

    def flip(self, sign: Tensor) -> Scores:
        """Reverse the columns whose ``sign`` (b, c) is -1."""
        sign = sign.unsqueeze(1)
        return Scores(self.normal * sign, 0.5 + (self.uniform - 0.5) * sign)

    def rows(self, index: Tensor) -> Scores:
        """Keep the rows in ``index``."""
        return Scores(self.normal[:, index], self.uniform[:, index])


class Margin:
    """Empirical marginal distribution of each column, fitted once and applied to any rows.

    Parameters
    ----------
    values : Tensor of shape (b, n, c)
        Columns; only their order matters.
    bandwidth : float or None
        None for exact ranks. A number gives the smooth empirical distribution function
        mean_j sigmoid((v - v_j) / (bandwidth * sd)), which has gradients.
    """

    def __init__(self, values: Tensor, *, bandwidth: float | None = None) -> None:
        self.bandwidth = bandwidth
        self.n_rows = values.shape[1]
        columns = values.transpose(1, 2).contiguous()  # b n c -> b c n
        self._reference = columns.sort(dim=-1).values if bandwidth is None else columns
        raw, _ = self._raw(values)
        self._mean = raw.mean(dim=1, keepdim=True)
        variance = (raw - self._mean).square().mean(dim=1, keepdim=True)
        self._scale = variance.clamp_min(1e-24).sqrt()

    def scores(self, values: Tensor) -> Scores:
        """Scores of rows (b, m, c); for the fitted rows themselves, their mid-rank scores."""
        raw, uniform = self._raw(values)
        return Scores((raw - self._mean) / self._scale, uniform)

    def _raw(self, values: Tensor) -> tuple[Tensor, Tensor]:
        n = self.n_rows
        columns = values.transpose(1, 2).contiguous()  # b m c -> b c m
        if self.bandwidth is None:
            below = torch.searchsorted(self._reference, columns, right=False)
            not_above = torch.searchsorted(self._reference, columns, right=True)
            # integer centred rank 2 r - n - 1: reversing a column negates it exactly
            centred = (below + not_above - n).clamp(1 - n, n - 1).to(values.dtype) / (2 * n)
        else:
            centred = self._smooth_rank(columns) * (0.5 - 0.5 / n)
        magnitude = torch.special.ndtri(0.5 + centred.abs())
        raw = torch.copysign(magnitude, centred) if self.bandwidth is None else _odd(centred)
        return raw.transpose(1, 2), (0.5 + centred).transpose(1, 2)

    def _smooth_rank(self, columns: Tensor) -> Tensor:
        """Centred smooth rank in (-1, 1): b c m -> b c m, cost m * n."""
        assert self.bandwidth is not None
        variance = self._reference.var(dim=-1, keepdim=True).unsqueeze(-1)
        width = self.bandwidth * variance.clamp_min(1e-24).sqrt()
        difference = columns.unsqueeze(-1) - self._reference.unsqueeze(-2)  # b c m n
        return torch.tanh(0.5 * difference / width).mean(dim=-1)


def _odd(centred: Tensor) -> Tensor:
    return torch.special.ndtri(0.5 + centred)


def canonical_sign(normal: Tensor, weight: Tensor) -> Tensor:
    """Sign (b, c) that makes the co-skewness of each column with a row weight positive.

    A strictly decreasing map of a coordinate negates its scores; fixing the sign by
    sum_i z_i w_i, where the row weight w (b, n) does not change under reversal, makes the
    result identical to the last bit for decreasing maps too.
    """
    moment = (normal * weight.unsqueeze(-1)).sum(dim=1)  # b c
    first = normal[:, 0]
    moment = torch.where(moment == 0, first, moment)
    return torch.where(moment < 0, -torch.ones_like(moment), torch.ones_like(moment))


def basis(scores: Scores, order: int) -> Tensor:
    """Normal score and cosines k = 1 .. order of the uniform rank: b n c -> b n c (1 + order)."""
    return torch.cat([scores.normal.unsqueeze(-1), cosines(scores.uniform, order)], dim=-1)


def cosines(uniform: Tensor, order: int) -> Tensor:
    """sqrt(2) cos(pi k u), k = 1 .. order, an orthonormal series on (0, 1): ... -> ... order."""
    frequency = math.pi * torch.arange(1, order + 1, dtype=uniform.dtype, device=uniform.device)
    return math.sqrt(2.0) * torch.cos(uniform.unsqueeze(-1) * frequency)
