"""What pretraining minimises, and the held-out error it is judged by.

Rao-Blackwellised: the pointwise MI of every synthetic pair is known, so each joint and product pair
gets the soft label sigmoid(PMI) in the logistic loss, on the very rows the hypernetwork has read.
The variance of hard labels is gone, and so is the reward for over-fitting the rows.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, huber_loss, relu, softplus

from infoatlas._bounds import donsker_varadhan
from infoatlas._forward import Forward
from infoatlas._pairs import ProductPairs
from infoatlas._readout import Reading
from infoatlas._result import ERROR_DEGREES, interval_ends
from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.distributions import DataSets

OUTSIDE = 0.05  # share of truths that the interval may miss
PMI_RANGE = 12.0  # nats; labels beyond it are certain
SMALL = 0.005  # nats, the error that matters least; with 0.02, independent pairs read 0.003 more


def true_pointwise(data: DataSets, pairs: ProductPairs) -> tuple[Tensor, Tensor]:
    """Exact PMI of joint rows (b, n) and of product pairs (b, s, n), clipped."""
    joint = data.pointwise().clamp(-PMI_RANGE, PMI_RANGE)
    rows = torch.arange(joint.shape[1], device=joint.device)
    s = len(pairs.partner)
    product = data.pointwise(rows.repeat(s), pairs.partner.flatten()).unflatten(1, (s, -1))
    return joint, product.clamp(-PMI_RANGE, PMI_RANGE)


def objective(
    forward: Forward, data: DataSets, pairs: ProductPairs, config: PretrainConfig
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch, and its parts for the log.

    Parameters
    ----------
    forward : Forward
        What the hypernetwork made of ``data``.
    data : DataSets
    pairs : ProductPairs
        The product pairs the critic was evaluated on.
    config : PretrainConfig
    """
    reading = forward.reading
    bound = donsker_varadhan(forward.joint, forward.product.flatten(1)).mean()
    if config.objective == "dv":
        return -bound, {"dv": float(bound.detach())}
    joint, product = true_pointwise(data, pairs)
    logistic = _excess_logistic(forward.joint, joint) + _excess_logistic(forward.product, product)
    pointwise = huber_loss(forward.joint, joint, delta=0.5)
    sampling = joint.std(dim=1) / joint.shape[1] ** 0.5
    value, likelihood, interval = (
        part.mean() for part in read_out_loss(reading, data.mi, sampling)
    )
    loss = (
        logistic
        + config.pointwise_weight * pointwise
        + config.mi_weight * value
        + config.stderr_weight * likelihood
        + config.interval_weight * interval
        - config.dv_weight * bound
    )
    parts = {
        "logistic": float(logistic.detach()),
        "pointwise": float(pointwise.detach()),
        "mi": float(value.detach()),
        "likelihood": float(likelihood.detach()),
        "interval": float(interval.detach()),
    }
    return loss, parts


def read_out_loss(
    reading: Reading, mi: Tensor, sampling: Tensor, outside: Tensor | float = OUTSIDE
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of the estimate, of its standard error, and of its 95% interval; all (b,).

    Errors count in units of what can be attained, and large ones by their logarithm. The standard
    error is judged by a Student likelihood of the error, which ranks errors well but whose tails
    are lighter than theirs; the interval by its interval score, in standard errors (Gneiting and
    Raftery, 2007, JASA 102(477), 6.2), where ``outside`` says which share of truths it may miss.
    Both leave the estimate alone.
    """
    attainable = SMALL + 0.05 * mi + sampling  # nats
    value = torch.log1p(0.5 * ((reading.mi - mi) / attainable).square())
    error = (reading.mi.detach() - mi) / reading.stderr
    surprise = 0.5 * (ERROR_DEGREES + 1) * torch.log1p(error.square() / ERROR_DEGREES)
    return value, surprise + reading.stderr.log(), _interval_score(reading, mi, outside)


def _interval_score(reading: Reading, mi: Tensor, outside: Tensor | float) -> Tensor:
    """Width of the 95% interval, and 40 times the distance by which the truth lies outside."""
    low, high = interval_ends(reading.mi.detach(), (reading.too_high, reading.too_low), 1 - OUTSIDE)
    beyond = relu(low - mi) + relu(mi - high)
    return (high - low + 2 / outside * beyond) / reading.stderr.detach()


def _excess_logistic(logit: Tensor, pmi: Tensor) -> Tensor:
    """Logistic loss against sigmoid(PMI), less its floor; zero for the true critic."""
    label = torch.sigmoid(pmi)
    floor = softplus(pmi) - label * pmi
    return binary_cross_entropy_with_logits(logit, label) - floor.mean()
