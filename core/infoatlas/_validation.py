"""Arrays in, clean float64 out. Every check of the caller's data and options is made here.

How each kind of container becomes columns is in ``_columns``, and how one nominal variable becomes
indicator columns in ``_nominal``; both raise errors of their own kind. No torch here.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from infoatlas._columns import Column, as_array, read_columns
from infoatlas._nominal import RARE_ROWS, NominalCode

Discrete = Literal["auto", "nominal", "ordinal"]
Units = Literal["nats", "bits"]

MINIMUM_ROWS = 16  # below this the ranks of two columns hold too little to read anything from
TIED_FRACTION_TO_NOTE = 0.2  # of the rows; below it, rounding in a file is the usual reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnCode:
    """How one column of the caller's becomes float64 columns, for the data fitted and for new data.

    At most one of `nominal` and `order` is set; with neither, the column is numbers.
    """

    label: str
    nominal: NominalCode | None = None
    order: tuple[Hashable, ...] | None = None

    @property
    def n_columns(self) -> int:
        """Columns after encoding."""
        return self.nominal.n_columns if self.nominal else 1

    def encode(self, column: Column, argument: str) -> NDArray[np.float64]:
        """Encode `column` as (n_samples, n_columns); it must hold the same kind of values."""
        if self.nominal:
            return self.nominal.encode(column.values.tolist())
        if self.order is not None:
            return _positions(column, self.order, argument)[:, None]
        if not column.is_numeric:
            raise TypeError(
                f"{argument}: {self.label} held numbers when this was fitted, and holds "
                f"labels now, such as {column.values[0]!r}; pass numbers."
            )
        return column.values[:, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of the two arguments, checked and encoded.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_columns)
        float64, finite; a nominal variable takes one column for each of its levels.
    n_features : int
        The caller's number of columns.
    nominal_groups : tuple of tuple of int
        For each nominal variable, the columns of `values` that belong to it.
    notes : tuple of str
        What the caller should know about the data, one sentence each.
    argument : str
        The name that messages use.
    codes : tuple of ColumnCode
        How each of the caller's columns was encoded.
    """

    values: NDArray[np.float64]
    n_features: int
    nominal_groups: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]
    argument: str
    codes: tuple[ColumnCode, ...]

    def encode(self, new: Any) -> NDArray[np.float64]:
        """Encode new rows as these were encoded, with the same checks but those on constants.

        A level not seen before is counted with the pooled rare levels where the variable has such
        a group, and refused where it has none.

        Parameters
        ----------
        new : array-like of shape (n_samples, n_features)
            Any number of rows from 1 on.

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
        """
        columns = read_columns(new, self.argument)
        if len(columns) != self.n_features:
            raise ValueError(
                f"{self.argument} has {_count(len(columns), 'column')}, and this was fitted on "
                f"{self.n_features}; pass the same columns in the same order."
            )
        if not len(columns[0].values):
            raise ValueError(f"{self.argument} has no rows; pass at least one.")
        _refuse_missing(columns, self.argument)
        _refuse_infinite(columns, self.argument)
        return _encode(self.codes, columns, self.argument)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Both arguments, row i of `x` beside row i of `y`."""

    x: Side
    y: Side
    n_samples: int
    notes: tuple[str, ...]


def check_pair(
    x: Any,
    y: Any,
    *,
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    minimum_rows: int = MINIMUM_ROWS,
) -> Pair:
    """Check two samples and encode them as float64.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,) or (n_samples, n_features)
        NumPy arrays, torch tensors, lists, dicts of columns, pandas or polars series and frames;
        a frame may mix numeric and nominal columns.
    discrete_x, discrete_y : {"auto", "nominal", "ordinal"}
        ``"auto"`` reads each column's type: floats are continuous; integers, booleans and ordered
        categories are ordinal; text, unordered categories and polars enums are nominal.
        ``"nominal"`` makes every column of that argument nominal, whatever its type.
        ``"ordinal"`` uses the order of numbers and of categories, and refuses a column without one.
    minimum_rows : int
        Fewer rows are refused.

    Returns
    -------
    Pair
        Continuous and ordinal columns as they are. A nominal variable of two levels as one
        indicator column, one of more levels as an indicator for each: its levels may be renamed
        without any change. Levels with fewer than 3 rows share one indicator when there are two or
        more of them; beyond 64 levels a variable is refused.

    Raises
    ------
    ValueError
        Missing or infinite values (none is dropped or filled in silently), constant columns, too
        few rows, different numbers of rows, more than two axes, no columns, too many levels.
    TypeError
        Complex numbers, dates, objects, text mixed with numbers, and what is no table.
    """
    x_columns = _read_checked(x, "x", minimum_rows)
    y_columns = _read_checked(y, "y", minimum_rows)
    n_samples, n_rows_y = len(x_columns[0].values), len(y_columns[0].values)
    if n_samples != n_rows_y:
        raise ValueError(
            f"x and y must have the same number of rows, got {n_samples} and {n_rows_y}; "
            "row i of x must be observed with row i of y."
        )
    x_side = _fit_side(x_columns, "x", check_discrete(discrete_x, "discrete_x"))
    y_side = _fit_side(y_columns, "y", check_discrete(discrete_y, "discrete_y"))
    notes = x_side.notes + y_side.notes + _index_notes(x, y)
    return Pair(x=x_side, y=y_side, n_samples=n_samples, notes=notes)


def check_side(
    data: Any, argument: str, *, discrete: str = "auto", minimum_rows: int = MINIMUM_ROWS
) -> Side:
    """Check and encode one sample, as `check_pair` does each of its two."""
    columns = _read_checked(data, argument, minimum_rows)
    return _fit_side(columns, argument, check_discrete(discrete, f"discrete_{argument}"))


def check_given(z: Any, n_samples: int, *, discrete_z: str = "auto") -> Side:
    """Check and encode the sample that a statement on x and y is conditioned on."""
    side = check_side(z, "z", discrete=discrete_z)
    if len(side.values) != n_samples:
        raise ValueError(
            f"z must have as many rows as x and y, got {len(side.values)} and {n_samples}; "
            "row i of z must be observed with row i of x and of y."
        )
    return side


def check_stack(x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check two stacks of numeric samples, with the checks of `check_pair`.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs, n_samples, n_features) or (n_pairs, n_samples)
        Item i of `x` is the sample that belongs to item i of `y`. Numbers and booleans.

    Returns
    -------
    tuple of two ndarrays
        float64, of shape (n_pairs, n_samples, n_features), each with its own number of features.
    """
    x_stack, y_stack = _read_stack(x, "x"), _read_stack(y, "y")
    if x_stack.shape[:2] != y_stack.shape[:2]:
        raise ValueError(
            "x and y must have the same number of items and of rows, got "
            f"x.shape={x_stack.shape} and y.shape={y_stack.shape}; item i of x belongs to item i "
            "of y, and row by row."
        )
    return x_stack, y_stack


