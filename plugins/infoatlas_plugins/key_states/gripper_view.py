"""A state as the gripper meets it: objects relative to the gripper, orientations as rotations.

A policy that reads absolute poses has to learn the same grasp at every place of the table. Here an
object's position is its offset from the gripper, along the axes of the robot's base, in which
ManiSkill's ``pd_ee_delta_pose`` also moves the gripper.
"""

# t: steps   D: state columns   p: poses   g: rotations of a cube

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.key_states.tasks import Task

GRIPPER = "extra/tcp_pose"
POSITION, POSE = 3, 7  # values: x, y, z, then a quaternion with its real part first
FINGERS = (7, 8)  # joints of the Panda arm after its seven
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GripperView:
    """Where in the flat observation the gripper, the objects and the rest stand.

    Attributes
    ----------
    gripper : int
        First of the seven columns of the gripper's pose.
    poses, points : tuple of int
        First columns of the poses of objects, and of positions that have no orientation.
    cubes : tuple of bool
        For each pose, whether the object looks the same after quarter turns.
    rest : tuple of int
        Columns that are taken as they are.
    """

    gripper: int
    poses: tuple[int, ...]
    points: tuple[int, ...]
    cubes: tuple[bool, ...]
    rest: tuple[int, ...]

    @classmethod
    def of(cls, columns: tuple[str, ...], task: Task) -> GripperView:
        """Read the places from the names of the columns.

        Left out are privileged flags, offsets from the gripper that are computed here, and, where
        actions move the gripper and not the joints, the arm's joints.

        Raises
        ------
        ValueError
            If no column is the gripper's pose.
        """
        groups = _groups(columns)
        if len(groups.get(GRIPPER, ())) != POSE:
            raise ValueError(
                f'frame="gripper" needs the {POSE} columns {GRIPPER}[...], which the '
                'demonstrations do not name; use frame="world"'
            )
        placed = [name for name in groups if name.startswith("extra/") and "_to_" not in name]
        placed = [name for name in placed if name != GRIPPER]
        poses = [name for name in placed if name.endswith("_pose") and len(groups[name]) == POSE]
        points = [
            name for name in placed if name.endswith("_pos") and len(groups[name]) == POSITION
        ]
        taken = {*poses, *points, GRIPPER, *(n for n in groups if n.startswith("extra/tcp_to_"))}
        rest = [place for name in groups if name not in taken for place in groups[name]]
        return cls(
            gripper=groups[GRIPPER][0],
            poses=tuple(groups[name][0] for name in poses),
            points=tuple(groups[name][0] for name in points),
            cubes=tuple(name in task.cubes for name in poses),
            rest=tuple(place for place in rest if _wanted(columns[place], task)),
        )

    def __call__(self, states: Array) -> Array:
        """(t, D) -> (t, features): gripper's pose, poses and points relative to it, the rest."""
        hand = _rotations(states[:, self.gripper :][:, :POSE])  # t 3 3
        place = states[:, self.gripper : self.gripper + POSITION]
        parts = [place, _two_columns(hand)]
        for first, cube in zip(self.poses, self.cubes, strict=True):
            turned = hand.transpose(0, 2, 1) @ _rotations(states[:, first:][:, :POSE])
            parts += [
                states[:, first : first + POSITION] - place,
                _two_columns(_nearest_turn(turned) if cube else turned),
            ]
        parts += [states[:, first : first + POSITION] - place for first in self.points]
        return np.concatenate([*parts, states[:, list(self.rest)]], axis=1)


def _groups(columns: tuple[str, ...]) -> dict[str, list[int]]:
    """Name without its index -> places of its columns."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(columns):
        groups.setdefault(name.partition("[")[0], []).append(place)
    return groups


def _wanted(column: str, task: Task) -> bool:
    """Neither a privileged flag nor a joint of the arm that the actions do not move directly."""
    joint = re.fullmatch(r"agent/q(?:pos|vel)\[(\d+)\]", column)
    if joint is not None and "joint" not in task.control_mode:
        return int(joint[1]) in FINGERS
    return column not in task.hidden_columns


def _rotations(poses: Array) -> Array:
    """Matrices of the quaternions of poses: (t, 7) -> (t, 3, 3)."""
    quaternion = poses[:, POSITION:]
    w, x, y, z = (quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def _two_columns(rotations: Array) -> Array:
    """The first two columns of rotations, which determine them continuously: (t, 3, 3) -> (t, 6).

    Zhou et al., CVPR 2019 (arXiv 1812.07035).
    """
    return rotations[:, :, :2].reshape(len(rotations), 6)


def _cube_turns() -> Array:
    """The 24 rotations that carry a cube into itself, (g, 3, 3)."""
    signed = [
        np.diag(signs)[list(order)]
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
    ]
    return np.stack([turn for turn in signed if np.linalg.det(turn) > 0])


CUBE_TURNS = _cube_turns()


def _nearest_turn(rotations: Array) -> Array:
    """Of the 24 equal orientations of a cube, the one nearest to the gripper's: (t, 3, 3)."""
    traces = np.einsum("tij,gji->tg", rotations, CUBE_TURNS)  # of rotation times turn
    return rotations @ CUBE_TURNS[traces.argmax(axis=1)]
