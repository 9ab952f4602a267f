"""What the pages on trust count, on records small enough to count by hand."""

import dataclasses
import math

import pytest
from benchmarks import figures, trust_sections
from benchmarks.coverage import coverage, flagged
from benchmarks.estimators import SERIES
from benchmarks.measurement import Measurement


def row(task="a", n=100, seed=0, truth=1.0, estimate=1.0, method="infoatlas", **more):
    return Measurement(
        task=task,
        n_samples=n,
        seed=seed,
        draw="0",
        method=method,
        true_mi=truth,
        estimate=estimate,
        **more,
    )


def test_a_task_rises_when_its_error_at_the_largest_n_is_not_smaller():
    rows = [row("falls", 100, 0, 1, 2), row("falls", 1000, 0, 1, 1.1)]
    rows += [row("rises", 100, 0, 1, 1.1), row("rises", 1000, 0, 1, 0.5)]
    assert trust_sections.rising(rows) == ["rises"]
    text = trust_sections.consistency(rows)
    assert "1 of 2 tasks: `rises`" in text


def test_the_error_of_a_size_is_the_mean_over_seeds_of_single_draws():
    rows = [row(seed=0, estimate=1.5), row(seed=1, estimate=0.5)]
    assert trust_sections.errors_by_size(rows) == {"a": {100: pytest.approx(0.5)}}


def test_coverage_is_the_share_of_intervals_with_the_truth():
    too_high = [row(low=0.99, high=1.3), row(low=1.01, high=1.3)]
    too_low = [row(low=0.8, high=0.99), row(low=0.8, high=1.01)]
    assert coverage(too_high) == coverage(too_low) == 0.5


def test_flags_are_counted_among_large_and_among_small_errors():
    rows = [
        row(estimate=2.0, reliable=False),
        row(estimate=1.4, reliable=True),
        row(estimate=1.01, reliable=True),
        row(estimate=1.2, reliable=False),
    ]
    assert flagged(rows) == (0.5, 0.0)
    assert math.isnan(flagged(rows[2:3])[0])


def test_only_tasks_on_the_same_rows_are_compared_with_mine():
    ours = [row("a", dv=0.5), row("b", dv=0.5), row("c", dv=float("nan"))]
    mine = [row("a", held_out=0.6, method="mine"), row("c", held_out=0.1, method="mine")]
    assert trust_sections.below_mine(ours, mine) == ["a", "c"]
    assert "of 2 of 3 tasks" in trust_sections.held_out_value(ours, mine)


def test_series_with_memory_stand_beside_ksg():
    rows = [row(seed=0, truth=0.0, estimate=0.1, low=0.0, high=0.3, reliable=True)]
    rows += [row(seed=1, truth=0.0, estimate=0.3, low=0.1, high=0.5, reliable=False)]
    rows += [row(seed=seed, truth=0.0, estimate=0.7, method="ksg") for seed in (0, 1)]
    told = row(seed=0, truth=0.0, estimate=0.01, low=0.0, high=0.1, reliable=True)
    rows.append(dataclasses.replace(told, method=SERIES))
    line = "| a | 0.000 | 0.010 | 0.200 | 0.700 | 100% | 50% | 100% |"
    assert line in trust_sections.memory(rows)


def test_sections_without_a_record_are_empty():
    assert trust_sections.consistency([]) == trust_sections.small_n([]) == ""
    assert trust_sections.many_independent([]) == trust_sections.calibration([]) == ""
    assert trust_sections.memory([]) == ""


def test_figures_are_drawn_from_rows():
    rows = [row(n=n, estimate=1 + 1 / n, stderr=0.1) for n in (100, 1000)]
    for draw in (figures.consistency, figures.calibration):
        (axes,) = draw(rows).axes
        assert axes.get_xlabel()
