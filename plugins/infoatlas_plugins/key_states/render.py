"""Rendered pictures: strips of key frames, and films of roll-outs. Needs a Vulkan driver."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.demonstrations import Demonstration, Demonstrations
from infoatlas_plugins.key_states.evaluate import SuccessRate, evaluate_policy, stacked
from infoatlas_plugins.key_states.simulation import as_array, make_environment
from infoatlas_plugins.key_states.tasks import find_task
from infoatlas_plugins.key_states.train import TrainedPolicy
from infoatlas_plugins.safe_write import replace_when_written

FRAMES_PER_SECOND = 20
BORDER = 4  # pixels of white between frames


def save_strips(
    path: Path,
    demonstrations: Demonstrations,
    keys: Sequence[NDArray[np.int64]],
    *,
    count: int = 3,
) -> None:
    """Key frames of the first demonstrations, one row each: first state, key states, last state.

    Parameters
    ----------
    path : Path
        A .png file.
    demonstrations : Demonstrations
        With simulator states and seeds.
    keys : sequence of ndarray
        The same number for every demonstration.
    count : int
        Demonstrations to draw.
    """
    images = import_extra("PIL.Image", extra="robot", needed_by="drawing key frames")
    environment = make_environment(find_task(demonstrations.task_id), render_backend="cpu")
    rows = []
    for episode, steps in list(zip(demonstrations.episodes, keys, strict=True))[:count]:
        shown = [0, *steps.tolist(), len(episode.states) - 1]
        rows.append(np.concatenate(_frames(environment, episode, shown), axis=1))
    environment.close()
    with replace_when_written(path) as handle:
        images.fromarray(np.concatenate(rows)).save(handle, format="PNG", optimize=True)


def save_film(path: Path, policy: TrainedPolicy, seed: int) -> SuccessRate:
    """An mp4 of one roll-out; returns whether it succeeded.

    Parameters
    ----------
    path : Path
        A .mp4 file.
    policy : TrainedPolicy
    seed : int
        Of the reset.
    """
    if path.suffix != ".mp4":
        raise ValueError(f"path must end in .mp4, got {str(path)!r}")
    film = import_extra("imageio.v3", extra="robot", needed_by="writing a film")
    frames: list[NDArray[np.uint8]] = []
    policy = replace(policy, config=replace(policy.config, simulation="cpu"))
    rate = evaluate_policy(
        policy, [seed], render_backend="cpu", look=lambda e: frames.append(_picture(e))
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        film.imwrite(temporary, np.stack(frames), fps=FRAMES_PER_SECOND)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rate


def _frames(
    environment: Any, episode: Demonstration, steps: Sequence[int]
) -> list[NDArray[np.uint8]]:
    """The pictures of some steps, with the simulator put into each of their states."""
    if not episode.simulator:
        raise ValueError("the demonstrations hold no simulator states (env_states) to draw from")
    environment.reset(seed=episode.seed)  # builds the objects of this seed
    pictures = []
    for step in steps:
        state = {path: values[step] for path, values in episode.simulator.items()}
        environment.unwrapped.set_state_dict(stacked([state], "cpu"))
        pictures.append(_labelled(_picture(environment)[::2, ::2], f"step {step}"))
    return pictures


def _labelled(picture: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    """The picture with a white border, and a label in its upper left corner."""
    images = import_extra("PIL.Image", extra="robot", needed_by="drawing key frames")
    drawing = import_extra("PIL.ImageDraw", extra="robot", needed_by="drawing key frames")
    image = images.fromarray(np.pad(picture, _PADDING, constant_values=255))
    drawing.Draw(image).text((2 * BORDER, 2 * BORDER), label, fill="white", font_size=18)
    return np.asarray(image)


_PADDING = ((BORDER, BORDER), (BORDER, BORDER), (0, 0))


def _picture(environment: Any) -> NDArray[np.uint8]:
    """What the task's own camera sees, (height, width, 3)."""
    array = as_array(environment.render())
    return array[0] if array.ndim == 4 else array
