"""The critic f(x, y) that the hypernetwork writes: its features, and its values.

f = gate * Gaussian critic + weights . features. Features are a constant, the Gaussian critic,
squares and products of canonical variates, a cosine series of the leading pairs (an
orthogonal-series density ratio), and a small written network. All are symmetric under swapping x
and y.

b: data sets   n: rows   s: product pairs a row   e: embedding   f: features   r: written features
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import gelu

from infoatlas._coordinates import Layout, Side
from infoatlas._copula import basis
from infoatlas._gaussian import GaussianCritic

GAUSSIAN_RANGE = 30.0  # nats; the Gaussian critic is clipped here
QUADRATIC_PLAIN, QUADRATIC_EXTENDED = 2, 4
SERIES = ((6, "plain", 0), (4, "extended", 0), (4, "extended", 1))  # order, kind, which pair
N_QUADRATIC = QUADRATIC_PLAIN + QUADRATIC_EXTENDED
N_SERIES = sum(order * order for order, _, _ in SERIES)
N_FIXED = 2 + 2 * N_QUADRATIC + N_SERIES


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
    kinds = _pair_columns(layout)
    quadratic = [
        columns.normal[:, :, kinds[kind] + i] if i < _count(layout, kind) else None
        for kind, count in (("plain", QUADRATIC_PLAIN), ("extended", QUADRATIC_EXTENDED))
        for i in range(count)
    ]
    zero = torch.zeros_like(columns.normal[:, :, 0])
    variates = torch.stack([zero if q is None else q for q in quadratic], dim=2)
    waves = [
        math.sqrt(2.0)
        * torch.cos(
            math.pi
            * columns.uniform[:, :, kinds[kind] + i, None]
            * torch.arange(1, order_ + 1, dtype=zero.dtype, device=zero.device)
        )
        for order_, kind, i in SERIES
    ]
    return torch.cat([features, variates, *waves, side.variates], dim=2)


def pair_features(
    x: Tensor, y: Tensor, layers: WrittenLayers, network: PairNetwork, gaussian: GaussianCritic
) -> tuple[Tensor, Tensor]:
    """Features (b, ..., f) and offsets (b, ...) of paired embeddings (b, ..., e)."""
    width = network.first.shape[0] // 2
    sizes = [width, N_QUADRATIC, *(order for order, _, _ in SERIES)]
    sizes.append(x.shape[-1] - sum(sizes))
    parts_x, parts_y = x.split(sizes, dim=-1), y.split(sizes, dim=-1)
    base = gaussian(parts_x[-1], parts_y[-1]).clamp(-GAUSSIAN_RANGE, GAUSSIAN_RANGE)
    quadratic_x, quadratic_y = parts_x[1], parts_y[1]
    series = [
        (p.unsqueeze(-1) * q.unsqueeze(-2)).flatten(-2)
        for p, q in zip(parts_x[2:-1], parts_y[2:-1], strict=True)
    ]
    mixed = torch.cat([parts_x[0] + parts_y[0], parts_x[0] * parts_y[0]], dim=-1)
    hidden = mixed @ network.first + network.first_bias
    extra = (1,) * (hidden.dim() - 3)
    scale = layers.scale.reshape(layers.scale.shape[0], 1, *extra, -1)
    shift = layers.shift.reshape(layers.shift.shape[0], 1, *extra, -1)
    written = gelu(hidden * scale + shift) @ network.second + network.second_bias
    features = torch.cat(
        [
            torch.ones_like(base).unsqueeze(-1),
            (base.clamp(-6.0, 6.0) / 3.0).unsqueeze(-1),
            (quadratic_x * quadratic_y).clamp(-6.0, 6.0),
            (0.5 * (quadratic_x.square() + quadratic_y.square()) - 1.0).clamp(-6.0, 6.0),
            *series,
            torch.tanh(written) * 2.0,
        ],
        dim=-1,
    )
    gate = layers.gate.reshape(-1, *(1,) * (base.dim() - 1))
    return features, gate * base


def _pair_columns(layout: Layout) -> dict[str, int]:
    """First column of each kind of canonical pair."""
    plain = layout.own + 1
    return {"plain": plain, "extended": plain + layout.plain}


def _count(layout: Layout, kind: str) -> int:
    return layout.plain if kind == "plain" else layout.extended
