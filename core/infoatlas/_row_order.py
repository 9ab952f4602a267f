"""Whether rows follow each other in time, and how many of them count then.

b: data sets   n: rows   d: columns of a side
"""

from __future__ import annotations

import torch
from torch import Tensor

from infoatlas._copula import Margin

GAP_SHARE = 16  # neighbours closer than n / 16 rows are not paired in autocorrelated data
AUTOCORRELATED = 0.3  # lag-1 correlation of the scores from which rows count as autocorrelated
FORGOTTEN = 0.05  # product of both sides' autocorrelations at which the sum over lags ends


def neighbour_gap(x: Tensor, y: Tensor) -> Tensor:
    """Rows within which neighbours are alike, 0 for independent rows: (b, n, d) twice -> (b,)."""
    n = x.shape[1]
    strongest = torch.maximum(_lag_one(x), _lag_one(y))
    threshold = max(AUTOCORRELATED, 4.0 / n**0.5)
    return torch.where(strongest > threshold, max(1, n // GAP_SHARE), 0)


def _lag_one(values: Tensor) -> Tensor:
    """Largest lag-1 correlation of the columns' scores: b n d -> b."""
    z = Margin(values).scores(values).normal
    return (z[:, 1:] * z[:, :-1]).mean(dim=1).amax(dim=1)


def effective_rows(x: Tensor, y: Tensor, gap: Tensor) -> Tensor:
    """How many independent rows those of each data set count as: (b, n, d) twice, (b,) -> (b,).

    Correlations of two series vary as those of so many independent rows: n over one plus twice the
    sum of the products of their autocorrelations (Bartlett, 1935, JRSS 98(3)), here of the column
    of either side that remembers longest. All rows count where neighbours are not alike.
    """
    n = x.shape[1]
    if not gap.any():
        return torch.full_like(gap, n, dtype=x.dtype)
    product = _autocorrelations(x) * _autocorrelations(y)  # b n
    remembered = (product > FORGOTTEN).cumprod(dim=1)
    inflation = 1 + 2 * (product * remembered).sum(dim=1)
    return torch.where(gap > 0, n / inflation, n)


def _autocorrelations(values: Tensor) -> Tensor:
    """Largest of the columns' scores at each lag from 1 to n / 2: b n d -> b n / 2."""
    z = Margin(values).scores(values).normal
    n = z.shape[1]
    power = torch.fft.rfft(z, n=2 * n, dim=1).abs().square()
    summed = torch.fft.irfft(power, n=2 * n, dim=1)[:, : n // 2 + 1]
    return (summed[:, 1:] / summed[:, :1]).amax(dim=2)
