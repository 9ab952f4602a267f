"""The last stage of pretraining: the read-out alone, fitted again to what the final critics say.

While the network learns, its read-out chases critics that still change. Here the network is fixed:
the evidence of some thousand fresh synthetic data sets is recorded once, and only the small head
that weighs the candidates and sets the standard error is trained on it, with part of the data sets
held out to choose when to stop.
"""

from __future__ import annotations

import copy
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._readout import Reading, Summary, read_out
from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.distributions import draw_data_sets, draw_distributions
from infoatlas.pretraining.objective import read_out_loss
from infoatlas.pretraining.train import draw_size

SEED = 4_242  # of the recorded data sets and of the fit
HELD_OUT_SHARE = 0.2
BATCH = 256
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 1e-2
PATIENCE = 30  # epochs without a lower held-out loss
MOST_EPOCHS = 400


class Records(NamedTuple):
    """What the read-out sees of many data sets, and the truth; every field starts with (m,)."""

    context: Tensor
    summary: Summary
    mi: Tensor
    weight: Tensor  # each batch counts as much as in pretraining, however many data sets it has

    def rows(self, index: Tensor) -> Records:
        """Some of the data sets."""
        summary = Summary(*(field[index] for field in self.summary))
        return Records(self.context[index], summary, self.mi[index], self.weight[index])


def record(model: HyperNetwork, config: PretrainConfig, *, minutes: float) -> Records:
    """Draw data sets as pretraining does, write their critics, keep what the read-out is shown."""
    rng = np.random.default_rng(SEED)
    generator = torch.Generator().manual_seed(SEED)
    pieces: list[Records] = []
    end = time.monotonic() + 60 * minutes
    bar = tqdm(disable=None, unit="data set")
    while time.monotonic() < end or not pieces:
        size = draw_size(config, rng)
        law = draw_distributions(size.data_sets, size.d_x, size.d_y, generator)
        data = draw_data_sets(law, size.rows, generator)
        with torch.no_grad():
            forward = write_critics(model, read_pair(data.x.double(), data.y.double()), rng)
        weight = torch.full_like(data.mi, 1 / size.data_sets)
        pieces.append(Records(forward.critic.written.context, forward.summary, data.mi, weight))
        bar.update(size.data_sets)
    bar.close()
    summaries = zip(*(piece.summary for piece in pieces), strict=True)
    return Records(
        torch.cat([piece.context for piece in pieces]),
        Summary(*(torch.cat(fields) for fields in summaries)),
        torch.cat([piece.mi for piece in pieces]),
        torch.cat([piece.weight for piece in pieces]),
    )


def refit_read_out(model: HyperNetwork, records: Records, config: PretrainConfig) -> list[float]:
    """Train ``model.readout`` on the records, in place; returns the held-out loss of each epoch.

    The first value is that of the read-out as it came; if nothing is below it, nothing changes.
    """
    generator = torch.Generator().manual_seed(SEED)
    order = torch.randperm(len(records.mi), generator=generator)
    n_held_out = int(HELD_OUT_SHARE * len(order))
    held_out, seen = records.rows(order[:n_held_out]), records.rows(order[n_held_out:])
    head = copy.deepcopy(model.readout).requires_grad_(requires_grad=True)
    optimiser = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    losses = [_held_out_loss(head, held_out, config)]
    best = 0
    for epoch in tqdm(range(1, MOST_EPOCHS + 1), disable=None, unit="epoch"):
        for batch in torch.randperm(len(seen.mi), generator=generator).split(BATCH):
            loss = _loss(head, seen.rows(batch), config)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        losses.append(_held_out_loss(head, held_out, config))
        if losses[-1] < losses[best]:
            best = epoch
            model.readout.load_state_dict(head.state_dict())
        elif epoch - best > PATIENCE:
            break
    return losses


def _loss(head: nn.Module, records: Records, config: PretrainConfig) -> Tensor:
    reading: Reading = read_out(head, records.context, records.summary)
    value, likelihood = read_out_loss(reading, records.mi, records.summary.sampling)
    loss = config.mi_weight * value + config.stderr_weight * likelihood
    return (records.weight * loss).sum() / records.weight.sum()


def _held_out_loss(head: nn.Module, records: Records, config: PretrainConfig) -> float:
    with torch.no_grad():
        return float(_loss(head, records, config))
