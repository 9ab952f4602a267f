"""The Gaussian critic against closed forms: the value, its bias, its critic, its shrinkage."""

import math

import numpy as np
import pytest
import torch

from infoatlas import gaussian_mutual_information
from infoatlas._copula import Margin
from infoatlas._gaussian import MAX_CORRELATION, fit_gaussian


def correlated(rng, shape, correlations):
    """x, y (b, n, d) whose i-th coordinates have the i-th correlation."""
    r = np.asarray(correlations)
    x, e = rng.normal(size=(2, *shape, len(r)))
    return torch.from_numpy(x), torch.from_numpy(r * x + np.sqrt(1 - r**2) * e)


def scores(*sides):
    return [Margin(side).scores(side).normal for side in sides]


def closed_form(correlations):
    return -0.5 * np.log1p(-np.square(correlations)).sum()


@pytest.mark.parametrize("correlations", [[0.0], [0.3], [0.9], [0.99], [0.8, 0.5, 0.0], [0.4] * 5])
def test_the_value_is_the_closed_form(correlations):
    b, n = 8, 2000
    x, y = correlated(np.random.default_rng(0), (b, n), correlations)
    values = fit_gaussian(*scores(x, y)).mutual_information
    # delta method: the variance of -log(1 - r^2) / 2 is r^2 / n a pair, and some more from ranks
    standard_error = 1.5 * math.sqrt(sum(r**2 for r in correlations) / n / b)
    # independent data: half the values are cut at 0, which leaves 1 / n a pair of coordinates
    floor = len(correlations) ** 2 / n
    assert values.mean() == pytest.approx(closed_form(correlations), abs=4 * standard_error + floor)


def test_the_value_does_not_change_under_rotations_of_a_side():
    x, y = correlated(np.random.default_rng(1), (2, 500), [0.8, 0.3, 0.1])
    normal_x, normal_y = scores(x, y)
    rotation = torch.linalg.qr(torch.from_numpy(np.random.default_rng(2).normal(size=(3, 3)))).Q
    plain = fit_gaussian(normal_x, normal_y)
    rotated = fit_gaussian(normal_x @ rotation, normal_y)
    torch.testing.assert_close(
        rotated.mutual_information, plain.mutual_information, rtol=1e-6, atol=0
    )


@pytest.mark.parametrize(("n", "d"), [(64, 2), (200, 2), (200, 8)])
def test_the_bias_correction_is_that_of_independent_normal_data(n, d):
    rng = np.random.default_rng(3)
    x, y = (torch.from_numpy(rng.normal(size=(2000, n, d))) for _ in range(2))
    # before it is cut at 0, the corrected value has mean 0: measure it with a true value added
    shared = torch.from_numpy(rng.normal(size=(2000, n, 1)))
    noise = torch.from_numpy(rng.normal(size=(2000, n, 1)))
    x, y = torch.cat([x, shared], 2), torch.cat([y, shared + noise], 2)
    x, y = (side - side.mean(dim=1, keepdim=True) for side in (x, y))
    values = fit_gaussian(x, y).mutual_information
    standard_error = float(values.std()) / math.sqrt(len(values))
    # the Wishart formula has n degrees of freedom, and centring takes one: d^2 / 2 n^2 nats
    slack = 2 * (d + 1) ** 2 / n**2
    assert values.mean() == pytest.approx(0.5 * math.log(2), abs=4 * standard_error + slack)


@pytest.mark.parametrize("n", [100, 1000])
def test_independent_data_read_zero_about_half_of_the_time(n):
    x, y = correlated(np.random.default_rng(4), (500, n), [0.0, 0.0])
    values = fit_gaussian(*scores(x, y)).mutual_information
    assert (values >= 0).all()
    assert 0.4 < (values == 0).double().mean() < 0.75
    assert values.mean() < 4 / n  # the raw plug-in has mean d^2 / 2 n = 2 / n


@pytest.mark.parametrize("n", [64, 1000])
@pytest.mark.parametrize("correlations", [[0.0] * 4, [0.9, 0.5, 0.1, 0.0], [0.3] * 6, [0.999, 0.0]])
def test_shrunk_correlations_add_up_to_the_corrected_value(n, correlations):
    x, y = correlated(np.random.default_rng(5), (20, n), correlations)
    fitted = fit_gaussian(*scores(x, y))
    total = -0.5 * torch.log1p(-fitted.correlations.square()).sum(dim=1)
    torch.testing.assert_close(total, fitted.mutual_information, rtol=1e-6, atol=1e-9)
    assert (fitted.correlations >= 0).all()
    assert (fitted.correlations <= MAX_CORRELATION).all()
    assert (fitted.correlations.diff(dim=1) <= 1e-12).all()  # still in falling order


