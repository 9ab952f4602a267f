import numpy as np
import pytest
import torch

from infoatlas_plugins.key_states import Demonstration, Demonstrations
from infoatlas_plugins.key_states.policy_data import ActionScale, Observer, Windows, resize_keys
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.tasks import TASKS

PICK = TASKS["PickCube-v1"]


@pytest.fixture(scope="module")
def shipped():
    return read_sample().first(4)


@pytest.mark.parametrize("frame", ["world", "gripper"])
def test_what_a_policy_reads_is_standardised(shipped, frame):
    observer = Observer.fit(shipped, PICK, frame)
    together = np.concatenate([observer(states) for states in shipped.states])
    assert np.allclose(together.mean(axis=0), 0, atol=1e-3)
    assert (together.std(axis=0) < 1 + 1e-3).all()


@pytest.mark.parametrize("frame", ["world", "gripper"])
def test_a_privileged_flag_changes_nothing_of_what_a_policy_reads(shipped, frame):
    observer = Observer.fit(shipped, PICK, frame)
    told = shipped.states[0].copy()
    told[:, shipped.columns.index("extra/is_grasped[0]")] += 1
    assert np.array_equal(observer(told), observer(shipped.states[0]))


def test_actions_come_back_from_their_scale_and_switches_stay_switched(shipped):
    scale = ActionScale.fit(shipped, "spread")
    actions = shipped.episodes[0].actions
    assert np.allclose(scale.unscaled(scale.scaled(actions)), actions, atol=1e-6)
    assert scale.switched.tolist() == 6 * [False] + [True]  # the gripper's, of seven
    scaled = np.concatenate([scale.scaled(episode.actions) for episode in shipped.episodes])
    assert np.allclose(scaled.std(axis=0), 1, atol=1e-3)
    between = scale.scaled(np.full((1, 7), 0.3, dtype=np.float32))
    assert scale.unscaled(between)[0] == pytest.approx([0.3] * 6 + [1.0], abs=1e-6)


def test_raw_actions_are_left_alone(shipped):
    raw = ActionScale.fit(shipped, "raw")
    between = np.full((1, 7), 0.3, dtype=np.float32)
    assert np.array_equal(raw.scaled(between), between)
    assert np.array_equal(raw.unscaled(between), between)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [([3, 9], [3, 9, 9, 9]), ([1, 2, 3, 4], [1, 2, 3, 4]), (list(range(7)), [0, 2, 4, 6])],
)
def test_any_number_of_key_states_becomes_the_wanted_one(keys, expected):
    assert resize_keys(np.array(keys), 4).tolist() == expected


def counting(n_actions, start):
    steps = start + np.arange(n_actions + 1, dtype=np.float32)[:, None]
    return Demonstration(states=steps, actions=steps[:-1])


def test_windows_end_at_the_state_whose_actions_follow_and_keys_are_their_owners():
    demonstrations = Demonstrations(
        task_id="x", control_mode="y", episodes=(counting(5, 0), counting(8, 100))
    )
    raw = Observer(np.array([0]), np.zeros(1), np.ones(1))
    keys = [np.array([2]), np.array([3])]
    windows = Windows(
        demonstrations, raw, keys, context=3, chunk=4,
        scaling=ActionScale.fit(demonstrations, "raw"), owners=np.array([1, 0], dtype=np.intp),
    )  # fmt: skip
    states, actions, targets = windows.draw(200, torch.Generator().manual_seed(0))
    assert len(windows) == 13
    assert torch.equal(states[:, -1], actions[:, 0])
    first = torch.where(states[:, 0] >= 100, 100.0, 0.0)
    assert torch.equal(states[:, 0], torch.maximum(states[:, 2] - 2, first))
    last = torch.where(actions[:, 0] >= 100, 107.0, 4.0)
    assert torch.equal(actions[:, 3], torch.minimum(actions[:, 0] + 3, last))
    swapped = torch.where(
        states[:, 0] >= 100, torch.tensor([2.0, 5.0]), torch.tensor([103.0, 108.0])
    )
    assert torch.equal(targets[..., 0], swapped)
