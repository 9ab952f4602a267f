"""The last stage fits the read-out to fixed critics and touches nothing else."""

import copy

import pytest
import torch

from infoatlas._hypernetwork import HyperNetwork
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.refit import record, refit_read_out

CONFIG = RECIPES["tiny"]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HyperNetwork(CONFIG.model).eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def records(model):
    return record(model, CONFIG, minutes=0.08)


def test_records_are_what_the_read_out_is_shown(model, records):
    m = len(records.mi)
    assert m > 20
    assert records.context.shape[0] == len(records.weight) == m
    assert all(field.shape[0] == m and field.isfinite().all() for field in records.summary)
    assert (records.mi >= 0).all()


def test_only_the_read_out_changes_and_learns_that_critics_fall_short(model, records):
    short = records._replace(mi=1.25 * records.summary.candidates[:, 0].clamp_min(0.05))
    fitted = copy.deepcopy(model)
    losses = refit_read_out(fitted, short, CONFIG)
    assert min(losses) < losses[0] - 0.01
    for name, value in fitted.state_dict().items():
        same = torch.equal(value, model.state_dict()[name])
        assert same != name.startswith("readout.")


def test_the_same_records_give_the_same_read_out(model, records):
    one, other = copy.deepcopy(model), copy.deepcopy(model)
    assert refit_read_out(one, records, CONFIG) == refit_read_out(other, records, CONFIG)
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_a_read_out_that_got_only_worse_is_kept_as_it_came(model, records, monkeypatch):
    monkeypatch.setattr("infoatlas.pretraining.refit.LEARNING_RATE", 1e4)
    fitted = copy.deepcopy(model)
    losses = refit_read_out(fitted, records, CONFIG)
    assert min(losses) == losses[0] < max(losses)
    for name, value in fitted.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])
