"""Gradients to the samples: those of finite differences, in both modes, and they lead uphill."""

import math

import numpy as np
import pytest
import torch

from infoatlas import differentiable_mutual_information, load_model, mutual_information
from infoatlas._coordinates import read_pair
from infoatlas._differentiable import double_precision, fixed_critic_value
from infoatlas._forward import write_critics
from infoatlas._pairs import pairs_of_all

STEP = 1e-7  # standard deviations; curvature is felt from 1e-6 on, rounding of the value below 1e-8
MODES = ("written", "fixed")


def sample(kind, n, seed=0):
    """Torch rows (n, d) of a kind, double precision."""
    rng = np.random.default_rng(seed)
    x, e = rng.normal(size=(2, n, 2))
    pairs = {
        "linear": (x[:, :1], x[:, :1] + e[:, :1]),
        "planar": (x, x + e),
        "unequal sides": (x, x[:, :1] ** 2 + e[:, :1]),
        "independent": (x[:, :1], e[:, :1]),
    }
    return tuple(torch.from_numpy(side.copy()) for side in pairs[kind])


def directional(value, x, y, seed):
    """Slope of value(x, y) along a random direction, by automatic and by central differences."""
    generator = torch.Generator().manual_seed(seed)
    directions = [torch.randn(side.shape, generator=generator).double() for side in (x, y)]
    sides = [side.clone().requires_grad_() for side in (x, y)]
    value(*sides).backward()
    pairs = [(side, d) for side, d in zip(sides, directions, strict=True) if side.grad is not None]
    slope = sum(float((side.grad * d).sum()) for side, d in pairs)
    ahead, behind = (
        float(value(*(side + s * STEP * d for side, d in zip((x, y), directions, strict=True))))
        for s in (1, -1)
    )
    return slope, (ahead - behind) / (2 * STEP)


@pytest.mark.parametrize("bandwidth", [0.1, 0.3])
@pytest.mark.parametrize("kind", ["linear", "planar", "unequal sides", "independent"])
def test_the_written_gradient_is_that_of_finite_differences(kind, bandwidth):
    x, y = sample(kind, 64)

    def value(x, y):
        return differentiable_mutual_information(x, y, bandwidth=bandwidth)

    for seed in range(3):
        slope, difference = directional(value, x, y, seed)
        assert slope == pytest.approx(difference, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("kind", ["linear", "planar", "unequal sides", "independent"])
def test_the_fixed_gradient_is_that_of_finite_differences_of_the_same_critic(kind):
    x, y = sample(kind, 64, 1)
    pairs = pairs_of_all(64, np.random.default_rng(0))
    with torch.no_grad():
        pair = read_pair(x.unsqueeze(0), y.unsqueeze(0), bandwidth=0.1)
        network = double_precision(load_model())
        critic = write_critics(network, pair, np.random.default_rng(0), pairs=pairs).critic

    def value(x, y):
        return fixed_critic_value(critic, x.unsqueeze(0), y.unsqueeze(0), pairs).squeeze(0)

    for seed in range(3):
        slope, difference = directional(value, x, y, seed)
        assert slope == pytest.approx(difference, rel=1e-3, abs=1e-4)


def test_the_fixed_mode_is_the_value_of_the_critic_that_the_rows_write():
    x, y = sample("planar", 80)
    pairs = pairs_of_all(80, np.random.default_rng(0))
    with torch.no_grad():
        pair = read_pair(x.unsqueeze(0), y.unsqueeze(0), bandwidth=0.1)
        critic = write_critics(
            double_precision(load_model()), pair, np.random.default_rng(0), pairs=pairs
        ).critic
        expected = fixed_critic_value(critic, x.unsqueeze(0), y.unsqueeze(0), pairs)
    value = differentiable_mutual_information(x, y, through_weights="fixed")
    assert value.item() == pytest.approx(expected.item())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["linear", "planar", "unequal sides"])
def test_gradients_are_finite_and_reach_both_sides(kind, mode):
    x, y = (side.requires_grad_() for side in sample(kind, 100, 2))
    differentiable_mutual_information(x, y, through_weights=mode).backward()
    for side in (x, y):
        assert side.grad.isfinite().all()
        assert side.grad.abs().sum() > 0


@pytest.mark.parametrize("mode", MODES)
def test_only_the_side_that_asks_gets_a_gradient(mode):
    x, y = sample("linear", 64)
    x.requires_grad_()
    differentiable_mutual_information(x, y, through_weights=mode).backward()
    assert x.grad is not None
    assert y.grad is None
    assert all(p.grad is None for p in load_model().parameters())


