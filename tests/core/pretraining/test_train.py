"""The training loop: steps are finite, runs stop and go on exactly, several processes agree."""

import csv
import dataclasses
import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from infoatlas import load_model, mutual_information
from infoatlas.pretraining import RECIPES, held_out, pretrain, train
from infoatlas.pretraining.processes import Processes
from infoatlas.pretraining.state import TrainingState
from infoatlas.pretraining.train import draw_size, learning_rate_factor, maximise, train_step

CONFIG = dataclasses.replace(  # a step takes some milliseconds, and each one is saved
    RECIPES["tiny"],
    rows_per_step=256,
    n_range=(64, 128),
    max_dimension=2,
    evaluation_batches=1,
    evaluation_minutes=0.0,
    warmup_steps=5,
)
SELDOM = dataclasses.replace(CONFIG, evaluation_minutes=60.0)
ALONE = Processes()
CPU = torch.device("cpu")


def start(config=CONFIG, steps=100):
    state = TrainingState.start(config, ALONE, CPU)
    state.begin_budget(minutes=None, steps=steps)
    return state


def interrupt_after(monkeypatch, steps):
    """Let a run take this many more steps, and then interrupt it as Ctrl-C would."""
    plain, taken = train.train_step, itertools.count()

    def step(*arguments):
        if next(taken) == steps:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(train, "train_step", step)


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def assert_same_state(one, other):
    tensors, others = (load_file(folder / "state.safetensors") for folder in (one, other))
    assert sorted(tensors) == sorted(others)
    for name in tensors:
        assert torch.equal(tensors[name], others[name]), name
    for name in ("last", "best"):
        weights, other_weights = (
            load_file(folder / f"{name}.safetensors") for folder in (one, other)
        )
        assert all(torch.equal(weights[key], other_weights[key]) for key in weights)


# one step


@pytest.mark.parametrize("name", ["pmi", "dv"])
def test_losses_and_gradients_are_finite_and_weights_move(name):
    config = dataclasses.replace(CONFIG, objective=name)
    state = start(config)
    for _ in range(10):
        before = state.model.pair_first.weight.clone()
        outcome = train_step(state, config, ALONE)
        state.count_step(outcome.data_sets, elapsed=1.0, worked=1.0)
        assert all(math.isfinite(value) for value in outcome.row.values())
        assert not torch.equal(state.model.pair_first.weight, before)
        assert all(weights.isfinite().all() for weights in state.model.state_dict().values())


def test_the_log_row_names_the_parts_of_the_loss():
    parts = {"logistic", "pointwise", "mi", "likelihood", "interval"}
    assert {"loss", "rate", "norm", *parts} == set(train_step(start(), CONFIG, ALONE).row)
    config = dataclasses.replace(CONFIG, objective="dv")
    assert {"loss", "rate", "norm", "dv"} == set(train_step(start(config), config, ALONE).row)


def test_the_same_seed_takes_the_same_steps():
    first, second = ([train_step(start(), CONFIG, ALONE).row for _ in range(2)] for _ in range(2))
    assert first == second
    assert first[0] == first[1]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_left_out(bad):
    state = start()
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    loss = bad * sum(parameter.sum() for parameter in state.model.parameters())
    norm = maximise(loss, state, CONFIG, ALONE, 1e-3)
    assert not math.isfinite(norm)
    for name, value in state.model.state_dict().items():
        assert torch.equal(value, before[name])
        assert torch.equal(state.average[name], before[name])
    assert not state.optimiser.state


def test_gradients_are_clipped_to_a_norm():
    state = start()
    loss = 1e6 * sum(parameter.sum() for parameter in state.model.parameters())
    assert maximise(loss, state, CONFIG, ALONE, 1e-3) > 1e6
    clipped = torch.cat([parameter.grad.flatten() for parameter in state.model.parameters()])
    assert clipped.norm() == pytest.approx(CONFIG.gradient_norm, rel=1e-4)


def test_steps_on_one_batch_lower_its_loss():
    state = start()
    generator_states = state.rng.bit_generator.state, state.generator.get_state()
    losses = []
    for _ in range(30):
        state.rng.bit_generator.state = generator_states[0]
        state.generator.set_state(generator_states[1])
        losses.append(train_step(state, CONFIG, ALONE).row["loss"])
        state.count_step(1, elapsed=1.0, worked=1.0)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.01


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_sizes_are_drawn_within_the_recipe(name):
    config = RECIPES[name]
    rng = np.random.default_rng(0)
    sizes = [draw_size(config, rng) for _ in range(500)]
    rows = [size.rows for size in sizes]
    assert config.n_range[0] <= min(rows) <= max(rows) <= config.n_range[1]
    assert {1, config.max_dimension} <= {d for size in sizes for d in (size.d_x, size.d_y)}
    assert all(max(size.d_x, size.d_y) <= config.max_dimension for size in sizes)
    for size in sizes:
        assert config.min_data_sets <= size.data_sets <= config.max_data_sets
    assert 0.1 < np.mean([size.d_x != size.d_y for size in sizes]) < 0.3


