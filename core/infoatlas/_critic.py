"""The critic f(x, y) that the hypernetwork writes: its features, and its values.

f = gate * Gaussian critic + weights . features. Features are a constant, the Gaussian critic in two
ranges, squares and products of canonical variates, cosine series of the leading pairs (an
orthogonal-series density ratio), and a small written network. All are symmetric under swapping x
and y.

b: data sets   n: rows   s: product pairs a row   e: embedding   f: features   r: written features
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import gelu

from infoatlas._coordinates import Layout, Side
from infoatlas._copula import Scores, basis, cosines
from infoatlas._gaussian import GaussianCritic

GAUSSIAN_RANGE = 30.0  # nats; the Gaussian critic is clipped here
QUADRATIC_PLAIN, QUADRATIC_EXTENDED = 2, 6
SERIES = (  # order, kind, which pair
    (8, "plain", 0),
    (6, "extended", 0),
    (4, "extended", 1),
    (4, "extended", 2),
)
N_QUADRATIC = QUADRATIC_PLAIN + QUADRATIC_EXTENDED
N_SERIES = sum(order * order for order, _, _ in SERIES)
N_BASE = 3  # the constant, and the Gaussian critic in two ranges
N_FIXED = N_BASE + 2 * N_QUADRATIC + N_SERIES


class WrittenLayers(NamedTuple):
    """What the hypernetwork writes, apart from the last layer."""

    own: tuple[Tensor, Tensor]  # b c(1+order) r, for x and for y: basis -> written side features
    shift: Tensor  # b 1 hidden
    scale: Tensor  # b 1 hidden
    gate: Tensor  # b


class PairNetwork(NamedTuple):
    """Shared part of the written network: its two matrices come from the checkpoint."""

    first: Tensor  # 2r hidden
    first_bias: Tensor
    second: Tensor  # hidden features
    second_bias: Tensor


def embed(side: Side, layout: Layout, written: Tensor, order: int) -> Tensor:
    """Everything a row of one side contributes to any pair it is in: b n -> b n e."""
    columns = side.columns
    features = basis(columns, order).flatten(2) @ written  # b n r
    first = {"plain": layout.own + 1, "extended": layout.own + 1 + layout.plain}
    series = [cosines(columns.uniform[:, :, first[kind] + i], length) for length, kind, i in SERIES]
    return torch.cat([features, _leading_variates(columns, layout), *series, side.variates], dim=2)


def pair_features(
    x: Tensor, y: Tensor, layers: WrittenLayers, network: PairNetwork, gaussian: GaussianCritic
) -> tuple[Tensor, Tensor]:
    """Features (b, ..., f) and offsets (b, ...) of paired embeddings (b, ..., e)."""
    width = network.first.shape[0] // 2
    sizes = [width, N_QUADRATIC, *(length for length, _, _ in SERIES)]
    sizes.append(x.shape[-1] - sum(sizes))
    own_x, variates_x, *series_x, gaussian_x = x.split(sizes, dim=-1)
    own_y, variates_y, *series_y, gaussian_y = y.split(sizes, dim=-1)
    base = gaussian(gaussian_x, gaussian_y).clamp(-GAUSSIAN_RANGE, GAUSSIAN_RANGE)
    features = [
        torch.ones_like(base).unsqueeze(-1),
        (base.clamp(-6.0, 6.0) / 3.0).unsqueeze(-1),
        (base / 10.0).unsqueeze(-1),
        (variates_x * variates_y).clamp(-6.0, 6.0),
        (0.5 * (variates_x.square() + variates_y.square()) - 1.0).clamp(-6.0, 6.0),
        *(
            (p.unsqueeze(-1) * q.unsqueeze(-2)).flatten(-2)
            for p, q in zip(series_x, series_y, strict=True)
        ),
        _written_features(own_x, own_y, layers, network),
    ]
    gate = layers.gate.reshape(-1, *(1,) * (base.dim() - 1))
    return torch.cat(features, dim=-1), gate * base


def _written_features(x: Tensor, y: Tensor, layers: WrittenLayers, network: PairNetwork) -> Tensor:
    """The written network: b ... r twice -> b ... features, within +-2."""
    mixed = torch.cat([x + y, x * y], dim=-1)
    hidden = mixed @ network.first + network.first_bias
    shape = (hidden.shape[0],) + (1,) * (hidden.dim() - 2) + (-1,)
    modulated = hidden * layers.scale.reshape(shape) + layers.shift.reshape(shape)
    return torch.tanh(gelu(modulated) @ network.second + network.second_bias) * 2.0


def _leading_variates(columns: Scores, layout: Layout) -> Tensor:
    """The first plain and extended variates, zero where a side has fewer: b n 8."""
    start = layout.own + 1
    plain = columns.normal[:, :, start : start + min(layout.plain, QUADRATIC_PLAIN)]
    extended = columns.normal[:, :, start + layout.plain :][:, :, :QUADRATIC_EXTENDED]
    gap = plain.new_zeros(*plain.shape[:2], QUADRATIC_PLAIN - plain.shape[2])
    return torch.cat([plain, gap, extended], dim=2)
