"""Sections of docs/benchmarks.md on how far to trust an estimate.

Consistency, few rows, independence, held-out values, calibration. Their pictures: `figures.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.coverage import coverage, flagged
from benchmarks.estimators import SERIES
from benchmarks.markdown import number, table
from benchmarks.measurement import Measurement
from benchmarks.sections import TITLES
from benchmarks.summary import average, summarise

Rows = Sequence[Measurement]


def errors_by_size(rows: Rows) -> dict[str, dict[int, float]]:
    """Mean |estimate - truth| over seeds: task -> n -> nats."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        found.setdefault(row.task, {})
    for n in sorted({row.n_samples for row in rows}):
        for (task, _), summary in summarise(r for r in rows if r.n_samples == n).items():
            found[task][n] = summary.absolute_error
    return found


def rising(rows: Rows) -> list[str]:
    """Tasks whose error at the largest n is not below that at the smallest."""
    errors = errors_by_size(rows)
    return [task for task, by_n in errors.items() if by_n[max(by_n)] >= by_n[min(by_n)]]


def consistency(rows: Rows) -> str:
    """Mean error of single draws over the BMI tasks, for each n."""
    if not rows:
        return ""
    errors = errors_by_size(rows)
    sizes = sorted({row.n_samples for row in rows})
    seeds = len({row.seed for row in rows})
    body = [[f"`{task}`", *(number(by_n[n]) for n in sizes)] for task, by_n in errors.items()]
    means = [number(average(by_n[n] for by_n in errors.values())) for n in sizes]
    not_falling = rising(rows)
    worse = f": {', '.join(f'`{task}`' for task in not_falling)}" if not_falling else ""
    return f"""
## Consistency: the BMI tasks from n = {sizes[0]} to n = {sizes[-1]}, {seeds} draws each

Mean |estimate − truth| of single draws. The error at n = {sizes[-1]} is below that at
n = {sizes[0]} on {len(errors) - len(not_falling)} of {len(errors)} tasks{worse}.

![Error against rows](figures/consistency.png)

{table(["task", *(f"n = {n}" for n in sizes)], [["**mean**", *means], *body])}
"""


def small_n(rows: Rows) -> str:
    """Few rows: single-draw and mean errors of all methods."""
    if not rows:
        return ""
    summaries = summarise(rows)
    body = []
    for method in [m for m in TITLES if m in {name for _, name in summaries}]:
        mine = [s for (_, name), s in summaries.items() if name == method]
        cells = [average(s.error for s in mine), average(s.absolute_error for s in mine)]
        body.append([TITLES[method], *map(number, cells)])
    return f"""
## Few rows: n = {rows[0].n_samples}

{len({row.task for row in rows})} BMI tasks of at most five columns a side, \
{len({row.seed for row in rows})} draws, the same rows for all methods.

{table(["method", "error", "single-draw error"], body)}
"""


def many_independent(rows: Rows) -> str:
    """Independent pairs of every kind: mean, and how many are above 0.05 nats."""
    if not rows:
        return ""
    values = np.array([row.estimate for row in rows if row.estimate is not None])
    worst = max(rows, key=lambda row: row.estimate or 0.0)
    return f"""
## {len(rows)} independent pairs, n = {rows[0].n_samples}

Sides drawn from eight kinds of marginals, 1 to 16 columns each; the truth is 0. Mean estimate
{number(float(values.mean()))} nats; {np.mean(values < 0.05):.1%} below 0.05 nats; the largest is
{number(float(values.max()))} (`{worst.task}`).
"""


def trained_mine(others: Mapping[str, Rows]) -> Rows:
    """The readings of MINE among those of the trained baselines."""
    return [row for row in others["trained-baselines"] if row.method == "mine"]


def below_mine(ours: Rows, mine: Rows) -> list[str]:
    """Tasks on which MINE's held-out value is above ours; NaN of ours counts as below."""
    rival = {(row.task, row.draw): row.held_out for row in mine if row.held_out is not None}
    return [
        row.task
        for row in ours
        if (row.task, row.draw) in rival and not (row.dv or 0.0) >= (rival[row.task, row.draw] or 0)
    ]


def held_out_value(ours: Rows, mine: Rows) -> str:
    """Donsker-Varadhan value on rows that no critic has seen, beside MINE's where it was run."""
    if not ours:
        return ""
    rival = {(row.task, row.draw): row.held_out for row in mine}
    body = [
        [
            f"`{r.task}`",
            number(r.true_mi),
            number(r.dv or 0.0),
            _or_blank(rival.get((r.task, r.draw))),
        ]
        for r in ours
    ]
    compared = sum((r.task, r.draw) in rival for r in ours)
    return f"""
## Held-out Donsker-Varadhan value: critic from 4000 rows, scored on 1000 others

One draw a task. MINE was trained on the same 4000 rows of {compared} of {len(ours)} tasks; the 1000
chose its epoch, which is in its favour, and its training was shorter than the published one, which
is not (see [baselines.md](baselines.md)). InfoAtlas is at or above it on
{compared - len(below_mine(ours, mine))} of {compared} tasks.

{table(["task", "truth", "InfoAtlas", "MINE"], body)}
"""


def calibration(rows: Rows) -> str:
    """Coverage of the 95% interval by family and n, and what `reliable` catches."""
    if not rows:
        return ""
    sizes = sorted({row.n_samples for row in rows})
    body = []
    for family in sorted({row.task for row in rows}):
        cells = []
        for n in sizes:
            own = [row for row in rows if row.task == family and row.n_samples == n]
            error = average(abs((row.estimate or 0.0) - row.true_mi) for row in own)
            cells += [f"{coverage(own):.0%}", number(error)]
        body.append([family, *cells])
    head = ["family"]
    for n in sizes:
        head += [f"covered, n = {n}", "error"]
    bad, good = flagged(rows)
    return f"""
## Calibration

Fresh synthetic data sets of every family of pretraining, {len(rows)} in all. The 95% interval
holds the truth in {coverage(rows):.0%} of them. `reliable` is False for {_percent(bad)} of the
estimates that are off by more than 0.3 nats, and for {_percent(good)} of those within 0.05.

![Coverage by family](figures/calibration.png)

{table(head, body)}
"""


def memory(rows: Rows) -> str:
    """Series with memory: estimates, intervals and doubts, beside KSG."""
    if not rows:
        return ""
    body = []
    for task in dict.fromkeys(row.task for row in rows):
        told, ours, ksg = (
            [row for row in rows if row.task == task and row.method == method]
            for method in (SERIES, "infoatlas", "ksg")
        )
        means = [average(row.estimate or 0.0 for row in own) for own in (told, ours, ksg)]
        reliable = average(float(bool(row.reliable)) for row in told)
        covered = [f"{coverage(own):.0%}" for own in (told, ours)]
        body.append([task, *map(number, [told[0].true_mi, *means]), *covered, f"{reliable:.0%}"])
    head = ["series", "truth", "InfoAtlas, `series=True`", "InfoAtlas", "KSG"]
    head += ["covered, `series=True`", "covered", "reliable"]
    return f"""
## Series with memory

AR(1) series of n = {rows[0].n_samples} rows, the same lag-one correlation in every column; means
over {len({row.seed for row in rows})} draws. KSG, and InfoAtlas unless it is told that rows follow
each other in time, read too much where few of the rows are independent. The 95% interval and
`reliable` know how few these are.

{table(head, body)}
"""


def _or_blank(value: float | None) -> str:
    return "" if value is None else number(value)


def _percent(share: float) -> str:
    return "none there" if math.isnan(share) else f"{share:.0%}"
