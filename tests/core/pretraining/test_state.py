"""A run's whole state goes through one file; budgets end, or are extended; bad files refused."""

import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from infoatlas._hypernetwork import ModelConfig
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.processes import Processes
from infoatlas.pretraining.state import CLOCKS, TrainingState, load_state, save_state
from infoatlas.pretraining.train import train_step

CONFIG = dataclasses.replace(RECIPES["tiny"], rows_per_step=256, n_range=(64, 100), max_dimension=2)
ALONE = Processes()
CPU = torch.device("cpu")


def fresh(config=CONFIG, processes=ALONE):
    state = TrainingState.start(config, processes, CPU)
    state.begin_budget(minutes=None, steps=10)
    return state


def advance(state, steps):
    for _ in range(steps):
        train_step(state, CONFIG, ALONE)
        state.count_step(4, elapsed=0.5, worked=0.25)


@pytest.fixture(scope="module")
def started():
    state = fresh()
    advance(state, 3)
    state.held_out, state.best = 0.3, 0.2
    return state


@pytest.fixture
def path(started, tmp_path):
    save_state(started, tmp_path / "state.safetensors", ALONE)
    return tmp_path / "state.safetensors"


def assert_same(one, other):
    for name in CLOCKS:
        assert getattr(one, name) == getattr(other, name), name
    for weights, others in (
        (one.model.state_dict(), other.model.state_dict()),
        (one.average, other.average),
    ):
        assert sorted(weights) == sorted(others)
        assert all(torch.equal(weights[name], others[name]) for name in weights)
    for mine, theirs in zip(one.model.parameters(), other.model.parameters(), strict=True):
        moments, others = one.optimiser.state[mine], other.optimiser.state[theirs]
        assert sorted(moments) == sorted(others)
        assert all(torch.equal(moments[key], others[key]) for key in moments)
    assert one.rng.bit_generator.state == other.rng.bit_generator.state
    assert torch.equal(one.generator.get_state(), other.generator.get_state())


def refused(path, message, config=CONFIG):
    with pytest.raises(ValueError, match=message):
        load_state(fresh(config), path, ALONE)


# the file


def test_everything_goes_through_the_file(started, path):
    other = fresh()
    load_state(other, path, ALONE)
    assert_same(started, other)


def test_a_loaded_state_goes_on_as_the_saved_one_would_have(path):
    one, other = fresh(), fresh()
    for state in (one, other):
        load_state(state, path, ALONE)
    advance(one, 2)
    advance(other, 2)
    assert_same(one, other)
    straight = fresh()
    advance(straight, 5)
    straight.held_out, straight.best = 0.3, 0.2
    assert_same(one, straight)


def test_the_file_holds_no_pickle_and_says_what_it_is(path):
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["format"] == "infoatlas-training-1"
    assert json.loads(metadata["config"])["model"] == CONFIG.model.as_dict()
    assert json.loads(metadata["clocks"])["step"] == 3


def test_infinite_budgets_and_errors_go_through_the_file(tmp_path):
    state = TrainingState.start(CONFIG, ALONE, CPU)
    state.begin_budget(minutes=5, steps=None)
    save_state(state, tmp_path / "state.safetensors", ALONE)
    other = TrainingState.start(CONFIG, ALONE, CPU)
    load_state(other, tmp_path / "state.safetensors", ALONE)
    assert other.budget_steps == other.best == math.inf
    assert other.budget_seconds == 300


def test_without_its_generators_a_run_goes_on_with_fresh_draws(path):
    for file in path.parent.glob("state-generators-*"):
        file.unlink()
    first, second = fresh(), fresh()
    for state in (first, second):
        load_state(state, path, ALONE)
    assert_same(first, second)
    assert first.rng.bit_generator.state != fresh().rng.bit_generator.state


def test_an_interrupted_write_leaves_the_old_state_whole(started, path, monkeypatch):
    later = fresh()
    load_state(later, path, ALONE)
    advance(later, 1)
    with monkeypatch.context() as patch:
        patch.setattr(
            Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("power cut"))
        )
        with pytest.raises(OSError, match="power cut"):
            save_state(later, path, ALONE)
    other = fresh()
    load_state(other, path, ALONE)
    assert_same(started, other)


