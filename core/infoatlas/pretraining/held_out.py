"""Held-out synthetic data sets: the error a checkpoint is chosen by.

Drawn once from the same meta-distribution with a seed of their own; no public benchmark task is
here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._readout import Reading
from infoatlas._result import interval_ends
from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.distributions import DataSets, draw_data_sets, draw_distributions

SEED = 20_241  # of the held-out sets alone
GRID = (
    *((n, d, 1.0) for d in (1, 2, 3, 5, 10) for n in (256, 1000, 2500)),
    *((n, d, 0.0) for n, d in ((256, 2), (1000, 5), (1000, 25), (2500, 10), (2500, 25))),
)  # rows, columns a side, share of the usual maps: the last ones are easy on purpose


class HeldOutError(NamedTuple):
    """Errors of the estimates of all held-out data sets.

    An error is |estimate - MI| / (1 + MI), so that a few near-deterministic pairs of many nats do
    not decide which checkpoint is kept.
    """

    mean: float
    by_family: dict[str, float]
    coverage: float  # share of 95% intervals that hold the true MI


def held_out_sets(config: PretrainConfig, *, seed: int = SEED) -> list[DataSets]:
    """A fixed list of batches over a grid of sizes; another seed gives others of the same kind.

    Drawn on the CPU, so that they are the same wherever a run goes on.
    """
    generator = torch.Generator().manual_seed(seed)
    grid = [row for row in GRID if row[0] <= config.n_range[1] and row[1] <= config.max_dimension]
    batches = []
    for i in range(config.evaluation_batches):
        n, d, maps = grid[i % len(grid)] if grid else (config.n_range[0], 1, 1.0)
        distributions = draw_distributions(8, d, d, generator, plain_probability=1.0 - maps)
        batches.append(draw_data_sets(distributions, n, generator))
    return batches


def relative_error(estimate: Tensor, mi: Tensor) -> Tensor:
    """|estimate - MI| / (1 + MI), an estimate below 0 counting as 0."""
    return (estimate.clamp_min(0.0) - mi).abs() / (1 + mi)


def interval_of(reading: Reading) -> tuple[Tensor, Tensor]:
    """Ends of the 95% intervals, an estimate below 0 counting as 0: (b,) each."""
    return interval_ends(reading.mi.clamp_min(0.0), (reading.too_high, reading.too_low))


def held_out_error(
    model: HyperNetwork, batches: list[DataSets], *, seed: int = SEED
) -> HeldOutError:
    """Mean error of the estimate against the exact MI; the seed draws the product pairs."""
    device = next(model.parameters()).device
    errors: dict[str, list[float]] = defaultdict(list)
    inside = []
    with torch.no_grad():
        for data in batches:
            pair = read_pair(*(side.to(device, torch.float64) for side in (data.x, data.y)))
            reading = write_critics(model, pair, np.random.default_rng(seed)).reading
            mi = data.mi.to(device)
            low, high = interval_of(reading)
            inside += ((mi >= low) & (mi <= high)).tolist()
            relative = relative_error(reading.mi, mi)
            for family, value in zip(data.family, relative.tolist(), strict=True):
                errors[family].append(value)
    everything = [v for values in errors.values() for v in values]
    return HeldOutError(
        float(np.mean(everything)),
        {k: round(float(np.mean(v)), 4) for k, v in sorted(errors.items())},
        float(np.mean(inside)),
    )
