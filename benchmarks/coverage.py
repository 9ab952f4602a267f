"""How honest the error bars and the flag `reliable` of a set of readings were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.measurement import Measurement


def coverage(rows: Sequence[Measurement]) -> float:
    """Share of 95% intervals that hold the truth."""
    return float(np.mean([is_inside(row) for row in rows]))


def is_inside(row: Measurement) -> bool:
    """Whether the 95% interval of one reading holds the truth."""
    return row.low is not None and row.high is not None and row.low <= row.true_mi <= row.high


def flagged(rows: Sequence[Measurement]) -> tuple[float, float]:
    """Share flagged as not reliable among errors above 0.3 nats, and among those below 0.05."""
    error = np.array([abs((row.estimate or 0.0) - row.true_mi) for row in rows])
    doubt = np.array([not row.reliable for row in rows])
    return (
        float(doubt[error > 0.3].mean()) if (error > 0.3).any() else float("nan"),
        float(doubt[error < 0.05].mean()) if (error < 0.05).any() else float("nan"),
    )
