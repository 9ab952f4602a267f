"""Laws of the independence test: its level, its power, and what it refuses."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from infoatlas import independence_test, mutual_information


def closed(x, y, **options):
    return independence_test(x, y, evidence="closed form", **options)


DEPENDENT = {
    "linear": lambda x, e: x + e,
    "parabola": lambda x, e: x**2 + 0.3 * e,
    "wave": lambda x, e: np.cos(5 * x) + 0.3 * e,
    "scale": lambda x, e: x * e,
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_strong_dependence_of_every_kind_reaches_the_smallest_pvalue(name):
    x, e = np.random.default_rng(0).normal(size=(2, 100))
    assert closed(x, DEPENDENT[name](x, e)).pvalue == 1 / 200


def test_the_network_is_one_of_the_pieces_of_evidence():
    x, e = np.random.default_rng(0).normal(size=(2, 64))
    result = independence_test(x, x + e, n_permutations=19)
    assert result.pvalue == 0.05
    assert result.evidence["network"] == 0.05
    assert len(result.evidence) == 50
    assert result.mi == pytest.approx(mutual_information(x, x + e).mi, abs=0.05)
    assert math.isnan(closed(x, e, n_permutations=19).mi)


def test_the_level_is_exact_on_independent_data():
    rng = np.random.default_rng(0)
    pvalues = []
    for i in range(400):
        x, y = rng.standard_cauchy(size=(40, 2)), rng.integers(0, 3, size=40)
        pvalues.append(closed(x, y, n_permutations=19, random_state=i).pvalue)
    rejected = sum(p <= 0.05 for p in pvalues)
    low, high = binom.ppf([0.0005, 0.9995], 400, 0.05)
    assert low <= rejected <= high


@pytest.mark.slow
def test_the_level_with_the_network_is_exact_on_independent_data():
    rng = np.random.default_rng(1)
    pvalues = []
    for i in range(200):
        x, y = rng.normal(size=(50, 2)), rng.exponential(size=(50, 1))
        pvalues.append(independence_test(x, y, n_permutations=19, random_state=i).pvalue)
    low, high = binom.ppf([0.0005, 0.9995], 200, 0.05)
    assert low <= sum(p <= 0.05 for p in pvalues) <= high


def test_swapping_the_sides_hardly_changes_the_answer():
    x, e = np.random.default_rng(0).normal(size=(2, 100))
    y = 0.2 * x + e
    one, other = closed(x, y, n_permutations=999), closed(y, x, n_permutations=999)
    # the same statistics, other permutations: two standard errors of each p-value
    assert one.pvalue == pytest.approx(other.pvalue, abs=0.06)


def test_monotone_maps_of_columns_change_nothing():
    x, e = np.random.default_rng(0).normal(size=(2, 80))
    plain = closed(x, x + 3 * e)
    mapped = closed(np.exp(x), (x + 3 * e) ** 3)
    np.testing.assert_array_equal(plain.null_distribution, mapped.null_distribution)
    assert plain.statistic == mapped.statistic


def test_the_seed_repeats_the_call():
    x, e = np.random.default_rng(0).normal(size=(2, 50))
    assert closed(x, e, random_state=3).statistic == closed(x, e, random_state=3).statistic
    assert closed(x, e, random_state=3).statistic != closed(x, e, random_state=4).statistic


def test_blocks_of_a_time_series_keep_the_level_that_single_rows_lose(walk):
    rng = np.random.default_rng(0)
    plain, blocked = [], []
    for i in range(60):
        x, y = walk(160, 0.9, rng)[:, 0], walk(160, 0.9, rng)[:, 0]
        options = {"n_permutations": 39, "random_state": i}
        plain.append(closed(x, y, **options).pvalue <= 0.05)
        blocked.append(closed(x, y, blocks=20, **options).pvalue <= 0.05)
    assert np.mean(plain) > 0.3  # 160 rows of memory 0.9 are worth about 17
    assert np.mean(blocked) < 0.2


def test_labels_of_groups_take_away_what_lies_between_groups():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(10), 8)
    level = 3 * rng.normal(size=10)[group]
    x, y = level + rng.normal(size=(2, 80))
    assert closed(x, y).pvalue == 0.005
    assert closed(x, y, blocks=group).pvalue > 0.05
    assert closed(x, x + y, blocks=group).pvalue == 0.005


def test_more_rows_than_are_compared_are_all_read_or_drawn():
    x, e = np.random.default_rng(0).normal(size=(2, 1500))
    assert closed(x, x**2 + e, n_permutations=19).pvalue == 0.05


def test_nominal_columns_and_frames_are_read():
    rng = np.random.default_rng(0)
    city = rng.choice(["a", "b", "c"], size=90)
    frame = pd.DataFrame({"city": city, "size": rng.normal(size=90)})
    assert closed(frame, (city == "b") + 0.3 * rng.normal(size=90)).pvalue == 0.005


def test_statistics_that_do_not_vary_say_nothing():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, size=(2, 40))
    assert 0 < closed(x, y).pvalue <= 1
    assert closed(x, x).pvalue == 0.005


def test_the_result_prints_what_was_found():
    x, e = np.random.default_rng(0).normal(size=(2, 40))
    assert repr(closed(x, x + e)).startswith("IndependenceTestResult(statistic=")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_permutations": 5}, "n_permutations must be 19 or more, got 5"),
        ({"evidence": "some"}, 'evidence must be "all" or "closed form", got \'some\''),
        ({"blocks": 100}, "must be 1 to 10 rows for 40 rows"),
        ({"discrete_x": "yes"}, "discrete_x must be"),
    ],
)
def test_bad_options_are_named(options, message):
    x, y = np.random.default_rng(0).normal(size=(2, 40))
    with pytest.raises(ValueError, match=message):
        independence_test(x, y, **options)
