"""The one forward pass: data sets in, critics and their mutual information out.

Pretraining and estimation both go through ``write_critics``; nothing here is specific to either.

b: data sets   n: rows   s: product pairs a row
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from infoatlas._coordinates import Pair, Side
from infoatlas._critic import embed, pair_features
from infoatlas._hypernetwork import ENCODER_ROWS, HyperNetwork, Written
from infoatlas._last_layer import Sample, Solution, leave_one_out, solve
from infoatlas._pairs import (
    ProductPairs,
    fold_of_rows,
    move_pairs,
    pairs_of_all,
    product_pairs,
)
from infoatlas._readout import Evidence, Reading, Summary, read_out, summarise


class WrittenCritic(NamedTuple):
    """Critics of a batch of data sets; evaluates any rows brought to columns by their readers."""

    model: HyperNetwork
    pair: Pair
    written: Written
    solution: Solution

    def __call__(self, x: Side, y: Side) -> Tensor:
        """Critic at paired rows: b m -> b m, nats."""
        embedded_x, embedded_y = embed_sides(self.model, self.pair, self.written, x, y)
        features, offset = _pair_features(
            self.model, self.pair, self.written, embedded_x, embedded_y
        )
        return torch.einsum("bmf,bf->bm", features, self.solution.weights) + offset


class Forward(NamedTuple):
    """Outcome of the forward pass."""

    critic: WrittenCritic
    joint: Tensor  # b n, critic at joint rows
    product: Tensor  # b s n, critic at product rows
    summary: Summary
    reading: Reading


def write_critics(
    model: HyperNetwork,
    pair: Pair,
    generator: np.random.Generator,
    *,
    pairs: ProductPairs | None = None,
    gap: int = 0,
    half: bool = False,
) -> Forward:
    """Read data sets, write their critics, and read off mutual information.

    Parameters
    ----------
    model : HyperNetwork
    pair : Pair
        Data sets brought to columns by ``read_pair``.
    generator : numpy.random.Generator
        Draws the product pairs and, above 4096 rows, the rows that the encoder reads.
    pairs : ProductPairs, optional
        The product pairs to use instead.
    gap : int
        Rows this close are never paired in the product sample.
    half : bool
        Exchange messages in bfloat16; the last layer stays in single precision.
    """
    n = pair.x.columns.normal.shape[1]
    device = pair.x.columns.normal.device
    if pairs is None:
        pairs = move_pairs(pairs_of_all(n, generator, gap=gap), device)
    dtype = model.pair_first.weight.dtype
    x, y = pair.x.to(dtype), pair.y.to(dtype)
    if n > ENCODER_ROWS:
        some = np.sort(generator.permutation(n)[:ENCODER_ROWS])
        few = product_pairs(some, fold_of_rows(n)[some], generator, gap=gap)
        rows = torch.from_numpy(some).to(device)
        read = x.rows(rows), y.rows(rows), move_pairs(few, device)
    else:
        read = x, y, pairs
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        written = model(pair, *read)
    sample = sample_features(model, pair, written, x, y, pairs)
    rows_alike = (n / pair.n_effective).to(dtype).unsqueeze(1)  # b 1
    precision = written.prior_precision * rows_alike
    solution = solve(sample, written.prior_mean, precision, steps=model.config.newton_steps)
    solution = solution._replace(covariance=solution.covariance * rows_alike.unsqueeze(2))
    values = sample.values(solution.weights)
    joint, product = values[:, :n], values[:, n:]
    left_out = leave_one_out(joint, sample.features[:, :n], solution.covariance)
    gaussian = pair.gaussian.mutual_information.to(dtype)
    base = sample.offset / written.layers.gate.unsqueeze(1)
    evidence = Evidence(
        joint,
        left_out,
        product,
        sample.weight[n:],
        base[:, :n],
        base[:, n:],
        gaussian,
        pair.n_effective.to(dtype),
    )
    summary = summarise(evidence)
    reading = read_out(model.readout, written.context, summary)
    critic = WrittenCritic(model, pair, written, solution)
    return Forward(critic, joint, product.unflatten(1, (-1, n)), summary, reading)


def sample_features(
    model: HyperNetwork, pair: Pair, written: Written, x: Side, y: Side, pairs: ProductPairs
) -> Sample:
    """Last-layer features of joint and product rows."""
    embedded_x, embedded_y = embed_sides(model, pair, written, x, y)
    n = embedded_x.shape[1]
    itself = torch.arange(n, device=pairs.partner.device).unsqueeze(0)
    partner = torch.cat([itself, pairs.partner])  # 1+s n
    features, offset = _pair_features(
        model, pair, written, embedded_x.unsqueeze(1), embedded_y[:, partner]
    )
    product = pairs.weight.T.flatten().to(features.dtype)
    weight = torch.cat([torch.ones_like(product[:n]), product * (n / product.sum())])
    return Sample(features.flatten(1, 2), offset.flatten(1), weight, n)


def embed_sides(
    model: HyperNetwork, pair: Pair, written: Written, x: Side, y: Side
) -> tuple[Tensor, Tensor]:
    """Row embeddings of both sides: b m e each."""
    order = model.config.order
    return (
        embed(x, pair.layout_x, written.layers.own[0], order),
        embed(y, pair.layout_y, written.layers.own[1], order),
    )


def _pair_features(
    model: HyperNetwork, pair: Pair, written: Written, x: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    """Last-layer features and offsets of paired embeddings."""
    gaussian = pair.gaussian._replace(correlations=pair.gaussian.correlations.to(x.dtype))
    return pair_features(x, y, written.layers, model.pair_network(), gaussian)
