"""Cross-fitted variates: held-out correlations where there is dependence, none elsewhere."""

import numpy as np
import pytest
import torch

from infoatlas._copula import Margin, Scores
from infoatlas._features import landmarks, widen
from infoatlas._pairs import FOLDS, fold_of_rows
from infoatlas._variates import (
    KEPT,
    RIDGE,
    _leading_pairs,
    _screen,
    _subspace_iteration,
    apply_reader,
    cross_fitted_variates,
)

PAIRS = 4


def side(values):
    """Scores (1, n, d), and the uniform rank of their norm."""
    values = torch.from_numpy(values).unsqueeze(0)
    scores = Margin(values).scores(values)
    norm = scores.normal.norm(dim=2, keepdim=True)
    return scores, Margin(norm).scores(norm).uniform


def fitted(features_x, features_y, pairs, weight):
    """Variates of rows that all count."""
    b, n = weight.shape
    return cross_fitted_variates(features_x, features_y, pairs, weight, weight.new_full((b,), n))


def extended(x, y, pairs=PAIRS):
    """Extended variates of raw rows, and the row weight that fixes their signs."""
    (scores_x, radius_x), (scores_y, radius_y) = side(x), side(y)
    weight = scores_x.normal.square().mean(2) + scores_y.normal.square().mean(2)
    wide = [
        widen(scores, radius, landmarks(scores.normal))
        for scores, radius in ((scores_x, radius_x), (scores_y, radius_y))
    ]
    return fitted(*wide, pairs, weight), wide, weight


def correlations(a, b):
    """Correlation of each column of a with the same of b: (1, n, k) twice -> k."""
    a, b = a[0] - a[0].mean(0), b[0] - b[0].mean(0)
    return (
        (a * b).mean(0) / (a.square().mean(0) * b.square().mean(0)).sqrt().clamp_min(1e-12)
    ).numpy()


def sign_product(rng, n):
    x = rng.normal(size=(n, 2))
    return x, np.sign(x[:, :1] * x[:, 1:]) * np.abs(rng.normal(size=(n, 1)))


def sine(rng, n):
    x = rng.uniform(-np.pi, np.pi, size=(n, 1))
    return x, np.sin(3 * x) + 0.1 * rng.normal(size=(n, 1))


def sine_among_noise(rng, n):
    x, y = sine(rng, n)
    return np.hstack([x, rng.normal(size=(n, 4))]), y


def sine_among_many_columns(rng, n):
    x, y = sine(rng, n)
    return np.hstack([rng.normal(size=(n, 29)), x]), np.hstack([rng.normal(size=(n, 15)), y])


def spiral(rng, n):
    """Two coordinates of x turned by an angle that grows with their radius."""
    z, e = rng.normal(size=(2, n, 2))
    y = 0.9 * z + np.sqrt(1 - 0.9**2) * e
    angle = 2.0 * np.linalg.norm(z, axis=1)
    c, s = np.cos(angle), np.sin(angle)
    return np.column_stack([c * z[:, 0] - s * z[:, 1], s * z[:, 0] + c * z[:, 1]]), y


def scale_of_noise(rng, n):
    x, e = rng.normal(size=(2, n, 1))
    return x, x * e


def gaussian(rng, n):
    x, e = rng.normal(size=(2, n, 3))
    return x, x + e


DEPENDENT = {  # least held-out correlation of the first pair at n = 2000, plain correlation is
    "sign product": (sign_product, 0.85),  # 0
    "sine": (sine, 0.8),  # 0.3
    "sine among noise": (sine_among_noise, 0.8),  # 0.3
    "sine among many columns": (sine_among_many_columns, 0.8),  # 0.3
    "spiral": (spiral, 0.6),  # 0.5
    "scale of noise": (scale_of_noise, 0.4),  # 0
    "gaussian": (gaussian, 0.65),  # 0.71
}


@pytest.mark.parametrize("case", sorted(DEPENDENT))
@pytest.mark.parametrize("seed", range(2))
def test_shapes_without_linear_correlation_have_a_high_held_out_one(case, seed):
    make, least = DEPENDENT[case]
    variates, _, _ = extended(*make(np.random.default_rng(seed), 2000))
    assert correlations(*variates.sides)[0] > least


def correlations_of_independent_data(n, d, repeats=40):
    """Held-out and in-sample correlations of the extended pairs, (repeats, 4) each."""
    held_out, in_sample = [], []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        variates, wide, _ = extended(rng.normal(size=(n, d)), rng.normal(size=(n, d)))
        held_out.append(correlations(*variates.sides))
        values = [apply_reader(w, r) for w, r in zip(wide, variates.readers, strict=True)]
        in_sample.append(correlations(*values))
    return np.array(held_out), np.array(in_sample)


@pytest.mark.parametrize(("n", "d"), [(100, 1), (300, 2), (300, 5), (2000, 2)])
def test_held_out_correlations_of_independent_data_add_up_to_zero_unlike_in_sample_ones(n, d):
    held_out, in_sample = (c.sum(axis=1) for c in correlations_of_independent_data(n, d))
    standard_error = held_out.std() / np.sqrt(len(held_out))
    # folds are standardised together, which takes about 1 / n from each pair
    assert abs(held_out.mean()) < 4 * standard_error + PAIRS / n
    assert in_sample.mean() > 10 * standard_error


