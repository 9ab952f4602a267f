"""Each sentence can be made to fire, and none does on good data."""

import numpy as np
import pytest

from infoatlas import mutual_information
from infoatlas._diagnostics import Diagnosis
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


@pytest.mark.parametrize("side", ["x", "y", "both"])
@pytest.mark.parametrize("n", [200, 2000])
def test_rows_that_follow_each_other(side, n, walk):
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
    for counted in (1000, rows):
        ((found, sentence),) = about_order(1000, (1, 1), 62, rows, counted)
        assert found == doubt
        assert ("series=True" in sentence) == (counted == 1000)
    assert about_order(1000, (1, 1), 0, rows, 1000) == []


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_ties_in_a_continuous_column_are_noted_and_cast_no_doubt(fraction):
    x = normal(400)
    x[: int(400 * fraction)] = 0
    result = mutual_information(np.random.default_rng(1).permutation(x), normal(400, seed=2))
    assert fired(result) == ({"ties"} if fraction > 0.2 else set())
    assert result.reliable


def test_notes_are_added_without_doubt():
    diagnosis = Diagnosis(reliable=True, sentences=("a",)).with_notes(("b",))
    assert diagnosis == Diagnosis(reliable=True, sentences=("a", "b"))
