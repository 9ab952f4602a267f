"""Laws of the test of conditional independence: its level, its power, and what it refuses."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from infoatlas import conditional_independence_test, independence_test
from infoatlas.dependence._cells import find_cells, some_cells
from infoatlas.dependence._evidence import normal_scores
from infoatlas.dependence._residuals import randomised_residuals, residuals


def closed(x, y, z, **options):
    return conditional_independence_test(x, y, z, evidence="closed form", **options)


def rejected(draw, count, seed=0):
    """Whether the number of p-values up to 0.05 of so many draws is what chance allows."""
    rng = np.random.default_rng(seed)
    pvalues = [closed(*draw(rng), n_permutations=19, random_state=i).pvalue for i in range(count)]
    low, high = binom.ppf([0.0005, 0.9995], count, 0.05)
    return low <= sum(p <= 0.05 for p in pvalues) <= high


def test_the_level_is_exact_for_z_of_few_values():
    def draw(rng):
        z = rng.integers(0, 4, size=60)
        x = z + rng.standard_cauchy(size=60)
        return x, rng.poisson(1 + z), z

    assert rejected(draw, 400)


def test_the_level_holds_for_a_curved_confounder():
    def draw(rng):
        z, e, f = rng.normal(size=(3, 100))
        return np.sin(2 * z) + 0.5 * e, z**2 + 0.5 * f, z

    assert rejected(draw, 200)


def test_the_level_holds_for_binary_sides_and_continuous_z():
    def draw(rng):
        z, e, f = rng.normal(size=(3, 100))
        return z + e > 0, np.cos(z) + 0.5 * f > 0.5, z

    assert rejected(draw, 200)


DEPENDENT = {
    "linear": lambda z, e, f: z**2 + e + f,
    "square": lambda z, e, f: z**2 + e**2 + f,
    "scale": lambda z, e, f: z**2 + e * f,
    "sign of z": lambda z, e, f: z**2 + 2 * e * np.sign(z) + f,
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_strong_dependence_of_every_kind_reaches_the_smallest_pvalue(name):
    z, e, f = np.random.default_rng(1).normal(size=(3, 300))
    assert closed(np.sin(z) + e, DEPENDENT[name](z, e, f), z).pvalue == 1 / 200


def test_an_exclusive_or_is_found_only_given_the_third():
    x, z = np.random.default_rng(0).integers(0, 2, size=(2, 100))
    assert independence_test(x, x ^ z, evidence="closed form").pvalue > 0.05
    assert closed(x, x ^ z, z).pvalue == 1 / 200


def test_the_network_is_one_of_the_pieces_of_evidence():
    z, e, f = np.random.default_rng(0).normal(size=(3, 100))
    result = conditional_independence_test(z + e, z + e + f, z, n_permutations=19)
    assert result.pvalue == 0.05
    assert len(result.evidence) == 99
    assert result.evidence["network"] == 0.05
    assert result.mi == pytest.approx(math.log(2) / 2, abs=0.15)
    assert math.isnan(closed(z + e, f, z, n_permutations=19).mi)


def test_more_rows_than_are_compared_are_all_read_or_drawn():
    z, e, f = np.random.default_rng(0).normal(size=(3, 1500))
    assert closed(z + e, z + e + f, z, n_permutations=19).pvalue == 0.05


def test_the_seed_repeats_the_call():
    x, y, z = np.random.default_rng(0).normal(size=(3, 60))
    one, other, third = (closed(x, y, z, random_state=i) for i in (3, 3, 4))
    assert one.statistic == other.statistic != third.statistic


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_permutations": 5}, "n_permutations must be 19 or more, got 5"),
        ({"evidence": "some"}, 'evidence must be "all" or "closed form", got \'some\''),
        ({"z": np.arange(39.0)}, "z must have as many rows as x and y, got 39 and 40"),
        ({"y": np.full(40, np.nan)}, "y has missing values"),
        ({"discrete_z": "yes"}, "discrete_z must be"),
    ],
)
def test_what_cannot_be_used_is_named(change, message):
    sides = dict(zip("xyz", np.random.default_rng(0).normal(size=(3, 40)), strict=True))
    with pytest.raises(ValueError, match=message):
        conditional_independence_test(**(sides | change))


def test_cells_of_few_values_are_these_values():
    z = np.random.default_rng(0).integers(0, 3, size=(200, 2)).astype(float)
    cells = find_cells(z)
    assert cells.exact
    for label in np.unique(cells.labels):
        assert len(np.unique(z[cells.labels == label], axis=0)) == 1
    assert cells.labels.max() == 8


def test_cells_of_continuous_z_hold_8_to_15_rows_and_keep_to_the_values_of_discrete_columns():
    rng = np.random.default_rng(0)
    z = np.column_stack([rng.integers(0, 2, size=300), rng.normal(size=(300, 2))])
    cells = find_cells(z)
    assert not cells.exact
    counts = np.bincount(cells.labels)
    assert counts.min() >= 8
    assert counts.max() <= 15
    for label in range(len(counts)):
        assert len(np.unique(z[cells.labels == label, 0])) == 1


def test_rows_are_drawn_with_others_of_their_cell():
    rng = np.random.default_rng(0)
    labels = find_cells(rng.normal(size=(3000, 1))).labels
    rows = some_cells(labels, 512, rng)
    assert len(set(rows)) == len(rows) == 512
    assert np.median(np.bincount(labels[rows])[labels[rows]]) >= 6


def test_regression_takes_a_curve_away_and_leaves_the_noise():
    z, e = np.random.default_rng(0).normal(size=(2, 400, 1))
    left = residuals(np.sin(2 * z) + 0.3 * e, z, np.random.default_rng(0))
    assert np.corrcoef(left[:, 0], e[:, 0])[0, 1] > 0.97


def test_residuals_of_values_that_changed_places_under_one_z_are_residuals_that_did():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 3, size=(120, 1)).astype(float)
    y = rng.normal(size=(120, 1)) + z
    order = np.arange(120)
    for level in range(3):
        rows = np.flatnonzero(z[:, 0] == level)
        order[rows] = rng.permutation(rows)
    before, after = (residuals(v, z, np.random.default_rng(1)) for v in (y, y[order]))
    np.testing.assert_allclose(after, before[order], atol=1e-9)


@pytest.mark.parametrize("values", ["binary", "counts", "censored"])
def test_randomised_residuals_have_no_ties_and_follow_their_values(values):
    rng = np.random.default_rng(0)
    z, e = rng.normal(size=(2, 300, 1))
    y = z + e
    y = {"binary": y > 0, "counts": np.round(y), "censored": np.maximum(y, 0)}[values].astype(float)
    left = randomised_residuals(y, z, rng)
    assert len(np.unique(left)) == 300
    scores = normal_scores(left)[:, 0]
    assert abs(np.corrcoef(scores, z[:, 0])[0, 1]) < 0.12  # two standard errors
    assert np.corrcoef(scores, y[:, 0])[0, 1] > 0.5
