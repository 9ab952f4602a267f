import numpy as np
import pytest
import torch

from infoatlas_plugins.key_states import Demonstration, Demonstrations
from infoatlas_plugins.key_states.policy_data import Observer, Windows, resize_keys
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.tasks import TASKS

PICK = TASKS["PickCube-v1"]


@pytest.fixture(scope="module")
def shipped():
    return read_sample().first(4)


def test_in_the_grippers_frame_moving_everything_at_once_changes_no_object_column(shipped):
    observer = Observer.fit(shipped, PICK, "gripper")
    moved = shipped.states[0].copy()
    absolute = [n for n, name in enumerate(shipped.columns)
                if name.endswith(("_pose[0]", "_pos[0]")) and "_to_" not in name]  # fmt: skip
    moved[:, absolute] += 0.1
    changed = np.abs(observer(moved) - observer(shipped.states[0])).max(axis=0) > 1e-3
    (only,) = np.flatnonzero(changed)
    assert shipped.columns[observer.kept[only]] == "extra/tcp_pose[0]"


def test_what_a_policy_reads_is_standardised_and_free_of_flags(shipped):
    observer = Observer.fit(shipped, PICK, "world")
    together = np.concatenate([observer(states) for states in shipped.states])
    assert np.allclose(together.mean(axis=0), 0, atol=1e-3)
    assert (together.std(axis=0) < 1 + 1e-3).all()
    assert "extra/is_grasped[0]" not in [shipped.columns[n] for n in observer.kept]


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
    place, none = np.zeros(1), np.array([], dtype=np.intp)
    raw = Observer(np.array([0]), none, none, place, place + 1)
    keys = [np.array([2]), np.array([3])]
    windows = Windows(
        demonstrations, raw, keys, context=3, chunk=4, owners=np.array([1, 0], dtype=np.intp)
    )
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
