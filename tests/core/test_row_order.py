"""Rows that follow each other: their neighbours are kept apart, and fewer of them count."""

import numpy as np
import pytest
import torch

from infoatlas import (
    MutualInformation,
    mutual_information,
    mutual_information_batch,
    pairwise_mutual_information,
)
from infoatlas._row_order import AUTOCORRELATED, GAP_SHARE, effective_rows, neighbour_gap


def normal(n, d=1, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def gap(*sides):
    return neighbour_gap(*(torch.from_numpy(np.stack(side)) for side in sides)).tolist()


@pytest.mark.parametrize("n", [64, 300, 5000])
def test_independent_rows_have_no_gap(n):
    for seed in range(10):
        assert gap([normal(n, 3, seed)], [normal(n, 3, seed + 100)]) == [0]


@pytest.mark.parametrize("n", [300, 5000])
@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_autocorrelated_rows_have_a_gap_of_a_sixteenth(n, keep, walk):
    assert keep > AUTOCORRELATED
    assert gap([walk(n, keep, 0)], [normal(n)]) == [n // GAP_SHARE]
    assert gap([normal(n)], [walk(n, keep, 0)]) == [n // GAP_SHARE]


def test_each_item_has_its_own_gap(walk):
    assert gap([normal(320), walk(320, 0.9, 0)], [normal(320, seed=1)] * 2) == [0, 20]


def test_one_autocorrelated_column_among_many_is_enough(walk):
    columns = np.hstack([normal(1000, 9), walk(1000, 0.9, 0)])
    assert gap([columns], [normal(1000)]) == [62]


def test_the_gap_does_not_change_under_monotone_maps(walk):
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
def test_series_of_one_memory_count_as_bartletts_formula_says(keep, walk):
    n = 40_000
    found = rows_that_count(walk(n, keep, 0), walk(n, keep, 1))
    assert found == pytest.approx(n * (1 - keep**2) / (1 + keep**2), rel=0.15)


def test_all_rows_count_where_one_side_has_no_memory(walk):
    assert rows_that_count(walk(2000, 0.95, 0), normal(2000)) > 1500
    assert rows_that_count(normal(2000), normal(2000, seed=1)) == 2000


def test_the_column_that_remembers_longest_counts_and_monotone_maps_change_nothing(walk):
    x, y = walk(1000, 0.9, 0), walk(1000, 0.9, 1)
    alone = rows_that_count(x, y)
    assert rows_that_count(np.hstack([normal(1000), x]), y) == pytest.approx(alone, rel=0.05)
    assert rows_that_count(np.exp(x), -y) == pytest.approx(alone)


@pytest.mark.parametrize("series", [False, True])
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("keep", [0.9, 0.97])
def test_intervals_of_series_with_memory_hold_the_truth(keep, correlation, series, walk):
    """Two walks, the second partly the first: as many rows of independent pairs would fail."""
    truth = -0.5 * np.log1p(-(correlation**2))
    held = []
    for seed in range(8):
        x, e = walk(800, keep, seed), walk(800, keep, seed + 100)
        low, high = mutual_information(
            x, correlation * x + np.sqrt(1 - correlation**2) * e, series=series
        ).confidence_interval()
        held.append(low <= truth <= high)
    assert sum(held) >= 6


# where the estimate counts them too


def test_unrelated_series_read_next_to_nothing_where_they_are_said_to_be_series(walk):
    for seed in range(4):
        x, y = walk(1000, 0.97, seed), walk(1000, 0.97, seed + 100)
        assert mutual_information(x, y, series=True).mi < 0.5 * mutual_information(x, y).mi


def test_related_series_are_still_found(walk):
    x, e = walk(2000, 0.9, 0), walk(2000, 0.9, 100)
    assert mutual_information(x, x + 0.5 * e, series=True).mi == pytest.approx(0.8, abs=0.25)


def test_independent_rows_read_the_same_whether_or_not_they_are_called_a_series(draw, kind):
    x, y = draw(kind, 300)
    plain, series = mutual_information(x, y), mutual_information(x, y, series=True)
    if not any("follow each other" in sentence for sentence in plain.warnings):
        assert (series.mi, series.stderr) == (plain.mi, plain.stderr)


def test_every_series_of_a_batch_counts_its_own_rows(walk):
    pairs = [(walk(500, keep, 0), walk(500, keep, 1)) for keep in (0.6, 0.9, 0.97)]
    batch = mutual_information_batch(*map(np.stack, zip(*pairs, strict=True)), series=True)
    for result, (x, y) in zip(batch, pairs, strict=True):
        alone = mutual_information(x, y, series=True)
        assert result.mi == pytest.approx(alone.mi, abs=1e-4)
        assert result.warnings == alone.warnings
    assert MutualInformation(series=True).fit(*pairs[2]).result_.mi == alone.mi


@pytest.mark.parametrize(
    "ask",
    [
        lambda x, series: mutual_information(x, x, series=series),
        lambda x, series: mutual_information_batch(x[None], x[None], series=series),
        lambda x, series: MutualInformation(series=series).fit(x, x),
        lambda x, series: pairwise_mutual_information(x, series=series),
    ],
)
def test_a_column_of_times_is_not_taken_for_yes_or_no(ask):
    x = normal(50, 2)
    for series in (np.arange(50), "yes", None):
        with pytest.raises(TypeError, match="series must be True or False"):
            ask(x, series)
