"""Every family: shapes, repeatability, and a pointwise MI that agrees with a second route."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from infoatlas.pretraining.families import (
    FAMILIES,
    additive_noise,
    contingency,
    copula,
    gaussian,
    mixed,
    mixture,
    regression,
    ring,
    student_t,
)
from infoatlas.pretraining.families.hidden import noise_columns
from infoatlas.pretraining.families.noise import NoiseSource
from infoatlas.pretraining.families.strength import correlation_of

DIMENSIONS = [(1, 1), (1, 3), (5, 2), (32, 32)]
WITHOUT_FORMULA = {"mixed", "mixture"}
STANDARD_ERRORS = 4.5  # two-sided 7e-6: about 1000 comparisons in this file


def draw(family, seed, d_x, d_y, b=3):
    generator = torch.Generator().manual_seed(seed)
    return FAMILIES[family](b, d_x, d_y, generator), generator


def mean_and_error(values):
    return values.mean(-1), values.std(-1) / math.sqrt(values.shape[-1])


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize(("d_x", "d_y"), DIMENSIONS)
def test_rows_and_pointwise_values_have_the_right_shape_and_are_finite(family, d_x, d_y):
    for seed in range(4):
        joint, generator = draw(family, seed, d_x, d_y)
        x, y = joint.sample(200, NoiseSource(3, generator))
        pointwise = joint.pointwise(x, y)
        assert (joint.d_x, joint.d_y) == (d_x, d_y)
        assert x.shape == (3, 200, d_x)
        assert y.shape == (3, 200, d_y)
        assert pointwise.shape == (3, 200)
        assert {x.dtype, y.dtype, pointwise.dtype} == {torch.float64}
        assert all(part.isfinite().all() for part in (x, y, pointwise))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_same_seed_repeats_exactly(family):
    def rows():
        joint, generator = draw(family, 3, 5, 2)
        x, y = joint.sample(50, NoiseSource(3, generator))
        return torch.cat([x, y, joint.pointwise(x, y)[..., None]], dim=-1)

    assert torch.equal(rows(), rows())


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - WITHOUT_FORMULA))
@pytest.mark.parametrize("seed", range(6))
def test_the_formula_is_the_mean_of_the_pointwise_values(family, seed):
    joint, generator = draw(family, seed, *[(1, 1), (3, 2), (6, 9)][seed % 3])
    x, y = joint.sample(20_000, NoiseSource(3, generator))
    mean, error = mean_and_error(joint.pointwise(x, y))
    exact = joint.mutual_information()
    # 1e-4 nats: quadrature of `regression` and table interpolation of Frank's copula
    assert ((mean - exact).abs() < STANDARD_ERRORS * error + 1e-4).all()
    assert (exact > -1e-6).all()


@pytest.mark.parametrize("family", sorted(WITHOUT_FORMULA))
def test_a_family_without_a_formula_says_so(family):
    assert draw(family, 0, 3, 3)[0].mutual_information() is None


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"near_deterministic"}))
@pytest.mark.parametrize("seed", range(6))
def test_exp_pointwise_averages_to_one_over_independent_pairs(family, seed):
    """E exp PMI = 1 under p(x) p(y): normalisation of all three densities at once."""
    joint, generator = draw(family, seed, *[(1, 1), (3, 2), (6, 9)][seed % 3])
    x, y = joint.sample(20_000, NoiseSource(3, generator))
    y = y.roll(1, dims=1)  # rows are independent, so neighbours are too
    pointwise = joint.pointwise(x, y)
    mean, error = mean_and_error(pointwise.exp())
    narrow = error < 0.05  # strong dependence: a mean ruled by a few pairs says nothing
    assert ((mean - 1).abs() < STANDARD_ERRORS * error + 1e-6)[narrow].all()


@pytest.mark.parametrize("family", sorted(WITHOUT_FORMULA))
def test_joint_rows_and_weighted_product_rows_give_the_same_information(family):
    compared = 0
    for seed in range(12):
        joint, generator = draw(family, seed, 2, 2)
        x, y = joint.sample(20_000, NoiseSource(3, generator))
        mean, error = mean_and_error(joint.pointwise(x, y))
        product = joint.pointwise(x, y.roll(1, dims=1))
        weighted, weighted_error = mean_and_error(product.exp() * product)
        narrow = weighted_error < 0.05
        tolerance = STANDARD_ERRORS * (error + weighted_error)
        assert ((mean - weighted).abs() < tolerance)[narrow].all()
        compared += int(narrow.sum())
    assert compared >= 12


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_autocorrelated_rows_keep_the_distribution_of_a_row(family):
    rho = 0.6
    joint, generator = draw(family, 5, 3, 2)
    source = NoiseSource(3, generator, torch.full((3,), rho, dtype=torch.float64))
    x, y = joint.sample(20_000, source)
    mean, error = mean_and_error(joint.pointwise(x, y))
    reference = joint.sample(20_000, NoiseSource(3, generator))
    expected, expected_error = mean_and_error(joint.pointwise(*reference))
    inflation = math.sqrt((1 + rho) / (1 - rho))  # of the error of a mean of AR(1) rows
    tolerance = STANDARD_ERRORS * (inflation * error + expected_error)
    assert ((mean - expected).abs() <= tolerance).all()
    ranks = torch.cat([x, y], dim=-1).argsort(dim=1).argsort(dim=1).double()
    ranks = ranks - ranks.mean(1, keepdim=True)
    lag_one = (ranks[:, 1:] * ranks[:, :-1]).mean(1) / ranks.square().mean(1)
    assert lag_one.max() > 0.3  # of at least one column; discrete columns hide part of it


@pytest.mark.parametrize("d", [1, 3])
def test_noise_has_the_asked_distribution_and_autocorrelation(d):
    generator = torch.Generator().manual_seed(0)
    rho = torch.tensor([0.0, 0.5, 0.95], dtype=torch.float64)
    source = NoiseSource(3, generator, rho)
    normal = source.normal(40_000, d)
    lag_one = (normal[:, 1:] * normal[:, :-1]).mean((1, 2))
    # variance of a mean of n AR(1) products is at most 2 (1 + rho) / (1 - rho) / n
    tolerance = 4 * (2 * (1 + rho) / (1 - rho) / 40_000).sqrt()
    assert ((lag_one - rho).abs() < tolerance).all()
    assert ((normal.square().mean((1, 2)) - 1).abs() < tolerance).all()
    for source in (NoiseSource(3, generator), NoiseSource(3, generator, rho / 2)):
        uniform = source.uniform(5000, d)[0, :, 0]  # rho = 0: independent rows
        assert stats.kstest(uniform.numpy(), "uniform").pvalue > 1e-4
        squares = source.chi_square(5000, torch.tensor([3, 1, 10]))[0, :, 0]
        assert stats.kstest(squares.numpy(), stats.chi2(3).cdf).pvalue > 1e-4
        probabilities = torch.tensor([0.2, 0.0, 0.5, 0.3], dtype=torch.float64).expand(3, d, 4)
        levels = source.levels(5000, probabilities)
        shares = torch.stack([(levels[0] == k).double().mean() for k in range(4)])
        assert (shares - probabilities[0, 0]).abs().max() < 4 * 0.5 / math.sqrt(5000)


def test_gaussian_information_is_known_for_one_pair_and_for_a_common_factor():
    pair = gaussian.GaussianPairs(torch.tensor([[0.75]], dtype=torch.float64))
    assert pair.mutual_information().item() == pytest.approx(-0.5 * math.log(1 - 0.75**2))
    generator = torch.Generator().manual_seed(1)
    joint = gaussian._equicorrelated(2, 3, 5, generator)
    x, y = joint.sample(50_000, NoiseSource(2, generator))
    for rows, exact in zip(torch.cat([x, y], -1), joint.mutual_information(), strict=True):
        correlation = torch.corrcoef(rows.T)
        r = correlation[~torch.eye(8, dtype=torch.bool)].mean().item()
        matrix = np.full((8, 8), r) + (1 - r) * np.eye(8)
        blocks = np.linalg.slogdet(matrix[:3, :3])[1] + np.linalg.slogdet(matrix[3:, 3:])[1]
        assert correlation[~torch.eye(8, dtype=torch.bool)].std() < 0.02  # all are equal
        assert exact.item() == pytest.approx((blocks - np.linalg.slogdet(matrix)[1]) / 2, abs=0.02)


@pytest.mark.parametrize(
    ("d_x", "d_y", "degrees", "exact"),
    [(1, 1, 1, 0.2242), (2, 2, 1, 0.4319), (3, 3, 2, 0.2909), (5, 5, 3, 0.2985)],
)
def test_student_information_of_identity_dispersion_matches_published_values(
    d_x, d_y, degrees, exact
):
    """Czyz et al. (2023), Beyond Normal: On the Evaluation of Mutual Information Estimators."""
    pairs = gaussian.GaussianPairs(torch.zeros((1, 1), dtype=torch.float64))
    joint = student_t.StudentJoint(pairs, torch.tensor([degrees]), d_x, d_y)
    assert joint.mutual_information().item() == pytest.approx(exact, abs=5e-5)


def test_student_pointwise_matches_scipy():
    generator = torch.Generator().manual_seed(2)
    pairs = gaussian.GaussianPairs(torch.tensor([[0.7, -0.3]], dtype=torch.float64))
    joint = student_t.StudentJoint(pairs, torch.tensor([4]), 2, 3)
    x, y = (rows[0].numpy() for rows in joint.sample(100, NoiseSource(1, generator)))
    shape = np.eye(5)
    shape[0, 2] = shape[2, 0] = 0.7
    shape[1, 3] = shape[3, 1] = -0.3
    expected = (
        stats.multivariate_t(shape=shape, df=4).logpdf(np.hstack([x, y]))
        - stats.multivariate_t(shape=np.eye(2), df=4).logpdf(x)
        - stats.multivariate_t(shape=np.eye(3), df=4).logpdf(y)
    )
    found = joint.pointwise(torch.from_numpy(x)[None], torch.from_numpy(y)[None])[0]
    assert found.numpy() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(4))
def test_mixture_pointwise_matches_scipy(seed):
    generator = torch.Generator().manual_seed(seed)
    joint = mixture.draw(1, 2, 3, generator).joint
    x, y = joint.sample(50, NoiseSource(1, generator))
    rows, d_x = torch.cat([x, y], -1)[0].numpy(), joint.d_x

    def log_density(part, columns):
        terms = []
        for weight, mean, factor in zip(
            joint.log_weights[0], joint.means[0], joint.factors[0], strict=True
        ):
            covariance = (factor @ factor.T).numpy()[columns, columns]
            law = stats.multivariate_normal(mean.numpy()[columns], covariance)
            terms.append(weight.item() + np.atleast_1d(law.logpdf(part)))
        return np.logaddexp.reduce(terms)

    sides = slice(0, d_x), slice(d_x, None)
    expected = log_density(rows, slice(None)) - sum(log_density(rows[:, s], s) for s in sides)
    assert joint.pointwise(x, y)[0].numpy() == pytest.approx(expected, abs=1e-8)


def test_a_mixture_without_dependence_inside_components_knows_at_most_the_component():
    generator = torch.Generator().manual_seed(0)
    for seed in range(30):
        joint = mixture.draw(2, 2, 2, generator.manual_seed(seed)).joint
        cross = (joint.factors @ joint.factors.mT)[..., : joint.d_x, joint.d_x :]
        if cross.abs().max() > 0:
            continue
        x, y = joint.sample(5000, NoiseSource(2, generator))
        mean, error = mean_and_error(joint.pointwise(x, y))
        entropy = -(joint.log_weights.exp() * joint.log_weights).sum(-1)
        assert (mean < entropy + 4 * error).all()
        return
    pytest.fail("no draw without dependence inside components in 30 seeds")


def test_mixed_pointwise_matches_bayes_rule_for_two_classes():
    weights = torch.tensor([[0.3, 0.7]], dtype=torch.float64)
    joint = mixed.MixedJoint(
        weights.log(),
        torch.tensor([[[-1.0], [0.5]]], dtype=torch.float64),
        torch.tensor([[[1.0], [2.0]]], dtype=torch.float64),
        gaussian.GaussianPairs(torch.zeros((1, 0), dtype=torch.float64)),
        "label",
    )
    x = torch.tensor([[[0.0], [1.0], [1.0]]], dtype=torch.float64)
    y = torch.tensor([[[0.2], [0.2], [-3.0]]], dtype=torch.float64)
    places = y[0, :, 0].numpy()
    classes = np.stack([stats.norm(-1, 1).pdf(places), stats.norm(0.5, 2).pdf(places)])
    expected = np.log(classes[[0, 1, 1], range(3)] / ([0.3, 0.7] @ classes))
    assert joint.pointwise(x, y)[0].numpy() == pytest.approx(expected)


@pytest.mark.parametrize(("epsilon", "exact"), [(0.1, 1.7094), (0.5, 0.5), (0.75, 1 / 3)])
def test_additive_noise_information_is_the_entropy_of_a_trapezoid(epsilon, exact):
    law = additive_noise.AdditiveNoisePairs(torch.tensor([[epsilon]], dtype=torch.float64))
    assert law.mutual_information().item() == pytest.approx(exact, abs=5e-5)


def test_additive_noise_outside_the_support_is_minus_infinity():
    law = additive_noise.AdditiveNoisePairs(torch.tensor([[0.1]], dtype=torch.float64))
    x = torch.tensor([[[-1.7], [-1.7]]], dtype=torch.float64)
    assert law.pointwise(x, -x).tolist() == [[[-math.inf], [-math.inf]]]
    assert law.pointwise(x, x).isfinite().all()


@pytest.mark.parametrize("q", [0.5, 0.75, 0.9])
def test_tables_give_the_information_of_a_binary_channel(q):
    table = torch.tensor([[[[q, 1 - q], [1 - q, q]]]], dtype=torch.float64) / 2
    exact = math.log(2) + q * math.log(q) + (1 - q) * math.log(1 - q)
    assert contingency.table_information(table).item() == pytest.approx(exact, abs=1e-12)


def test_tables_are_mixed_until_they_share_the_asked_information():
    generator = torch.Generator().manual_seed(0)
    asked = torch.tensor([[0.01, 0.2, 50.0]], dtype=torch.float64)
    strong = contingency.dirichlet_table(1, 3, 4, 6, generator)
    mixed_tables = contingency.with_information(strong, asked)
    found = contingency.table_information(mixed_tables)
    most = contingency.table_information(strong)
    assert found.numpy() == pytest.approx(torch.minimum(asked, most).numpy(), abs=1e-4)
    assert mixed_tables.sum((-1, -2)).numpy() == pytest.approx(1.0)
    assert torch.allclose(mixed_tables.sum(-1), strong.sum(-1))  # margins stay


def test_an_empty_cell_is_minus_infinity():
    table = torch.tensor([[[[0.5, 0.0], [0.25, 0.25]]]], dtype=torch.float64)
    law = contingency.ContingencyPairs(table)
    x, y = torch.tensor([[[0.0], [1.0]]]), torch.tensor([[[1.0], [1.0]]])
    assert law.pointwise(x, y).flatten().tolist() == [-math.inf, pytest.approx(math.log(2))]


def test_counts_have_poisson_margins_and_the_covariance_of_their_shared_part():
    correlation, mean = torch.tensor([[[0.4]], [[4.0]]], dtype=torch.float64)
    table = contingency.poisson_table(correlation, mean)[0, 0].numpy()
    counts = np.arange(len(table))
    assert table.sum(1) == pytest.approx(stats.poisson(4).pmf(counts), abs=1e-12)
    assert counts @ table @ counts - 16 == pytest.approx(0.4 * 4, abs=1e-9)


@pytest.mark.parametrize("name", copula.COPULAS)
@pytest.mark.parametrize("theta", [1.3, 3.0, 8.0])
def test_copula_information_is_the_integral_of_its_density(name, theta):
    """Midpoint rule over uniforms stretched towards the corners (u = ndtr of a wide grid)."""
    log_density = {
        "clayton": copula.log_clayton,
        "gumbel": copula.log_gumbel,
        "frank": copula.log_frank,
    }[name]
    z = torch.linspace(-7.5, 7.5, 2401, dtype=torch.float64)
    weights = (-z.square() / 2).exp() / math.sqrt(2 * math.pi) * (z[1] - z[0])
    u = torch.special.ndtr(z).clamp(1e-16, 1 - 1e-16)
    theta = torch.tensor(theta, dtype=torch.float64)
    values = log_density(u[:, None], u[None, :], theta)
    cells = values.exp() * weights[:, None] * weights[None, :]
    law = copula.CopulaPairs(name, theta[None, None], torch.zeros(1, 1) > 0, torch.zeros(1, 1) > 0)
    assert cells.sum().item() == pytest.approx(1, abs=1e-3)
    assert cells.sum(0)[1200].item() == pytest.approx(weights[1200].item(), rel=1e-3)
    information = (cells * values).sum().item()
    assert law.mutual_information().item() == pytest.approx(information, abs=3e-3)


@pytest.mark.parametrize("name", copula.COPULAS)
def test_copula_rows_follow_the_copula(name):
    theta = torch.tensor([[2.5]], dtype=torch.float64)
    never = torch.zeros((1, 1), dtype=torch.bool)
    source = NoiseSource(1, torch.Generator().manual_seed(0))
    x, y = copula.CopulaPairs(name, theta, never, never).sample(40_000, source)
    u, v = torch.special.ndtr(x), torch.special.ndtr(y)
    assert stats.kstest(u.flatten().numpy(), "uniform").pvalue > 1e-4
    assert stats.kstest(v.flatten().numpy(), "uniform").pvalue > 1e-4
    for a, b in [(0.1, 0.2), (0.5, 0.5), (0.9, 0.8)]:
        exact = {
            "clayton": (a**-2.5 + b**-2.5 - 1) ** (-1 / 2.5),
            "gumbel": math.exp(-(((-math.log(a)) ** 2.5 + (-math.log(b)) ** 2.5) ** (1 / 2.5))),
            "frank": -math.log1p(math.expm1(-2.5 * a) * math.expm1(-2.5 * b) / math.expm1(-2.5))
            / 2.5,
        }[name]
        share = ((u <= a) & (v <= b)).double().mean().item()
        assert share == pytest.approx(exact, abs=4 * math.sqrt(exact / 40_000))


@pytest.mark.parametrize("inputs", ["normal", "uniform"])
@pytest.mark.parametrize("seed", range(8))
def test_tabulated_density_of_y_matches_a_finer_quadrature(inputs, seed):
    generator = torch.Generator().manual_seed(seed)
    law = None
    while law is None or law.inputs != inputs:
        law = regression.draw(1, 2, 2, generator).joint.law
    _, y = law.sample(200, NoiseSource(1, generator))
    if inputs == "normal":
        nodes = torch.linspace(-7, 7, 8001, dtype=torch.float64)
        weights = (-nodes.square() / 2).softmax(0)
    else:
        nodes = (torch.arange(8000).double() + 0.5) / 8000
        nodes = (nodes - 0.5) * math.sqrt(12)
        weights = torch.full_like(nodes, 1 / 8000)
    at = nodes[None, :, None].expand(1, -1, law.curve.a.shape[1])
    mean, scale = law.curve.mean(at)[:, None], law.curve.scale(at)[:, None]
    log_terms = torch.distributions.Normal(mean, scale).log_prob(y[:, :, None])
    expected = (log_terms + weights.log()[:, None]).logsumexp(2)
    # a row in the far tail of a cubic may be off by a few thousandths, all others by far less
    error = (law._marginal(y) - expected).abs()
    assert error.max() < 1e-2
    assert error.mean() < 1e-4


def test_ring_information_goes_to_the_unwrapped_normal_for_small_noise():
    deviation = torch.tensor([0.1], dtype=torch.float64)
    joint = ring.RingJoint(deviation, deviation, turns=2, flat_x=False, flat_y=True)
    exact = math.log(2 * math.pi) - math.log(0.1) - math.log(2 * math.pi * math.e) / 2
    assert joint.mutual_information().item() == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"independent", "near_deterministic"}))
def test_a_family_reaches_from_weak_to_strong_dependence(family):
    information = []
    for seed in range(40):
        joint, generator = draw(family, seed, 5, 5, b=4)
        exact = joint.mutual_information()
        if exact is None:
            rows = joint.sample(1000, NoiseSource(4, generator))
            exact = joint.pointwise(*rows).mean(-1)
        information.append(exact)
    information = torch.cat(information)
    assert information.quantile(0.1) < 0.4
    assert information.quantile(0.9) > 0.9
    assert information.max() < 25


def test_near_copies_share_more_than_two_nats():
    joint, _ = draw("near_deterministic", 0, 4, 4, b=8)
    assert (joint.mutual_information() > 1.9).all()


def test_correlation_and_information_of_a_normal_pair_are_inverse():
    information = torch.tensor([1e-6, 0.1, 1.0, 5.0], dtype=torch.float64)
    pairs = gaussian.GaussianPairs(correlation_of(information)[None])
    assert pairs.mutual_information()[0].numpy() == pytest.approx(information.numpy(), rel=1e-6)


def test_independent_letters_are_shown_as_indicators_and_some_columns_are_rare():
    found = set()
    for seed in range(80):
        joint, generator = draw("independent", seed, 7, 2)
        x, _ = joint.sample(2000, NoiseSource(3, generator))
        first = 0
        for kind, columns in joint.variables_x:
            own = x[..., first : first + columns]
            first += columns
            found.add(kind)
            if columns > 1:
                assert (own.sum(-1) == 1).all()
                assert own.unique().tolist() == [0, 1]
            if kind == "rare":
                assert own.mean() == pytest.approx(0.1, abs=0.02)
        assert first == 7
    assert {"normal", "rare", "coin", "letters", "uneven_letters"} <= found


def test_noise_letters_are_indicators_too():
    source = NoiseSource(2, torch.Generator().manual_seed(0))
    noise = noise_columns(1000, 10, "letters", source)
    assert noise.shape == (2, 1000, 10)
    assert (noise[..., :8].unflatten(2, (2, 4)).sum(-1) == 1).all()
    assert noise[..., 8:].mean() == pytest.approx(0.25, abs=0.05)
