"""pairwise_mutual_information(): every pair of columns or groups, on one core or on a cluster."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model, RandomState
from infoatlas._many_pairs import estimate_pairs, seed_of
from infoatlas._pairs import pairs_of_all
from infoatlas._validation import Units, check_series, check_units, per_nat
from infoatlas.dependence._block_store import Block, BlockStore, BlockValues
from infoatlas.dependence._engines import check_engine, compute
from infoatlas.dependence._groups import Groups, Missing, read_groups
from infoatlas.dependence._matrix_result import PairwiseMutualInformation

BLOCK_GROUPS = 16  # a block has up to 16 x 16 pairs: some seconds at 1000 rows
KILOBYTES = (
    4.0  # for a row and for each of its product pairs, in a forward pass; measured: 2.7 to 3.4
)


def pairwise_mutual_information(
    X: Any,
    *,
    groups: Any = None,
    units: Units = "nats",
    missing: Missing = "raise",
    n_jobs: int | None = None,
    client: Any = None,
    block_dir: str | os.PathLike[str] | None = None,
    memory_mb: float = 400.0,
    model: Model = "default",
    device: str | torch.device | None = None,
    series: bool = False,
    random_state: RandomState = 0,
) -> PairwiseMutualInformation:
    """Mutual information of every pair of columns, or of groups of columns.

    Each pair has the value that ``mutual_information`` gives it with the same ``random_state``, and
    is estimated once: mutual information is symmetric.

    Parameters
    ----------
    X : array-like, dict or frame of shape (n_samples, n_features)
        Columns are read as ``mutual_information`` reads them.
    groups : mapping or sequence, optional
        ``{"position": ["x", "y"], "speed": ["v"]}``: columns that belong together, by name, or by
        place where they have no names; a column may be in several groups. Or a list of such lists.
    units : {"nats", "bits"}
    missing : {"raise", "drop_rows", "drop_pairwise"}
        What to do about missing values: refuse them; use the rows that are complete in every
        column; or, for each pair, the rows that are complete in both. The last may leave a pair
        with fewer than 16 rows or with a constant: its value is NaN, and one warning counts them.
    n_jobs : int, optional
        Processes of this machine, -1 for one a core. In this process unless given.
    client : dask.distributed.Client, optional
        A client of any scheduler. The blocks of a worker that dies are computed by another.
    block_dir : path, optional
        Finished blocks are kept there, and the same call goes on from them after a restart. Another
        call, with other data or options, is refused.
    memory_mb : float
        About how much one process may use for a forward pass, in megabytes. Less makes the passes
        smaller and leaves the values as they are. PyTorch and the data come on top.
    model : str, path or HyperNetwork
    device : str or torch.device, optional
    series : bool
        As for ``mutual_information``: rows follow each other in time.
    random_state : int, Generator or None
        An integer with ``block_dir``, so that blocks of two runs fit together.

    Returns
    -------
    PairwiseMutualInformation
        ``mi``, ``stderr``, ``normalised()``, ``heatmap()``, ``graph()`` and more.

    Raises
    ------
    ValueError, TypeError
        For input that cannot be used; the message names the argument and the column.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import pairwise_mutual_information
    >>> a, b, noise = np.random.default_rng(0).normal(size=(3, 500))
    >>> result = pairwise_mutual_information({"a": a, "b": b, "sum": a + b + noise})
    >>> result.mi[0, 2] > 0.1 > result.mi[0, 1]
    True
    """
    check_units(units)
    check_series(series)
    check_engine(n_jobs, client)
    if missing not in ("raise", "drop_rows", "drop_pairwise"):
        raise ValueError(
            f'missing must be "raise", "drop_rows" or "drop_pairwise", got {missing!r}.'
        )
    if block_dir is not None and not isinstance(random_state, int | np.integer):
        raise ValueError(
            f"random_state must be an integer when block_dir is given, got {random_state!r}."
        )
    table = read_groups(X, groups, missing=missing)
    options = {
        "model": model,
        "device": device,
        "series": series,
        "random_state": seed_of(random_state),
        "rows_per_pass": _rows_per_pass(memory_mb, len(table.values[0])),
    }
    name = load_model(model, device=device).name
    seed = options["random_state"]
    store = BlockStore(
        block_dir,
        {"data": table.fingerprint(), "model": name, "random_state": seed, "series": series},
    )
    work = partial(compute_pairs, options=options)
    _fill(store, work, table, n_jobs=n_jobs, client=client)
    return _assemble(table, store, units, name)


def compute_pairs(
    groups: Groups, pairs: Sequence[tuple[int, int]], *, options: dict[str, Any]
) -> BlockValues:
    """Estimate the pairs of one block; runs in any process."""
    asked, counts = zip(*(groups.pair(i, j) for i, j in pairs), strict=True)
    possible = [place for place, pair in enumerate(asked) if pair is not None]
    results = estimate_pairs([asked[place] for place in possible], **options)
    mi, stderr = np.full((2, len(asked)), np.nan)
    reliable = np.zeros(len(asked), dtype=bool)
    for place, result in zip(possible, results, strict=True):
        mi[place], stderr[place], reliable[place] = result.mi, result.stderr, result.reliable
    return BlockValues(mi, stderr, reliable, np.array(counts))


def blocks_of(n_groups: int) -> dict[Block, list[tuple[int, int]]]:
    """Blocks of the upper triangle, and the pairs i < j of each in order."""
    starts = range(0, n_groups, BLOCK_GROUPS)
    tiles = [range(start, min(start + BLOCK_GROUPS, n_groups)) for start in starts]
    found = {}
    for row, column in combinations_with_replacement(range(len(tiles)), 2):
        pairs = [(i, j) for i in tiles[row] for j in tiles[column] if i < j]
        if pairs:
            found[row, column] = pairs
    return found


def _fill(store: BlockStore, work: Any, table: Groups, *, n_jobs: Any, client: Any) -> None:
    every = blocks_of(len(table.names))
    todo = {block: pairs for block, pairs in every.items() if block not in store.blocks}
    total, left = (sum(map(len, blocks.values())) for blocks in (every, todo))
    quiet = None if len(every) > 1 else True
    with tqdm(total=total, initial=total - left, unit="pair", disable=quiet) as bar:
        for block, values in compute(work, table, todo, n_jobs=n_jobs, client=client):
            store.add(block, values)
            bar.update(len(todo[block]))


def _assemble(
    table: Groups, store: BlockStore, units: Units, model: str
) -> PairwiseMutualInformation:
    count = len(table.names)
    mi, stderr = np.full((2, count, count), np.nan)
    reliable = np.zeros((count, count), dtype=bool)
    own = [int((~np.isnan(values[:, 0])).sum()) for values in table.values]
    n_samples = np.diag(own)
    for block, pairs in blocks_of(count).items():
        i, j = np.array(pairs).T
        values = store.blocks[block]
        both = zip((mi, stderr, reliable, n_samples), values, strict=True)
        for matrix, entries in both:
            matrix[i, j] = matrix[j, i] = entries
    _warn_of_gaps(mi, table.names)
    scale = per_nat(units)
    return PairwiseMutualInformation(
        names=table.names,
        mi=mi * scale,
        stderr=stderr * scale,
        reliable=reliable,
        n_samples=n_samples,
        units=units,
        model=model,
    )


def _warn_of_gaps(mi: Any, names: Sequence[str]) -> None:
    i, j = np.nonzero(np.triu(np.isnan(mi), 1))
    if len(i):
        warnings.warn(
            f"{len(i)} pairs have fewer than 16 common rows, or a constant on them, and no value; "
            f"the first is {names[i[0]]} and {names[j[0]]}.",
            stacklevel=3,
        )


def _rows_per_pass(memory_mb: float, n_samples: int) -> int:
    """Rows of all pairs of a pass."""
    pairs_per_row = len(pairs_of_all(n_samples, np.random.default_rng(0)).partner)
    megabytes_per_row = KILOBYTES * (1 + pairs_per_row) / 1000
    if not memory_mb >= n_samples * megabytes_per_row:
        raise ValueError(
            f"memory_mb must be {n_samples * megabytes_per_row:.0f} or more for {n_samples} rows, "
            f"got {memory_mb}; one pair goes through the network at once."
        )
    return int(memory_mb / megabytes_per_row)
