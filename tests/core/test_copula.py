"""Ranks to normal scores: scipy's mid-ranks, exact under reversal, smooth for gradients."""

import numpy as np
import pytest
import torch
from scipy.stats import norm, rankdata

from infoatlas._copula import Margin, basis, canonical_sign


def columns(*values):
    """Columns as one batch: n values each -> 1 n c."""
    return torch.from_numpy(np.column_stack(values).astype(float)).unsqueeze(0)


def sample(seed, n, kind):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    return {"continuous": values, "ties": np.round(values), "censored": np.maximum(values, 0)}[kind]


@pytest.mark.parametrize("kind", ["continuous", "ties", "censored"])
@pytest.mark.parametrize("n", [16, 101, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_normal_quantiles_of_scipys_mid_ranks(seed, n, kind):
    values = sample(seed, n, kind)
    raw = norm.ppf((rankdata(values) - 0.5) / n)
    scores = Margin(columns(values)).scores(columns(values))
    expected = (raw - raw.mean()) / raw.std()
    np.testing.assert_allclose(scores.normal[0, :, 0], expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(scores.uniform[0, :, 0], (rankdata(values) - 0.5) / n, atol=1e-14)


@pytest.mark.parametrize("kind", ["continuous", "ties", "censored"])
def test_scores_of_the_fitted_rows_have_mean_zero_and_variance_one(kind):
    values = columns(sample(0, 257, kind))
    normal = Margin(values).scores(values).normal
    assert normal.mean().abs() < 1e-12
    assert normal.square().mean() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", ["continuous", "ties", "censored"])
@pytest.mark.parametrize("n", [16, 257, 1000])
def test_increasing_maps_change_no_bit_and_decreasing_ones_only_the_sign(kind, n):
    values = sample(1, n, kind)
    plain = Margin(columns(values)).scores(columns(values))
    for increased in (np.exp(values), 3e9 * values - 7, np.cbrt(values)):
        other = Margin(columns(increased)).scores(columns(increased))
        assert torch.equal(other.normal, plain.normal)
        assert torch.equal(other.uniform, plain.uniform)
    reversed_ = Margin(columns(-values)).scores(columns(-values))
    assert torch.equal(reversed_.normal, -plain.normal)


@pytest.mark.parametrize("n", [17, 64])
def test_columns_and_data_sets_do_not_touch_each_other(n):
    rng = np.random.default_rng(2)
    values = torch.from_numpy(rng.normal(size=(3, n, 2)))
    together = Margin(values).scores(values)
    for item in range(3):
        for column in range(2):
            alone = values[item : item + 1, :, column : column + 1]
            scores = Margin(alone).scores(alone)
            assert torch.equal(scores.normal[0, :, 0], together.normal[item, :, column])


def test_new_rows_get_the_scores_of_their_place_among_the_fitted_ones():
    fitted = columns([1.0, 2.0, 2.0, 5.0] * 5)
    margin = Margin(fitted)
    of_fitted = margin.scores(fitted)
    new = margin.scores(columns([1.0, 2.0, 5.0]))
    assert torch.equal(new.normal[0, :, 0], of_fitted.normal[0, [0, 1, 3], 0])
    between = margin.scores(columns([1.5, 3.0]))
    assert between.uniform[0, :, 0].tolist() == [0.25, 0.75]


def test_new_rows_beyond_the_fitted_ones_get_the_outermost_scores():
    n = 50
    fitted = columns(np.arange(n))
    scores = Margin(fitted).scores(columns([-1e9, 0, n - 1, 1e9]))
    assert scores.normal.isfinite().all()
    assert scores.uniform[0, :, 0].tolist() == pytest.approx(
        [0.5 / n, 0.5 / n, 1 - 0.5 / n, 1 - 0.5 / n]
    )


def test_a_constant_column_scores_zero_and_not_nan():
    values = columns(np.ones(20))
    scores = Margin(values).scores(values)
    assert (scores.normal == 0).all()
    assert (scores.uniform == 0.5).all()


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("seed", range(2))
def test_smooth_ranks_tend_to_ranks_as_the_bandwidth_falls(seed, n):
    values = columns(sample(seed, n, "continuous"))
    exact = Margin(values).scores(values)
    errors = []
    for bandwidth in (0.3, 0.03, 0.003, 1e-6):
        smooth = Margin(values, bandwidth=bandwidth).scores(values)
        errors.append(float((smooth.uniform - exact.uniform).abs().max()))
    assert errors == sorted(errors, reverse=True)
    # tanh of a difference counts 1 for n - 1 of n rows: its rank is (n - 1) / n of the exact one
    assert errors[-1] < 1 / n


def test_smooth_ranks_of_new_rows_continue_those_of_the_fitted_ones():
    values = columns(sample(0, 60, "continuous"))
    margin = Margin(values, bandwidth=0.1)
    assert torch.equal(
        margin.scores(values[:, 10:20]).normal, margin.scores(values).normal[:, 10:20]
    )


def test_smooth_scores_have_the_gradients_of_finite_differences():
    values = columns(sample(3, 20, "continuous")).requires_grad_()

    def scores(v):
        margin = Margin(v, bandwidth=0.2)
        return torch.cat([s.flatten() for s in margin.scores(v)])

    assert torch.autograd.gradcheck(scores, values)


@pytest.mark.parametrize("n", [16, 101, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_the_canonical_sign_turns_a_reversed_column_into_the_same_one(seed, n):
    rng = np.random.default_rng(seed)
    values = torch.from_numpy(
        np.concatenate([rng.normal(size=(1, n, 2)), rng.poisson(2, (1, n, 1))], 2)
    )
    weight = torch.from_numpy(rng.normal(size=(1, n)) ** 2)
    signed = []
    for orientation in (1.0, -1.0):
        scores = Margin(orientation * values).scores(orientation * values)
        signed.append(scores.flip(canonical_sign(scores.normal, weight)))
    assert torch.equal(signed[0].normal, signed[1].normal)
    # 1 - (1 - u) may round the last digit of u
    torch.testing.assert_close(signed[0].uniform, signed[1].uniform, rtol=0, atol=2e-16)
    assert ((signed[0].normal * weight.unsqueeze(-1)).sum(dim=1) >= 0).all()


def test_the_canonical_sign_without_skewness_is_that_of_the_first_row():
    values = columns(np.arange(20.0) - 9.5)
    normal = Margin(values).scores(values).normal
    for orientation in (1, -1):
        signed = orientation * normal * canonical_sign(orientation * normal, torch.zeros(1, 20))
        assert signed[0, 0, 0] > 0


def test_the_basis_is_the_score_then_orthonormal_cosines_of_the_rank():
    n, order = 400, 9
    values = columns(np.arange(n))
    functions = basis(Margin(values).scores(values), order)[0, :, 0]  # n q
    assert functions.shape == (n, 1 + order)
    gram = functions[:, 1:].T @ functions[:, 1:] / n
    np.testing.assert_allclose(gram, np.eye(order), atol=1e-12)
    np.testing.assert_allclose(functions[:, 1:].mean(dim=0), 0, atol=1e-12)
