"""The training loop, read top to bottom.

Each step is the poster's four: draw distributions, draw data sets, write critics in one forward
pass, maximise the objective. The run keeps its whole state in one safetensors file and resumes
exactly.
"""

from __future__ import annotations

import math
import time
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from infoatlas._checkpoint import load_model, save_model
from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._pairs import move_pairs, pairs_of_all
from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.distributions import DataSets, draw_data_sets, draw_distributions
from infoatlas.pretraining.held_out import held_out_error, held_out_sets
from infoatlas.pretraining.log import TrainingLog
from infoatlas.pretraining.objective import objective
from infoatlas.pretraining.processes import Processes
from infoatlas.pretraining.state import TrainingState, load_state, save_state


def pretrain(
    config: PretrainConfig,
    directory: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    resume: bool = False,
    start: str | PathLike[str] | None = None,
    device: str | None = None,
) -> Path:
    """Pretrain a hypernetwork on synthetic data sets whose pointwise MI is known.

    Parameters
    ----------
    config : PretrainConfig
    directory : Path
        Gets ``state.safetensors`` (to resume), ``last`` and ``best`` checkpoints, ``log.csv`` and
        TensorBoard events.
    minutes, steps : float, int, optional
        Budget of this call, at least one of them. The learning rate is fitted to it.
    resume : bool, default=False
        Go on from ``state.safetensors``; an interrupted budget is finished exactly as it would have
        been, a finished one is extended by this one.
    start : path, optional
        A checkpoint of the same sizes whose weights a fresh run begins with.
    device : str, optional
        ``"cuda"`` where there is one, else the CPU.

    Returns
    -------
    Path
        The best checkpoint by held-out synthetic error.

    Raises
    ------
    ValueError
        If there is no budget, nothing to resume, a run is there already and ``resume`` is False, or
        ``start`` is given with ``resume`` or is of other sizes.
    """
    if minutes is None and steps is None:
        raise ValueError("minutes and steps are both None; give the run a budget.")
    if resume and start is not None:
        raise ValueError("start is for a fresh run; a resumed one has its own weights.")
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    processes = Processes.join(target)
    state_path = directory / "state.safetensors"
    if state_path.exists() and not resume:
        raise ValueError(f"{state_path} exists; resume it, or choose another directory.")
    state = TrainingState.start(config, processes, target)
    if resume:
        load_state(state, state_path, processes)
    if start is not None:
        state.take_weights(load_model(start))
    state.begin_budget(minutes=minutes, steps=steps)
    held_out = held_out_sets(config)
    log = TrainingLog(directory, active=processes.is_main)
    bar = tqdm(disable=None if processes.is_main else True, unit="step", initial=state.step)
    clock, work = time.monotonic(), time.process_time()
    last_saved = clock
    while not processes.agree(flag=state.finished):
        outcome = train_step(state, config, processes)
        now, worked = time.monotonic(), time.process_time()
        state.count_step(outcome.data_sets, elapsed=now - clock, worked=worked - work)
        clock, work = now, worked
        log.step(state, outcome.row)
        bar.update()
        bar.set_postfix(loss=f"{log.loss:.4f}", held_out=f"{state.held_out:.4f}", refresh=False)
        due = now - last_saved > 60 * config.evaluation_minutes or state.finished
        if processes.agree(flag=due):
            if processes.is_main:
                _evaluate(state, held_out, directory, log, config)
            save_state(state, state_path, processes)
            last_saved = time.monotonic()
    log.close()
    bar.close()
    return directory / "best.safetensors"


class StepOutcome(NamedTuple):
    """What one step did, for the clock and the log."""

    data_sets: int
    row: dict[str, float]


def train_step(state: TrainingState, config: PretrainConfig, processes: Processes) -> StepOutcome:
    """Draw distributions, draw data sets, write their critics, maximise the objective."""
    size = draw_size(config, state.rng)
    distributions = draw_distributions(
        size.data_sets, size.d_x, size.d_y, state.generator, groups=config.groups
    )
    data = draw_data_sets(distributions, size.rows, state.generator)
    with torch.no_grad():
        pair = read_pair(data.x.double(), data.y.double())
    pairs = move_pairs(pairs_of_all(size.rows, state.rng), data.x.device)
    half = config.precision == "bfloat16" and data.x.is_cuda
    forward = write_critics(state.model, pair, state.rng, pairs=pairs, half=half)
    loss, parts = objective(forward, data, pairs, config)
    progress = processes.same(value=state.progress)  # clocks differ, and weights must not
    factor = learning_rate_factor(state.step_in_budget, progress, config)
    norm = maximise(loss, state, config, processes, config.learning_rate * factor)
    row = {"loss": float(loss.detach()), "rate": config.learning_rate * factor, "norm": norm}
    return StepOutcome(size.data_sets, row | parts)


class Size(NamedTuple):
    """Shape of one batch of data sets."""

    data_sets: int
    rows: int
    d_x: int
    d_y: int


def draw_size(config: PretrainConfig, rng: np.random.Generator) -> Size:
    """One (rows, d_x, d_y) a step, and as many data sets as the step's budget of rows allows."""
    low, high = config.n_range
    n = round(math.exp(rng.uniform(math.log(low), math.log(high + 0.5))))
    d_x, d_y = _dimensions(config, rng)
    budget = config.rows_per_step / (1 + (d_x + d_y) / 24)  # wide data sets cost more a row
    b = int(np.clip(round(budget / n), config.min_data_sets, config.max_data_sets))
    return Size(b, n, d_x, d_y)


def _dimensions(config: PretrainConfig, rng: np.random.Generator) -> tuple[int, int]:
    """Most data sets have few coordinates; three in ten have unequal sides."""
    most, power = config.max_dimension, config.dimension_power
    first, second = (min(most, int((most + 1) ** (rng.random() ** power))) for _ in range(2))
    return (first, first) if rng.random() < 0.7 else (first, second)


def maximise(
    loss: Tensor, state: TrainingState, config: PretrainConfig, processes: Processes, rate: float
) -> float:
    """One optimiser step, unless the gradient is not finite. Returns the gradient's norm."""
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    processes.average_gradients(state.model)
    norm = float(torch.nn.utils.clip_grad_norm_(state.model.parameters(), config.gradient_norm))
    if math.isfinite(norm):
        for group in state.optimiser.param_groups:
            group["lr"] = rate
        state.optimiser.step()
        state.update_average(config.ema)
    return norm


def learning_rate_factor(step: int, progress: float, config: PretrainConfig) -> float:
    """Warm up, stay, fall linearly over the last part of the budget."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    fall = min(1.0, (1.0 - progress) / config.decay_share)
    return warm * max(fall, 0.01)


def _evaluate(
    state: TrainingState,
    held_out: list[DataSets],
    directory: Path,
    log: TrainingLog,
    config: PretrainConfig,
) -> None:
    with state.averaged() as model:
        error = held_out_error(model, held_out)
        card = {
            "recipe": config.as_dict(),
            "steps": state.step,
            "core_hours": round(state.core_seconds / 3600, 3),
            "data_sets": state.data_sets,
            "held_out_error": error.mean,
            "held_out_by_family": error.by_family,
        }
        save_model(model, directory / "last.safetensors", card)
        if error.mean <= state.best:
            save_model(model, directory / "best.safetensors", card)
    state.held_out = error.mean
    state.best = min(state.best, error.mean)
    log.evaluation(state, error)
