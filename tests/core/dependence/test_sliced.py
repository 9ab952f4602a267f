"""Laws of sliced mutual information, and what it refuses."""

import math

import numpy as np
import pytest

from infoatlas import mutual_information_batch, sliced_mutual_information
from infoatlas._projections import random_projections, tilted_projections
from infoatlas.dependence import _batches

SINGLE = 1e-4  # nats; sums of a thousand single-precision terms in another order


def noisy_copies(n, d, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, n, d))
    return x, x + noise


# projections


@pytest.mark.parametrize(("d", "k"), [(1, 1), (4, 1), (7, 3), (3, 5)])
def test_random_projections_have_orthonormal_columns(d, k):
    drawn = random_projections(6, d, k, np.random.default_rng(0))
    assert drawn.shape == (6, d, min(k, d))
    eye = np.broadcast_to(np.eye(min(k, d)), (6, min(k, d), min(k, d)))
    np.testing.assert_allclose(drawn.transpose(0, 2, 1) @ drawn, eye, atol=1e-12)


def test_random_directions_are_uniform_on_the_sphere():
    drawn = random_projections(4000, 3, 1, np.random.default_rng(0))[:, :, 0]
    # mean 0 and covariance I / 3; the standard errors are 0.009 and at most 0.005
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), np.eye(3) / 3, atol=0.025)


def test_tilted_projections_find_the_direction_that_covaries():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 400, 60))
    y[:, 7] += 3 * x[:, 3]
    tilted = tilted_projections(x, y, 8, 1, rng)
    # cosines with the true directions; chance gives 1 / sqrt(60) = 0.13, 400 rows blur the best
    assert np.abs(tilted.x[:, 3, 0]).min() > 0.8
    assert np.abs(tilted.y[:, 7, 0]).min() > 0.8


def test_tilted_projections_have_their_width_beside_a_narrower_side():
    x, y = np.random.default_rng(0).normal(size=(2, 100, 7))
    tilted = tilted_projections(x, y[:, :2], 3, 4, np.random.default_rng(0))
    assert tilted.x.shape == (3, 7, 4)
    assert tilted.y.shape == (3, 2, 2)
    eye = np.broadcast_to(np.eye(4), (3, 4, 4))
    np.testing.assert_allclose(tilted.x.transpose(0, 2, 1) @ tilted.x, eye, atol=1e-12)


# values


def test_shared_slices_of_noisy_copies_have_the_known_value():
    x, y = noisy_copies(1000, 8)
    result = sliced_mutual_information(x, y, k=1, n_projections=8, slices="shared")
    # every direction of x against the same of x + noise: ln(2) / 2; stderr of one value 0.02
    assert result.mi == pytest.approx(math.log(2) / 2, abs=0.04)


def test_slices_of_all_columns_only_rotate_gaussian_data():
    x, y = noisy_copies(1000, 2)
    result = sliced_mutual_information(x, y, k=2, n_projections=4)
    assert result.mi == pytest.approx(math.log(2), abs=0.08)
    assert np.ptp(result.values) < 0.12


def test_values_are_those_of_the_estimator_on_the_projected_columns():
    x, y = noisy_copies(100, 6)
    result = sliced_mutual_information(x, y, k=2, n_projections=5)
    seed = np.random.default_rng(0)
    random_projections(5, 6, 2, seed), random_projections(5, 6, 2, seed)
    product_seed = int(seed.integers(2**62))
    plain = mutual_information_batch(
        x @ result.projections.x, y @ result.projections.y, random_state=product_seed
    )
    np.testing.assert_allclose(result.values, [r.mi for r in plain], atol=SINGLE)
    assert float(result) == result.values.mean()
    assert result.stderr == pytest.approx(result.values.std(ddof=1) / math.sqrt(5))


def test_more_columns_a_slice_never_lose_information():
    x, y = noisy_copies(500, 10)
    values = [
        sliced_mutual_information(x, y, k=k, n_projections=8, slices="shared").mi for k in (1, 3, 6)
    ]
    assert values == sorted(values)
    assert values[-1] > values[0] + 0.5  # k ln(2) / 2 in truth


@pytest.mark.parametrize("slices", ["random", "adaptive"])
def test_independent_data_read_near_zero(slices):
    x, y = np.random.default_rng(1).normal(size=(2, 1000, 20))
    assert sliced_mutual_information(x, y, k=2, n_projections=8, slices=slices).mi < 0.03


