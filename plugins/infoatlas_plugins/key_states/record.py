"""Make demonstrations with mani-skill's own motion planners, and resume where a run stopped."""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.demonstrations import Demonstration, Demonstrations
from infoatlas_plugins.key_states.maniskill_files import read_maniskill, write_maniskill
from infoatlas_plugins.key_states.simulation import (
    as_array,
    column_names,
    flags_of,
    make_environment,
    observe,
    simulator_state,
)
from infoatlas_plugins.key_states.tasks import Task, find_task
from infoatlas_plugins.progress import DELAY_SECONDS

PLANNERS = "mani_skill.examples.motionplanning.panda.solutions"
CONVERSION = "mani_skill.trajectory.utils.actions.conversion"
SAVE_EVERY = 20  # demonstrations; a run that is stopped loses at most these

logger = logging.getLogger(__name__)


def make_demonstrations(
    task_id: str, path: Path, *, count: int, first_seed: int = 0
) -> Demonstrations:
    """Plan, convert to the task's control mode, keep what succeeds, write to ``path``.

    Parameters
    ----------
    task_id : str
        One of ``TASKS``.
    path : Path
        A .h5 file. If it exists, its demonstrations are kept and more are added.
    count : int
        Demonstrations wanted in all.
    first_seed : int
        Seeds are tried from here on, one after the other; those that fail are skipped.

    Returns
    -------
    Demonstrations

    Raises
    ------
    ValueError
        For an unknown task, a count below 1, or a file of another task.
    """
    task = find_task(task_id)
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    episodes, columns = _resume(path, task)
    if len(episodes) >= count:
        return read_maniskill(path)
    seed = 1 + max((e.seed for e in episodes if e.seed is not None), default=first_seed - 1)
    recorder = Recorder(task)
    with tqdm(total=count, initial=len(episodes), desc=task.id, delay=DELAY_SECONDS, disable=None,
              leave=False) as bar:  # fmt: skip
        while len(episodes) < count:
            episode = recorder.record(seed)
            seed += 1
            if episode is None:
                continue
            episodes.append(episode)
            bar.update()
            if len(episodes) % SAVE_EVERY == 0 or len(episodes) == count:
                columns = recorder.columns
                write_maniskill(path, _together(task, episodes, columns))
    recorder.close()
    return _together(task, episodes, columns)


def _resume(path: Path, task: Task) -> tuple[list[Demonstration], tuple[str, ...]]:
    if not path.exists():
        return [], ()
    present = read_maniskill(path)
    if (present.task_id, present.control_mode) != (task.id, task.control_mode):
        raise ValueError(
            f"{path} holds {present.task_id} under {present.control_mode}, not {task.id} under "
            f"{task.control_mode}; choose another file"
        )
    return list(present.episodes), present.columns


def _together(
    task: Task, episodes: list[Demonstration], columns: tuple[str, ...]
) -> Demonstrations:
    return Demonstrations(
        task_id=task.id,
        control_mode=task.control_mode,
        episodes=tuple(episodes),
        columns=columns,
    )


class Recorder:
    """Two environments of one task: a planner drives the first, the second records the conversion.

    The planners steer absolute joint positions; policies learn better from relative actions.
    """

    def __init__(self, task: Task) -> None:
        check_numpy_for_planning()
        self.task = task
        self._planned = _ActionListener(make_environment(task, control_mode="pd_joint_pos"))
        self._replayed = _Listener(make_environment(task))
        self._plan = getattr(
            import_extra(PLANNERS, extra="robot", needed_by="planning demonstrations"), task.planner
        )
        self._convert = import_extra(
            CONVERSION, extra="robot", needed_by="planning demonstrations"
        ).from_pd_joint_pos
        self.columns: tuple[str, ...] = ()

    @torch.inference_mode()
    def record(self, seed: int) -> Demonstration | None:
        """One demonstration, cut after its last action; None if planning or replaying failed."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # planners print each failure
                outcome = self._plan(self._planned, seed=seed, debug=False, vis=False)
        except (RuntimeError, ValueError, AssertionError, AttributeError) as error:
            logger.info("seed %d of %s: the planner failed: %s", seed, self.task.id, error)
            return None
        if isinstance(outcome, int):  # the planners return -1 where they find no path
            return None
        planned = list(self._planned.actions)
        self._planned.reset(seed=seed)
        self._replayed.reset(seed=seed)
        self._convert(self.task.control_mode, planned, self._planned, self._replayed)
        self.columns = column_names(self._replayed)
        episode = self._replayed.demonstration(seed)
        return episode if _complete(episode, self.task) else None

    def close(self) -> None:
        """Free both environments."""
        self._planned.close()
        self._replayed.close()


def _complete(episode: Demonstration, task: Task) -> bool:
    """Ends in success and passes every key state of the task."""
    reached = all(np.any(episode.flags[flag]) for flag in task.key_flags.values())
    return reached and bool(episode.flags["success"][-1])


def check_numpy_for_planning() -> None:
    """mplib 0.1.1, which plans, is compiled for NumPy 1 and crashes the process under NumPy 2."""
    if int(np.__version__.split(".")[0]) >= 2:
        raise ImportError(
            "making demonstrations needs NumPy 1, because the planner mplib crashes under "
            f'NumPy {np.__version__}; install it with: pip install "infoatlas[robot]" "numpy<2"'
        )


class _ActionListener:
    """Passes everything to an environment and keeps the actions since the last reset."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self.actions: list[NDArray[np.float32]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment, name)

    def reset(self, **options: Any) -> Any:
        answer = self._environment.reset(**options)
        self.actions = []
        return answer

    def step(self, action: Any) -> Any:
        answer = self._environment.step(action)
        self.actions.append(as_array(action).astype(np.float32).reshape(-1))
        return answer


class _Listener(_ActionListener):
    """Keeps states, flags and simulator states as well."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._seen: list[tuple[Any, Any, Any]] = []

    def reset(self, **options: Any) -> Any:
        answer = super().reset(**options)
        self._seen = []
        self._look()
        # contacts are those of the last step, before the reset; nothing is reached at a reset
        for name in self._seen[0][1]:
            self._seen[0][1][name] = False
        return answer

    def step(self, action: Any) -> Any:
        answer = super().step(action)
        self._look()
        return answer

    def _look(self) -> None:
        state = np.concatenate(list(observe(self).values())).astype(np.float32)
        self._seen.append((state, flags_of(self), simulator_state(self)))

    def demonstration(self, seed: int) -> Demonstration:
        states, flags, simulator = zip(*self._seen, strict=True)
        return Demonstration(
            states=np.stack(states),
            actions=np.stack(self.actions),
            flags={name: np.array([told[name] for told in flags]) for name in flags[0]},
            seed=seed,
            simulator={
                name: np.stack([state[name] for state in simulator]).astype(np.float32)
                for name in simulator[0]
            },
        )
