"""Our means beside the poster's five columns, where several of our tasks may fit one column."""

from __future__ import annotations

from itertools import product

from benchmarks.summary import Summary, average

Summaries = dict[tuple[str, str], Summary]
Columns = dict[str, tuple[str, ...]]


def poster_values(summaries: Summaries, columns: Columns, method: str) -> list[list[float]] | None:
    """Mean estimates of each column's tasks, or None where the record lacks one of them."""
    if not _complete(summaries, columns, method):
        return None
    return [[summaries[task, method].mean for task in tasks] for tasks in columns.values()]


def poster_mean(
    summaries: Summaries, columns: Columns, method: str, *, relative: bool
) -> list[float]:
    """Mean error over the columns, for every choice of one task per column.

    Returns
    -------
    list of float
        Mean of |mean estimate - truth|, over truth if ``relative``; empty where the record lacks a
        task.
    """
    if not _complete(summaries, columns, method):
        return []
    choices = product(*columns.values())
    return [average(_error(summaries[t, method], relative=relative) for t in c) for c in choices]


def _error(summary: Summary, *, relative: bool) -> float:
    return summary.relative_bias if relative else summary.error


def _complete(summaries: Summaries, columns: Columns, method: str) -> bool:
    return all((task, method) in summaries for tasks in columns.values() for task in tasks)