def test_adaptive_slices_find_linear_dependence_that_random_ones_miss():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 400, 100))
    y[:, 0] = x[:, 0] + 0.3 * y[:, 0]
    x[:, 0] *= 3
    y[:, 0] *= 3
    found = sliced_mutual_information(x, y, k=1, n_projections=8, slices="adaptive")
    missed = sliced_mutual_information(x, y, k=1, n_projections=8, slices="random")
    assert found.mi > missed.mi + 0.2
    assert found.n_samples == 200


def test_swapping_the_sides_swaps_the_projections():
    x, y = noisy_copies(200, 6)
    one = sliced_mutual_information(x, y, k=2, n_projections=4)
    other = sliced_mutual_information(y, x, projections=one.projections[::-1], random_state=0)
    # the product pairs differ: their seed comes after fewer draws
    np.testing.assert_allclose(one.values, other.values, atol=0.05)


def test_given_projections_are_used_as_they_are():
    x, y = noisy_copies(200, 6)
    one = sliced_mutual_information(x, y, k=2, n_projections=4)
    again = sliced_mutual_information(x, y, projections=one.projections)
    np.testing.assert_array_equal(again.projections.x, one.projections.x)
    scaled = sliced_mutual_information(
        x, y, projections=(4.0 * one.projections.x, one.projections.y)
    )
    np.testing.assert_array_equal(scaled.values, again.values)  # ranks do not see the scale


def test_bits_are_nats_over_ln_2_and_the_seed_repeats_the_call():
    x, y = noisy_copies(100, 6)
    nats = sliced_mutual_information(x, y, n_projections=4)
    bits = sliced_mutual_information(x, y, n_projections=4, units="bits")
    np.testing.assert_allclose(bits.values, nats.values / math.log(2))
    assert sliced_mutual_information(x, y, n_projections=4).mi == nats.mi
    assert sliced_mutual_information(x, y, n_projections=4, random_state=1).mi != nats.mi


def test_batches_hold_a_bounded_number_of_rows():
    parts = list(_batches.batches(37, 1000, rows=5000))
    assert [part.start for part in parts] == list(range(0, 37, 5))
    assert parts[-1].stop == 37
    assert [p.stop - p.start for p in _batches.batches(3, 10**6, rows=5000)] == [1, 1, 1]


def test_wide_data_of_ten_thousand_columns_are_read():
    x, y = noisy_copies(64, 10_000)
    result = sliced_mutual_information(x, y, k=2, n_projections=2, slices="adaptive")
    assert result.projections.x.shape == (2, 10_000, 2)


def test_one_projection_has_no_standard_error():
    x, y = noisy_copies(64, 3)
    assert math.isnan(sliced_mutual_information(x, y, n_projections=1).stderr)


# refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, r"k must be 1 to 32, got 0"),
        ({"k": 33}, r"k must be 1 to 32, got 33"),
        ({"n_projections": 0}, r"n_projections must be 1 or more, got 0"),
        ({"slices": "some"}, r'slices must be "random", "shared" or "adaptive", got \'some\''),
        ({"slices": "shared"}, r"as many columns of x as of y, got 3 and 2"),
        ({"slices": "adaptive"}, r"halves the rows and needs at least 64, got 40"),
        ({"units": "dits"}, r"units must be"),
        ({"projections": 3}, r"projections must be two arrays"),
        ({"projections": (np.ones((2, 4, 1)), np.ones((2, 2, 1)))}, r"shape \(n_projections, 3, k"),
        ({"projections": (np.ones((2, 3, 1)), np.ones((1, 2, 1)))}, r"2 of x and 1 of y"),
        ({"projections": (np.zeros((2, 3, 1)), np.ones((2, 2, 1)))}, r"all-zero columns"),
    ],
)
def test_bad_options_are_named(options, message):
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(80.0).reshape(40, 2)
    with pytest.raises(ValueError, match=message):
        sliced_mutual_information(x, y, **options)


def test_counts_must_be_integers():
    x, y = noisy_copies(40, 3)
    with pytest.raises(TypeError, match="k must be an integer, got float"):
        sliced_mutual_information(x, y, k=2.0)