def test_the_critic_is_the_log_density_ratio_of_a_bivariate_normal():
    rng = np.random.default_rng(6)
    x, y = correlated(rng, (1, 4000), [0.7])
    normal_x, normal_y = scores(x, y)
    fitted = fit_gaussian(normal_x, normal_y)
    r = float(fitted.correlations)
    value = fitted(fitted.variates(normal_x, 0), fitted.variates(normal_y, 1))[0]
    u, v = normal_x[0, :, 0], normal_y[0, :, 0]
    expected = -0.5 * math.log1p(-(r**2)) + (r * u * v - 0.5 * r**2 * (u**2 + v**2)) / (1 - r**2)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("correlations", [[0.5], [0.9, 0.4], [0.6, 0.6, 0.6]])
def test_the_mean_critic_over_joint_rows_is_about_the_value(correlations):
    x, y = correlated(np.random.default_rng(7), (10, 2000), correlations)
    normal = scores(x, y)
    fitted = fit_gaussian(*normal)
    mean = fitted(fitted.variates(normal[0], 0), fitted.variates(normal[1], 1)).mean(dim=1)
    # variates have unit variance on these rows, and only the shrinkage, about d^2 / 2 n, is between
    torch.testing.assert_close(mean, fitted.mutual_information, rtol=0, atol=0.01)


def test_the_critic_of_no_correlation_is_zero_everywhere():
    fitted = fit_gaussian(*scores(*correlated(np.random.default_rng(8), (200, 100), [0.0])))
    none = fitted.mutual_information == 0
    assert none.any()
    value = fitted(torch.full((200, 5, 1), 3.0).double(), torch.full((200, 5, 1), -2.0).double())
    assert (value[none] == 0).all()


@pytest.mark.parametrize("copies", [1, 3])
def test_a_copy_stays_finite_at_the_largest_correlation(copies):
    x = torch.from_numpy(np.random.default_rng(9).normal(size=(1, 500, copies)))
    fitted = fit_gaussian(*scores(x, -x))
    most = -0.5 * math.log1p(-(MAX_CORRELATION**2))
    assert fitted.mutual_information.isfinite().all()
    assert 0.9 * most * copies < fitted.mutual_information < most * copies


def test_duplicated_columns_add_nothing():
    x, y = correlated(np.random.default_rng(10), (4, 1000), [0.7])
    once = fit_gaussian(*scores(x, y)).mutual_information
    twice = fit_gaussian(*scores(torch.cat([x, x, -x], dim=2), y)).mutual_information
    # the bias correction counts columns: two more take at most (d_x d_y - 1) / 2 n nats away
    torch.testing.assert_close(twice, once, rtol=0, atol=3 / 1000)


def test_more_columns_than_rows_say_nothing_rather_than_everything():
    rng = np.random.default_rng(11)
    x, y = (torch.from_numpy(rng.normal(size=(1, 20, 40))) for _ in range(2))
    fitted = fit_gaussian(*scores(x, y))
    assert fitted.mutual_information == 0
    assert (fitted.correlations == 0).all()


def test_public_values_take_stacks_in_chunks_and_ignore_monotone_maps():
    rng = np.random.default_rng(12)
    x, y = (side.numpy() for side in correlated(rng, (30, 100), [0.6, 0.2]))
    values = gaussian_mutual_information(x, y)
    assert values.shape == (30,)
    np.testing.assert_array_equal(gaussian_mutual_information(np.exp(x), y**3), values)
    one = [gaussian_mutual_information(x[i : i + 1], y[i : i + 1])[0] for i in range(30)]
    np.testing.assert_allclose(values, one, atol=1e-12)
    flat = gaussian_mutual_information(x[:, :, 0], y[:, :, 0])
    np.testing.assert_allclose(flat, gaussian_mutual_information(x[:, :, :1], y[:, :, :1]))


def test_public_values_need_numbers():
    with pytest.raises(TypeError, match="x must be numbers in a batch"):
        gaussian_mutual_information(np.full((2, 20), "a"), np.zeros((2, 20)))
