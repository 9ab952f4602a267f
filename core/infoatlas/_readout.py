"""From critic values to one number: which bound to believe, and how far.

The plug-in is best where supports are sharp, Donsker-Varadhan elsewhere, the closed form for
Gaussian data. The hypernetwork weighs the candidates; the estimate is always a convex combination
of them. Whether the closed form is enough is a question to the data: how much better the critic
tells left-out joint rows from product pairs than the Gaussian critic does.

b: data sets   n: rows   m: product pairs
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from infoatlas._bounds import (
    clipped_donsker_varadhan,
    donsker_varadhan,
    effective_sample_share,
    plug_in,
    tilted_plug_in,
)

N_CANDIDATES = 7
N_SUMMARIES = N_CANDIDATES + 13
N_OUTPUTS = N_CANDIDATES + 4  # weights of the candidates; two for the standard error, two scales
HIDDEN_OPTIMISM = 0.125  # of that of one row, for each further row alike; from AR(1) series
MOST_BEYOND = 0.2  # of the others' largest, and half as many nats: what the implied value may add


class Evidence(NamedTuple):
    """What the estimate is made of."""

    joint: Tensor  # b n, critic at joint rows
    joint_left_out: Tensor  # b n, with each row left out of the last layer
    product: Tensor  # b m, critic at product pairs
    weight: Tensor  # m
    base_joint: Tensor  # b n, Gaussian critic at joint rows
    base_product: Tensor  # b m
    gaussian: Tensor  # b, closed-form Gaussian-copula value
    n_effective: Tensor  # b, how many independent rows the joint rows count as


class Reading(NamedTuple):
    """MI of a batch of data sets, nats; every field (b,)."""

    mi: Tensor
    stderr: Tensor
    too_high: Tensor  # scale of errors of estimates above the truth, so of the interval below
    too_low: Tensor
    plug_in: Tensor
    dv: Tensor
    effective_share: Tensor


class Summary(NamedTuple):
    """All that the read-out knows about the evidence."""

    candidates: Tensor  # b 7, nats
    numbers: Tensor  # b 20, of order one
    sampling: Tensor  # b, standard error of the plug-in, nats
    effective_share: Tensor  # b


def summarise(evidence: Evidence) -> Summary:
    """Seven estimates, and what tells which to believe."""
    candidates = _candidates(evidence)
    share = effective_sample_share(evidence.product, evidence.weight)
    sampling = evidence.joint.std(dim=1) / evidence.n_effective.sqrt()
    return Summary(candidates, _numbers(candidates, evidence, share), sampling, share)


def read_out(head: nn.Module, context: Tensor, summary: Summary) -> Reading:
    """Combine the candidates.

    Parameters
    ----------
    head : Module
        Context and summary -> candidate weights, two numbers for the standard error, and one for
        the scale of the error on each side.
    context : Tensor of shape (b, g)
    summary : Summary
    """
    candidates = summary.candidates
    raw = head(torch.cat([context, summary.numbers], dim=1))
    start = raw.new_tensor([1.0, 0.0, 0.0, 0.0, 0.0, -1.0, -1.0])
    mix = torch.softmax(raw[:, :N_CANDIDATES] + start, dim=1)
    mi = (mix * candidates).sum(dim=1)
    of_sampling, beyond, too_high, too_low = raw[:, N_CANDIDATES:].unbind(1)
    stderr = summary.sampling * _factor(of_sampling) + softplus(beyond - 4.0)
    fixed = stderr.detach()
    return Reading(
        mi,
        stderr,
        fixed * _factor(too_high),
        fixed * _factor(too_low),
        candidates[:, 0],
        candidates[:, 1],
        summary.effective_share,
    )


def of_fewer_rows(reading: Reading, summary: Summary, alike: Tensor) -> Reading:
    """The same reading where so many rows count as one: more error that makes dependence up.

    The spread of the critic is that of fewer rows. Its optimism shows when one row is left out, as
    far as the rows alike that stay let it; a part of what they hide is added.
    """
    optimism = (summary.candidates[:, 0] - summary.candidates[:, 2]).clamp_min(0.0)
    more = summary.sampling * (alike.sqrt() - 1) + HIDDEN_OPTIMISM * optimism * (alike - 1)
    return reading._replace(stderr=reading.stderr + more, too_high=reading.too_high + more)


def _factor(raw: Tensor) -> Tensor:
    """Between 1 / e^2 and e^2."""
    return (2.0 * torch.tanh(raw / 2.0)).exp()


def _candidates(evidence: Evidence) -> Tensor:
    """Seven estimates: b 7."""
    joint, left_out, product, weight = evidence[:4]
    bounds = [
        plug_in(joint),
        donsker_varadhan(joint, product, weight),
        plug_in(left_out),
        donsker_varadhan(left_out, product, weight),
        clipped_donsker_varadhan(left_out, product, weight),
        evidence.gaussian,
    ]
    others = torch.stack(bounds, dim=1)
    # where few product pairs carry it, it says no more than how many there are
    most = (1 + MOST_BEYOND) * others.amax(dim=1) + 0.5 * MOST_BEYOND
    tilted = tilted_plug_in(product, weight).clamp(others.amin(dim=1), most)
    return torch.cat([others, tilted.unsqueeze(1)], dim=1)


def _numbers(candidates: Tensor, evidence: Evidence, share: Tensor) -> Tensor:
    """What the head is told about the candidates: b 20."""
    plain, n = candidates[:, 0], evidence.n_effective
    spread, spread_left_out = evidence.joint.std(dim=1), evidence.joint_left_out.std(dim=1)
    optimism = (plain - candidates[:, 2]) * n.sqrt() / (spread + 0.1)  # in standard errors
    return torch.stack(
        [
            *torch.tanh((candidates - candidates[:, 2:3]) * 4.0).unbind(1),
            torch.log1p(plain.clamp_min(0.0)),
            torch.log1p(candidates[:, 2].clamp_min(0.0) * 20.0) / 3.0,
            torch.tanh(candidates[:, 2] * n.sqrt() / (spread_left_out + 0.1) / 4.0),
            torch.tanh(optimism / 4.0),
            share.clamp_min(1e-6).log() / 4.0,
            torch.log1p(spread),
            torch.log1p(spread_left_out),
            torch.log1p(evidence.gaussian),
            (n.log() - 7.0) / 2.0,
            *_beyond_gaussian(evidence),
        ],
        dim=1,
    )


def _beyond_gaussian(evidence: Evidence) -> list[Tensor]:
    """Is the critic worth more than the Gaussian critic on rows it has not seen: four times b.

    The mean gain of joint rows in nats is the likelihood ratio of Vuong (1989), Econometrica 57(2);
    the gain in logistic loss holds where a few rows decide the mean.
    """
    _, left_out, product, weight, base_joint, base_product, gaussian, n = evidence
    gain = left_out - base_joint
    spread = gain.std(dim=1)
    elsewhere = 2 * gaussian - plug_in(base_joint)  # the Gaussian critic on other rows
    nats = (plug_in(left_out) - elsewhere) * n.sqrt() / (spread + 0.1)
    of_joint = softplus(-left_out) - softplus(-base_joint)  # b n
    of_product = softplus(product) - softplus(base_product)
    loss = of_joint.mean(dim=1) + (of_product * weight).sum(dim=1) / weight.sum()
    return [
        torch.tanh(nats / 4.0),
        torch.tanh(loss * n.sqrt() / (of_joint.std(dim=1) + 0.05) / 4.0),
        torch.tanh(loss * n / 20.0),
        torch.log1p(spread),
    ]
