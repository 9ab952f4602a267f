"""How honest the error bars and the flag `reliable` of a set of readings were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.measurement import Measurement


def coverage(rows: Sequence[Measurement]) -> float:
    """Share of 95% intervals, the estimate and 1.96 standard errors each way, with the truth."""
    inside = [abs((r.estimate or 0.0) - r.true_mi) <= 1.96 * (r.stderr or 0.0) for r in rows]
    return float(np.mean(inside))


def flagged(rows: Sequence[Measurement]) -> tuple[float, float]:
    """Share flagged as not reliable among errors above 0.3 nats, and among those below 0.05."""
    error = np.array([abs((row.estimate or 0.0) - row.true_mi) for row in rows])
    doubt = np.array([not row.reliable for row in rows])
    return (
        float(doubt[error > 0.3].mean()) if (error > 0.3).any() else float("nan"),
        float(doubt[error < 0.05].mean()) if (error < 0.05).any() else float("nan"),
    )