@pytest.mark.parametrize("mode", MODES)
def test_climbing_the_gradient_adds_information(mode):
    x, y = sample("linear", 300, 3)
    x = x.requires_grad_()
    optimiser = torch.optim.Adam([x], lr=0.1, maximize=True)
    before = mutual_information(x, y)
    for _ in range(12):
        optimiser.zero_grad()
        differentiable_mutual_information(x, y, through_weights=mode).backward()
        optimiser.step()
    after = mutual_information(x, y)
    assert after.mi > before.mi + 0.1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_value_is_a_scalar_of_the_dtype_of_x(mode, dtype):
    x, y = (side.to(dtype).requires_grad_() for side in sample("linear", 64))
    value = differentiable_mutual_information(x, y, through_weights=mode)
    assert value.shape == ()
    assert value.dtype == dtype
    value.backward()
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_the_value_is_about_the_mutual_information(correlation):
    x, e = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 500)))
    y = correlation * x + math.sqrt(1 - correlation**2) * e
    value = differentiable_mutual_information(x, y, bandwidth=0.02).item()
    truth = -0.5 * math.log1p(-(correlation**2))
    # a Donsker-Varadhan value of a critic fitted to these rows: its optimism is a few / sqrt(n)
    assert value == pytest.approx(truth, abs=3 * max(correlation, 0.3) / math.sqrt(500) + 0.05)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_repeats_and_flat_rows_are_one_column(mode):
    x, y = sample("linear", 64)
    first = differentiable_mutual_information(x, y, through_weights=mode)
    again = differentiable_mutual_information(x[:, 0], y[:, 0], through_weights=mode)
    other = differentiable_mutual_information(x, y, through_weights=mode, random_state=1)
    assert first.item() == again.item()
    assert first.item() != other.item()


def test_shifting_and_scaling_change_nothing():
    x, y = sample("planar", 64)
    plain = differentiable_mutual_information(x, y).item()
    moved = differentiable_mutual_information(1000 * x + 7, 0.01 * y - 3).item()
    assert moved == pytest.approx(plain, abs=1e-6)


LABELS = {
    "two classes": lambda s: (s > 0).double(),
    "counts": lambda s: s.round(),
    "one-hot": lambda s: torch.cat([s < -0.5, (s >= -0.5) & (s < 0.5), s >= 0.5], dim=1).double(),
}


@pytest.mark.parametrize("labels", sorted(LABELS))
@pytest.mark.parametrize("kind", ["linear", "planar"])
@pytest.mark.parametrize("seed", range(2))
def test_gradients_towards_labels_are_those_of_finite_differences(kind, labels, seed):
    """A side with few levels has few canonical pairs; the missing ones must not divide by zero."""
    x, y = sample(kind, 64, seed)
    y = LABELS[labels](y[:, :1])

    def value(x, _):
        return differentiable_mutual_information(x, y)

    slope, difference = directional(value, x, torch.zeros(1, 1).double(), seed)
    assert slope == pytest.approx(difference, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("labels", sorted(LABELS))
def test_climbing_towards_labels_with_the_critic_held_fixed_has_finite_gradients(labels):
    x, y = sample("planar", 64)
    x.requires_grad_()
    differentiable_mutual_information(
        x, LABELS[labels](y[:, :1]), through_weights="fixed"
    ).backward()
    assert x.grad.isfinite().all()
    assert x.grad.abs().sum() > 0


# what is refused


@pytest.mark.parametrize(
    "bad", [np.zeros((20, 1)), [[0.0]] * 20, torch.zeros(20, 1, dtype=torch.int64)]
)
@pytest.mark.parametrize("argument", ["x", "y"])
def test_what_is_no_floating_point_tensor_is_refused(argument, bad):
    good = torch.randn(20, 1)
    sides = (bad, good) if argument == "x" else (good, bad)
    with pytest.raises(TypeError, match=rf"^{argument} must be a floating-point torch tensor"):
        differentiable_mutual_information(*sides)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.randn(20, 1, 1), r"must have shape \(n,\) or \(n, d\), got \(20, 1, 1\)"),
        (torch.randn(20, 0), r"must have shape \(n,\) or \(n, d\), got \(20, 0\)"),
        (torch.tensor(1.0), r"must have shape"),
        (torch.randn(15, 1), "has 15 rows; a differentiable estimate takes 16 to 4096"),
        (torch.randn(4097, 1), "has 4097 rows"),
        (torch.full((20, 1), math.nan), "has NaN or infinite values"),
        (torch.full((20, 1), math.inf), "has NaN or infinite values"),
        (torch.ones(20, 1), "has a constant column, which has no rank"),
    ],
)
@pytest.mark.parametrize("argument", ["x", "y"])
def test_bad_values_are_refused_by_argument(argument, bad, message):
    good = torch.randn(20, 1)
    sides = (bad, good) if argument == "x" else (good, bad)
    with pytest.raises(ValueError, match=f"^{argument} {message}"):
        differentiable_mutual_information(*sides)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"through_weights": "none"},
            '^through_weights must be "written" or "fixed", got \'none\'',
        ),
        ({"bandwidth": 0.0}, "^bandwidth must be positive, got 0.0"),
        ({"bandwidth": math.nan}, "^bandwidth must be positive, got nan"),
        ({"random_state": -1}, "^random_state must be"),
        ({"model": "nothing"}, "^model='nothing' is not"),
    ],
)
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        differentiable_mutual_information(torch.randn(20), torch.randn(20), **options)


def test_different_numbers_of_rows_are_refused():
    with pytest.raises(
        ValueError, match=r"same number of rows, got x.shape=\(20, 1\) and y.shape=\(21"
    ):
        differentiable_mutual_information(torch.randn(20, 1), torch.randn(21, 1))
