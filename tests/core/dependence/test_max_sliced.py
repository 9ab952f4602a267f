"""Laws of max-sliced mutual information, and what it refuses."""

import math

import numpy as np
import pytest

from infoatlas import max_sliced_mutual_information


def linear(n=400, d=20, seed=0):
    x, y = np.random.default_rng(seed).normal(size=(2, n, d))
    y[:, 0] += 2 * x[:, -1]
    return x, y


def test_it_finds_the_only_columns_that_share_anything():
    x, y = linear()
    result = max_sliced_mutual_information(x, y, n_restarts=1, n_steps=0)
    assert abs(result.projection_x[-1, 0]) > 0.9
    assert abs(result.projection_y[0, 0]) > 0.9
    # all columns share ln(5) / 2 = 0.80, and a blurred direction a little less
    assert 0.5 < result.mi < 0.5 * math.log(5) + 3 * result.stderr


def test_it_finds_dependence_without_any_correlation():
    x, y = np.random.default_rng(0).normal(size=(2, 600, 8))
    y[:, 0] = x[:, -1] ** 2 + 0.3 * y[:, 0]
    result = max_sliced_mutual_information(x, y, n_steps=0)
    assert abs(result.projection_x[-1, 0]) > 0.9
    assert result.mi > 0.5


def test_steps_raise_what_a_start_reaches_on_the_rows_it_is_searched_with():
    x, y = linear(n=800, d=5)
    start, stepped = (max_sliced_mutual_information(x, y, n_restarts=2, n_steps=n) for n in (0, 40))
    assert (stepped.restarts >= start.restarts).all()
    assert stepped.restarts[1] > start.restarts[1] + 0.3  # the random start
    assert 0.6 < stepped.mi < 0.5 * math.log(5) + 3 * stepped.stderr


def test_searching_among_independent_columns_adds_no_optimism():
    reached, values = [], []
    for seed in range(4):
        x, y = np.random.default_rng(seed).normal(size=(2, 400, 30))
        result = max_sliced_mutual_information(x, y, n_restarts=2, n_steps=0)
        reached.append(result.restarts.max())
        values.append(result.mi)
    assert np.mean(reached) > 0.04  # what the search saw in its own rows
    assert np.mean(values) < 0.5 * np.mean(reached)


def test_projections_are_orthonormal_and_of_the_asked_width():
    x, y = linear(d=6)
    result = max_sliced_mutual_information(x, y[:, :2], k=3, n_restarts=1, n_steps=5)
    assert result.projection_x.shape == (6, 3)
    assert result.projection_y.shape == (2, 2)
    for side in (result.projection_x, result.projection_y):
        np.testing.assert_allclose(side.T @ side, np.eye(side.shape[1]), atol=1e-9)


def test_the_same_seed_repeats_and_bits_are_nats_over_ln_2():
    x, y = linear(n=100, d=4)
    options = {"n_restarts": 2, "n_steps": 2}
    first, again = (max_sliced_mutual_information(x, y, **options) for _ in range(2))
    bits = max_sliced_mutual_information(x, y, units="bits", **options)
    assert first.mi == again.mi
    np.testing.assert_array_equal(first.projection_x, again.projection_x)
    assert float(bits) * math.log(2) == pytest.approx(float(first))
    np.testing.assert_allclose(bits.restarts * math.log(2), first.restarts)
    assert repr(bits).startswith("MaxSlicedMIResult(mi=")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 0}, ValueError, r"^k must be 1 to 32, got 0"),
        ({"n_restarts": 0}, ValueError, r"^n_restarts must be 1 or more, got 0"),
        ({"n_steps": -1}, ValueError, r"^n_steps must be 0 or more, got -1"),
        ({"n_steps": 1.5}, TypeError, r"^n_steps must be an integer, got float"),
        ({"units": "bans"}, ValueError, r"^units must be"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        max_sliced_mutual_information(*linear(n=100, d=3), **options)


def test_too_few_rows_to_halve_are_refused():
    x, y = linear(n=63, d=3)
    with pytest.raises(ValueError, match=r"^max_sliced_mutual_information halves the rows and nee"):
        max_sliced_mutual_information(x, y)