def test_the_learning_rate_warms_up_stays_and_falls():
    config = dataclasses.replace(CONFIG, warmup_steps=10, decay_share=0.5)
    factors = [learning_rate_factor(step, step / 100, config) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9:51] == [1.0] * 42
    assert factors[75] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(0.01)
    assert factors[50:] == sorted(factors[50:], reverse=True)


# runs


def test_a_run_leaves_a_usable_checkpoint_its_card_and_its_logs(tmp_path):
    config = dataclasses.replace(CONFIG, evaluation_minutes=60.0)
    best = pretrain(config, tmp_path, steps=25)
    assert best == tmp_path / "best.safetensors"
    x, e = np.random.default_rng(0).normal(size=(2, 100))
    assert math.isfinite(mutual_information(x, x + e, model=best).mi)
    card = json.loads(best.with_suffix(".json").read_text())
    assert card["recipe"]["model"] == card["config"] == config.model.as_dict()
    assert card["steps"] == 25
    assert card["data_sets"] >= 2 * 25
    assert card["held_out_error"] > 0
    (evaluated,) = rows_of(tmp_path / "log.csv")  # once, at the end
    assert evaluated["step"] == "25"
    assert float(evaluated["held_out_error"]) == pytest.approx(card["held_out_error"], abs=1e-5)
    (step,) = rows_of(tmp_path / "steps.csv")  # every 20 steps
    assert step["step"] == "20"
    assert all(math.isfinite(float(value)) for value in step.values())
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_the_checkpoint_holds_the_averaged_weights(tmp_path):
    pretrain(SELDOM, tmp_path, steps=4)
    state, weights = (load_file(tmp_path / f"{name}.safetensors") for name in ("state", "last"))
    for name, value in weights.items():
        assert torch.equal(value, state[f"average.{name}"])
    assert any(not torch.equal(v, state[f"model.{name}"]) for name, v in weights.items())


@pytest.mark.parametrize("stopped_after", [1, 6, 11])
def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path, monkeypatch, stopped_after):
    pretrain(CONFIG, tmp_path / "straight", steps=12)
    with monkeypatch.context() as patch:
        interrupt_after(patch, stopped_after)
        with pytest.raises(KeyboardInterrupt):
            pretrain(CONFIG, tmp_path / "resumed", steps=12)
    pretrain(CONFIG, tmp_path / "resumed", steps=12, resume=True)
    assert_same_state(tmp_path / "straight", tmp_path / "resumed")
    ends = [rows_of(tmp_path / name / "log.csv")[-1] for name in ("straight", "resumed")]
    for field in ("step", "data_sets", "held_out_error", "coverage"):
        assert ends[0][field] == ends[1][field]


def test_a_run_interrupted_twice_and_asked_for_another_budget_finishes_the_first(
    tmp_path, monkeypatch
):
    pretrain(CONFIG, tmp_path / "straight", steps=8)
    for steps in (3, 2):
        with monkeypatch.context() as patch:
            interrupt_after(patch, steps)
            with pytest.raises(KeyboardInterrupt):
                pretrain(CONFIG, tmp_path / "resumed", steps=8, resume=steps == 2)
    pretrain(CONFIG, tmp_path / "resumed", minutes=60, resume=True)
    assert_same_state(tmp_path / "straight", tmp_path / "resumed")


def test_steps_after_the_last_save_are_taken_again(tmp_path, monkeypatch):
    """Saved at step 4, interrupted at step 7: the three lost steps are repeated exactly."""
    pretrain(SELDOM, tmp_path / "straight", steps=9)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4)
        with pytest.raises(KeyboardInterrupt):
            pretrain(CONFIG, tmp_path / "resumed", steps=9)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            pretrain(SELDOM, tmp_path / "resumed", steps=9, resume=True)
    pretrain(SELDOM, tmp_path / "resumed", steps=9, resume=True)
    tensors, others = (
        load_file(tmp_path / n / "state.safetensors") for n in ("straight", "resumed")
    )
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)


def test_a_finished_run_is_extended_by_another_budget(tmp_path):
    pretrain(SELDOM, tmp_path, steps=5)
    first = load_file(tmp_path / "last.safetensors")
    pretrain(SELDOM, tmp_path, steps=7, resume=True)
    assert [row["step"] for row in rows_of(tmp_path / "log.csv")] == ["5", "12"]
    assert json.loads((tmp_path / "last.json").read_text())["steps"] == 12
    assert not torch.equal(
        load_file(tmp_path / "last.safetensors")["pair_first.weight"], first["pair_first.weight"]
    )


def test_a_budget_in_minutes_ends(tmp_path):
    pretrain(SELDOM, tmp_path, minutes=0.01)
    assert int(rows_of(tmp_path / "log.csv")[-1]["step"]) >= 1


