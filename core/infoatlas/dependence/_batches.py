"""Many data sets of one shape through the network, in memory that their number does not change.

The callers draw each batch when it is due: slices are projected and permutations made then, so
that only one batch is ever held.

b: data sets   n: rows   d: columns of a side
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from infoatlas._coordinates import read_pair
from infoatlas._estimate import chunk_rows
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._row_order import neighbour_gap

DELAY_SECONDS = 2.0  # work that ends before this shows no progress bar

Stack = NDArray[np.float64]
Draw = Callable[[slice], tuple[Stack, Stack]]


class Estimates(NamedTuple):
    """Readings of many data sets, in nats."""

    mi: NDArray[np.float64]  # (n_items,), not stopped at 0: below it the order still counts
    stderr: NDArray[np.float64]  # (n_items,)


def estimate_items(
    draw: Draw,
    n_items: int,
    n_samples: int,
    network: HyperNetwork,
    *,
    seed: int,
    description: str,
) -> Estimates:
    """Mutual information of many data sets of one shape.

    Parameters
    ----------
    draw : callable
        ``draw(items)`` gives the data sets of a slice of items, as two float64 arrays of shape
        (b, n, d_x) and (b, n, d_y) with finite values.
    n_items, n_samples : int
    network : HyperNetwork
    seed : int
        Draws the product pairs, the same ones for every data set.
    description : str
        Stands before the progress bar.

    Returns
    -------
    Estimates
    """
    mi, stderr = np.empty(n_items), np.empty(n_items)
    device = network.pair_first.weight.device
    bar = tqdm(
        total=n_items, desc=description, delay=DELAY_SECONDS, disable=None, leave=False, unit="fit"
    )
    with torch.inference_mode(), bar:
        for items in batches(n_items, n_samples, rows=chunk_rows(network)):
            stacks = (np.require(stack, requirements=["C", "W"]) for stack in draw(items))
            x, y = (torch.from_numpy(stack).to(device) for stack in stacks)
            mi[items], stderr[items] = _estimate(x, y, network, seed)
            bar.update(items.stop - items.start)
    return Estimates(mi, stderr)


def batches(n_items: int, n_samples: int, *, rows: int) -> Iterator[slice]:
    """Consecutive slices of the items, at most so many rows each."""
    size = max(1, rows // n_samples)
    for start in range(0, n_items, size):
        yield slice(start, min(start + size, n_items))


def _estimate(x: Tensor, y: Tensor, network: HyperNetwork, seed: int) -> tuple[Stack, Stack]:
    """Estimates and standard errors of one batch; data sets of one neighbour gap go together."""
    gaps = neighbour_gap(x, y)
    mi, stderr = np.empty(len(x)), np.empty(len(x))
    for gap in gaps.unique():
        alike = gaps == gap
        generator = np.random.default_rng(seed)
        forward = write_critics(network, read_pair(x[alike], y[alike]), generator, gap=int(gap))
        mi[alike.cpu().numpy()] = forward.reading.mi.double().cpu().numpy()
        stderr[alike.cpu().numpy()] = forward.reading.stderr.double().cpu().numpy()
    return mi, stderr
