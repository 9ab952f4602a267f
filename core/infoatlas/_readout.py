"""From critic values to one number: which bound to believe, and how far.

The plug-in is best where supports are sharp, Donsker-Varadhan elsewhere. The hypernetwork weighs
the candidates; the estimate is always a convex combination of them.

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
)

N_CANDIDATES = 5
N_SUMMARIES = N_CANDIDATES + 4


class Reading(NamedTuple):
    """MI of a batch of data sets, nats; every field (b,)."""

    mi: Tensor
    stderr: Tensor
    plug_in: Tensor
    dv: Tensor
    effective_share: Tensor


def read_out(
    head: nn.Module,
    context: Tensor,
    joint: Tensor,
    joint_left_out: Tensor,
    product: Tensor,
    weight: Tensor,
    gaussian: Tensor,
) -> Reading:
    """Combine the candidates.

    Parameters
    ----------
    head : Module
        Context and summaries -> candidate weights and two numbers for the standard error.
    context : Tensor of shape (b, g)
    joint, joint_left_out : Tensor of shape (b, n)
        Critic at joint rows; and with each row left out of the last layer.
    product : Tensor of shape (b, m)
        Critic at product pairs.
    weight : Tensor of shape (m,)
        Weight of each product pair.
    gaussian : Tensor of shape (b,)
    """
    n = joint.shape[1]
    plain = plug_in(joint)
    bound = donsker_varadhan(joint, product, weight)
    candidates = torch.stack(
        [
            plain,
            bound,
            plug_in(joint_left_out),
            donsker_varadhan(joint_left_out, product, weight),
            clipped_donsker_varadhan(joint_left_out, product, weight),
        ],
        dim=1,
    )
    share = effective_sample_share(product, weight)
    spread = joint.std(dim=1)
    summaries = torch.stack(
        [
            *(torch.tanh((candidates - plain.unsqueeze(1)) * 4.0).unbind(1)),
            torch.log1p(plain.clamp_min(0.0)),
            share.clamp_min(1e-6).log() / 4.0,
            torch.log1p(spread),
            torch.log1p(gaussian),
        ],
        dim=1,
    )
    raw = head(torch.cat([context, summaries], dim=1))
    start = raw.new_tensor([-1.0, -1.0, 1.0, 1.0, 0.0])
    mix = torch.softmax(raw[:, :N_CANDIDATES] + start, dim=1)
    mi = (mix * candidates).sum(dim=1)
    sampling = spread / n**0.5
    stderr = sampling * (2.0 * torch.tanh(raw[:, -2] / 2.0)).exp() + softplus(raw[:, -1] - 4.0)
    return Reading(mi, stderr, plain, bound, share)
