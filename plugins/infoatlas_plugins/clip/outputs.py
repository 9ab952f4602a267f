"""Files that keep a run: the noise curve and the table of pairs as CSV or parquet, and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.noise_curve import NoiseCurve
from infoatlas_plugins.clip.pairs import EmbeddedPairs
from infoatlas_plugins.clip.pointwise import cosines
from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.safe_write import replace_when_written

Table = dict[str, Sequence[Any]]


def save_record(path: Path, record: dict[str, Any]) -> None:
    """Write numbers and texts as JSON."""
    with replace_when_written(path) as handle:
        handle.write((json.dumps(record, indent=2, allow_nan=False) + "\n").encode())


def curve_table(curves: Mapping[str, NoiseCurve]) -> Table:
    """Running mean over slices of every method and level: one row for each number of slices."""
    table: dict[str, list[Any]] = {
        name: [] for name in ("method", "level", "snr", "n_slices", "mean_nats", "sd_nats")
    }
    for method, curve in curves.items():
        mean, sd = curve.running_mean()
        for i, level in enumerate(curve.levels):
            for slices in range(curve.n_slices):
                row = (method, level, curve.snr_[i], slices + 1, mean[i, slices], sd[i, slices])
                for column, value in zip(table.values(), row, strict=True):
                    column.append(value)
    return dict(table)


def pair_table(pairs: EmbeddedPairs, scores: NDArray[np.float64]) -> Table:
    """Every pair with its pointwise MI and cosine, the lowest MI first."""
    order = np.argsort(scores, kind="stable")
    table: Table = {
        "row": order.tolist(),
        "pointwise_mi_nats": scores[order].round(4).tolist(),
        "cosine": cosines(pairs.images, pairs.texts)[order].round(4).tolist(),
    }
    if pairs.captions is not None:
        table["caption"] = [pairs.captions[row] for row in order]
    return table


def save_table(path: Path, table: Table) -> None:
    """Write columns as ``.csv`` or ``.parquet``, by the ending of the name."""
    if path.suffix == ".parquet":
        arrow = import_extra("pyarrow", extra="clip", needed_by="clip: writing parquet")
        parquet = import_extra("pyarrow.parquet", extra="clip", needed_by="clip: writing parquet")
        with replace_when_written(path) as handle:
            parquet.write_table(arrow.table(dict(table)), handle)
        return
    if path.suffix != ".csv":
        raise ValueError(f"a table is written as .csv or .parquet, got {path.name!r}.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    with replace_when_written(path) as handle:
        handle.write(text.getvalue().encode())