def check_discrete(discrete: str, argument: str) -> Discrete:
    """Check the option that says how an argument's columns are read."""
    match discrete:
        case "auto" | "nominal" | "ordinal":
            return discrete
    raise ValueError(f'{argument} must be "auto", "nominal" or "ordinal", got {discrete!r}.')


def check_units(units: str) -> Units:
    """Check the unit of information."""
    match units:
        case "nats" | "bits":
            return units
    raise ValueError(f'units must be "nats" or "bits", got {units!r}.')


def check_series(series: Any) -> None:
    """Check the option that says whether rows follow each other in time."""
    if not isinstance(series, bool | np.bool_):
        raise TypeError(
            f"series must be True or False, got {type(series).__name__}; "
            "rows in order of time need no time column."
        )


def per_nat(units: Units) -> float:
    """How many of these units one nat is."""
    return 1.0 if units == "nats" else 1.0 / math.log(2.0)


def check_random_state(
    random_state: int | np.random.Generator | None,
) -> np.random.Generator:
    """Turn `random_state` into a Generator: a seed, a Generator as it is, or None for a new one."""
    if random_state is None or isinstance(random_state, np.random.Generator):
        return np.random.default_rng(random_state)
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        if random_state < 0:
            raise ValueError(f"random_state must be 0 or more, got {random_state}.")
        return np.random.default_rng(int(random_state))
    raise TypeError(
        "random_state must be an integer, a numpy.random.Generator or None, "
        f"got {type(random_state).__name__}."
    )


