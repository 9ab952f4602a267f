"""The training loop, read top to bottom.

Each step is the poster's four: draw distributions, draw data sets, write critics in one forward
pass, maximise the objective. The run keeps its whole state in one safetensors file and resumes
exactly.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from infoatlas._checkpoint import save_model
from infoatlas._coordinates import read_pair
from infoatlas._forward import Forward, write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._pairs import ProductPairs, move_pairs, pairs_of_all
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
    device : str, optional
        ``"cuda"`` where there is one, else the CPU.

    Returns
    -------
    Path
        The best checkpoint by held-out synthetic error.

    Raises
    ------
    ValueError
        If there is no budget, nothing to resume, or a run is there already and ``resume`` is False.
    """
    if minutes is None and steps is None:
        raise ValueError("minutes and steps are both None; give the run a budget.")
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    processes = Processes.join(target)
    state_path = directory / "state.safetensors"
    if state_path.exists() and not resume:
        raise ValueError(f"{state_path} exists; resume it, or choose another directory.")
    state = TrainingState.start(config, processes, target)
    if resume:
        load_state(state, state_path, processes)
    state.begin_budget(minutes=minutes, steps=steps)
    held_out = held_out_sets(config, target)
    log = TrainingLog(directory, active=processes.is_main)
    bar = tqdm(disable=None if processes.is_main else True, unit="step", initial=state.step)
    clock, work = time.monotonic(), time.process_time()
    last_saved = clock
    while not processes.agree(flag=state.finished):
        data = next_data_sets(config, state)
        pairs = _product_pairs(data, state)
        forward = write(state.model, data, pairs, state, config)
        loss, parts = objective(forward, data, pairs, config)
        rate = config.learning_rate * learning_rate_factor(
            state.step_in_budget, state.progress, config
        )
        norm = maximise(loss, state, config, processes, rate)
        now, worked = time.monotonic(), time.process_time()
        state.count_step(len(data.mi), elapsed=now - clock, worked=worked - work)
        clock, work = now, worked
        log.step(state, float(loss.detach()), parts, rate, norm)
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


def next_data_sets(config: PretrainConfig, state: TrainingState) -> DataSets:
    """Draw distributions, then a data set from each: one (n, d_x, d_y) a step."""
    rng = state.rng
    low, high = config.n_range
    n = round(math.exp(rng.uniform(math.log(low), math.log(high + 0.5))))
    d_x, d_y = _dimensions(config.max_dimension, rng)
    budget = config.rows_per_step / (1 + (d_x + d_y) / 24)  # wide data sets cost more a row
    b = int(np.clip(round(budget / n), config.min_data_sets, config.max_data_sets))
    distributions = draw_distributions(b, d_x, d_y, state.generator)
    return draw_data_sets(distributions, n, state.generator)


def _dimensions(most: int, rng: np.random.Generator) -> tuple[int, int]:
    """Half of all data sets have at most two coordinates a side; a quarter have unequal sides."""
    first, second = (min(most, int(most ** (rng.random() ** 2))) for _ in range(2))
    return (first, first) if rng.random() < 0.7 else (first, second)


def _product_pairs(data: DataSets, state: TrainingState) -> ProductPairs:
    return move_pairs(pairs_of_all(data.x.shape[1], state.rng), data.x.device)


def write(
    model: HyperNetwork,
    data: DataSets,
    pairs: ProductPairs,
    state: TrainingState,
    config: PretrainConfig,
) -> Forward:
    """Write the critics of all data sets in one forward pass."""
    with torch.no_grad():
        pair = read_pair(data.x.double(), data.y.double())
    half = config.precision == "bfloat16" and data.x.is_cuda
    return write_critics(model, pair, state.rng, pairs=pairs, half=half)


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
            "held_out_error_nats": error.mean,
            "held_out_by_family": error.by_family,
        }
        save_model(model, directory / "last.safetensors", card)
        if error.mean <= state.best:
            save_model(model, directory / "best.safetensors", card)
    state.held_out = error.mean
    state.best = min(state.best, error.mean)
    log.evaluation(state, error)
