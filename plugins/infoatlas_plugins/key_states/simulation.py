"""ManiSkill environments, made without a graphics driver, read as named columns.

mani-skill 3.0.1 builds render materials even when nothing is drawn, and fails where no Vulkan
device is found. ``render_backend="none"`` works around that; pictures need a Vulkan driver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.tasks import Task

NO_VULKAN = (
    "rendering needs a Vulkan driver and none was found; install one, for instance Mesa 24.3 or "
    "newer: apt-get install mesa-vulkan-drivers libvulkan1 (Debian 12: -t bookworm-backports)"
)


NO_CUDA = (
    "simulation on the GPU needs a CUDA device and none was found; evaluate with simulation "
    '"cpu" (`--simulation cpu`), or use a machine with an NVIDIA GPU'
)


def make_environment(
    task: Task,
    *,
    control_mode: str | None = None,
    render_backend: Literal["none", "cpu", "gpu"] = "none",
    n_on_gpu: int | None = None,
) -> Any:
    """A gymnasium environment of one task with flat state observations.

    Parameters
    ----------
    task : Task
    control_mode : str, optional
        Default: the one the task's demonstrations are recorded in.
    render_backend : {"none", "cpu", "gpu"}
        ``"none"`` needs no graphics driver.
    n_on_gpu : int, optional
        So many copies, simulated at once on the GPU; by default one, on the CPU.

    Returns
    -------
    gymnasium.Env
        Lasts twice the task's horizon, so that a recorder is never cut short.

    Raises
    ------
    ImportError
        If mani-skill is not installed.
    RuntimeError
        If pictures are wanted and no Vulkan driver is found, or the GPU and there is none.
    """
    if n_on_gpu is not None and not torch.cuda.is_available():
        raise RuntimeError(NO_CUDA)
    gymnasium = import_extra("gymnasium", extra="robot", needed_by="simulating a ManiSkill task")
    import_extra("mani_skill.envs", extra="robot", needed_by="simulating a ManiSkill task")
    if render_backend == "none":
        simulate_without_graphics()
    elif not has_graphics():
        raise RuntimeError(NO_VULKAN)
    return gymnasium.make(
        task.id,
        obs_mode="state",
        reward_mode="none",
        control_mode=control_mode or task.control_mode,
        num_envs=n_on_gpu or 1,
        sim_backend="physx_cpu" if n_on_gpu is None else "physx_cuda",
        render_backend=render_backend,
        render_mode=None if render_backend == "none" else "rgb_array",
        max_episode_steps=2 * task.horizon,
    )


@lru_cache(maxsize=1)
def has_graphics() -> bool:
    """Whether SAPIEN finds a device to draw with."""
    sapien = import_extra("sapien", extra="robot", needed_by="rendering")
    try:
        sapien.render.RenderMaterial()
    except RuntimeError:
        return False
    return True


def simulate_without_graphics() -> None:
    """Let actors be built where no device can draw them.

    SAPIEN refuses to make a material without a Vulkan device, though physics never looks at it.
    Where that is so, its two material classes are replaced by ones that only hold attributes, for
    the rest of the process.
    """
    if has_graphics():
        return
    for module in ("sapien.render", "sapien.pysapien.render", "sapien.wrapper.urdf_loader"):
        holder = import_extra(module, extra="robot", needed_by="simulating a ManiSkill task")
        for name in ("RenderMaterial", "RenderTexture2D"):
            if hasattr(holder, name):
                setattr(holder, name, _Undrawn)


class _Undrawn:
    """Takes any argument and attribute of a SAPIEN material; nothing is drawn with it."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def observe(environment: Any) -> dict[str, NDArray[np.float32]]:
    """State of the first environment by name, in the order of the flat observation."""
    nested = environment.unwrapped.get_obs(unflattened=True)
    return {path: np.atleast_1d(_first(value)) for path, value in leaves(nested)}


def column_names(environment: Any) -> tuple[str, ...]:
    """Names of the columns of the flat observation, such as ``extra/tcp_pose[0]``."""
    return tuple(
        f"{path}[{i}]" for path, values in observe(environment).items() for i in range(len(values))
    )


def simulator_state(environment: Any) -> dict[str, NDArray[np.float32]]:
    """Full state of the simulator by path, such as ``actors/cube``."""
    state = environment.unwrapped.get_state_dict()
    return {path: _first(value) for path, value in leaves(state)}


def flags_of(environment: Any) -> dict[str, bool]:
    """What the task says of the present state, such as ``is_grasped`` and ``success``."""
    base = environment.unwrapped
    told = {
        name: bool(_first(value))
        for name, value in base.evaluate().items()
        if np.size(_first(value)) == 1
    }
    return told | (_peg_flags(base) if hasattr(base, "box_hole_pose") else {})


def _peg_flags(base: Any) -> dict[str, bool]:
    """Grasped, and head and centre of the peg within 1 cm of the axis of the hole.

    PegInsertionSide-v1 tells success alone; the two steps before it are those of CoTPC (Jia et al.,
    ICML 2024).
    """
    grasped = bool(_first(base.agent.is_grasping(base.peg, max_angle=20)))
    to_goal = base.goal_pose.inv()
    off_axis = [
        float(np.linalg.norm(_first((to_goal * pose).p)[1:]))
        for pose in (base.peg_head_pose, base.peg.pose)
    ]
    return {"is_grasped": grasped, "is_aligned": grasped and max(off_axis) < 0.01}


def leaves(nested: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below a nested mapping with its path, in order; empty ones are left out."""
    for name, value in nested.items():
        below = f"{path}/{name}" if path else name
        if isinstance(value, Mapping):
            yield from leaves(value, below)
        else:
            yield below, value


def _first(value: Any) -> NDArray[Any]:
    """The first environment's part of a batched tensor, as an array."""
    array = as_array(value)
    return array[0] if array.ndim else array


def as_array(value: Any) -> NDArray[Any]:
    """A tensor of any device, or what an array can be made of, as an array."""
    return np.asarray(value.cpu() if hasattr(value, "cpu") else value)