def tie_notes(
    values: NDArray[np.float64], argument: str, labels: Sequence[str] = ()
) -> tuple[str, ...]:
    """Sentences about the continuous columns of `values` (n_samples, n_features) that have ties."""
    labels = labels or [f"column {i}" for i in range(values.shape[1])]
    notes = []
    for label, column in zip(labels, values.T, strict=True):
        n_different = len(np.unique(column))
        tied = 1 - n_different / len(column)
        if tied >= TIED_FRACTION_TO_NOTE:
            notes.append(
                f"{argument}: {label} has {tied:.0%} ties "
                f"({n_different} different values in {len(column)} rows)."
            )
    return tuple(notes)


def _read_checked(data: Any, argument: str, minimum_rows: int) -> tuple[Column, ...]:
    columns = read_columns(data, argument)
    if not columns:
        raise ValueError(f"{argument} has no columns; pass at least one.")
    _refuse_few_rows(len(columns[0].values), len(columns), argument, minimum_rows)
    _refuse_missing(columns, argument)
    _refuse_infinite(columns, argument)
    return columns


def _refuse_few_rows(n_rows: int, n_columns: int, argument: str, minimum_rows: int) -> None:
    if n_rows >= minimum_rows:
        return
    message = f"{argument} has {_count(n_rows, 'row')}, and at least {minimum_rows} are needed"
    if n_columns >= minimum_rows:
        message += f"; with {n_columns} columns, did you mean {argument}.T?"
        raise ValueError(message)
    raise ValueError(f"{message}; pass more observations.")


def _refuse_missing(columns: Sequence[Column], argument: str) -> None:
    gaps = {gap for column in columns for gap in column.gaps}
    if not gaps:
        return
    rows = np.any([column.missing for column in columns], axis=0)
    raise ValueError(
        f"{argument} has missing values ({', '.join(sorted(gaps))}) in "
        f"{_share(rows)}, in {_labels(columns, [bool(c.gaps) for c in columns])}; drop those rows "
        "from both x and y, or fill them in first. It is not done for you, because rows that are "
        "missing for a reason change the mutual information."
    )


def _refuse_infinite(columns: Sequence[Column], argument: str) -> None:
    infinite = [
        np.isinf(c.values) if c.is_numeric else np.zeros(len(c.values), dtype=bool) for c in columns
    ]
    rows = np.any(infinite, axis=0)
    if rows.any():
        raise ValueError(
            f"{argument} has infinite values in {_share(rows)}, in "
            f"{_labels(columns, [bool(mask.any()) for mask in infinite])}; drop those rows from "
            "both x and y, or replace each by a large finite number (only ranks count)."
        )


def _fit_side(columns: Sequence[Column], argument: str, discrete: Discrete) -> Side:
    codes = tuple(_fit_column(column, argument, discrete) for column in columns)
    for column, code in zip(columns, codes, strict=True):
        if not code.nominal:
            _refuse_constant(column, argument)
    values = _encode(codes, columns, argument)
    return Side(
        values=values,
        n_features=len(columns),
        nominal_groups=_nominal_groups(codes),
        notes=_side_notes(codes, columns, argument),
        argument=argument,
        codes=codes,
    )


def _fit_column(column: Column, argument: str, discrete: Discrete) -> ColumnCode:
    where = f"{argument}: {column.label}"
    if discrete == "nominal" or (discrete == "auto" and column.kind == "nominal"):
        nominal = NominalCode.fit(column.values.tolist(), where)
        return ColumnCode(label=column.label, nominal=nominal)
    if not column.is_numeric and column.order is None:
        raise TypeError(
            f'{where} has labels without an order, such as {column.values[0]!r}, and "ordinal" '
            'needs one; pass ranks as integers, an ordered categorical, or choose "nominal".'
        )
    return ColumnCode(label=column.label, order=column.order)


