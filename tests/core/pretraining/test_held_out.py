"""Held-out data sets are the same for every run, and the error of a network on them repeats."""

import dataclasses

import numpy as np
import pytest
import torch

from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas.pretraining import FAMILIES, RECIPES
from infoatlas.pretraining.held_out import SEED, held_out_error, held_out_sets

CONFIG = dataclasses.replace(RECIPES["tiny"], evaluation_batches=3)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HyperNetwork(CONFIG.model).eval().requires_grad_(requires_grad=False)


def test_the_sets_are_the_same_whatever_the_run_has_drawn_before():
    first = held_out_sets(CONFIG)
    torch.manual_seed(5)
    np.random.default_rng(5).normal()
    second = held_out_sets(dataclasses.replace(CONFIG, random_state=9))
    assert len(first) == len(second) == 3
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.mi, other.mi)
        assert one.family == other.family


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_sets_stay_within_the_sizes_of_the_recipe(name):
    config = dataclasses.replace(RECIPES[name], evaluation_batches=2)
    for data in held_out_sets(config):
        _, n, d = data.x.shape
        assert config.n_range[0] <= n <= config.n_range[1]
        assert d <= config.max_dimension
        assert set(data.family) <= set(FAMILIES)


def test_a_range_below_the_grid_still_has_sets():
    config = dataclasses.replace(CONFIG, n_range=(64, 100))
    assert {data.x.shape[1] for data in held_out_sets(config)} == {64}


def test_the_error_repeats_and_leaves_the_network_as_it_was(model):
    sets = held_out_sets(CONFIG)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = held_out_error(model, sets), held_out_error(model, sets)
    assert first == second
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_the_error_is_the_mean_difference_to_the_truth_over_one_plus_it(model):
    sets = held_out_sets(CONFIG)
    errors, families = [], []
    for data in sets:
        pair = read_pair(data.x.double(), data.y.double())
        with torch.no_grad():
            reading = write_critics(model, pair, np.random.default_rng(SEED)).reading
        errors += ((reading.mi.clamp_min(0) - data.mi).abs() / (1 + data.mi)).tolist()
        families += data.family
    found = held_out_error(model, sets)
    assert found.mean == pytest.approx(np.mean(errors))
    assert sorted(found.by_family) == sorted(set(families))
    for family, value in found.by_family.items():
        own = [e for e, name in zip(errors, families, strict=True) if name == family]
        assert value == pytest.approx(np.mean(own), abs=1e-4)
    assert 0 <= found.coverage <= 1


def test_a_better_network_has_a_smaller_error(network):
    """The shipped one against an untrained one of its sizes."""
    sets = held_out_sets(dataclasses.replace(RECIPES["tiny"], evaluation_batches=3))
    torch.manual_seed(0)
    untrained = HyperNetwork(network.config).eval()
    assert held_out_error(network, sets).mean < held_out_error(untrained, sets).mean
