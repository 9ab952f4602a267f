from dataclasses import replace

import numpy as np
import pytest
import torch

from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.train import (
    CONFIGS,
    PolicyConfig,
    key_states_for,
    load_policy,
    train_policy,
)

TINY = PolicyConfig(
    keys="uniform", n_iterations=6, batch_size=8, width=16, n_layers=1, n_heads=2, save_every=3
)


@pytest.fixture(scope="module")
def shipped():
    return read_sample().first(16)


def weights(policy):
    return torch.cat([parameter.flatten() for parameter in policy.network.parameters()])


def test_a_run_that_is_stopped_and_resumed_gives_the_same_weights(tmp_path, shipped, monkeypatch):
    whole = train_policy(shipped, TINY, tmp_path / "whole")
    from infoatlas_plugins.key_states import train

    step, calls = train._step, []

    def stopping(run, windows):
        calls.append(run.done)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return step(run, windows)

    monkeypatch.setattr(train, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train_policy(shipped, TINY, tmp_path / "parts")
    resumed = train_policy(shipped, TINY, tmp_path / "parts")
    assert calls == [0, 1, 2, 3, 4, 3, 4, 5]  # from the checkpoint after three
    assert torch.equal(weights(whole), weights(resumed))
    assert list((tmp_path / "parts").glob("events.out.tfevents.*"))


def test_training_lowers_the_error_of_actions(tmp_path, shipped):
    config = replace(TINY, policy="chunked", n_iterations=150, batch_size=64, learning_rate=3e-3)
    states, actions = shipped.states[0], shipped.episodes[0].actions

    def error(policy):
        predicted = policy.actions([states[: len(actions)]])[:, 0]  # a batch of all steps
        return float(((predicted - actions) ** 2).mean())

    before = error(train_policy(shipped, replace(config, n_iterations=1), tmp_path / "before"))
    assert error(train_policy(shipped, config, tmp_path / "after")) < before / 2


def test_a_folder_of_another_run_is_refused(tmp_path, shipped):
    train_policy(shipped, TINY, tmp_path)
    with pytest.raises(ValueError, match="run with other config; choose another folder"):
        train_policy(shipped, replace(TINY, noise=0.5), tmp_path)
    with pytest.raises(
        ValueError, match="run with other seeds, key_states, state_scale, action_scale"
    ):
        train_policy(shipped.first(15), TINY, tmp_path)


def test_a_missing_policy_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"policy\.json does not exist; train a policy"):
        load_policy(tmp_path)


def test_shuffled_key_states_belong_to_somebody_else_and_are_all_used(shipped):
    config = replace(TINY, keys="shuffled", finder_iterations=1)
    keys, owners = key_states_for(shipped, config)
    assert len(keys) == 16
    assert (owners != np.arange(16)).all()
    assert sorted(owners) == list(range(16))
    assert key_states_for(shipped, TINY)[1] is None
    assert key_states_for(shipped, replace(TINY, policy="chunked")) == (None, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "diffusion"}, "policy must be key-state or chunked"),
        ({"keys": "psychic"}, "keys must be one of infoatlas"),
        ({"chunk": 0, "execute": 0}, "execute must be 1 to chunk=0, got 0"),
        ({"chunk": 2}, "execute must be 1 to chunk=2, got 8"),
        ({"context": 0}, "context must be at least 1, got 0"),
        ({"frame": "camera"}, "frame must be one of gripper, world, got 'camera'"),
        ({"loss": "cubed"}, "loss must be one of squared, absolute"),
        ({"width": 10, "n_heads": 4}, "n_heads=4 must divide width=10"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PolicyConfig(**options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without a GPU")
def test_a_gpu_that_is_not_there_is_one_sentence(tmp_path, shipped):
    with pytest.raises(RuntimeError, match="device 'cuda' needs an NVIDIA GPU"):
        train_policy(shipped, replace(TINY, device="cuda"), tmp_path)
    assert not list(tmp_path.iterdir())
    train_policy(shipped, TINY, tmp_path)
    with pytest.raises(RuntimeError, match=r"eval --simulation cpu"):
        load_policy(tmp_path, simulation="gpu")


def test_a_policy_trained_elsewhere_is_used_where_it_is_wanted(tmp_path, shipped):
    train_policy(shipped, replace(TINY, simulation="gpu"), tmp_path)
    assert load_policy(tmp_path).config.simulation == "gpu"
    assert load_policy(tmp_path, simulation="cpu").config.simulation == "cpu"


def test_the_papers_size_is_the_papers():
    paper = CONFIGS["paper"]
    assert (paper.n_layers, paper.n_heads, paper.width, paper.context) == (4, 8, 128, 60)
    assert (paper.n_iterations, paper.batch_size) == (1_600_000, 256)
    assert (paper.device, paper.simulation) == ("cuda", "gpu")
