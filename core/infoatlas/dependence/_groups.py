"""A table as groups of encoded columns, with NaN kept where a value is missing.

b: groups   n: rows   k: encoded columns of a group
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infoatlas._columns import Column, read_columns
from infoatlas._many_pairs import Asked, Columns
from infoatlas._nominal import NominalCode
from infoatlas._validation import MINIMUM_ROWS

Missing = Literal["raise", "drop_rows", "drop_pairwise"]


class Groups(NamedTuple):
    """What the pairs of a matrix are made of."""

    names: tuple[str, ...]
    values: tuple[Columns, ...]  # n k each; a row with a missing value is NaN throughout

    def fingerprint(self) -> str:
        """Hash of names and values: blocks of other data must not be taken for blocks of these."""
        digest = hashlib.sha256(repr(self.names).encode())
        for values in self.values:
            digest.update(repr(values.shape).encode())
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def pair(self, i: int, j: int) -> tuple[Asked | None, int]:
        """Rows that two groups both have, and how many; None where they allow no estimate."""
        x, y = self.values[i], self.values[j]
        rows = ~(np.isnan(x[:, 0]) | np.isnan(y[:, 0]))
        count = int(rows.sum())
        if count < len(rows):
            x, y = x[rows], y[rows]
        if count < MINIMUM_ROWS or _any_constant(x) or _any_constant(y):
            return None, count
        return Asked(x, y), count


def read_groups(X: Any, groups: Any, *, missing: Missing) -> Groups:
    """Read a table, and put its columns together as asked.

    Parameters
    ----------
    X : array-like or frame of shape (n_samples, n_features)
    groups : mapping of name to columns, sequence of sequences of columns, or None
        Columns by name, or by place where they have no names. None makes each a group.
    missing : {"raise", "drop_rows", "drop_pairwise"}
    """
    columns = read_columns(X, "X")
    labels = _labels(X, len(columns))
    chosen = _chosen(groups, labels)
    used = sorted({place for places in chosen.values() for place in places})
    keep = _kept_rows([columns[place] for place in used], missing)
    encoded = {place: _encode(columns[place], keep, missing) for place in used}
    values = tuple(_together([encoded[place] for place in places]) for places in chosen.values())
    if len(values) < 2:
        raise ValueError(f"X: a matrix needs two columns or groups or more, got {len(values)}.")
    return Groups(tuple(chosen), values)


def _labels(X: Any, count: int) -> list[Hashable]:
    """What the columns are called; their places where they have no names."""
    if isinstance(X, Mapping):
        return list(X)
    names = getattr(X, "columns", None)
    return list(names) if names is not None else list(range(count))


def _chosen(groups: Any, labels: list[Hashable]) -> dict[str, list[int]]:
    """Name of each group to the places of its columns."""
    if groups is None:
        wanted = [(str(label), [place]) for place, label in enumerate(labels)]
    elif isinstance(groups, Mapping):
        wanted = [(str(name), _places(columns, labels)) for name, columns in groups.items()]
    elif isinstance(groups, Sequence) and not isinstance(groups, str):
        wanted = [(_joined(columns), _places(columns, labels)) for columns in groups]
    else:
        raise TypeError(
            "groups must map names to lists of columns, or be a list of such lists, "
            f"got {type(groups).__name__}."
        )
    names = [name for name, _ in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"groups: names must differ, got {twice[0]!r} more than once.")
    return dict(wanted)


def _joined(columns: Any) -> str:
    alone = isinstance(columns, str) or not isinstance(columns, Sequence)
    return str(columns) if alone else " + ".join(map(str, columns))


def _places(columns: Any, labels: list[Hashable]) -> list[int]:
    alone = isinstance(columns, str) or not isinstance(columns, Sequence)
    wanted = [columns] if alone else list(columns)
    if not wanted:
        raise ValueError("groups: a group needs at least one column, got an empty one.")
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        raise ValueError(f"groups: X has no column {unknown[0]!r}; it has {labels}.")
    return [labels.index(label) for label in wanted]


def _kept_rows(columns: Sequence[Column], missing: Missing) -> NDArray[np.bool_]:
    """Rows that are used at all, after the checks that name what is wrong."""
    gaps = np.any([column.missing for column in columns], axis=0)
    if gaps.any() and missing == "raise":
        with_gaps = [column.label for column in columns if column.gaps]
        raise ValueError(
            f"X has missing values in {int(gaps.sum())} of {len(gaps)} rows, in "
            f'{", ".join(with_gaps)}; choose missing="drop_rows" to use rows that are complete in '
            'every column, or "drop_pairwise" for those complete in each pair.'
        )
    keep = ~gaps if missing == "drop_rows" else np.ones(len(gaps), dtype=bool)
    if keep.sum() < MINIMUM_ROWS:
        raise ValueError(
            f"X has {int(keep.sum())} rows to use, and at least {MINIMUM_ROWS} are needed."
        )
    return keep


def _encode(column: Column, keep: NDArray[np.bool_], missing: Missing) -> Columns:
    """One column as (n, k) floats, NaN where missing."""
    values = column.values[keep]
    present = ~column.missing[keep]
    where = f"X: {column.label}"
    if not present.any() or (values[present] == values[present][0]).all():
        raise ValueError(
            f"{where} is constant. A constant has no mutual information with anything; "
            "leave the column out."
        )
    if column.is_numeric:
        _refuse_infinite(values, where)
        return values[:, None]
    items = values[present].tolist()
    if column.kind == "ordinal" and column.order is not None:
        position = {level: float(place) for place, level in enumerate(column.order)}
        codes = np.array([[position[level]] for level in items])
    else:
        codes = NominalCode.fit(items, where).encode(items)
    encoded = np.full((len(values), codes.shape[1]), np.nan)
    encoded[present] = codes
    return encoded


def _refuse_infinite(values: NDArray[np.float64], where: str) -> None:
    count = int(np.isinf(values).sum())
    if count:
        raise ValueError(
            f"{where} has infinite values in {count} rows; replace each by a large finite number "
            "(only ranks count), or by NaN."
        )


def _together(parts: Sequence[Columns]) -> Columns:
    values = np.hstack(parts)
    values[np.isnan(values).any(axis=1)] = np.nan
    return values


def _any_constant(values: Columns) -> bool:
    return bool((values == values[0]).all(axis=0).any())
