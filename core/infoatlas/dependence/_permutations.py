"""Permutations under which rows are exchangeable when x and y are independent.

n: rows
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas._columns import read_columns

Order = NDArray[np.intp]


class Exchange:
    """Which rows may change places.

    Parameters
    ----------
    n_samples : int
    blocks : None, int or array-like of shape (n_samples,)
        None: any rows. A number: that many consecutive rows stay together, and whole blocks change
        places. Labels: rows change places within their label.

    Raises
    ------
    ValueError, TypeError
        If ``blocks`` does not fit the rows, or leaves no rows to exchange.
    """

    def __init__(self, n_samples: int, blocks: Any = None) -> None:
        self.n_samples = n_samples
        self._runs: list[Order] | None = None
        self._groups = [np.arange(n_samples)]
        if isinstance(blocks, int | np.integer) and not isinstance(blocks, bool):
            self._runs = _runs(n_samples, int(blocks))
        elif blocks is not None:
            self._groups = _groups(n_samples, blocks)

    def some_rows(self, most: int, generator: np.random.Generator) -> Order:
        """At most ``most`` rows, whole blocks of full length where blocks change places."""
        if self.n_samples <= most:
            return np.arange(self.n_samples)
        if self._runs is None:
            return np.sort(generator.permutation(self.n_samples)[:most])
        length = len(self._runs[0])
        full = [run for run in self._runs if len(run) == length]
        chosen = generator.permutation(len(full))[: max(2, most // length)]
        return np.concatenate([full[i] for i in np.sort(chosen)])

    def draw(
        self, n_permutations: int, generator: np.random.Generator, *, among: Order
    ) -> NDArray[np.intp]:
        """Draw row orders that map the rows ``among`` to themselves; the first is as they are.

        Returns
        -------
        ndarray of shape (1 + n_permutations, n_samples)
        """
        inside = np.zeros(self.n_samples, dtype=bool)
        inside[among] = True
        orders = np.tile(np.arange(self.n_samples), (1 + n_permutations, 1))
        for part in (inside, ~inside):
            for order in orders[1:]:
                self._shuffle(order, part, generator)
        return orders

    def _shuffle(
        self, order: Order, part: NDArray[np.bool_], generator: np.random.Generator
    ) -> None:
        """Exchange the rows of one part, in place."""
        if self._runs is not None:
            runs = [run for run in self._runs if part[run[0]]]
            if runs:
                order[part] = np.concatenate([runs[i] for i in generator.permutation(len(runs))])
            return
        for group in self._groups:
            rows = group[part[group]]
            order[rows] = generator.permutation(rows)


def check_permutations(n_permutations: Any) -> int:
    """Check the number of permutations: at least 19, the fewest that can reach p = 0.05."""
    if isinstance(n_permutations, bool) or not isinstance(n_permutations, int | np.integer):
        raise TypeError(f"n_permutations must be an integer, got {type(n_permutations).__name__}.")
    if n_permutations < 19:
        raise ValueError(
            f"n_permutations must be 19 or more, got {n_permutations}; with 19 the smallest "
            "p-value is 0.05."
        )
    return int(n_permutations)


def permutation_pvalue(observed: float, null: NDArray[np.float64]) -> float:
    """(1 + number of null values at least as large) / (1 + their number).

    Never 0, and at most alpha with probability at most alpha under independence: Phipson and Smyth
    (2010), Statistical Applications in Genetics and Molecular Biology 9(1).
    """
    return (1 + int(np.count_nonzero(null >= observed))) / (1 + len(null))


def _runs(n_samples: int, length: int) -> list[Order]:
    """Consecutive blocks of ``length`` rows; the last may be shorter."""
    if not 1 <= length <= n_samples // 4:
        raise ValueError(
            f"blocks, as a number, must be 1 to {n_samples // 4} rows for {n_samples} rows, so "
            f"that at least four blocks change places; got {length}."
        )
    return np.split(np.arange(n_samples), range(length, n_samples, length))


def _groups(n_samples: int, labels: Any) -> list[Order]:
    """Rows of each label."""
    columns = read_columns(labels, "blocks")
    if len(columns) != 1 or len(columns[0].values) != n_samples:
        raise ValueError(
            f"blocks must be a number of rows or one label for each of the {n_samples} rows, got "
            f"{len(columns)} columns of {len(columns[0].values) if columns else 0}."
        )
    if columns[0].gaps:
        raise ValueError("blocks has missing labels; every row needs one.")
    _, codes = np.unique(columns[0].values, return_inverse=True)
    groups = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    if max(len(group) for group in groups) < 2:
        raise ValueError("blocks gives every row a label of its own, so no rows change places.")
    return groups