def test_the_best_checkpoint_is_that_of_the_smallest_held_out_error(tmp_path, monkeypatch):
    errors = iter([0.5, 0.2, 0.4])
    monkeypatch.setattr(
        train, "held_out_error", lambda *_: held_out.HeldOutError(next(errors), {}, 1.0)
    )
    pretrain(CONFIG, tmp_path, steps=3)
    steps = {
        name: json.loads((tmp_path / f"{name}.json").read_text())["steps"]
        for name in ("best", "last")
    }
    assert steps == {"best": 2, "last": 3}


def test_nothing_but_files_comes_out(tmp_path, capsys):
    pretrain(SELDOM, tmp_path, steps=2)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


# what is refused


def test_a_run_without_a_budget_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"^minutes and steps are both None; give the run a budget"
    ):
        pretrain(CONFIG, tmp_path)


def test_a_run_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "state.safetensors").write_bytes(b"precious")
    with pytest.raises(ValueError, match=r"state.safetensors exists; resume it, or choose another"):
        pretrain(CONFIG, tmp_path, steps=1)
    assert (tmp_path / "state.safetensors").read_bytes() == b"precious"


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(ValueError, match=r"^nothing to resume: .* does not exist"):
        pretrain(CONFIG, tmp_path, steps=1, resume=True)
    assert list(tmp_path.iterdir()) == []


# several processes

PROGRAM = """
import dataclasses, os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from safetensors.torch import save_file
from infoatlas.pretraining import RECIPES, pretrain, train

config = dataclasses.replace(
    RECIPES["tiny"], rows_per_step=256, n_range=(64, 128), max_dimension=2, evaluation_batches=1,
    warmup_steps=2, decay_share=1.0,
)
plain = train.save_state

def save_state(state, path, processes):
    plain(state, path, processes)
    weights = state.model.state_dict() | {f"average.{k}": v for k, v in state.average.items()}
    weights = {k: v.clone() for k, v in weights.items()}
    save_file(weights, path.parent / f"rank-{processes.rank}.safetensors")

train.save_state = save_state
pretrain(config, Path(sys.argv[1]) / "steps", steps=6)
pretrain(config, Path(sys.argv[1]) / "minutes", minutes=0.01)
torch.distributed.barrier()
torch.distributed.destroy_process_group()
os._exit(0)  # gloo's threads may still let go of tensors while the interpreter ends, which aborts
"""


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """Folder of two short runs under torchrun, and what each rank held at their ends."""
    folder = tmp_path_factory.mktemp("two")
    program = folder / "program.py"
    program.write_text(PROGRAM)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    finished = subprocess.run(
        [*launch, str(program), str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return folder


@pytest.mark.parametrize("budget", ["steps", "minutes"])
def test_two_processes_keep_the_same_weights_to_the_last_bit(two_processes, budget):
    first, second = (load_file(two_processes / budget / f"rank-{r}.safetensors") for r in range(2))
    for name in first:
        assert torch.equal(first[name], second[name]), name


def test_two_processes_leave_one_usable_checkpoint_and_both_their_generators(two_processes):
    folder = two_processes / "steps"
    assert load_model(folder / "best.safetensors").config == CONFIG.model
    assert sorted(p.name for p in folder.glob("state*")) == [
        "state-generators-0.safetensors",
        "state-generators-1.safetensors",
        "state.safetensors",
    ]
    assert len(rows_of(folder / "log.csv")) == 1  # the main process alone writes
    generators = [load_file(folder / f"state-generators-{rank}.safetensors") for rank in range(2)]
    assert not torch.equal(generators[0]["torch_generator"], generators[1]["torch_generator"])


def test_one_process_agrees_with_itself():
    model = torch.nn.Linear(2, 1)
    model(torch.ones(1, 2)).backward()
    before = model.weight.grad.clone()
    ALONE.average_gradients(model)
    assert torch.equal(model.weight.grad, before)
    assert ALONE.agree(flag=True)
    assert not ALONE.agree(flag=False)
    assert ALONE.is_main
    assert not Processes(rank=1, count=2).is_main


def test_a_fresh_run_begins_with_the_weights_of_a_checkpoint(tmp_path):
    first = pretrain(RECIPES["tiny"], tmp_path / "first", steps=2, device="cpu")
    again = TrainingState.start(RECIPES["tiny"], ALONE, CPU)
    model = load_model(first)
    again.take_weights(model)
    for name, value in model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value)
        assert torch.equal(again.average[name], value)


def test_weights_of_other_sizes_and_a_start_beside_resume_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"start: flagship .* has the sizes"):
        pretrain(RECIPES["tiny"], tmp_path / "run", steps=1, start="default", device="cpu")
    with pytest.raises(ValueError, match="start is for a fresh run"):
        pretrain(
            RECIPES["tiny"], tmp_path / "run", steps=1, start="default", resume=True, device="cpu"
        )
