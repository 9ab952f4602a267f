"""A progress bar on stderr for work over two seconds; none when stderr is not a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

DELAY_SECONDS = 2.0

Item = TypeVar("Item")


def progress_bar(items: Iterable[Item], *, description: str) -> Iterable[Item]:
    """Iterate over ``items`` and show how far it has come.

    Parameters
    ----------
    items : iterable
        Anything with a length.
    description : str
        What is being done, shown before the bar.

    Returns
    -------
    iterable
        The same items.
    """
    return tqdm(items, desc=description, delay=DELAY_SECONDS, disable=None, leave=False)
