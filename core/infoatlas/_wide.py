"""Data of more columns than the network reads: refused, or sliced where the caller asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from infoatlas._result import MIResult

NATIVE_COLUMNS = 64  # a side, twice what pretraining has; beyond it overfitting wins
SLICE_COLUMNS = 5
N_SLICES = 64

Wide = Literal["refuse", "slice"]


def check_wide(wide: str) -> None:
    """Check the option that says what happens to more columns than the network reads."""
    if wide not in ("refuse", "slice"):
        raise ValueError(f'wide must be "refuse" or "slice", got {wide!r}.')


def is_wide(n_features: tuple[int, int]) -> bool:
    """Whether a side has more columns than the network reads."""
    return max(n_features) > NATIVE_COLUMNS


def refuse_wide(n_features: tuple[int, int], *, how: str) -> None:
    """Refuse more columns than the network reads, and say what else to do.

    Raises
    ------
    ValueError
        Its message ends in `how`.
    """
    if is_wide(n_features):
        argument = "x" if n_features[0] > NATIVE_COLUMNS else "y"
        raise ValueError(
            f"{argument} has {max(n_features)} columns, and the network reads at most "
            f"{NATIVE_COLUMNS} a side. Choose or reduce columns (PCA), or {how}."
        )


def mean_of_slices(results: Sequence[MIResult], n_features: tuple[int, int]) -> MIResult:
    """One result for all slices: the mean of every field.

    Standard error and scales of the error are those of the mean over the draw of slices, and the
    mean ones of a slice, which all slices share since they share the rows.
    """
    values = np.array([result.mi for result in results])
    of_draw = float(values.std(ddof=1)) / math.sqrt(len(values))
    of_rows = np.mean([(result.stderr, *result.error_scales) for result in results], axis=0)
    stderr, too_high, too_low = np.hypot(of_draw, of_rows).tolist()
    note = (
        f"Sliced: the mean over {len(results)} random projections to {SLICE_COLUMNS} columns a "
        "side, which is never above the mutual information of all columns."
    )
    return MIResult(
        mi=float(values.mean()),
        stderr=stderr,
        error_scales=(too_high, too_low),
        pointwise=np.mean([result.pointwise for result in results], axis=0),
        dv=float(np.mean([result.dv for result in results])),
        plug_in=float(np.mean([result.plug_in for result in results])),
        gaussian=float(np.mean([result.gaussian for result in results])),
        units=results[0].units,
        n_samples=results[0].n_samples,
        n_features=n_features,
        reliable=all(result.reliable for result in results),
        warnings=(note, *dict.fromkeys(w for result in results for w in result.warnings)),
        model=results[0].model,
    )
