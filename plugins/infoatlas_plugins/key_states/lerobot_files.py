"""LeRobot data sets (v2 and v3): a folder with meta/info.json and data/chunk-*/*.parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.demonstrations import Demonstration, Demonstrations

STATE, ACTION, EPISODE, FRAME = "observation.state", "action", "episode_index", "frame_index"
SUCCESS = "next.success"  # optional


def read_lerobot(folder: Path) -> Demonstrations:
    """Read states and actions of a LeRobot data set; videos are not touched.

    Parameters
    ----------
    folder : Path
        Holds ``meta/info.json`` and ``data/``.

    Returns
    -------
    Demonstrations
        With as many states as actions, and the flag ``success`` where the data set has
        ``next.success``.

    Raises
    ------
    FileNotFoundError
        If ``meta/info.json`` or the parquet files are missing.
    ValueError
        If a needed column is missing.
    """
    card = folder / "meta" / "info.json"
    files = sorted((folder / "data").glob("chunk-*/*.parquet"))
    if not card.is_file() or not files:
        raise FileNotFoundError(
            f"{folder} is no LeRobot data set: expected meta/info.json and data/chunk-*/*.parquet"
        )
    info = json.loads(card.read_text(encoding="utf-8"))
    table = _read_columns(files)
    order = np.lexsort((table[FRAME], table[EPISODE]))
    starts = np.flatnonzero(np.diff(table[EPISODE][order])) + 1
    return Demonstrations(
        task_id=str(info.get("robot_type") or folder.name),
        control_mode="unknown",
        episodes=tuple(_episode(table, rows) for rows in np.split(order, starts)),
        columns=_column_names(info),
    )


def _read_columns(files: list[Path]) -> dict[str, NDArray[Any]]:
    parquet = import_extra("pyarrow.parquet", extra="robot", needed_by="reading a LeRobot data set")
    parts: dict[str, list[NDArray[Any]]] = {}
    for file in files:
        present = parquet.read_schema(file).names
        missing = [name for name in (STATE, ACTION, EPISODE, FRAME) if name not in present]
        if missing:
            raise ValueError(f"{file} has no column {', '.join(missing)}")
        wanted = [n for n in (STATE, ACTION, EPISODE, FRAME, SUCCESS) if n in present]
        rows = parquet.read_table(file, columns=wanted).to_pydict()
        for name, values in rows.items():
            parts.setdefault(name, []).append(np.asarray(values))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _episode(table: dict[str, NDArray[Any]], rows: NDArray[np.intp]) -> Demonstration:
    return Demonstration(
        states=_two_axes(table[STATE][rows]),
        actions=_two_axes(table[ACTION][rows]),
        flags={"success": table[SUCCESS][rows].astype(bool)} if SUCCESS in table else {},
    )


def _two_axes(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.reshape(len(values), -1).astype(np.float32)


def _column_names(info: dict[str, Any]) -> tuple[str, ...]:
    names = info.get("features", {}).get(STATE, {}).get("names")
    if isinstance(names, dict):  # v2 groups the names, for instance under "motors"
        names = [name for group in names.values() for name in group]
    return tuple(map(str, names)) if names else ()