@pytest.mark.parametrize(("n", "d"), [(100, 1), (300, 5)])
def test_held_out_correlations_of_independent_data_are_zero_pair_by_pair(n, d):
    held_out, _ = correlations_of_independent_data(n, d)
    standard_error = held_out.std(axis=0) / np.sqrt(len(held_out))
    assert (np.abs(held_out.mean(axis=0)) < 4 * standard_error).all()


@pytest.mark.parametrize("case", sorted(DEPENDENT))
def test_readers_applied_to_fresh_rows_keep_the_held_out_correlation(case):
    make, _ = DEPENDENT[case]
    rng = np.random.default_rng(3)
    x, y = make(rng, 3000)
    fitted, _, _ = extended(x[:2000], y[:2000])
    fresh = []
    for values, reader in zip((x, y), fitted.readers, strict=True):
        known = torch.from_numpy(values[:2000]).unsqueeze(0)
        margin = Margin(known)
        scores = margin.scores(torch.from_numpy(values).unsqueeze(0))
        norm = scores.normal.norm(dim=2, keepdim=True)
        radius = Margin(norm[:, :2000]).scores(norm).uniform
        centres = landmarks(scores.normal[:, :2000])
        fresh.append(apply_reader(widen(scores, radius, centres), reader)[:, 2000:])
    # 0.1 is three standard errors of a correlation of 1000 rows
    assert correlations(*fresh)[0] == pytest.approx(correlations(*fitted.sides)[0], abs=0.1)


@pytest.mark.parametrize("case", sorted(DEPENDENT))
def test_swapping_x_and_y_swaps_the_variates(case):
    make, _ = DEPENDENT[case]
    x, y = make(np.random.default_rng(4), 500)
    forwards, backwards = extended(x, y)[0], extended(y, x)[0]
    for one, other in zip(forwards.sides, backwards.sides[::-1], strict=True):
        torch.testing.assert_close(one[:, :, 0], other[:, :, 0], rtol=0, atol=1e-6)


def test_each_fold_is_read_by_what_the_others_taught():
    """Changing the rows of one fold does not change how they are read."""
    rng = np.random.default_rng(5)
    n = 400
    features = [torch.from_numpy(rng.normal(size=(1, n, 6))) for _ in range(2)]
    features[1][:, :, 0] += 2 * features[0][:, :, 0]
    weight = torch.ones(1, n).double()
    rows = torch.from_numpy(np.flatnonzero(fold_of_rows(n) == 2))

    def standardised(side_):
        return (side_ - side_.mean(1, keepdim=True)) / side_.std(1, keepdim=True, correction=0)

    features = [standardised(f) for f in features]
    plain = fitted(*features, 1, weight).sides[0]
    # shuffle y inside the fold: means and variances stay, the fold's own correlation goes
    shuffled = features[1].clone()
    shuffled[:, rows] = features[1][
        :, rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(5))]
    ]
    other = fitted(features[0], shuffled, 1, weight).sides[0]
    scale = (plain[:, rows] / other[:, rows]).flatten()
    torch.testing.assert_close(scale, scale[0].expand_as(scale))  # same direction
    elsewhere = (plain / other).flatten()
    assert elsewhere.std() > 1e-3


@pytest.mark.parametrize("d", [1, 2, 10, 11, 16, 17, 64, 65])
def test_widened_features_are_finite_and_grow_at_most_linearly_beyond_ten_columns(d):
    values = np.random.default_rng(6).normal(size=(100, d))
    scores, radius = side(values)
    features = widen(scores, radius, landmarks(scores.normal))
    assert features.isfinite().all()
    assert torch.equal(features[:, :, :d], scores.normal)
    waves = 20 if d == 1 else 12 if d <= 64 else 0
    bumps = 3 * (2 if d <= 4 else 1 if d <= 8 else 0)  # 3 landmarks among 100 rows
    turned = 4 * d if 1 < d <= 64 else 0
    products = d * (d - 1) if d <= 10 else 0
    assert features.shape[2] == d * (1 + waves) + 4 + turned + products + bumps


def test_reversing_a_column_changes_only_signs_of_the_features():
    normal = torch.randn(1, 50, 3, generator=torch.Generator().manual_seed(0)).double()
    scores = Margin(normal).scores(normal)
    flipped = scores.flip(torch.tensor([[1.0, -1.0, 1.0]]).double())
    radius = torch.rand(1, 50, 1).double()
    assert isinstance(flipped, Scores)
    centres = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(1)).double()
    turned = centres * torch.tensor([1.0, -1.0, 1.0]).double()
    torch.testing.assert_close(
        widen(flipped, radius, turned).abs(), widen(scores, radius, centres).abs()
    )


