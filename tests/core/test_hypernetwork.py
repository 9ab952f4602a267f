"""The network that writes critics: any shape, no order, both sides alike, each data set alone."""

import numpy as np
import pytest
import torch

from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import ENCODER_ROWS, HyperNetwork, ModelConfig, gated_weights
from infoatlas._pairs import pairs_of_all

SMALL = ModelConfig(
    token_width=8, row_width=8, rounds=2, written_width=8, hidden_width=8, written_features=4
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HyperNetwork(SMALL).double().eval().requires_grad_(requires_grad=False)


def forward(model, *samples, seed=0):
    """Forward pass of several samples (x, y) of one shape."""
    x, y = (torch.from_numpy(np.stack(side)) for side in zip(*samples, strict=True))
    return write_critics(model, read_pair(x, y), np.random.default_rng(seed))


def close(one, other, tolerance=1e-6):
    torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("n", "d_x", "d_y"),
    [(16, 1, 1), (64, 1, 7), (65, 12, 2), (100, 20, 33), (64, 70, 1), (20, 40, 40)],
)
def test_any_shape_gives_finite_numbers(model, n, d_x, d_y):
    rng = np.random.default_rng(0)
    outcome = forward(model, (rng.normal(size=(n, d_x)), rng.normal(size=(n, d_y))))
    for field in (*outcome.reading, outcome.joint, outcome.product):
        assert field.isfinite().all()
    assert outcome.joint.shape == (1, n)
    assert outcome.product.shape[::2] == (1, n)


def test_swapping_x_and_y_gives_the_same_reading(kind, draw, model):
    x, y = draw(kind, 130, 1)
    one, other = forward(model, (x, y)), forward(model, (y, x))
    close(other.reading.mi, one.reading.mi)
    close(other.joint, one.joint, 1e-5)


def test_the_order_of_coordinates_does_not_matter(kind, draw, model):
    x, y = draw(kind, 130, 2)
    one, other = forward(model, (x, y)), forward(model, (x[:, ::-1].copy(), y[:, ::-1].copy()))
    close(other.reading.mi, one.reading.mi)
    close(other.joint, one.joint, 1e-5)


def test_what_is_written_does_not_depend_on_the_order_of_rows(draw, model):
    """Given the columns: rows and their pairs are renamed together."""
    x, y = (torch.from_numpy(side).unsqueeze(0) for side in draw("gaussian 3", 100))
    pair = read_pair(x, y)
    pairs = pairs_of_all(100, np.random.default_rng(0))
    order = torch.from_numpy(np.random.default_rng(1).permutation(100))
    place = order.argsort()
    renamed = pairs._replace(
        partner=place[pairs.partner[:, order]],
        inverse=place[pairs.inverse[:, order]],
        weight=pairs.weight[order],
    )
    pairs, renamed = (p._replace(weight=p.weight.double()) for p in (pairs, renamed))
    one = model(pair, pair.x, pair.y, pairs)
    other = model(pair, pair.x.rows(order), pair.y.rows(order), renamed)
    close(other.prior_mean, one.prior_mean, 1e-9)
    close(other.layers.own[0], one.layers.own[0], 1e-9)


def test_a_data_set_is_written_the_same_alone_and_in_a_batch(kind, draw, model):
    samples = [draw(kind, 70, seed) for seed in range(3)]
    together = forward(model, *samples)
    for i, sample in enumerate(samples):
        alone = forward(model, sample)
        close(alone.reading.mi[0], together.reading.mi[i])
        close(alone.joint[0], together.joint[i], 1e-5)


def test_precisions_are_positive_and_bounded(kind, draw, model):
    precision = forward(model, draw(kind, 64)).critic.written.prior_precision
    assert (precision >= np.exp(-4)).all()
    assert (precision <= np.exp(12)).all()


def test_many_noise_columns_do_not_shrink_the_written_weights():
    """Gates are divided by their norm: an active column among quiet ones keeps its size."""
    h, quiet = 4, torch.full((1, 40, 4), -3.0)
    tokens = torch.cat([torch.full((1, 1, h), 3.0), quiet], dim=1)
    weights, gate = torch.nn.Linear(h, 6), torch.nn.Linear(h, 1)
    with torch.no_grad():
        gate.weight.fill_(1.0)
        gate.bias.zero_()
        alone = gated_weights(tokens[:, :1], 3, weights, gate)
        among = gated_weights(tokens, 3, weights, gate)
    torch.testing.assert_close(among[:, :3], alone, rtol=1e-3, atol=1e-3)


def test_above_the_encoders_rows_a_subset_is_read_and_all_rows_are_evaluated(model):
    rng = np.random.default_rng(3)
    n = ENCODER_ROWS + 500
    x = rng.normal(size=(n, 1))
    outcome = forward(model, (x, x + rng.normal(size=(n, 1))))
    assert outcome.joint.shape == (1, n)
    assert outcome.joint.isfinite().all()


def test_every_parameter_gets_a_gradient(draw):
    torch.manual_seed(1)
    model = HyperNetwork(SMALL)
    x, y = (torch.from_numpy(side).unsqueeze(0) for side in draw("gaussian 3", 64))
    outcome = write_critics(model, read_pair(x, y), np.random.default_rng(0))
    loss = outcome.joint.square().mean() + outcome.reading.mi.sum() + outcome.reading.stderr.sum()
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_the_same_seed_makes_the_same_network():
    torch.manual_seed(5)
    first = HyperNetwork(SMALL).state_dict()
    torch.manual_seed(5)
    second = HyperNetwork(SMALL).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_config_goes_through_its_dictionary():
    assert ModelConfig(**SMALL.as_dict()) == SMALL
    assert SMALL.as_dict()["rounds"] == 2
