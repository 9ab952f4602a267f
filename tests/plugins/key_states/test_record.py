import numpy as np
import pytest

from infoatlas_plugins.key_states import key_states_of_flags, make_demonstrations, record
from infoatlas_plugins.key_states.tasks import TASKS, find_task


def test_an_unknown_task_and_a_count_of_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="task must be one of PickCube-v1"):
        make_demonstrations("PourWater-v1", tmp_path / "demos.h5", count=1)
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        make_demonstrations("PickCube-v1", tmp_path / "demos.h5", count=0)


def test_planning_under_numpy_2_is_refused_before_it_crashes(monkeypatch):
    monkeypatch.setattr(record.np, "__version__", "2.1.0")
    with pytest.raises(ImportError, match=r'"infoatlas\[robot\]" "numpy<2"'):
        record.check_numpy_for_planning()


def test_a_file_of_another_task_is_not_added_to(tmp_path, demonstrations):
    path = tmp_path / "demos.h5"
    record.write_maniskill(path, demonstrations)
    with pytest.raises(ValueError, match="holds PickCube-v1 under pd_ee_delta_pose"):
        make_demonstrations("StackCube-v1", path, count=5)


def test_a_full_file_is_read_and_nothing_is_simulated(tmp_path, demonstrations):
    path = tmp_path / "demos.h5"
    record.write_maniskill(path, demonstrations)
    assert len(make_demonstrations("PickCube-v1", path, count=3)) == 3


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the planner's own dependencies
def test_demonstrations_are_made_and_a_second_run_adds_to_them(tmp_path):
    pytest.importorskip("mani_skill", reason="needs mani-skill")
    if np.__version__.startswith("2"):
        pytest.skip("planning needs NumPy 1")
    path = tmp_path / "pick.h5"
    two = make_demonstrations("PickCube-v1", path, count=2)
    three = make_demonstrations("PickCube-v1", path, count=3)
    assert [episode.seed for episode in three.episodes] == [0, 1, 2]
    assert np.array_equal(two.episodes[1].states, three.episodes[1].states)
    keys = key_states_of_flags(three, find_task("PickCube-v1").key_flags)
    assert all((values > 0).all() for values in keys.values())


@pytest.mark.extra
@pytest.mark.parametrize("task_id", sorted(TASKS))
def test_named_columns_are_the_flat_observation(task_id):
    pytest.importorskip("mani_skill", reason="needs mani-skill")
    from infoatlas_plugins.key_states.simulation import column_names, make_environment, observe

    task = find_task(task_id)
    environment = make_environment(task)
    flat, _ = environment.reset(seed=0)
    flat, *_ = environment.step(environment.action_space.sample())
    named = np.concatenate(list(observe(environment).values()))
    assert np.allclose(named, np.asarray(flat)[0])
    assert len(column_names(environment)) == flat.shape[1]
    assert task.gripper_column in column_names(environment)
    environment.close()
