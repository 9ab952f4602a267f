"""Any table in, one list of columns out, each float64 numbers or labels.

NumPy arrays, torch tensors, lists, mappings of columns, pandas and polars objects are told apart by
what they can do, so that none of those libraries is imported here. Only what cannot be read as a
table of numbers and labels is refused here; all other input checks are in ``_validation``.
"""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["continuous", "ordinal", "nominal"]

ACCEPTED = (
    "a NumPy array, a torch tensor, a list, a dict of columns, or a pandas or polars object, "
    "of shape (n_samples,) or (n_samples, n_features)"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One column as the caller gave it, before any encoding.

    Attributes
    ----------
    label : str
        What messages call it: ``column 2`` or ``column 'city'``.
    kind : {"continuous", "ordinal", "nominal"}
        What its type says: floats, integers and booleans and ordered categories, or labels.
    values : ndarray of shape (n_samples,)
        float64 with NaN where missing, or objects with None where missing.
    order : tuple or None
        The ordered categories, when the column's type has an order.
    gaps : tuple of str
        The kinds of missing value found, by name: ``NaN``, ``None``, ``pd.NA``, ``NaT``.
    """

    label: str
    kind: Kind
    values: NDArray[Any]
    order: tuple[Hashable, ...] | None = None
    gaps: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether `values` is float64."""
        return self.values.dtype == np.float64

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Mask of shape (n_samples,): the rows without a value."""
        gaps = (value is None or value != value for value in self.values.tolist())
        return np.fromiter(gaps, bool, len(self.values))


def read_columns(data: Any, argument: str) -> tuple[Column, ...]:
    """Split `data` into columns; `argument` is the name that messages use for it."""
    if isinstance(data, Mapping):
        return _from_mapping(data, argument)
    if _is_frame(data):
        return tuple(_from_series(series, argument, name) for name, series in _series_of(data))
    if _is_series(data):
        return (_from_series(data, argument, data.name or 0),)
    if hasattr(data, "categories") and hasattr(data, "codes"):  # a bare pandas.Categorical
        return (_from_categorical(data, argument, 0),)
    array = as_array(data, argument)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{argument} must have shape (n_samples,) or (n_samples, n_features), "
            f"got {_shape_in_words(array)}."
        )
    table = array[:, None] if array.ndim == 1 else array
    return tuple(_from_values(table[:, i], argument, i) for i in range(table.shape[1]))


def as_array(data: Any, argument: str) -> NDArray[Any]:
    """`data` as one NumPy array of any dtype; lists that mix types keep their own values."""
    _refuse_what_is_no_table(data, argument)
    if hasattr(data, "detach"):
        return _from_tensor(data, argument)
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        filled = np.asarray(np.ma.getdata(data)).astype(object)
        filled[np.ma.getmaskarray(data)] = None
        return filled
    try:
        array = np.asarray(data)
        # asarray would write the number 1 beside a text as '1'; keep the objects and judge columns
        if array.dtype.kind in "US" and not isinstance(data, np.ndarray):
            return np.asarray(data, dtype=object)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged rows, tensors on a GPU, ...
        failure = ValueError if isinstance(error, ValueError) else TypeError
        raise failure(
            f"{argument} could not be read as an array ({error}); pass {ACCEPTED}, "
            "with rows of equal length."
        ) from error
    if array.ndim == 0 and array.dtype == object:
        raise TypeError(f"{argument} must be {ACCEPTED}, got {type(data).__name__}.")
    return array


def _refuse_what_is_no_table(data: Any, argument: str) -> None:
    kind = type(data).__name__
    if data is None or isinstance(data, (str, bytes, set, frozenset)):
        raise TypeError(f"{argument} must be {ACCEPTED}, got {kind}.")
    if hasattr(data, "tocoo"):
        raise TypeError(f"{argument} is a sparse matrix ({kind}); pass {argument}.toarray().")
    if hasattr(data, "collect") and hasattr(data, "lazy"):
        raise TypeError(f"{argument} is a lazy frame ({kind}); pass {argument}.collect().")


def _shape_in_words(array: NDArray[Any]) -> str:
    return "a single number" if array.ndim == 0 else f"shape {array.shape}"


def _is_frame(data: Any) -> bool:
    is_pandas = hasattr(data, "iloc") and getattr(data, "ndim", 0) == 2
    return is_pandas or hasattr(data, "get_columns")


def _is_series(data: Any) -> bool:
    is_pandas = hasattr(data, "iloc") and getattr(data, "ndim", 0) == 1
    return is_pandas or (hasattr(data, "null_count") and hasattr(data, "to_list"))


def _series_of(frame: Any) -> list[tuple[Hashable, Any]]:
    if hasattr(frame, "iloc"):  # by position: pandas allows two columns of one name
        return [(name, frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    return [(series.name, series) for series in frame.get_columns()]


def _from_mapping(data: Mapping[Any, Any], argument: str) -> tuple[Column, ...]:
    columns = []
    for name, values in data.items():
        if _is_series(values):
            columns.append(_from_series(values, argument, name))
            continue
        array = as_array(values, argument)
        if array.ndim != 1:
            raise ValueError(
                f"{argument}: column {name!r} must have shape (n_samples,), "
                f"got {_shape_in_words(array)}."
            )
        columns.append(_from_values(array, argument, name))
    lengths = {column.label: len(column.values) for column in columns}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{argument}: its columns differ in length, got {lengths}.")
    return tuple(columns)


def _from_tensor(tensor: Any, argument: str) -> NDArray[Any]:
    tensor = tensor.detach().cpu()
    if tensor.is_complex():
        raise TypeError(_complex_message(argument))
    if tensor.is_floating_point():
        tensor = tensor.double()  # NumPy has no bfloat16
    return np.asarray(tensor.numpy())


def _from_series(series: Any, argument: str, name: Hashable) -> Column:
    dtype = series.dtype
    if hasattr(series, "iloc"):
        if hasattr(dtype, "categories"):
            return _from_categorical(series.array, argument, name)
        return _from_values(np.asarray(series.to_numpy()), argument, name)
    plain = not series.null_count() and (dtype.is_numeric() or str(dtype) == "Boolean")
    if plain and not str(dtype).startswith("Decimal"):
        return _from_values(np.asarray(series.to_numpy()), argument, name)
    column = _from_values(_objects(series.to_list()), argument, name)
    if not str(dtype).startswith("Enum"):
        return column
    order = tuple(dtype.categories.to_list())  # listed, but only "ordinal" says that they rank
    return Column(
        label=column.label, kind="nominal", values=column.values, order=order, gaps=column.gaps
    )


def _from_categorical(values: Any, argument: str, name: Hashable) -> Column:
    levels: list[Hashable] = list(values.categories)
    items = _objects([levels[code] if code >= 0 else None for code in values.codes])
    return Column(
        label=f"column {name!r}",
        kind="ordinal" if values.ordered else "nominal",
        values=items,
        order=tuple(levels) if values.ordered else None,
        gaps=("NaN",) if (np.asarray(values.codes) < 0).any() else (),
    )


def _from_values(values: NDArray[Any], argument: str, name: Hashable) -> Column:
    where = f"{argument}: column {name!r}"
    label = f"column {name!r}"
    match values.dtype.kind:
        case "f":
            numbers_ = values.astype(np.float64)
            gaps = ("NaN",) if np.isnan(numbers_).any() else ()
            return Column(label=label, kind="continuous", values=numbers_, gaps=gaps)
        case "i" | "u" | "b":
            return Column(label=label, kind="ordinal", values=values.astype(np.float64))
        case "U" | "S" | "T":
            return Column(label=label, kind="nominal", values=_objects(values.tolist()))
        case "O":
            return _from_objects(values, where, label)
        case "c":
            raise TypeError(_complex_message(where))
        case "M" | "m":
            raise TypeError(
                f"{where} holds dates or times ({values.dtype}); convert it to numbers, "
                "for example seconds since the first one."
            )
    raise TypeError(f"{where} has dtype {values.dtype}, which is neither numbers nor labels.")


def _from_objects(values: NDArray[Any], where: str, label: str) -> Column:
    """Judge a column of Python objects by the types in it, missing values aside."""
    names = [_name_of_missing(value) for value in values]
    gaps = tuple(sorted({name for name in names if name}))
    present = [value for value, name in zip(values, names, strict=True) if not name]
    types = sorted({type(value) for value in present}, key=lambda kind: kind.__name__)
    if types and all(issubclass(kind, (str, bytes)) for kind in types):
        items = [None if name else value for value, name in zip(values, names, strict=True)]
        return Column(label=label, kind="nominal", values=_objects(items), gaps=gaps)
    if all(_is_number(kind) for kind in types):
        kind: Kind = "ordinal" if types and all(map(_is_integer, types)) else "continuous"
        return Column(label=label, kind=kind, values=_floats(values, names, where), gaps=gaps)
    raise TypeError(_objects_message(types, where))


def _floats(values: NDArray[Any], names: list[str], where: str) -> NDArray[np.float64]:
    pairs = zip(values, names, strict=True)
    try:
        return np.array([np.nan if name else float(value) for value, name in pairs], np.float64)
    except OverflowError as error:
        raise ValueError(
            f"{where} holds an integer too large for a 64-bit float; rescale the column."
        ) from error


def _objects(items: list[Any]) -> NDArray[Any]:
    return np.fromiter(items, dtype=object, count=len(items))


def _name_of_missing(value: Any) -> str:
    """Name of the missing value that `value` is, or an empty string."""
    if value is None:
        return "None"
    match type(value).__name__:
        case "NAType":
            return "pd.NA"
        case "NaTType":
            return "NaT"
    if isinstance(value, (float, np.floating)) and np.isnan(value):
        return "NaN"
    return "NaN" if isinstance(value, Decimal) and value.is_nan() else ""


def _is_number(kind: type) -> bool:
    return issubclass(kind, (numbers.Real, Decimal, np.bool_))


def _is_integer(kind: type) -> bool:
    return issubclass(kind, (numbers.Integral, np.bool_))


def _complex_message(where: str) -> str:
    return (
        f"{where} holds complex numbers; pass real and imaginary parts as two columns, "
        "since mutual information does not change by that."
    )


def _objects_message(types: list[type], where: str) -> str:
    found = " and ".join(kind.__name__ for kind in types)
    if any(issubclass(kind, complex) for kind in types):
        return _complex_message(where)
    if any(issubclass(kind, (str, bytes)) for kind in types):
        return (
            f"{where} mixes text with other values ({found}); make all of them text, "
            "or all of them numbers."
        )
    return (
        f"{where} holds {found} objects, which are neither numbers nor text; convert dates to "
        "numbers (for example seconds since the first one) and other labels to text."
    )
