"""Gaussian-copula mutual information: ranks to normal scores, then one log determinant.

Ince, Giordano, Kayser, Rousselet, Gross and Schyns (2017), Human Brain Mapping 38. It sees linear
dependence between the scores and nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, ndtri
from scipy.stats import rankdata

from benchmarks.baselines.columns import float_columns
from benchmarks.task import Array


def gaussian_copula(x: Array, y: Array, *, bias_corrected: bool = True) -> float:
    """Mutual information of a Gaussian with the correlations of the normal scores.

    Parameters
    ----------
    x, y : ndarray of shape (n_samples, dim_x) and (n_samples, dim_y)
        Paired rows. Tied values share their mean rank.
    bias_corrected : bool
        Take off the expected excess of the log determinants of a sample of this size.

    Returns
    -------
    float
        (log det S_xx + log det S_yy - log det S) / 2, in nats.
    """
    scores = [_normal_scores(x), _normal_scores(y)]
    blocks = *scores, np.hstack(scores)
    log_x, log_y, log_xy = (_log_determinant(block, bias_corrected) for block in blocks)
    return (log_x + log_y - log_xy) / 2


def _normal_scores(values: Array) -> NDArray[np.float64]:
    ranks = rankdata(float_columns(values), axis=0)  # mean ranks for ties
    return np.asarray(ndtri(ranks / (len(ranks) + 1)))


def _log_determinant(scores: NDArray[np.float64], bias_corrected: bool) -> float:  # noqa: FBT001
    """Log determinant of the covariance, less its expected excess for Gaussian rows."""
    n_samples, n_features = scores.shape
    value = float(np.linalg.slogdet(np.atleast_2d(np.cov(scores, rowvar=False)))[1])
    if not bias_corrected:
        return value
    halves = (n_samples - np.arange(1, n_features + 1)) / 2
    return value - float(np.sum(digamma(halves) - np.log((n_samples - 1) / 2)))
