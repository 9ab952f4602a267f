"""Write a file under a temporary name, then move it in place: no half-written result is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replace_when_written(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file next to ``path`` and rename it to ``path`` if the block succeeds.

    Parameters
    ----------
    path : Path
        Final name; its folder is made if needed.

    Yields
    ------
    binary file
        Open for writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as handle:
            yield handle
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
