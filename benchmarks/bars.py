"""What InfoAtlas has to reach, and whether the records say that it does."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import published
from benchmarks.markdown import number, table
from benchmarks.measurement import Measurement
from benchmarks.poster import poster_mean
from benchmarks.summary import Summary, average, summarise
from benchmarks.trust_sections import below_mine, rising, trained_mine

Summaries = dict[tuple[str, str], Summary]
INDEPENDENT_LIMIT = 0.02  # nats, for every independent pair at n = 5000
BMI_LIMIT, WORST_TASK_LIMIT = 0.02, 0.12  # nats: mean and largest error of 40 tasks
COLUMNS_LIMIT = 0.015  # nats, the poster's five BMI columns
KNOWN_COLUMNS_LIMIT, KNOWN_LIMIT, WORST_KNOWN_LIMIT = 0.05, 0.08, 0.3  # relative bias
TASKS_LIMIT = 5  # of 40 that may break a rule, 4 at most
MANY_INDEPENDENT_LIMIT, MANY_INDEPENDENT_SHARE = 0.01, 0.01
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
    bmi: Sequence[Measurement],
    known: Sequence[Measurement],
    seconds: dict[str, list[float]],
    others: Mapping[str, Sequence[Measurement]],
) -> str:
    """Markdown section with one row a bar."""
    bars = [*bmi_bars(bmi), *independent_bars(bmi), *known_bars(known), *trust_bars(others)]
    body = [
        [bar.what, bar.source, number(bar.limit), number(bar.measured), bar.verdict]
        for bar in [*bars, speed_bar(seconds)]
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
            "our own",
            BMI_LIMIT,
            _mean_error(summaries, "infoatlas"),
        ),
        Bar(
            "largest error of a BMI task",
            "our own",
            WORST_TASK_LIMIT,
            _worst([s.error for (_, name), s in summaries.items() if name == "infoatlas"]),
        ),
        Bar("mean error of five BMI columns, worst choice", "original, poster", original[5], worst),
        Bar("mean error of five BMI columns, worst choice", "MINE, poster", mine[5], worst),
        Bar("mean error of five BMI columns, worst choice", "our own", COLUMNS_LIMIT, worst),
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
    biases = [s.relative_bias for (_, name), s in summaries.items() if name == "infoatlas"]
    rivals = published.KNOWN_MI_PUBLISHED
    return [
        Bar(what, "original, poster", rivals["InfoAtlas (original)"][5], bias),
        Bar(what, "Gaussian copula, same rows", free, bias),
        Bar(what, "MINE, poster", rivals["MINE"][5], bias),
        Bar(what, "our own", KNOWN_COLUMNS_LIMIT, bias),
        Bar("mean relative bias of all known-MI tasks", "our own", KNOWN_LIMIT, average(biases)),
        Bar("largest relative bias of one of them", "our own", WORST_KNOWN_LIMIT, _worst(biases)),
    ]


def trust_bars(others: Mapping[str, Sequence[Measurement]]) -> list[Bar]:
    """Consistency, many independent pairs, few rows, held-out values, calibration."""
    nan = float("nan")
    growing, pairs = others["consistency"], others["many-independent"]
    values = [row.estimate for row in pairs if row.estimate is not None]
    above = average(float(value >= 0.05) for value in values)
    few = summarise(others["small-n"])
    ours, mine = others["held-out-value"], trained_mine(others)
    compared = {row.task for row in mine} >= {row.task for row in ours} != set()
    source = "our own"
    return [
        Bar(
            "BMI tasks whose error does not fall from n = 250 to 50 000",
            source,
            TASKS_LIMIT,
            float(len(rising(growing))) if growing else nan,
        ),
        Bar(
            "mean estimate of 1000 independent pairs, n = 500",
            source,
            MANY_INDEPENDENT_LIMIT,
            abs(average(values)),
        ),
        Bar("share of them at 0.05 or above", source, MANY_INDEPENDENT_SHARE, above),
        *(
            Bar("error of BMI tasks with d <= 5, n = 200", name, _mean_error(few, method), own)
            for own in [_mean_error(few, "infoatlas")]
            for name, method in (("KSG", "ksg"), ("Gaussian copula", "gaussian_copula"))
        ),
        Bar(
            "BMI tasks with a held-out value below MINE's",
            "MINE, same split",
            TASKS_LIMIT,
            float(len(below_mine(ours, mine))) if compared else nan,
        ),
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
