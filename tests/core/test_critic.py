"""The critic: the same for (x, y) and (y, x), row by row, with series terms as they say."""

import dataclasses

import numpy as np
import pytest
import torch

from infoatlas._coordinates import Pair, read_pair
from infoatlas._critic import (
    GAUSSIAN_RANGE,
    N_BASE,
    N_FIXED,
    N_QUADRATIC,
    N_SERIES,
    SERIES,
    embed,
    pair_features,
)
from infoatlas._forward import embed_sides, write_critics
from infoatlas._hypernetwork import HyperNetwork, ModelConfig

SMALL = ModelConfig(
    token_width=8, row_width=8, rounds=1, written_width=8, hidden_width=8, written_features=4
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HyperNetwork(SMALL).double().eval().requires_grad_(requires_grad=False)


def read(x, y):
    return read_pair(*(torch.from_numpy(side).unsqueeze(0) for side in (x, y)))


def features_of(model, pair: Pair, seed=0):
    """Features and offsets of the joint rows, and the pieces they are made of."""
    forward = write_critics(model, pair, np.random.default_rng(seed))
    written = forward.critic.written
    embedded = embed_sides(model, pair, written, pair.x, pair.y)
    features, offset = pair_features(*embedded, written.layers, model.pair_network(), pair.gaussian)
    return features, offset, forward


def test_there_are_as_many_features_as_the_last_layer_has_weights(kind, draw, model):
    pair = read(*draw(kind, 100))
    features, offset, forward = features_of(model, pair)
    assert features.shape == (1, 100, N_FIXED + SMALL.written_features)
    assert features.shape[2] == model.n_features == forward.critic.solution.weights.shape[1]
    assert offset.shape == (1, 100)
    assert features.isfinite().all()


def test_features_are_bounded(kind, draw, model):
    features, offset, _ = features_of(model, read(*draw(kind, 200, 1)))
    assert (features[..., 0] == 1).all()
    assert (features[..., 1].abs() <= 2).all()  # the Gaussian critic, clipped to 6 and scaled
    assert (features[..., 2].abs() <= GAUSSIAN_RANGE / 10).all()
    assert (features[..., N_BASE : N_BASE + 2 * N_QUADRATIC].abs() <= 6).all()
    assert (features[..., N_BASE + 2 * N_QUADRATIC : N_FIXED].abs() < 2 + 1e-9).all()  # cosines
    assert (features[..., N_FIXED:].abs() <= 2).all()
    assert (offset.abs() <= 1.25 * GAUSSIAN_RANGE).all()


def test_features_of_swapped_sides_are_the_same_up_to_the_order_of_series_terms(kind, draw, model):
    x, y = draw(kind, 100, 2)
    one, offset, _ = features_of(model, read(x, y))
    other, other_offset, _ = features_of(model, read(y, x))
    torch.testing.assert_close(other_offset, offset, rtol=1e-6, atol=1e-8)
    start = N_BASE + 2 * N_QUADRATIC
    torch.testing.assert_close(other[..., :start], one[..., :start], rtol=1e-6, atol=1e-6)
    for order, _, _ in SERIES:
        part = slice(start, start + order * order)
        transposed = other[..., part].unflatten(-1, (order, order)).transpose(-1, -2).flatten(-2)
        torch.testing.assert_close(transposed, one[..., part], rtol=1e-6, atol=1e-6)
        start += order * order
    torch.testing.assert_close(other[..., start:], one[..., start:], rtol=1e-6, atol=1e-6)


def test_series_features_are_orthonormal_products_of_cosines(model):
    """Over independent rows their second moments are the identity."""
    n, order = 8000, SERIES[0][0]
    features, _, _ = features_of(model, read(*np.random.default_rng(0).normal(size=(2, n, 1))))
    start = N_BASE + 2 * N_QUADRATIC
    series = features[0, :, start : start + order * order]
    # the square of a product of two cosines has variance 5 / 4; six standard errors for 4096 means
    np.testing.assert_allclose(series.T @ series / n, np.eye(order**2), atol=6 * np.sqrt(1.25 / n))


def test_there_is_a_series_feature_for_each_pair_of_frequencies():
    assert sum(order * order for order, _, _ in SERIES) == N_SERIES


def test_the_critic_of_a_pair_of_rows_does_not_depend_on_the_other_rows(draw, model):
    pair = read(*draw("mixed", 120))
    critic = write_critics(model, pair, np.random.default_rng(0)).critic
    whole = critic(pair.x, pair.y)
    some = torch.tensor([5, 3, 77])
    part = critic(pair.x.rows(some), pair.y.rows(some))
    torch.testing.assert_close(part, whole[:, some])


def test_the_critic_at_the_fitted_rows_is_what_the_forward_pass_returned(draw, model):
    pair = read(*draw("gaussian 3", 120))
    forward = write_critics(model, pair, np.random.default_rng(0))
    torch.testing.assert_close(forward.critic(pair.x, pair.y), forward.joint)


def test_embedding_two_sides_apart_costs_rows_not_pairs(draw, model):
    """What a row brings to a pair is computed once: embeddings have no partner in them."""
    pair = read(*draw("gaussian 1", 80))
    written = write_critics(model, pair, np.random.default_rng(0)).critic.written
    alone = embed(pair.x, pair.layout_x, written.layers.own[0], SMALL.order)
    both, _ = embed_sides(model, pair, written, pair.x, pair.y)
    assert torch.equal(alone, both)
    assert both.shape[:2] == (1, 80)


def test_sides_with_few_coordinates_leave_missing_plain_pairs_at_zero(draw, model):
    pair = read(*draw("gaussian 1", 80))
    assert pair.layout_x.plain == 1
    features, _, _ = features_of(model, pair)
    assert (features[0, :, N_BASE + 1] == 0).all()  # product of the second plain pair
    assert (features[0, :, N_BASE] != 0).any()


def test_sizes_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMALL.order = 3
