import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from infoatlas_plugins.key_states.gripper_view import CUBE_TURNS, GripperView
from infoatlas_plugins.key_states.sample import read_sample
from infoatlas_plugins.key_states.tasks import TASKS

PICK, PEG = TASKS["PickCube-v1"], TASKS["PegInsertionSide-v1"]
COLUMNS = read_sample().columns


def place(name):
    return COLUMNS.index(f"extra/{name}[0]")


def quaternion(rotation):
    x, y, z, w = rotation.as_quat()
    return np.array([w, x, y, z])


@pytest.fixture
def states():
    return read_sample().states[0].astype(np.float64)


@pytest.fixture
def view():
    return GripperView.of(COLUMNS, PICK)


def moved(states, shift, turn):
    """Gripper, cube and goal carried along together."""
    carried = states.copy()
    for name in ("tcp_pose", "obj_pose", "goal_pos"):
        first = place(name)
        carried[:, first : first + 3] = turn.apply(states[:, first : first + 3]) + shift
        if name.endswith("_pose"):
            w, x, y, z = states[:, first + 3 : first + 7].T
            turned = turn * Rotation.from_quat(np.stack([x, y, z, w], axis=1))
            carried[:, first + 3 : first + 7] = np.roll(turned.as_quat(), 1, axis=1)
    return carried


def test_shifting_everything_changes_nothing_but_where_the_gripper_is(view, states):
    seen, shifted = view(states), view(moved(states, [0.3, -0.2, 0.1], Rotation.identity()))
    assert np.allclose(shifted[:, :3], seen[:, :3] + [0.3, -0.2, 0.1])
    assert np.allclose(shifted[:, 3:], seen[:, 3:])


def test_turning_everything_leaves_the_cubes_orientation_in_the_gripper(view, states):
    turned = view(moved(states, np.zeros(3), Rotation.from_rotvec([0, 0, 0.7])))
    orientation = slice(12, 18)  # after the gripper's 3 + 6 and the cube's offset
    assert np.allclose(turned[:, orientation], view(states)[:, orientation])


def test_a_cube_turned_into_itself_looks_the_same_and_a_peg_does_not(view, states):
    first = place("obj_pose") + 3
    for turn in CUBE_TURNS:
        turned = states.copy()
        w, x, y, z = states[:, first : first + 4].T
        whole = Rotation.from_quat(np.stack([x, y, z, w], axis=1)) * Rotation.from_matrix(turn)
        turned[:, first : first + 4] = np.roll(whole.as_quat(), 1, axis=1)
        assert np.allclose(view(turned), view(states))
    as_peg = GripperView.of(COLUMNS, PEG)  # the last turn is not the identity
    assert not np.allclose(as_peg(turned), as_peg(states))


def test_a_cube_has_24_turns_and_each_is_a_rotation():
    assert len({turn.tobytes() for turn in CUBE_TURNS + 0.0}) == 24
    assert np.allclose(np.linalg.det(CUBE_TURNS), 1)


def test_a_quaternion_and_its_negative_are_one_orientation(view, states):
    negative = states.copy()
    for name in ("tcp_pose", "obj_pose"):
        negative[:, place(name) + 3 : place(name) + 7] *= -1
    assert np.allclose(view(negative), view(states))


def test_arm_joints_are_read_only_where_actions_move_them(states):
    fingers_and_offset = 4 + 3  # positions and speeds of two fingers, cube to goal
    hand, cube, goal = 9, 9, 3
    assert GripperView.of(COLUMNS, PICK)(states).shape[1] == hand + cube + goal + fingers_and_offset
    joints_and_flag = 14 + 1
    by_joints = GripperView.of(COLUMNS, PEG)(states).shape[1]
    assert by_joints == hand + cube + goal + fingers_and_offset + joints_and_flag


def test_unnamed_columns_are_refused():
    with pytest.raises(ValueError, match=r'needs the 7 columns extra/tcp_pose.*frame="world"'):
        GripperView.of((), PICK)
