import json

import h5py
import numpy as np
import pytest

from infoatlas_plugins.key_states import key_states_of_flags, read_maniskill, write_maniskill
from infoatlas_plugins.key_states.sample import SAMPLE, read_sample
from infoatlas_plugins.key_states.tasks import find_task


def same(left, right):
    assert left.keys() == right.keys()
    return all(np.array_equal(left[key], right[key]) for key in left)


def test_what_is_written_is_read_again(tmp_path, demonstrations):
    path = tmp_path / "below" / "demos.h5"
    write_maniskill(path, demonstrations)
    again = read_maniskill(path)
    assert (again.task_id, again.control_mode) == ("PickCube-v1", "pd_ee_delta_pose")
    assert again.columns == demonstrations.columns
    for before, after in zip(demonstrations.episodes, again.episodes, strict=True):
        assert np.array_equal(before.states, after.states)
        assert np.array_equal(before.actions, after.actions)
        assert same(before.flags, after.flags)
        assert same(before.simulator, after.simulator)
        assert before.seed == after.seed
    assert {file.name for file in path.parent.iterdir()} == {"demos.h5", "demos.json"}


def test_the_layout_is_maniskills(tmp_path, demonstrations):
    write_maniskill(tmp_path / "demos.h5", demonstrations)
    with h5py.File(tmp_path / "demos.h5") as file:
        group = file["traj_1"]
        assert {"obs", "actions", "success", "terminated", "truncated", "env_states"} <= set(group)
        assert group["success"].shape == (11,)
        assert group["success"][-1]
        assert group["env_states/actors/cube"].shape == (12, 13)
    card = json.loads((tmp_path / "demos.json").read_text())
    assert card["episodes"][1]["reset_kwargs"]["seed"] == 1
    assert card["episodes"][1]["elapsed_steps"] == 11


@pytest.mark.parametrize("seed", [5, [5]])
def test_official_files_without_our_additions_are_read(tmp_path, seed):
    with h5py.File(tmp_path / "official.h5", "w") as file:
        group = file.create_group("traj_0")
        group["obs/agent/qpos"] = np.zeros((4, 2), np.float32)
        group["obs/extra/is_grasped"] = np.zeros(4, bool)
        group["actions"] = np.zeros((3, 8), np.float32)
        group["success"] = np.array([False, False, True])
    card = {
        "env_info": {"env_id": "StackCube-v1", "env_kwargs": {"control_mode": "pd_joint_pos"}},
        "episodes": [{"episode_id": 0, "reset_kwargs": {"seed": seed}}],
    }
    (tmp_path / "official.json").write_text(json.dumps(card))
    read = read_maniskill(tmp_path / "official.h5")
    assert read.columns == ("agent/qpos[0]", "agent/qpos[1]", "extra/is_grasped[0]")
    assert read.control_mode == "pd_joint_pos"
    assert read.episodes[0].seed == 5
    assert read.episodes[0].flags["success"].tolist() == [False, False, False, True]


def test_a_file_without_observations_says_how_to_get_them(tmp_path, demonstrations):
    write_maniskill(tmp_path / "demos.h5", demonstrations)
    with h5py.File(tmp_path / "demos.h5", "a") as file:
        del file["traj_0/obs"]
    with pytest.raises(ValueError, match="replay_trajectory --traj-path FILE --obs-mode state"):
        read_maniskill(tmp_path / "demos.h5")


def test_a_missing_file_or_trajectory_is_named(tmp_path, demonstrations):
    with pytest.raises(FileNotFoundError, match=r"none\.h5 does not exist"):
        read_maniskill(tmp_path / "none.h5")
    with pytest.raises(ValueError, match=r"must end in \.h5"):
        write_maniskill(tmp_path / "demos.zip", demonstrations)
    write_maniskill(tmp_path / "demos.h5", demonstrations)
    with h5py.File(tmp_path / "demos.h5", "a") as file:
        del file["traj_2"]
    with pytest.raises(ValueError, match="has no traj_2"):
        read_maniskill(tmp_path / "demos.h5")


def test_the_shipped_demonstrations_all_succeed_and_pass_every_key_state():
    shipped = read_sample()
    task = find_task(shipped.task_id)
    assert SAMPLE.stat().st_size < 2_000_000
    assert len(shipped) >= 20
    assert shipped.control_mode == task.control_mode
    assert task.gripper_column in shipped.columns
    assert set(task.hidden_columns) < set(shipped.columns)
    assert all(episode.flags["success"][-1] for episode in shipped.episodes)
    keys = key_states_of_flags(shipped, task.key_flags)
    assert (keys["grasped"] > 0).all()
    assert (keys["placed"] >= keys["grasped"]).all()
    assert (keys["done"] >= keys["placed"]).all()
