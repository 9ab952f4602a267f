"""Cells of rows whose z is equal or alike: given z, rows of y may change places inside one.

n: rows   d: columns of z
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST = 8  # rows of a cell; fewer lose power, more are less alike

Labels = NDArray[np.intp]


class Cells(NamedTuple):
    """The cell of each row, and whether all rows of a cell have the same z."""

    labels: Labels
    exact: bool


def find_cells(z: NDArray[np.float64]) -> Cells:
    """Cells of rows to exchange: n d -> n.

    The combined values of columns of few values are cells of their own, as long as they have 8 rows
    on average. What is left of z is halved at its medians, the widest column first, while both
    halves keep 8 rows.
    """
    levels, used = _levels(z)
    rest = z[:, ~used]
    if not rest.shape[1]:
        return Cells(levels, exact=True)
    parts = [
        part
        for level in range(levels.max() + 1)
        for part in _halved(rest, np.flatnonzero(levels == level))
    ]
    found = np.empty(len(z), dtype=np.intp)
    for number, part in enumerate(parts):
        found[part] = number
    return Cells(found, exact=False)


def some_cells(labels: Labels, most: int, generator: np.random.Generator) -> Labels:
    """At most ``most`` rows, in groups of 8 that share a cell or lie in adjoining ones: n -> m."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.lexsort([generator.permutation(len(labels)), labels])
    groups = np.array_split(order, len(order) // LEAST)
    chosen = generator.permutation(len(groups))
    return np.sort(np.concatenate([groups[i] for i in chosen])[:most])


def _levels(z: NDArray[np.float64]) -> tuple[Labels, NDArray[np.bool_]]:
    """Rows with equal values in some columns, and which columns these are: n d -> n, d."""
    counts = np.array([len(np.unique(column)) for column in z.T])
    labels = np.zeros(len(z), dtype=np.intp)
    used = np.zeros(z.shape[1], dtype=bool)
    for column in np.argsort(counts, kind="stable"):
        both = np.column_stack([labels, z[:, column]])
        _, finer = np.unique(both, axis=0, return_inverse=True)
        finer = finer.reshape(-1)
        if LEAST * (finer.max() + 1) > len(z):
            break
        labels, used[column] = finer, True
    return labels, used


def _halved(z: NDArray[np.float64], rows: Labels) -> list[Labels]:
    """Rows in halves at the median of their widest column, again and again."""
    if len(rows) < 2 * LEAST:
        return [rows]
    widest = int(np.argmax(z[rows].std(axis=0)))
    order = rows[np.argsort(z[rows, widest], kind="stable")]
    middle = len(order) // 2
    return _halved(z, order[:middle]) + _halved(z, order[middle:])
