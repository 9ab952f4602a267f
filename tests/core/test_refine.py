"""Refinement: never worse on rows that took no part, off unless asked, and the same each time."""

import numpy as np
import pytest

from infoatlas import mutual_information
from infoatlas._refine import check_refine, refine_critic, split
from infoatlas._validation import check_pair


def product(n=300):
    """The product of two columns, with noise."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, 2))
    return x, x[:, :1] * x[:, 1:] + 0.4 * rng.normal(size=(n, 1))


def test_without_it_nothing_is_refined_and_with_it_only_the_refinement_is_new():
    plain = mutual_information(*product())
    refined = mutual_information(*product(), refine=2)
    assert plain.refinement is None
    assert (refined.mi, refined.stderr, refined.dv) == (plain.mi, plain.stderr, plain.dv)
    assert refined.refinement.n_held_out == 60


@pytest.mark.parametrize("seed", range(3))
def test_it_is_never_worse_than_the_zero_shot_critic_on_the_held_out_rows(draw, kind, seed):
    found = mutual_information(*draw(kind, 120, seed), refine=2).refinement
    assert found.held_out >= found.zero_shot
    assert (found.step == 0) == (found.held_out == found.zero_shot)
    assert 0 <= found.step <= 2


def test_steps_help_where_the_written_critic_is_not_the_best():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1000, 3))
    y = x.prod(axis=1, keepdims=True) + 0.2 * rng.normal(size=(1000, 1))
    found = mutual_information(x, y, refine=10).refinement
    assert found.held_out > found.zero_shot + 0.01
    assert found.step > 1


def test_step_0_is_the_critic_as_written_and_its_value_can_be_read_again(network):
    pair = check_pair(*product())
    none, some = (refine_critic(pair, network, np.random.default_rng(0), steps) for steps in (0, 3))
    assert none.step == 0
    assert none.held_out == none.zero_shot == some.zero_shot


def test_the_network_itself_is_not_changed(network):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    mutual_information(*product(), refine=3)
    assert all((before[name] == tensor).all() for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_same_seed_gives_the_same_refinement_and_bits_are_nats_over_ln_2():
    first, again = (mutual_information(*product(), refine=3) for _ in range(2))
    assert first.refinement == again.refinement
    bits = mutual_information(*product(), refine=3, units="bits").refinement
    assert bits.held_out == pytest.approx(first.refinement.held_out / np.log(2))
    assert "held out, step" in str(first)


def test_rows_that_follow_each_other_in_time_are_held_out_at_the_end():
    rng = np.random.default_rng(0)
    fitted, held_out = split(100, rng, gap=6)
    assert fitted.tolist() == list(range(80))
    assert held_out.tolist() == list(range(80, 100))
    fitted, held_out = split(100, rng, gap=0)
    assert sorted([*fitted, *held_out]) == list(range(100))
    assert held_out.tolist() != list(range(80, 100))


@pytest.mark.parametrize(
    ("refine", "error", "message"),
    [
        (True, TypeError, "refine must be a number of steps, got bool"),
        (1.5, TypeError, "refine must be a number of steps, got float"),
        (-1, ValueError, "refine must be 0 steps or more, got -1"),
        (1, ValueError, "refine needs 80 rows or more, a fifth of which is held out, got 50"),
    ],
)
def test_bad_steps_are_refused_in_words(refine, error, message):
    with pytest.raises(error, match=message):
        mutual_information(*product(50), refine=refine)
    assert check_refine(0, 10) == 0
