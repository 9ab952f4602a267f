"""Roll a policy out in ManiSkill and count successes, with Wilson intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infoatlas_plugins.key_states.simulation import as_array, make_environment, simulator_state
from infoatlas_plugins.key_states.tasks import Task, find_task
from infoatlas_plugins.key_states.train import TrainedPolicy
from infoatlas_plugins.progress import progress_bar

FIRST_UNSEEN_SEED = 50_000  # far above any seed that demonstrations are made from


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessRate:
    """Successes of a number of episodes and the 95 % Wilson interval of their share."""

    successes: int
    episodes: int

    @property
    def share(self) -> float:
        """Successes over episodes."""
        return self.successes / self.episodes

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927), JASA 22(158): stays within 0 and 1, also for none or all."""
        z, n, p = 1.959964, self.episodes, self.share
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return max(0.0, centre - half), min(1.0, centre + half)


def seen_seeds(policy: TrainedPolicy, count: int) -> list[int]:
    """Seeds of the first ``count`` training demonstrations; ValueError if there are fewer."""
    known = [seed for seed in policy.seeds if seed is not None]
    if not 1 <= count <= len(known):
        raise ValueError(f"count must be 1 to {len(known)}, the seeds seen in training: {count}")
    return known[:count]


def unseen_seeds(count: int) -> list[int]:
    """The first ``count`` seeds that no demonstration is made from."""
    return list(range(FIRST_UNSEEN_SEED, FIRST_UNSEEN_SEED + count))


def evaluate_policy(
    policy: TrainedPolicy,
    seeds: Sequence[int],
    *,
    render_backend: Literal["none", "cpu", "gpu"] = "none",
    look: Callable[[Any], None] | None = None,
) -> SuccessRate:
    """Share of episodes that succeed at any step within the task's horizon.

    Parameters are those of `roll_outs`.
    """
    outcomes = roll_outs(policy, seeds, render_backend=render_backend, look=look)
    return SuccessRate(successes=sum(outcomes), episodes=len(outcomes))


def roll_outs(
    policy: TrainedPolicy,
    seeds: Sequence[int],
    *,
    render_backend: Literal["none", "cpu", "gpu"] = "none",
    look: Callable[[Any], None] | None = None,
) -> list[bool]:
    """Whether each episode succeeds at any step within the task's horizon.

    Parameters
    ----------
    policy : TrainedPolicy
    seeds : sequence of int
        One episode for each.
    render_backend : {"none", "cpu", "gpu"}
    look : callable, optional
        Called with the environment after the reset and after each step, for instance to draw it.

    Returns
    -------
    list of bool

    Raises
    ------
    RuntimeError
        If pictures or the GPU are wanted and there is no driver for them.
    ValueError
        For pictures of a simulation on the GPU, and as `roll_outs_on_gpu`.
    """
    if policy.config.simulation == "gpu":
        if look is not None or render_backend != "none":
            raise ValueError('pictures of a roll-out are drawn with simulation="cpu" alone')
        return roll_outs_on_gpu(policy, seeds)
    task = find_task(policy.task_id)
    environment = make_environment(
        task, control_mode=policy.control_mode, render_backend=render_backend
    )
    outcomes: list[bool] = []
    for seed in progress_bar(seeds, description=f"{task.id} episodes"):
        # mani-skill's own arithmetic is in torch: a fifth less time than with gradients
        with torch.inference_mode():
            observed, _ = environment.reset(seed=seed)
            outcomes += succeeds(policy, environment, observed, task.horizon, look or _ignore)
    environment.close()
    return outcomes


def roll_outs_on_gpu(policy: TrainedPolicy, seeds: Sequence[int]) -> list[bool]:
    """As `roll_outs`, many episodes at once in ManiSkill's GPU simulation.

    The same seed places objects differently on the GPU, so that episodes start from the states that
    the CPU simulation has after its reset. They are made in a process of their own, because one
    process simulates on the one or the other.

    Raises
    ------
    RuntimeError
        If there is no CUDA device.
    ValueError
        For a task whose objects differ from seed to seed, which a state does not tell.
    """
    task = find_task(policy.task_id)
    if task.new_objects:
        raise ValueError(
            f'{task.id} builds other objects for each seed, which simulation="gpu" cannot copy; '
            'use simulation="cpu"'
        )
    count = min(policy.config.n_environments, len(seeds))
    environment = make_environment(task, control_mode=policy.control_mode, n_on_gpu=count)
    starts = start_states(task, seeds)
    outcomes: list[bool] = []
    for first in progress_bar(range(0, len(seeds), count), description=f"{task.id} on the GPU"):
        # the last round is filled up with its last start, whose repetitions are not counted
        chosen = (starts[first : first + count] + [starts[-1]] * count)[:count]
        with torch.inference_mode():
            environment.reset(seed=first)
            environment.unwrapped.set_state_dict(stacked(chosen, environment.unwrapped.device))
            observed = environment.unwrapped.get_obs()
            outcomes += succeeds(policy, environment, observed, task.horizon, _ignore)
    environment.close()
    return outcomes[: len(seeds)]


def start_states(task: Task, seeds: Sequence[int]) -> list[dict[str, NDArray[np.float32]]]:
    """Simulator states after the resets of the CPU simulation, by path, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_start_states, task, list(seeds)).result()


def _start_states(task: Task, seeds: list[int]) -> list[dict[str, NDArray[np.float32]]]:
    environment = make_environment(task)
    starts = []
    for seed in seeds:
        environment.reset(seed=seed)
        starts.append(simulator_state(environment))
    environment.close()
    return starts


def stacked(
    states: Sequence[Mapping[str, NDArray[np.float32]]], device: Any
) -> dict[str, dict[str, Tensor]]:
    """One simulator state by path for each environment -> ManiSkill's nested, batched tensors."""
    nested: dict[str, dict[str, Tensor]] = {}
    for path in states[0]:
        kind, _, name = path.partition("/")
        rows = torch.from_numpy(np.stack([state[path] for state in states]))
        nested.setdefault(kind, {})[name] = rows.to(device)
    return nested


def succeeds(
    policy: TrainedPolicy,
    environment: Any,
    observed: Any,
    horizon: int,
    look: Callable[[Any], None],
) -> list[bool]:
    """Whether each of b environments is in success at any step, from the states observed on."""
    look(environment)
    history, waiting = [_flat(observed)], list[NDArray[np.float32]]()
    reached = np.zeros(len(history[0]), dtype=bool)  # b
    for _ in range(horizon):
        if not waiting:
            chunks = policy.actions(history)[:, : policy.config.execute]  # b execute a
            waiting = list(np.clip(chunks, -1, 1).swapaxes(0, 1))
        observed, _, _, _, told = environment.step(waiting.pop(0))
        history = [*history, _flat(observed)][-policy.config.context :]
        look(environment)
        reached |= as_array(told["success"]).astype(bool)
        if reached.all():
            break
    return [bool(success) for success in reached]


def _flat(observed: Any) -> NDArray[np.float32]:
    """Observations of b environments as an array, (b, D)."""
    return as_array(observed).astype(np.float32)


def _ignore(environment: Any) -> None:
    """Look away."""