@pytest.mark.parametrize("levels", [2, 3])
def test_a_side_with_few_levels_has_no_more_pairs_than_its_features_can_carry(levels):
    """A binary column carries one direction: further pairs are zero, not ranked rounding errors."""
    rng = np.random.default_rng(7)
    x = rng.integers(0, levels, size=(300, 1)).astype(float)
    y = x + rng.normal(size=(300, 1))
    variates, _, _ = extended(x, y)
    for values in variates.sides:
        assert (values[:, :, : levels - 1].std(dim=1) > 1e-2).all()
        assert (values[:, :, levels - 1 :].abs() < 1e-10).all()


def count(n):
    return torch.tensor([[float(n)]])


def test_leading_pairs_come_in_order_of_their_correlation():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(5000, 4))
    y = x * [0.2, 0.9, 0.6, 0.0] + rng.normal(size=(5000, 4)) * np.sqrt(
        1 - np.square([0.2, 0.9, 0.6, 0])
    )
    both = torch.from_numpy(np.hstack([x, y])).unsqueeze(0)
    gram = both.transpose(1, 2) @ both / 5000
    pairs = _leading_pairs(gram, 4, 4, RIDGE, count(5000))
    found = correlations(both[:, :, :4] @ pairs.x, both[:, :, 4:] @ pairs.y)
    np.testing.assert_allclose(found, [0.9, 0.6, 0.2, 0.0], atol=3 / np.sqrt(5000))
    assert pairs.stands_out.tolist() == [[1, 1, 1, 0]]


def test_pairs_of_independent_data_do_not_stand_out():
    rng = np.random.default_rng(9)
    both = torch.from_numpy(rng.normal(size=(20, 400, 30)))
    gram = both.transpose(1, 2) @ both / 400
    assert _leading_pairs(gram, 15, 4, RIDGE, count(400)).stands_out.mean() < 0.02


def moments(n, f_x, f_y, shared):
    """Second moments of normal features, of which the last ``shared`` of each side depend."""
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(n, f_x)), rng.normal(size=(n, f_y))
    y[:, f_y - shared :] += x[:, f_x - shared :]
    both = torch.from_numpy(np.hstack([x, y])).unsqueeze(0)
    both = both / both.square().mean(dim=1, keepdim=True).sqrt()
    return both.mT @ both / n


def test_features_that_depend_on_the_other_side_are_kept_and_weigh_most():
    kept_x, kept_y = _screen(moments(500, 200, 150, 5), 200, count(500))
    for kept, f in ((kept_x, 200), (kept_y, 150)):
        assert kept.places.shape == (1, KEPT)
        weight = dict(zip(kept.places[0].tolist(), kept.weight[0].tolist(), strict=True))
        strong = [weight.pop(place) for place in range(f - 5, f)]
        assert min(strong) > 2 * max(weight.values())


def test_features_that_are_not_kept_have_no_part_in_the_pairs():
    pairs = _leading_pairs(moments(500, 200, 150, 5), 200, 5, RIDGE, count(500))
    for directions in pairs[:2]:
        assert (directions.abs().amax(dim=2) > 0).sum() == KEPT
        assert directions[0, -5:].norm() > 3 * directions[0, :-5].norm()


def test_the_order_of_features_does_not_matter():
    gram = moments(500, 100, 80, 5)
    order = torch.from_numpy(np.random.default_rng(11).permutation(100))
    both = torch.cat([order, torch.arange(100, 180)])
    pairs = _leading_pairs(gram, 100, 3, RIDGE, count(500))
    moved = _leading_pairs(gram[:, both][:, :, both], 100, 3, RIDGE, count(500))
    sign = (pairs.y * moved.y).sum(dim=1, keepdim=True).sign()
    torch.testing.assert_close(moved.x * sign, pairs.x[:, order])
    torch.testing.assert_close(moved.y * sign, pairs.y)


def test_there_are_as_many_folds_as_product_pairs_know():
    assert len(np.unique(fold_of_rows(64))) == FOLDS


@pytest.mark.parametrize(("rows", "columns"), [(300, 40), (3000, 120), (60, 100)])
def test_subspace_iteration_finds_the_largest_eigenvectors(rows, columns):
    rng = np.random.default_rng(columns)
    factors = rng.normal(size=(5, rows, columns)) * np.linspace(2.0, 0.5, columns)
    matrix = torch.from_numpy(factors.transpose(0, 2, 1) @ factors / rows)
    values, vectors = _subspace_iteration(matrix, 6)
    expected = torch.linalg.eigvalsh(matrix)[:, -6:]
    assert torch.allclose(values, expected, rtol=0.02)  # the last ones are close together
    assert torch.allclose(vectors.mT @ vectors, torch.eye(6, dtype=torch.float64).expand(5, 6, 6))
    torch.testing.assert_close((vectors * (matrix @ vectors)).sum(1), values)


def test_subspace_iteration_of_a_matrix_of_low_rank():
    factors = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 50)))
    values, vectors = _subspace_iteration(factors.mT @ factors, 6)
    assert torch.allclose(values, torch.linalg.eigvalsh(factors.mT @ factors)[:, -6:], atol=1e-9)
    assert torch.allclose(factors.mT @ factors, vectors * values.unsqueeze(1) @ vectors.mT)
