"""The last layer is the posterior mode of a penalised logistic regression, from any start."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from infoatlas import _last_layer as last_layer
from infoatlas._last_layer import Sample, leave_one_out, solve

STEPS = 50


def problem(
    seed, *, b=2, n=60, per_row=3, f=5, scale=1.0, gap=1.0, offset=0.0, dtype=torch.float64
):
    """Joint and product rows whose features differ in mean by ``gap``."""
    rng = np.random.default_rng(seed)
    m = n * (1 + per_row)
    features = rng.normal(size=(b, m, f))
    features[:, :n] += gap
    weight = np.r_[np.ones(n), rng.uniform(0.5, 1.5, m - n)]
    weight[n:] *= n / weight[n:].sum()
    tensors = scale * features, offset * rng.normal(size=(b, m)), weight
    return Sample(*(torch.from_numpy(t).to(dtype) for t in tensors), n)


def prior(sample, mean=0.0, precision=1.0):
    shape = sample.features.shape[0], sample.features.shape[2]
    dtype = sample.features.dtype
    return torch.full(shape, mean, dtype=dtype), torch.full(shape, precision, dtype=dtype)


def objective(sample, weights, mean, precision):
    return last_layer._at(sample, weights, last_layer._Prior(mean, precision)).objective


def gradient(sample, weights, mean, precision):
    probability = torch.sigmoid(sample.values(weights))
    return last_layer._gradient(sample, probability, weights, last_layer._Prior(mean, precision))


def newton_decrement(sample, solution, mean, precision):
    g = gradient(sample, solution.weights, mean, precision).unsqueeze(-1)
    return (g.transpose(1, 2) @ solution.covariance @ g).flatten()


HARD = {
    "separable": {"gap": 30.0},
    "separable at a huge scale": {"gap": 30.0, "scale": 1e3},
    "tiny scale": {"scale": 1e-4},
    "huge offsets": {"offset": 100.0},
    "more features than rows": {"n": 16, "per_row": 2, "f": 80},
    "no difference": {"gap": 0.0},
}


@pytest.mark.parametrize("start", [0.0, 1.0, -50.0])
@pytest.mark.parametrize("case", sorted(HARD))
def test_the_gradient_is_zero_at_the_solution_from_any_start(case, start):
    sample = problem(0, **HARD[case])
    mean, precision = prior(sample, start)
    solution = solve(sample, mean, precision, steps=STEPS)
    assert solution.weights.isfinite().all()
    assert (newton_decrement(sample, solution, mean, precision) < 1e-10).all()


@pytest.mark.parametrize("start", [0.0, 1.0, -10.0])
@pytest.mark.parametrize("case", sorted(HARD))
def test_single_precision_comes_within_a_hundredth_nat_of_the_same_minimum(case, start):
    exact = problem(1, **HARD[case])
    mean, precision = prior(exact, start)
    best = objective(exact, solve(exact, mean, precision, steps=STEPS).weights, mean, precision)
    single = Sample(*(t.float() for t in exact[:3]), exact.n_joint)
    with torch.no_grad():
        found = solve(single, mean.float(), precision.float(), steps=STEPS).weights.double()
    # the solver stops at a Newton decrement of 0.01 nats; single precision sums to about 1e-6
    slack = 2 * last_layer.SMALL_DECREMENT + 1e-5 * float(best.max())
    assert (objective(exact, found, mean, precision) - best < slack).all()


@pytest.mark.parametrize("strength", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_solution_is_that_of_scikit_learn(seed, strength):
    sample = problem(seed, b=1)
    mean, precision = prior(sample, 0.0, strength)
    found = solve(sample, mean, precision, steps=STEPS).weights[0]
    is_joint = np.arange(len(sample.weight)) < sample.n_joint
    reference = LogisticRegression(
        C=1 / strength, fit_intercept=False, solver="newton-cholesky", tol=1e-12
    ).fit(sample.features[0].numpy(), is_joint, sample_weight=sample.weight.numpy())
    np.testing.assert_allclose(found, reference.coef_[0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_a_stiff_prior_keeps_its_mean_and_many_rows_forget_it(seed):
    sample = problem(seed)
    mean, stiff = prior(sample, 0.7, 1e9)
    torch.testing.assert_close(
        solve(sample, mean, stiff, steps=STEPS).weights, mean, rtol=1e-5, atol=0
    )
    _, loose = prior(sample, 0.7, 1e-9)
    away = solve(sample, -3 * mean, loose, steps=STEPS).weights
    torch.testing.assert_close(
        away, solve(sample, mean, loose, steps=STEPS).weights, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["Newton", "far too long", "backwards", "random"])
@pytest.mark.parametrize("seed", range(3))
def test_step_halving_never_raises_the_objective(seed, kind):
    sample = problem(seed, b=4, scale=5.0)
    mean, precision = prior(sample, 0.5)
    generator = torch.Generator().manual_seed(seed)
    start = 2 * torch.randn(mean.shape, generator=generator).double()
    g = gradient(sample, start, mean, precision)
    given = last_layer._Prior(mean, precision)
    direction = {
        "Newton": torch.linalg.solve(
            last_layer._hessian(sample, torch.sigmoid(sample.values(start)), given), g
        ),
        "far too long": 1e4 * g,
        "backwards": -g,
        "random": torch.randn(g.shape, generator=generator).double(),
    }[kind]
    place = last_layer._at(sample, start, given)
    before = place.objective
    weights, values, after = last_layer._halved_step(sample, place, direction, given)
    assert (after <= before * (1 + last_layer.ROUNDING)).all()
    torch.testing.assert_close(after, objective(sample, weights, mean, precision))
    torch.testing.assert_close(values, sample.values(weights))
    if kind == "Newton":
        assert (after < before).all()


@pytest.mark.parametrize("case", sorted(HARD))
def test_more_steps_never_raise_the_objective(case):
    sample = problem(2, **HARD[case], dtype=torch.float32)
    mean, precision = prior(sample, 1.0)
    with torch.no_grad():
        values = [
            objective(sample, solve(sample, mean, precision, steps=s).weights, mean, precision)
            for s in range(12)
        ]
    slack = 12 * last_layer.ROUNDING
    for before, after in itertools.pairwise(values):
        assert (after <= before * (1 + slack) + 1e-5).all()


@pytest.mark.parametrize("case", ["separable", "no difference"])
def test_a_data_set_is_solved_the_same_alone_and_in_a_batch(case):
    easy, hard = (
        problem(0, b=1, dtype=torch.float32),
        problem(1, b=1, **HARD[case], dtype=torch.float32),
    )
    both = Sample(
        torch.cat([easy.features, hard.features]),
        torch.cat([easy.offset, hard.offset]),
        easy.weight,
        easy.n_joint,
    )
    with torch.no_grad():
        together = solve(both, *prior(both, 2.0), steps=STEPS).weights
        for i, offset in enumerate((easy.offset, hard.offset)):
            part = Sample(both.features[i : i + 1], offset, easy.weight, easy.n_joint)
            alone = solve(part, *prior(part, 2.0), steps=STEPS).weights[0]
            torch.testing.assert_close(together[i], alone, rtol=1e-4, atol=1e-4)


def test_gradients_through_the_solution_are_those_of_finite_differences():
    sample = problem(3, b=2, n=12, per_row=2, f=3)
    mean, precision = prior(sample, 0.3, 0.8)
    inputs = [t.clone().requires_grad_() for t in (sample.features, sample.offset, mean, precision)]

    def weights(features, offset, mean, precision):
        return solve(
            Sample(features, offset, sample.weight, 12), mean, precision, steps=STEPS
        ).weights

    assert torch.autograd.gradcheck(weights, inputs, eps=1e-5, atol=1e-6, rtol=1e-4)


def test_asking_for_a_gradient_does_not_change_the_value():
    sample = problem(4, dtype=torch.float32)
    mean, precision = prior(sample)
    with torch.no_grad():
        plain = solve(sample, mean, precision, steps=STEPS)
    with torch.enable_grad():
        tracked = solve(sample, mean.requires_grad_(), precision, steps=STEPS)
    assert torch.equal(plain.weights, tracked.weights.detach())
    assert torch.equal(plain.covariance, tracked.covariance.detach())


@pytest.mark.parametrize("seed", range(2))
def test_the_covariance_is_the_inverse_hessian(seed):
    sample = problem(seed)
    mean, precision = prior(sample)
    solution = solve(sample, mean, precision, steps=STEPS)
    probability = torch.sigmoid(sample.values(solution.weights))
    hessian = last_layer._hessian(sample, probability, last_layer._Prior(mean, precision))
    eye = torch.eye(hessian.shape[1]).double().expand_as(hessian)
    # a jitter of 1e-6 of the mean diagonal is part of the factor
    torch.testing.assert_close(solution.covariance @ hessian, eye, rtol=0, atol=1e-4)


@pytest.mark.parametrize("precision_", [0.5, 5.0])
@pytest.mark.parametrize("seed", range(3))
def test_leaving_one_row_out_is_refitting_without_it(seed, precision_):
    n, per_row = 40, 3
    sample = problem(seed, b=1, n=n, per_row=per_row, f=4, gap=0.5)
    mean, precision = prior(sample, 0.0, precision_)
    solution = solve(sample, mean, precision, steps=STEPS)
    joint = sample.values(solution.weights)[:, :n]
    approximate = leave_one_out(joint, sample.features[:, :n], solution.covariance)
    refitted = []
    for row in range(n):
        weight = sample.weight.clone()
        weight[row] = 0
        left = sample._replace(weight=weight)
        features = sample.features.clone()
        features[:, row] = 0  # joint rows have no weight in the objective: make the loss constant
        left = left._replace(features=features)
        weights = solve(left, mean, precision, steps=STEPS).weights
        refitted.append((sample.features[0, row] @ weights[0]).item())
    refitted = torch.tensor(refitted).double().unsqueeze(0)
    influence = (joint - refitted).abs()
    # one Newton step is exact to second order in the leverage of a row
    assert ((approximate - refitted).abs() <= 0.3 * influence + 1e-3).all()
    assert (approximate < joint).all()  # a fit flatters its own joint rows
    mean_influence = float((refitted - joint).mean())
    assert float((approximate - joint).mean()) == pytest.approx(mean_influence, rel=0.1)


def test_leave_one_out_stays_finite_where_a_row_decides_everything():
    features, covariance = torch.full((1, 1, 1), 100.0), torch.eye(1).unsqueeze(0)
    value = leave_one_out(torch.zeros(1, 1), features, covariance)
    assert value.isfinite().all()
    assert value < 0


def test_every_fourth_row_weighs_as_much_as_all_of_them():
    sample = problem(4, n=4097)
    few = sample.every(4)
    assert few.n_joint == 1025
    n = few.n_joint
    assert float(few.weight[:n].sum()) == pytest.approx(4097)
    assert float(few.weight[n:].sum()) == pytest.approx(4097)
    torch.testing.assert_close(few.features[:, 1], sample.features[:, 4])


def test_the_coarse_start_of_many_rows_leads_to_the_same_minimum():
    exact = problem(5, n=4096, per_row=2)
    mean, precision = prior(exact, 0.3)
    best = objective(exact, solve(exact, mean, precision, steps=STEPS).weights, mean, precision)
    single = Sample(*(t.float() for t in exact[:3]), exact.n_joint)
    with torch.no_grad():
        found = solve(single, mean.float(), precision.float(), steps=STEPS).weights.double()
    slack = 2 * last_layer.SMALL_DECREMENT + 1e-5 * float(best.max())
    assert (objective(exact, found, mean, precision) <= best + slack).all()
