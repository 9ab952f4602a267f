"""Roll a policy out in ManiSkill and count successes, with Wilson intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas_plugins.key_states.simulation import make_environment
from infoatlas_plugins.key_states.tasks import find_task
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
    """
    task = find_task(policy.task_id)
    environment = make_environment(
        task, control_mode=policy.control_mode, render_backend=render_backend
    )
    rounds = progress_bar(seeds, description=f"{task.id} episodes")
    with torch.inference_mode():  # mani-skill's own arithmetic is in torch: a fifth less time
        outcomes = [
            _roll_out(policy, environment, seed, task.horizon, look or _ignore) for seed in rounds
        ]
    environment.close()
    return outcomes


def _roll_out(
    policy: TrainedPolicy,
    environment: Any,
    seed: int,
    horizon: int,
    look: Callable[[Any], None],
) -> bool:
    observed, _ = environment.reset(seed=seed)
    look(environment)
    history, waiting = [_flat(observed)], list[NDArray[np.float32]]()
    for _ in range(horizon):
        waiting = waiting or list(policy.actions(history)[: policy.config.execute])
        observed, _, _, _, told = environment.step(np.clip(waiting.pop(0), -1, 1))
        history = [*history, _flat(observed)][-policy.config.context :]
        look(environment)
        if bool(told["success"]):
            return True
    return False


def _flat(observed: Any) -> NDArray[np.float32]:
    return np.asarray(observed.cpu() if hasattr(observed, "cpu") else observed)[0]


def _ignore(environment: Any) -> None:
    """Look away."""