def test_a_missing_file_is_refused(tmp_path):
    refused(
        tmp_path / "state.safetensors", "^nothing to resume: .*state.safetensors does not exist"
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "state.safetensors cannot be read as a training state")


def test_a_cut_file_of_generators_is_refused(path):
    generators = path.with_name("state-generators-0.safetensors")
    generators.write_bytes(generators.read_bytes()[:50])
    refused(path, "state-generators-0.safetensors cannot be read as a training state")


@pytest.mark.parametrize("metadata", [None, {"format": "something else"}])
def test_a_foreign_file_is_refused(tmp_path, metadata):
    path = tmp_path / "state.safetensors"
    save_file({"weight": torch.zeros(2)}, path, metadata=metadata)
    refused(path, "state.safetensors is not an InfoAtlas training state")


def test_the_state_of_another_model_is_refused_with_its_sizes(path):
    other = dataclasses.replace(CONFIG, model=ModelConfig(token_width=16))
    refused(path, "state.safetensors is of another model: it has .*'token_width': 8", other)


# budgets


def test_a_budget_in_steps_ends_after_them():
    state = fresh()
    for used in range(10):
        assert not state.finished
        assert state.progress == pytest.approx(used / 10)
        state.count_step(1, elapsed=100.0, worked=1.0)
    assert state.finished
    assert state.progress == 1


def test_a_budget_in_minutes_ends_after_them():
    state = TrainingState.start(CONFIG, ALONE, CPU)
    state.begin_budget(minutes=1, steps=None)
    state.count_step(1, elapsed=45.0, worked=1.0)
    assert state.progress == pytest.approx(0.75)
    state.count_step(1, elapsed=15.0, worked=1.0)
    assert state.finished


def test_whichever_budget_is_used_up_first_ends_it():
    state = TrainingState.start(CONFIG, ALONE, CPU)
    state.begin_budget(minutes=1, steps=2)
    state.count_step(1, elapsed=1.0, worked=1.0)
    assert state.progress == 0.5
    state.count_step(1, elapsed=59.0, worked=1.0)
    assert state.finished


def test_a_budget_under_way_is_kept_and_a_finished_one_is_replaced():
    state = fresh()
    state.count_step(1, elapsed=1.0, worked=1.0)
    state.begin_budget(minutes=None, steps=99)
    assert state.budget_steps == 10
    for _ in range(9):
        state.count_step(1, elapsed=1.0, worked=1.0)
    state.begin_budget(minutes=None, steps=99)
    assert (state.budget_steps, state.step_in_budget, state.step) == (99, 0, 10)
    assert not state.finished


def test_peers_are_counted():
    state = fresh(processes=Processes(rank=0, count=2))
    state.count_step(8, elapsed=1.0, worked=3.0)
    assert (state.data_sets, state.core_seconds, state.seconds_in_budget) == (16, 6.0, 1.0)


# starts and averages


def test_every_process_starts_from_the_same_weights_and_draws_its_own_data():
    first, second = (fresh(processes=Processes(rank, 2)) for rank in range(2))
    for one, other in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert first.rng.random() != second.rng.random()
    assert torch.rand(1, generator=first.generator) != torch.rand(1, generator=second.generator)


def test_the_seed_decides_the_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = (fresh(dataclasses.replace(CONFIG, random_state=s)) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.model.pair_first.weight, same.model.pair_first.weight)
    assert not torch.equal(one.model.pair_first.weight, other.model.pair_first.weight)


def test_the_average_moves_towards_the_weights_and_faster_early_on():
    early, late = fresh(), fresh()
    late.step = 10_000
    moved = []
    for state in (early, late):
        with torch.no_grad():
            state.model.gate.bias.add_(1.0)
        before = state.average["gate.bias"].clone()
        state.update_average(0.998)
        moved.append((state.average["gate.bias"] - before).item())
    assert moved[0] == pytest.approx(0.9)  # 1 - 1 / 10
    assert moved[1] == pytest.approx(0.002, rel=1e-3)


def test_the_averaged_model_is_lent_and_given_back_even_after_an_error():
    state = fresh()
    with torch.no_grad():
        state.model.gate.bias.add_(1.0)
    own = state.model.gate.bias.item()

    def fail():
        with state.averaged() as model:
            assert model.gate.bias.item() == state.average["gate.bias"].item() != own
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert state.model.gate.bias.item() == own
