"""Data files for the command line: CSV, Parquet, .npy and .npz in, named columns out.

Checks of the values themselves are in ``_validation``, as for any other input.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Table = dict[str, Any]  # name -> 1-D sequence, or for .npz also an (n, d) array

READERS = (".csv", ".tsv", ".txt", ".parquet", ".npy", ".npz")
MISSING_NUMBERS = frozenset({"", "na", "n/a", "nan", "null", "none"})  # lower case


def read_table(path: Path) -> Table:
    """Read the columns of a data file.

    A CSV column is numbers if every cell that is not missing parses as one, else text; empty cells
    are missing. A CSV whose first line is all numbers has no header: its columns are called
    ``0``, ``1``, ... as those of a .npy array are.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ValueError(f"{path} {what}; pass a data file ({', '.join(READERS)}).")
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            return _read_csv(path)
        case ".parquet":
            return _read_parquet(path)
        case ".npy":
            return _columns_of_array(_load_numpy(path), path)
        case ".npz":
            return _read_npz(path)
    raise ValueError(f"{path} is of no known kind; pass one of {', '.join(READERS)}.")


def select(table: Table, names: Sequence[str], option: str) -> Table:
    """Pick columns by name, in the order named; an (n, d) array gives one column for each of d."""
    chosen: Table = {}
    for name in names:
        if name not in table:
            raise ValueError(
                f"{option} names the column {name!r}, which the file does not have; "
                f"it has {', '.join(table) or 'none'}."
            )
        values = table[name]
        if getattr(values, "ndim", 1) == 1:
            chosen[name] = values
            continue
        if values.ndim != 2:
            raise ValueError(f"{option}: {name!r} has shape {values.shape}; one or two axes fit.")
        chosen |= {f"{name}[{i}]": values[:, i] for i in range(values.shape[1])}
    return chosen


def _read_csv(path: Path) -> Table:
    lines = _csv_lines(path)
    if not lines:
        raise ValueError(f"{path} is empty; its first line should name the columns.")
    has_header = not all(_is_number(cell) for cell in lines[0][1])
    names = lines[0][1] if has_header else [str(i) for i in range(len(lines[0][1]))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{path} has two columns called {twice!r}; rename one of them.")
    body = lines[1:] if has_header else lines
    for number, cells in body:
        if len(cells) != len(names):
            raise ValueError(
                f"{path}, line {number} has {len(cells)} cells where the first line has "
                f"{len(names)}; quote cells that contain the separator."
            )
    columns = zip(*(cells for _, cells in body), strict=True) if body else [()] * len(names)
    return {name: _typed(list(cells)) for name, cells in zip(names, columns, strict=True)}


def _csv_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Read the lines that are not blank, each with its number and its cells, stripped."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
            return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not readable as UTF-8 CSV text ({error}).") from error


def _typed(cells: list[str]) -> list[Any]:
    """Numbers if every cell that is not missing parses as one, else text; None where missing."""
    present = [cell for cell in cells if cell.lower() not in MISSING_NUMBERS]
    if not present or not all(_is_number(cell) for cell in present):
        return [cell or None for cell in cells]
    parse = int if all(_is_integer(cell) for cell in present) else float
    return [None if cell.lower() in MISSING_NUMBERS else parse(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_2 as 12; a file more likely means a label


def _is_integer(cell: str) -> bool:
    return cell.lstrip("+-").isdecimal()


def _read_parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise ImportError(
            f"reading {path.name} needs pyarrow; install it with: pip install pyarrow"
        ) from error
    try:
        table = parquet.read_table(path)
    except ArrowInvalid as error:
        raise ValueError(f"{path} is not readable as Parquet ({error}).") from error
    columns = zip(table.column_names, table.columns, strict=True)
    return {name: column.to_pylist() for name, column in columns}


def _read_npz(path: Path) -> Table:
    archive = _load_numpy(path)
    try:
        return {name: archive[name] for name in archive.files}
    except ValueError as error:
        raise ValueError(_pickle_message(path)) from error


def _load_numpy(path: Path) -> Any:
    try:
        loaded = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(_pickle_message(path)) from error
    return loaded


def _pickle_message(path: Path) -> str:
    return f"{path} is not a plain {path.suffix} file of numbers or text; save it again with NumPy."


def _columns_of_array(array: np.ndarray, path: Path) -> Table:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim not in (1, 2):
        raise ValueError(f"{path} holds an array of shape {array.shape}; one or two axes fit.")
    table = array.reshape(len(array), -1)
    return {str(i): table[:, i] for i in range(table.shape[1])}
