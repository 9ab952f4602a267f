"""Many pairs of samples, of whatever widths, through as few batched passes as memory allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model, RandomState, chunk_rows, mutual_information_batch
from infoatlas._result import MIResult
from infoatlas._validation import check_random_state

Columns = NDArray[np.float64]  # (n_samples, n_columns): one encoded variable or group
SHOW_PROGRESS_FROM = 50_000  # rows of all pairs; about a second


class Asked(NamedTuple):
    """One pair to estimate; both samples have the same rows."""

    x: Columns
    y: Columns


def estimate_pairs(
    asked: Sequence[Asked],
    *,
    model: Model = "default",
    device: str | torch.device | None = None,
    series: bool = False,
    random_state: RandomState = 0,
    rows_per_pass: int | None = None,
) -> list[MIResult]:
    """Estimate every pair, those of one shape together, in nats.

    Parameters
    ----------
    asked : sequence of Asked
        Finite float64 columns without constants. Pairs may differ in rows and in widths.
    model, device, series, random_state
        As for ``mutual_information``, whose values these are.
    rows_per_pass : int, optional
        Rows of all pairs of a pass, which bounds the memory; a single pair may have more. None
        for as many as suit the device.
    """
    seed = seed_of(random_state)
    network = load_model(model, device=device)
    rows_per_pass = rows_per_pass or chunk_rows(network)
    of_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, (x, y) in enumerate(asked):
        of_shape[(*x.shape, y.shape[1])].append(place)
    found: dict[int, MIResult] = {}
    rows_in_all = sum(len(x) for x, _ in asked)
    quiet = None if rows_in_all > SHOW_PROGRESS_FROM else True
    with tqdm(total=len(asked), unit="pair", disable=quiet, leave=False) as bar:
        for shape, places in of_shape.items():
            size = max(1, rows_per_pass // shape[0])
            for start in range(0, len(places), size):
                some = places[start : start + size]
                x, y = (np.stack([asked[place][side] for place in some]) for side in (0, 1))
                results = mutual_information_batch(
                    x, y, model=network, series=series, random_state=seed
                )
                found.update(zip(some, results, strict=True))
                bar.update(len(some))
    return [found[place] for place in range(len(asked))]


def seed_of(random_state: RandomState) -> int:
    """One seed for all pairs, so that each has the value which it would have alone."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        check_random_state(int(random_state))
        return int(random_state)
    return int(check_random_state(random_state).integers(2**31))
