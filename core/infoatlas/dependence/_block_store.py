"""Finished blocks of a matrix in a folder, so that a restart does not compute them again.

A block is one .npz file, written under a temporary name and then renamed. ``pairwise.json`` says of
which data and options the blocks are; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DESCRIPTION = "pairwise.json"
Block = tuple[int, int]  # place of the block's rows and columns among the tiles


class BlockValues(NamedTuple):
    """Values of the pairs of a block, in the order of the pairs."""

    mi: NDArray[np.float64]  # nats; NaN where no estimate is possible
    stderr: NDArray[np.float64]
    reliable: NDArray[np.bool_]
    n_samples: NDArray[np.int64]


class BlockStore:
    """Blocks by place, in a folder or, without one, in memory only."""

    def __init__(
        self, folder: str | os.PathLike[str] | None, description: Mapping[str, Any]
    ) -> None:
        self.folder = None if folder is None else Path(folder)
        self.blocks: dict[Block, BlockValues] = {}
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            _agree(self.folder / DESCRIPTION, description)
            self.blocks = {_place(path): _read(path) for path in self.folder.glob("block-*.npz")}

    def add(self, block: Block, values: BlockValues) -> None:
        """Keep a finished block."""
        self.blocks[block] = values
        if self.folder is None:
            return
        path = self.folder / f"block-{block[0]:04d}-{block[1]:04d}.npz"
        temporary = path.with_name(path.name + f".{os.getpid()}.part")
        with temporary.open("wb") as file:
            np.savez(file, **values._asdict())
        temporary.replace(path)


def _agree(path: Path, description: Mapping[str, Any]) -> None:
    """Write what the blocks are of, or check that it is the same."""
    if not path.exists():
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(json.dumps(description, indent=2) + "\n")
        temporary.replace(path)
        return
    try:
        before = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"block_dir: {path} is damaged ({error}); choose another folder."
        ) from error
    different = [name for name in description if before.get(name) != description[name]]
    if different:
        raise ValueError(
            f"block_dir: {path.parent} holds blocks of another run (its {', '.join(different)} "
            "differ); choose another folder, or remove this one."
        )


def _place(path: Path) -> Block:
    _, row, column = path.stem.split("-")
    return int(row), int(column)


def _read(path: Path) -> BlockValues:
    try:
        with np.load(path, allow_pickle=False) as file:
            return BlockValues(**{name: file[name] for name in BlockValues._fields})
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"block_dir: {path} is damaged ({error}); remove it, and it is computed again."
        ) from error
