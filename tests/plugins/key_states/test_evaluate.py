from dataclasses import replace

import numpy as np
import pytest
import torch

from infoatlas_plugins.key_states.evaluate import (
    SuccessRate,
    roll_outs,
    stacked,
    start_states,
    succeeds,
    unseen_seeds,
)
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.simulation import NO_CUDA, make_environment
from infoatlas_plugins.key_states.tasks import TASKS
from infoatlas_plugins.key_states.train import PolicyConfig, train_policy

TINY = PolicyConfig(policy="chunked", n_iterations=2, batch_size=8, width=16, execute=3)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return train_policy(read_sample().first(2), TINY, tmp_path_factory.mktemp("policy"))


class Counters:
    """Three environments at once, each in success at one step only, the last never."""

    success_at = np.array([2, 5, 99])

    def __init__(self, n_columns):
        self.steps, self.asked = 0, []
        self.observed = torch.ones(3, n_columns)

    def step(self, actions):
        self.asked.append(actions)
        self.steps += 1
        told = {"success": torch.from_numpy(self.success_at == self.steps)}
        return self.observed, None, None, None, told


def test_success_at_any_step_counts_for_each_environment_of_a_batch(policy):
    environment = Counters(len(read_sample().columns))
    looked = []
    outcomes = succeeds(policy, environment, environment.observed, 7, looked.append)
    assert outcomes == [True, True, False]
    assert environment.steps == 7
    assert len(looked) == 8
    assert np.stack(environment.asked).shape == (7, 3, 7)
    assert np.abs(environment.asked).max() <= 1


def test_an_episode_ends_when_every_environment_has_succeeded(policy):
    environment = Counters(len(read_sample().columns))
    environment.success_at = np.array([1, 2, 2])
    assert succeeds(policy, environment, environment.observed, 7, lambda _: None) == [True] * 3
    assert environment.steps == 2


def test_states_of_several_environments_become_one_nested_batch():
    states = [{"actors/cube": np.full(13, n), "articulations/panda": np.zeros(31)} for n in (1, 2)]
    nested = stacked(states, "cpu")
    assert nested["actors"]["cube"].shape == (2, 13)
    assert nested["actors"]["cube"][:, 0].tolist() == [1, 2]
    assert set(nested) == {"actors", "articulations"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without a GPU")
def test_gpu_simulation_without_a_gpu_is_one_sentence(policy):
    on_gpu = replace(policy, config=replace(policy.config, simulation="gpu"))
    with pytest.raises(RuntimeError) as raised:
        roll_outs(on_gpu, [0])
    assert str(raised.value) == NO_CUDA


def test_pictures_of_a_simulation_on_the_gpu_are_refused(policy):
    on_gpu = replace(policy, config=replace(policy.config, simulation="gpu"))
    with pytest.raises(ValueError, match='drawn with simulation="cpu" alone'):
        roll_outs(on_gpu, [0], render_backend="cpu")


def test_tasks_whose_objects_differ_by_seed_are_not_simulated_on_a_gpu(policy):
    config = replace(policy.config, simulation="gpu")
    on_gpu = replace(policy, config=config, task_id="PegInsertionSide-v1")
    with pytest.raises(ValueError, match="builds other objects for each seed"):
        roll_outs(on_gpu, [0])


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of mani-skill's own dependencies
def test_a_start_state_put_into_another_environment_is_that_start():
    pytest.importorskip("mani_skill", reason="needs mani-skill")
    task = TASKS["PickCube-v1"]
    (start,) = start_states(task, [11])
    environment = make_environment(task)
    wanted, _ = environment.reset(seed=11)
    other, _ = environment.reset(seed=12)
    assert not np.allclose(other, wanted, atol=1e-3)
    environment.unwrapped.set_state_dict(stacked([start], "cpu"))
    assert np.allclose(environment.unwrapped.get_obs(), wanted, atol=1e-5)
    environment.close()


@pytest.mark.parametrize(
    ("successes", "episodes", "expected"),
    # Wilson (1927), worked out by scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (81, 100, (0.7222, 0.8749))],
)
def test_intervals_are_wilsons(successes, episodes, expected):
    rate = SuccessRate(successes=successes, episodes=episodes)
    assert rate.interval == pytest.approx(expected, abs=1e-3)


def test_intervals_agree_with_scipy():
    from scipy.stats import binomtest

    for successes in range(0, 38, 5):
        truth = binomtest(successes, 37).proportion_ci(method="wilson")
        rate = SuccessRate(successes=successes, episodes=37)
        assert rate.interval == pytest.approx((truth.low, truth.high), abs=1e-6)


def test_unseen_seeds_start_far_above_those_of_demonstrations():
    assert unseen_seeds(3) == [50_000, 50_001, 50_002]
