"""Where the blocks of a matrix are computed: here, in processes of this machine, or on Dask.

Each engine yields a block as soon as it is done, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from infoatlas.dependence._block_store import Block, BlockValues
from infoatlas.dependence._groups import Groups

Blocks = Mapping[Block, Sequence[tuple[int, int]]]  # the pairs of each
Work = Callable[[Groups, Sequence[tuple[int, int]]], BlockValues]  # picklable
RETRIES = (
    2  # of a block that failed on a cluster; a lost worker's blocks are moved without counting
)


def check_engine(n_jobs: Any, client: Any) -> None:
    """Refuse what names no engine, before any work is done."""
    if n_jobs is not None and client is not None:
        raise ValueError("n_jobs and client exclude each other; the client says where to compute.")
    is_count = isinstance(n_jobs, int) and not isinstance(n_jobs, bool)
    if n_jobs is not None and not (is_count and n_jobs != 0):
        raise ValueError(
            f"n_jobs must be an integer other than 0 (-1 for every core) or None, got {n_jobs!r}."
        )
    if client is not None and not all(hasattr(client, name) for name in ("submit", "scheduler")):
        raise TypeError(
            "client must be a dask.distributed.Client, such as Client('tcp://host:8786'), "
            f"got {type(client).__name__}."
        )


def compute(
    work: Work, groups: Groups, blocks: Blocks, *, n_jobs: int | None, client: Any
) -> Iterator[tuple[Block, BlockValues]]:
    """Yield every block with its values."""
    if client is not None:
        yield from _on_dask(work, groups, blocks, client)
    elif n_jobs in (None, 1):
        yield from ((block, work(groups, pairs)) for block, pairs in blocks.items())
    else:
        yield from _in_processes(work, groups, blocks, n_jobs)


def named(
    work: Work, groups: Groups, block: Block, pairs: Sequence[tuple[int, int]]
) -> tuple[Block, BlockValues]:
    """The values of a block beside its place, for engines that finish in any order."""
    return block, work(groups, pairs)


def _in_processes(
    work: Work, groups: Groups, blocks: Blocks, n_jobs: int | None
) -> Iterator[tuple[Block, BlockValues]]:
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    yield from pool(delayed(named)(work, groups, *item) for item in blocks.items())


def _on_dask(
    work: Work, groups: Groups, blocks: Blocks, client: Any
) -> Iterator[tuple[Block, BlockValues]]:
    """The data travel as a task of their own: a cluster can make that again, scattered data not."""
    from dask.distributed import as_completed

    data = client.submit(Groups, groups.names, groups.values, pure=False)
    futures = [
        client.submit(named, work, data, *item, pure=False, retries=RETRIES)
        for item in blocks.items()
    ]
    try:
        for _, result in as_completed(futures, with_results=True):
            yield result
    finally:
        client.cancel(futures)