def _encode(
    codes: Sequence[ColumnCode], columns: Sequence[Column], argument: str
) -> NDArray[np.float64]:
    parts = [code.encode(column, argument) for code, column in zip(codes, columns, strict=True)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def _positions(column: Column, order: tuple[Hashable, ...], argument: str) -> NDArray[np.float64]:
    """Place of each label in `order`."""
    position = {level: float(place) for place, level in enumerate(order)}
    unknown = [level for level in column.values.tolist() if level not in position]
    if unknown:
        raise ValueError(
            f"{argument}: {column.label} has the level {unknown[0]!r}, which is not among the "
            f"ordered categories this was fitted on, {list(order)!r}."
        )
    return np.array([position[level] for level in column.values.tolist()])


def _refuse_constant(column: Column, argument: str) -> None:
    first = column.values[0]
    if (column.values == first).all():
        raise ValueError(
            f"{argument}: {column.label} is constant (every row is {first}). A constant has no "
            "mutual information with anything; leave the column out."
        )


def _nominal_groups(codes: Sequence[ColumnCode]) -> tuple[tuple[int, ...], ...]:
    groups = []
    start = 0
    for code in codes:
        if code.nominal:
            groups.append(tuple(range(start, start + code.n_columns)))
        start += code.n_columns
    return tuple(groups)


def _side_notes(
    codes: Sequence[ColumnCode], columns: Sequence[Column], argument: str
) -> tuple[str, ...]:
    notes: list[str] = []
    for code, column in zip(codes, columns, strict=True):
        if code.nominal and code.nominal.n_rare:
            notes.append(
                f"{argument}: {code.nominal.n_rare} rare levels of {code.label} "
                f"(fewer than {RARE_ROWS} rows each) were pooled into one."
            )
        elif column.kind == "continuous" and not code.nominal:
            notes.extend(tie_notes(column.values[:, None], argument, [column.label]))
    return tuple(notes)


def _index_notes(x: Any, y: Any) -> tuple[str, ...]:
    """Say so when two pandas objects disagree on their row labels."""
    indexes = [getattr(data, "index", None) for data in (x, y)]
    if not all(hasattr(index, "equals") for index in indexes):
        return ()  # a list has a method of that name
    x_index, y_index = indexes
    if cast("Any", x_index).equals(y_index):
        return ()
    return ("x and y have different row labels; rows were paired by position, not by label.",)


def _read_stack(data: Any, argument: str) -> NDArray[np.float64]:
    array = as_array(data, argument)
    if array.ndim not in (2, 3) or not array.size:
        raise ValueError(
            f"{argument} must have shape (n_pairs, n_samples, n_features) or (n_pairs, n_samples), "
            f"none of them 0, got shape {array.shape}."
        )
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{argument} must be numbers in a batch, got dtype {array.dtype}; pass columns of text "
            "or categories to mutual_information, one pair at a time."
        )
    stack = array.astype(np.float64).reshape(*array.shape[:2], -1)  # b n | b n f -> b n f
    _refuse_few_rows(stack.shape[1], stack.shape[2], f"each item of {argument}", MINIMUM_ROWS)
    _refuse_bad_items(stack, argument)
    return np.ascontiguousarray(stack)


def _refuse_bad_items(stack: NDArray[np.float64], argument: str) -> None:
    """Apply the checks of one pair to the first item that fails any of them."""
    constant = (stack == stack[:, :1]).all(axis=1)  # b n f -> b f
    bad = constant.any(axis=1) | ~np.isfinite(stack).all(axis=(1, 2))
    if not bad.any():
        return
    item = int(np.argmax(bad))
    where = f"{argument}, item {item} of {len(stack)},"
    columns = [
        Column(
            label=f"column {i}",
            kind="continuous",
            values=values,
            gaps=("NaN",) if np.isnan(values).any() else (),
        )
        for i, values in enumerate(stack[item].T)
    ]
    _refuse_missing(columns, where)
    _refuse_infinite(columns, where)
    for column in columns:
        _refuse_constant(column, where.rstrip(","))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _share(rows: NDArray[np.bool_]) -> str:
    return f"{int(rows.sum())} of {_count(len(rows), 'row')}"


def _labels(columns: Sequence[Column], chosen: Sequence[bool]) -> str:
    """Name the chosen columns, the first few of many."""
    names = [column.label for column, use in zip(columns, chosen, strict=True) if use]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
