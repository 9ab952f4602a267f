"""The ManiSkill tasks: horizon, control mode, planner, and the flags that mark true key states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the plugin has to know of one ManiSkill task.

    ``key_flags`` names the privileged key states in order: each is the first state, from the one
    before it on, at which a flag of the simulator is true. They score discovery; nothing is trained
    on them unless asked for.
    """

    id: str
    horizon: int  # steps an evaluation may take; mani-skill's own default is shorter than its demos
    control_mode: str  # of the recorded actions
    planner: str  # name in mani_skill.examples.motionplanning.panda.solutions
    key_flags: dict[str, str]
    gripper_column: str = "agent/qpos[7]"  # opening of one finger, metres
    hidden_columns: tuple[str, ...] = ()  # in the observation, but a privileged flag themselves
    new_objects: bool = False  # each seed has objects of its own shape, not only other places
    cubes: tuple[str, ...] = ()  # poses of objects that look the same after quarter turns


TASKS = {
    task.id: task
    for task in (
        Task(
            id="PickCube-v1",
            horizon=150,
            control_mode="pd_ee_delta_pose",
            planner="solvePickCube",
            key_flags={"grasped": "is_grasped", "placed": "is_obj_placed", "done": "success"},
            hidden_columns=("extra/is_grasped[0]",),
            cubes=("extra/obj_pose",),
        ),
        Task(
            id="StackCube-v1",
            horizon=200,
            control_mode="pd_ee_delta_pose",
            planner="solveStackCube",
            key_flags={
                "grasped": "is_cubeA_grasped",
                "placed": "is_cubeA_on_cubeB",
                "done": "success",
            },
            cubes=("extra/cubeA_pose", "extra/cubeB_pose"),
        ),
        Task(
            id="PegInsertionSide-v1",
            horizon=250,
            control_mode="pd_joint_delta_pos",  # three quarters survive a replay as hand poses
            planner="solvePegInsertionSide",
            key_flags={"grasped": "is_grasped", "aligned": "is_aligned", "inserted": "success"},
            new_objects=True,
        ),
        Task(
            id="PushCube-v1",
            horizon=150,
            control_mode="pd_ee_delta_pose",
            planner="solvePushCube",
            key_flags={"pushed": "success"},
            cubes=("extra/obj_pose",),
        ),
    )
}


def find_task(task_id: str) -> Task:
    """The task of that id; ValueError names the known ones."""
    if task_id not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {task_id!r}")
    return TASKS[task_id]
