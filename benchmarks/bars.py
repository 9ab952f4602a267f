"""What InfoAtlas has to reach, and whether the records say that it does."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import published
from benchmarks.markdown import number, table
from benchmarks.measurement import Measurement
from benchmarks.poster import poster_mean
from benchmarks.summary import Summary, average, summarise

Summaries = dict[tuple[str, str], Summary]
INDEPENDENT_LIMIT = 0.02  # nats, for every independent pair at n = 5000
BMI_LIMIT, WORST_TASK_LIMIT = 0.05, 0.5  # nats, first release: mean and largest error of 40 tasks
SPEED_LIMIT = 3.0  # times KSG's seconds


@dataclass(frozen=True, slots=True)
class Bar:
    """One requirement: ``measured`` has to stay below ``limit``."""

    what: str
    source: str
    limit: float
    measured: float

    @property
    def verdict(self) -> str:
        """In words; a bar without a measurement is open, not passed."""
        if math.isnan(self.measured) or math.isnan(self.limit):
            return "no record yet"
        return "pass" if self.measured < self.limit else "**fail**"


def section(
    bmi: Sequence[Measurement], known: Sequence[Measurement], seconds: dict[str, list[float]]
) -> str:
    """Markdown section with one row a bar."""
    body = [
        [bar.what, bar.source, number(bar.limit), number(bar.measured), bar.verdict]
        for bar in [*bmi_bars(bmi), *independent_bars(bmi), *known_bars(known), speed_bar(seconds)]
    ]
    head = ["InfoAtlas has to be below", "source of the limit", "limit", "measured", "verdict"]
    return f"## Bars\n\n{table(head, body, n_text=2)}\n"


def bmi_bars(rows: Sequence[Measurement]) -> list[Bar]:
    """Against the free baselines on all tasks, and the published values on five."""
    summaries = summarise(row for row in rows if row.true_mi > 0)
    columns = published.BMI_COLUMNS
    worst = _worst(poster_mean(summaries, columns, "infoatlas", relative=False))
    original, mine = (
        published.BMI_PUBLISHED["InfoAtlas (original)"],
        published.BMI_PUBLISHED["MINE"],
    )
    return [
        Bar(
            "mean error over the BMI tasks",
            "larger of KSG and Gaussian copula, same rows",
            _mean_error(summaries, "larger_of_both"),
            _mean_error(summaries, "infoatlas"),
        ),
        Bar(
            "mean error over the BMI tasks",
            "first release",
            BMI_LIMIT,
            _mean_error(summaries, "infoatlas"),
        ),
        Bar(
            "largest error of a BMI task",
            "first release",
            WORST_TASK_LIMIT,
            _worst([s.error for (_, name), s in summaries.items() if name == "infoatlas"]),
        ),
        Bar("mean error of five BMI columns, worst choice", "original, poster", original[5], worst),
        Bar("mean error of five BMI columns, worst choice", "MINE, poster", mine[5], worst),
    ]


def independent_bars(rows: Sequence[Measurement]) -> list[Bar]:
    """No dependence may be found where there is none, neither on average nor in any draw."""
    rows = [row for row in rows if row.true_mi == 0 and row.method == "infoatlas"]
    summaries = summarise(rows)
    draws = [abs(row.estimate) for row in rows if row.estimate is not None]
    means = [abs(summary.mean) for summary in summaries.values()]
    limit, source = INDEPENDENT_LIMIT, "our own"
    return [
        Bar("largest mean of an independent pair", source, limit, _worst(means)),
        Bar("largest single draw of an independent pair", source, limit, _worst(draws)),
    ]


def known_bars(rows: Sequence[Measurement]) -> list[Bar]:
    """Against the published values and a free baseline on five columns with known values."""
    summaries = summarise(rows)
    columns = published.KNOWN_MI_COLUMNS
    bias = _worst(poster_mean(summaries, columns, "infoatlas", relative=True))
    free = _worst(poster_mean(summaries, columns, "gaussian_copula", relative=True))
    what = "mean relative bias of five known columns"
    rivals = published.KNOWN_MI_PUBLISHED
    return [
        Bar(what, "original, poster", rivals["InfoAtlas (original)"][5], bias),
        Bar(what, "Gaussian copula, same rows", free, bias),
        Bar(what, "MINE, poster", rivals["MINE"][5], bias),
    ]


def speed_bar(seconds: dict[str, list[float]]) -> Bar:
    """Against three times what KSG takes for the same pair, in turns."""
    medians = {method: statistics.median(values) for method, values in seconds.items()}
    nan = float("nan")
    return Bar(
        "seconds for one pair, n = 5000, 5 x 5",
        "3 x KSG k = 5, same machine",
        SPEED_LIMIT * medians.get("ksg", nan),
        medians.get("infoatlas", nan),
    )


def _mean_error(summaries: Summaries, method: str) -> float:
    return average(summary.error for (_, name), summary in summaries.items() if name == method)


def _worst(values: Sequence[float]) -> float:
    return max(values, default=float("nan"))
