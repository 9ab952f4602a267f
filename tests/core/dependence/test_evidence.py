"""Closed-form evidence agrees with the textbook forms of its statistics."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from infoatlas.dependence._evidence import (
    SIMILARITIES,
    combine,
    log_tails,
    normal_scores,
    products,
    similarities,
    similarity_weights,
)

SIDE = len(SIMILARITIES)


def pair(n=40, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return normal_scores(x), normal_scores(x[:, :1] + rng.normal(size=(n, 1)))


def place(a, b):
    return SIMILARITIES.index(a) * len(SIMILARITIES) + SIMILARITIES.index(b)


def test_two_distances_make_distance_covariance_without_the_diagonal():
    x, y = pair()
    found = products(similarities(x), similarities(y), np.arange(40)[None])[0]
    centred = []
    for side in (x, y):
        a = squareform(pdist(side))
        centred.append(a - a.mean(axis=0) - a.mean(axis=1)[:, None] + a.mean())
    both = centred[0] * centred[1]
    expected = both.sum() - np.trace(both)
    assert found[place("distance", "distance")] == pytest.approx(expected, rel=1e-4)


def test_two_linear_similarities_make_the_squared_cross_correlations_without_the_diagonal():
    x, y = pair()
    found = products(similarities(x), similarities(y), np.arange(40)[None])[0]
    diagonal = ((x**2).sum(axis=1) * (y**2).sum(axis=1)).sum()
    expected = ((x.T @ y) ** 2).sum() - diagonal
    assert found[place("linear", "linear")] == pytest.approx(expected, rel=1e-4)


def test_two_quadratic_similarities_make_the_cross_covariances_of_all_products():
    x, y = pair()
    found = products(similarities(x), similarities(y), np.arange(40)[None])[0]
    of_x, of_y = (
        np.einsum("ni,nj->nij", side, side).reshape(40, -1) - (side.T @ side / 40).ravel()
        for side in (x, y)
    )
    diagonal = ((of_x**2).sum(axis=1) * (of_y**2).sum(axis=1)).sum()
    expected = ((of_x.T @ of_y) ** 2).sum() - diagonal
    assert found[place("quadratic", "quadratic")] == pytest.approx(expected, rel=1e-4)


def test_noise_that_grows_with_a_hidden_feature_is_seen_by_the_quadratic_similarity_first():
    rng = np.random.default_rng(3)
    x, noise = rng.normal(size=(2, 300, 8))
    y = x.mean(axis=1, keepdims=True) * 8**0.5 * rng.normal(size=(300, 1)) + 0.5 * noise
    orders = np.stack([np.arange(300), *(rng.permutation(300) for _ in range(99))])
    of_x, of_y = (similarities(normal_scores(side)) for side in (x, y))
    logs = log_tails(products(of_x, of_y, orders))[0]
    others = [name for name in SIMILARITIES if name != "quadratic"]
    assert logs[place("quadratic", "quadratic")] < min(logs[place(a, a)] for a in others)


def test_an_order_of_y_is_that_order_of_its_rows():
    x, y = pair()
    order = np.random.default_rng(1).permutation(40)
    of_x = similarities(x)
    moved = products(of_x, similarities(y), order[None])
    plain = products(of_x, similarities(y[order]), np.arange(40)[None])
    np.testing.assert_allclose(moved, plain, rtol=1e-3, atol=1e-3)


def test_swapping_the_sides_transposes_the_statistics():
    x, y = pair()
    rows = np.arange(40)[None]
    one = products(similarities(x), similarities(y), rows).reshape(SIDE, SIDE)
    other = products(similarities(y), similarities(x), rows).reshape(SIDE, SIDE)
    np.testing.assert_allclose(one, other.T, rtol=1e-4, atol=1e-4)


def test_tails_of_a_normal_null_are_those_of_the_normal():
    values = np.random.default_rng(0).normal(size=(5000, 1))
    tails = np.exp(log_tails(values)[:, 0])
    for alpha in (0.5, 0.1, 0.01):
        # standard error sqrt(alpha / 5000), at most 0.01
        assert np.mean(tails <= alpha) == pytest.approx(alpha, abs=3 * np.sqrt(alpha / 5000))


def test_tails_keep_the_order_of_the_values_and_ignore_what_does_not_vary():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.exponential(size=30), np.ones(30)])
    logs = log_tails(values)
    # values above the mean; far below it, each value's own leave-one-out fit moves a little
    top = values[:, 0] > values[:, 0].mean()
    assert (np.argsort(logs[top, 0]) == np.argsort(-values[top, 0])).all()
    assert (logs[:, 1] == 0).all()


def test_combining_takes_the_mean_of_the_inverse_probabilities():
    logs = np.log(np.array([[0.5, 0.1], [1.0, 1.0]]))
    np.testing.assert_allclose(np.exp(combine(logs)), [6.0, 1.0])
    weighted = combine(logs, np.array([0.8, 0.2]))
    np.testing.assert_allclose(np.exp(weighted), [3.6, 1.0])


def test_linear_and_distance_count_most_and_the_sides_count_the_same():
    weights = similarity_weights().reshape(len(SIMILARITIES), len(SIMILARITIES))
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(weights, weights.T)
    heaviest = {SIMILARITIES[i] for i, j in np.argwhere(weights == weights.max()) if i == j}
    assert heaviest == {"linear", "distance"}
    assert (weights == weights.max()).sum() == 2
