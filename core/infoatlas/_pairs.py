"""Which rows are paired with which: the product sample as fixed shifts of a random order.

Shifts come in +s, -s pairs, so that swapping x and y gives the same set of pairs. Rows are paired
within their fold only: cross-fitted columns are a different function in each fold, and a pair
across folds would give away that it is not a joint one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FOLDS = 4
NEW_PAIRS = 50  # a new row; four leave a mean of exp(critic) that a few pairs decide
BLOCKS = 16  # rows are dealt to folds in blocks, so that neighbours in time mostly stay together


class ProductPairs(NamedTuple):
    """Row i of x is paired with row ``partner[s, i]`` of y."""

    partner: Tensor  # s n
    inverse: Tensor  # s n: the x row that row j of y is paired with
    weight: Tensor  # n s, 1 for a pair in use, 0 for neighbours in time

    def of_y(self, values: Tensor) -> Tensor:
        """Rows of y gathered beside the rows of x: b n ... -> b s n ..."""
        return values[:, self.partner]

    def first(self, count: int) -> ProductPairs:
        """The first few pairs of every row."""
        return ProductPairs(self.partner[:count], self.inverse[:count], self.weight[:, :count])


def fold_of_rows(n: int) -> NDArray[np.intp]:
    """Fold of each of n rows."""
    return np.arange(n) * BLOCKS // n % FOLDS


def product_pairs(
    rows: NDArray[np.intp],
    fold: NDArray[np.intp],
    generator: np.random.Generator,
    *,
    gap: int = 0,
    count: int | None = None,
) -> ProductPairs:
    """Draw the product pairs of some rows.

    Parameters
    ----------
    rows : ndarray of shape (n,)
        Places of the rows in the data set, ascending; indices below count within this list.
    fold : ndarray of shape (n,)
        Rows of one fold are paired among themselves.
    generator : numpy.random.Generator
    gap : int
        Pairs of rows at most ``gap`` places apart get weight 0; for autocorrelated rows.
    count : int, optional
        Pairs a row, where there are as many; by default more where rows are few.
    """
    n = len(rows)
    orders = [generator.permutation(np.flatnonzero(fold == g)) for g in np.unique(fold)]
    most = (min(len(order) for order in orders) - 1) // 2
    count = min((count or _pairs_per_row(n)) // 2, most)
    shifts = 1 + generator.choice(most, size=count, replace=False)
    partner = np.empty((2 * count, n), dtype=np.int64)
    for i, shift in enumerate(shifts):
        for order in orders:
            partner[2 * i, order] = np.roll(order, -shift)
            partner[2 * i + 1, order] = np.roll(order, shift)
    swap = np.arange(2 * count).reshape(-1, 2)[:, ::-1].ravel()
    weight = (np.abs(rows[partner] - rows) > gap).astype(np.float32).T
    return ProductPairs(
        torch.from_numpy(partner),
        torch.from_numpy(partner[swap]),
        torch.from_numpy(np.ascontiguousarray(weight)),
    )


def pairs_of_all(n: int, generator: np.random.Generator, *, gap: int = 0) -> ProductPairs:
    """Product pairs of a whole data set of n rows."""
    return product_pairs(np.arange(n), fold_of_rows(n), generator, gap=gap)


def pairs_of_new(n: int, generator: np.random.Generator) -> ProductPairs:
    """Product pairs of n new rows, whose columns are one function: no folds."""
    return product_pairs(np.arange(n), np.zeros(n, dtype=np.intp), generator, count=NEW_PAIRS)


def move_pairs(pairs: ProductPairs, device: torch.device) -> ProductPairs:
    return ProductPairs(*(t.to(device) for t in pairs))


def _pairs_per_row(n: int) -> int:
    """More where rows are few, for they are cheap there."""
    return 16 if n <= 256 else 8 if n <= 512 else 4
