import math

import pytest
import torch

from infoatlas_plugins.key_states.objectives import OBJECTIVES, Mine, gaussian


def pair(n, noise, *, d=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = x + noise * torch.randn(n, d, generator=generator, dtype=torch.float64)
    return x.requires_grad_(), y.requires_grad_()


@pytest.mark.parametrize("name", sorted(set(OBJECTIVES) - {"mine-1000"}))
def test_every_objective_is_a_number_with_gradients_to_both_sides(name):
    x, y = pair(60, 0.5)
    value = OBJECTIVES[name](0)(x, y)
    value.backward()
    assert value.shape == ()
    for side in (x, y):
        assert side.grad.isfinite().all()
        assert bool(side.grad.any()) is (name != "none")


@pytest.mark.parametrize("name", ["infoatlas", "per-dimension", "mine-100", "gaussian"])
def test_a_noisier_copy_carries_less(name):
    clean, noisy = (float(OBJECTIVES[name](0)(*pair(200, noise)).detach()) for noise in (0.3, 2.0))
    assert clean > noisy


def test_the_closed_form_is_right_for_a_gaussian_up_to_its_shrinkage():
    # correlation 0.8 in each of two columns; 5 % of shrinkage lowers it to 0.76
    x, y = pair(20_000, 0.75)
    assert float(gaussian(x, y).detach()) == pytest.approx(-math.log(1 - 0.76**2), abs=0.03)


def test_mine_goes_on_from_the_call_before():
    x, y = pair(200, 0.3)
    mine = Mine(20, 0)
    first, *_, last = (float(mine(x, y).detach()) for _ in range(10))
    assert last > first + 0.3
