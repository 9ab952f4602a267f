"""Each sentence can be made to fire, and none does on good data."""

import numpy as np
import pytest
import torch

from infoatlas import mutual_information
from infoatlas._diagnostics import (
    AUTOCORRELATED,
    GAP_SHARE,
    Diagnosis,
    effective_rows,
    neighbour_gap,
)
from infoatlas._diagnostics import _about_order as about_order
from infoatlas._diagnostics import _about_size as about_size
from infoatlas._diagnostics import _about_value as about_value

SENTENCES = {
    "few rows": "Few rows for the dimension",
    "rows": "rows is outside the range the network was trained for",
    "columns": "columns a side is more than the network was trained for",
    "range": "Near the dynamic range",
    "collapse": "The Donsker-Varadhan value rests on",
    "stderr": "The standard error is",
    "order": "Rows follow each other",
    "ties": "ties",
}


def fired(result):
    """Which sentences a result has, by their names above; every sentence must have one."""
    names = [name for name, start in SENTENCES.items() for w in result.warnings if start in w]
    assert len(names) == len(result.warnings)
    return set(names)


def normal(n, d=1, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(("n", "d"), [(64, 1), (200, 2), (1000, 5), (2000, 10)])
def test_good_data_hardly_ever_raise_a_doubt(n, d):
    results = []
    for seed in range(4):
        x, e = np.random.default_rng(seed).normal(size=(2, n, d))
        results += [mutual_information(x, y) for y in (e, 0.1 * x + e, x[:, :1] + e[:, :1])]
    assert sum(result.reliable and not result.warnings for result in results) >= 11


@pytest.mark.parametrize("kind", ["binary", "counts", "mixed", "unequal sides", "gaussian 3"])
def test_discrete_and_mixed_data_are_reliable_though_ties_are_noted(kind, draw):
    result = mutual_information(*draw(kind, 500))
    assert result.reliable
    assert fired(result) <= {"ties"}


@pytest.mark.parametrize(("n", "d", "doubt"), [(100, 6, False), (100, 20, True)])
def test_few_rows_for_the_dimension(n, d, doubt):
    result = mutual_information(normal(n, d), normal(n, d, 1))
    assert "few rows" in fired(result)
    assert [found for found, _ in about_size(n, (d, d))] == [doubt]
    assert f"{n} rows for {2 * d} columns" in result.warnings[0]


def test_few_rows_for_the_levels_of_a_nominal_variable():
    codes = np.random.default_rng(0).integers(0, 12, 100).astype(str)
    result = mutual_information(codes, normal(100))
    assert "few rows" in fired(result)
    assert "100 rows for 13 columns" in result.warnings[0]


@pytest.mark.parametrize(("n", "found"), [(16, True), (31, True), (32, False), (50_000, False)])
def test_rows_outside_the_range_of_pretraining(n, found):
    sentences = about_size(n, (1, 1))
    assert any(SENTENCES["rows"] in text for _, text in sentences) == found


def test_fewer_rows_than_in_pretraining_cast_doubt_and_more_do_not():
    assert not mutual_information(normal(30), normal(30, seed=1)).reliable
    assert [doubt for doubt, _ in about_size(60_000, (1, 1))] == [False]


@pytest.mark.parametrize(("d", "found"), [(32, False), (33, True)])
def test_more_columns_than_in_pretraining(d, found):
    result = mutual_information(normal(700, d), normal(700, 1, 1))
    assert ("columns" in fired(result)) == found
    assert result.reliable


def test_the_dynamic_range_is_named_where_the_value_reaches_it():
    x = normal(100)
    result = mutual_information(x, x)
    assert "range" in fired(result)
    assert not result.reliable
    assert any("100 rows cannot certify more than ln n = 4.6 nats" in w for w in result.warnings)


def test_a_collapsed_donsker_varadhan_value_casts_doubt_only_where_the_values_disagree():
    for dv, reliable in ((2.0, False), (2.9, True)):
        ((doubt, text),) = about_value(5000, 3.0, dv, 0.004, 0.1)
        assert SENTENCES["collapse"] in text
        assert "0.40% of the product pairs" in text
        assert doubt != reliable
    assert about_value(5000, 3.0, 2.0, 0.5, 0.1) == []


@pytest.mark.parametrize(("stderr", "found"), [(0.18, False), (0.25, True)])
def test_a_large_standard_error_casts_doubt(stderr, found):
    sentences = about_value(1000, 0.5, 0.5, 0.5, stderr)
    assert [doubt for doubt, _ in sentences] == [True] * found
    assert all("0.25 nats" in text for _, text in sentences)


def test_a_strong_dependence_collapses_the_donsker_varadhan_value():
    x, e = np.random.default_rng(0).normal(size=(2, 5000, 4))
    assert "collapse" in fired(mutual_information(x, x + 0.05 * e))


def walk(n, keep, seed):
    steps = normal(n, 1, seed)
    for i in range(1, n):
        steps[i] = keep * steps[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    return steps


@pytest.mark.parametrize("side", ["x", "y", "both"])
@pytest.mark.parametrize("n", [200, 2000])
def test_rows_that_follow_each_other(side, n):
    x = walk(n, 0.9, 0) if side != "y" else normal(n)
    y = walk(n, 0.9, 1) if side != "x" else normal(n, seed=1)
    result = mutual_information(x, y)
    assert fired(result) == {"order"}
    assert result.reliable


def test_sorted_rows_follow_each_other():
    x = np.sort(normal(300), axis=0)
    assert "order" in fired(mutual_information(x, normal(300, seed=1)))


@pytest.mark.parametrize(("rows", "doubt"), [(19.0, True), (21.0, False)])
def test_few_independent_rows_cast_doubt(rows, doubt):
    assert [found for found, _ in about_order(1000, (1, 1), 62, rows)] == [doubt]
    assert about_order(1000, (1, 1), 0, rows) == []


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("keep", [0.9, 0.97])
def test_intervals_of_series_with_memory_hold_the_truth(keep, correlation):
    """Two walks, the second partly the first: as many rows of independent pairs would fail."""
    truth = -0.5 * np.log1p(-(correlation**2))
    held = []
    for seed in range(8):
        x, e = walk(800, keep, seed), walk(800, keep, seed + 100)
        low, high = mutual_information(
            x, correlation * x + np.sqrt(1 - correlation**2) * e
        ).confidence_interval()
        held.append(low <= truth <= high)
    assert sum(held) >= 6


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_ties_in_a_continuous_column_are_noted_and_cast_no_doubt(fraction):
    x = normal(400)
    x[: int(400 * fraction)] = 0
    result = mutual_information(np.random.default_rng(1).permutation(x), normal(400, seed=2))
    assert fired(result) == ({"ties"} if fraction > 0.2 else set())
    assert result.reliable


# the gap


def gap(*sides):
    return neighbour_gap(*(torch.from_numpy(np.stack(side)) for side in sides)).tolist()


@pytest.mark.parametrize("n", [64, 300, 5000])
def test_independent_rows_have_no_gap(n):
    for seed in range(10):
        assert gap([normal(n, 3, seed)], [normal(n, 3, seed + 100)]) == [0]


@pytest.mark.parametrize("n", [300, 5000])
@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_autocorrelated_rows_have_a_gap_of_a_sixteenth(n, keep):
    assert keep > AUTOCORRELATED
    assert gap([walk(n, keep, 0)], [normal(n)]) == [n // GAP_SHARE]
    assert gap([normal(n)], [walk(n, keep, 0)]) == [n // GAP_SHARE]


def test_each_item_has_its_own_gap():
    assert gap([normal(320), walk(320, 0.9, 0)], [normal(320, seed=1)] * 2) == [0, 20]


def test_one_autocorrelated_column_among_many_is_enough():
    columns = np.hstack([normal(1000, 9), walk(1000, 0.9, 0)])
    assert gap([columns], [normal(1000)]) == [62]


def test_the_gap_does_not_change_under_monotone_maps():
    x = walk(500, 0.6, 3)
    assert gap([x], [normal(500)]) == gap([-x], [normal(500)]) == gap([np.exp(x)], [normal(500)])


def test_alternating_rows_do_not_look_like_neighbours():
    x = normal(500)
    x[1:] -= 0.9 * x[:-1]
    assert gap([x], [normal(500, seed=1)]) == [0]


# how many rows there really are


def rows_that_count(x, y):
    x, y = (torch.from_numpy(side[None]) for side in (x, y))
    return float(effective_rows(x, y, neighbour_gap(x, y))[0])


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.95])
def test_series_of_one_memory_count_as_bartletts_formula_says(keep):
    n = 40_000
    found = rows_that_count(walk(n, keep, 0), walk(n, keep, 1))
    assert found == pytest.approx(n * (1 - keep**2) / (1 + keep**2), rel=0.15)


def test_all_rows_count_where_one_side_has_no_memory():
    assert rows_that_count(walk(2000, 0.95, 0), normal(2000)) > 1500
    assert rows_that_count(normal(2000), normal(2000, seed=1)) == 2000


def test_the_column_that_remembers_longest_counts_and_monotone_maps_change_nothing():
    x, y = walk(1000, 0.9, 0), walk(1000, 0.9, 1)
    alone = rows_that_count(x, y)
    assert rows_that_count(np.hstack([normal(1000), x]), y) == pytest.approx(alone, rel=0.05)
    assert rows_that_count(np.exp(x), -y) == pytest.approx(alone)


def test_notes_are_added_without_doubt():
    diagnosis = Diagnosis(reliable=True, sentences=("a",)).with_notes(("b",))
    assert diagnosis == Diagnosis(reliable=True, sentences=("a", "b"))
