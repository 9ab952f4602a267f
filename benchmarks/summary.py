"""Means over seeds and tasks. Which numbers a table shows is decided in `tables.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One method on one task, over its seeds; nats.

    ``error`` is |mean - truth|, as the published tables have it: what is left when the scatter of
    single draws is averaged away. ``absolute_error`` is the mean of |estimate - truth| of single
    draws: what a user sees. Seeds that failed count in ``n_failed`` and nowhere else.
    """

    true_mi: float
    mean: float
    deviation: float
    error: float
    absolute_error: float
    seconds: float
    n_seeds: int
    n_failed: int

    @property
    def relative_bias(self) -> float:
        """|mean - truth| / truth."""
        return self.error / self.true_mi if self.true_mi > 0 else float("nan")


def summarise(rows: Iterable[Measurement]) -> dict[tuple[str, str], Summary]:
    """Summary of each (task, method), in the order of the record."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for row in rows:
        groups.setdefault((row.task, row.method), []).append(row)
    return {key: _summarise(group) for key, group in groups.items()}


def _summarise(rows: list[Measurement]) -> Summary:
    estimates = np.array([row.estimate for row in rows if row.estimate is not None])
    if len(estimates) == 0:
        estimates = np.array([np.nan])
    seconds = [row.seconds for row in rows if row.seconds is not None]
    truth = rows[0].true_mi
    return Summary(
        true_mi=truth,
        mean=float(estimates.mean()),
        deviation=float(estimates.std(ddof=1)) if len(estimates) > 1 else float("nan"),
        error=float(abs(estimates.mean() - truth)),
        absolute_error=float(np.abs(estimates - truth).mean()),
        seconds=float(np.median(seconds)) if seconds else float("nan"),
        n_seeds=len(rows),
        n_failed=sum(row.estimate is None for row in rows),
    )


def average(values: Iterable[float]) -> float:
    """Mean; NaN where there is nothing to average, or where one of the values is missing."""
    collected = list(values)
    return float(np.mean(collected)) if collected else float("nan")


def print_summary(rows: Iterable[Measurement]) -> None:
    """One aligned line per method: mean errors over the tasks, dependent and independent apart."""
    summaries = summarise(rows)
    print(f"{'method':16s} {'tasks':>5s} {'error':>7s} {'rel.':>7s} {'|mi| indep.':>11s} {'s':>7s}")
    for method in dict.fromkeys(method for _, method in summaries):
        mine = [summary for (_, name), summary in summaries.items() if name == method]
        dependent = [summary for summary in mine if summary.true_mi > 0]
        independent = [summary.error for summary in mine if summary.true_mi == 0]
        print(
            f"{method:16s} {len(mine):5d} {average(s.error for s in dependent):7.4f} "
            f"{average(s.relative_bias for s in dependent):7.4f} "
            f"{max(independent, default=float('nan')):11.4f} "
            f"{average(s.seconds for s in mine):7.3f}"
        )
