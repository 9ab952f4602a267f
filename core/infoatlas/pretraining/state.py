"""The whole state of a run in one file: model, average, optimiser, clocks, generators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from infoatlas._checkpoint import write_safely
from infoatlas._hypernetwork import HyperNetwork
from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.processes import Processes

FORMAT = "infoatlas-training-1"
CLOCKS = (
    "step",
    "data_sets",
    "core_seconds",
    "held_out",
    "best",
    "step_in_budget",
    "seconds_in_budget",
    "budget_steps",
    "budget_seconds",
)


@dataclass
class TrainingState:
    """Model, its moving average, optimiser, generators, and how far the run has come."""

    config: PretrainConfig
    model: HyperNetwork
    average: dict[str, Tensor]
    optimiser: torch.optim.AdamW
    rng: np.random.Generator
    generator: torch.Generator
    step: int = 0
    data_sets: int = 0
    core_seconds: float = 0.0  # processor time, summed over processes
    held_out: float = float("inf")
    best: float = float("inf")
    step_in_budget: int = 0
    seconds_in_budget: float = 0.0
    budget_steps: float = 0.0  # infinite where time is the budget
    budget_seconds: float = 0.0
    processes: int = 1

    @classmethod
    def start(
        cls, config: PretrainConfig, processes: Processes, device: torch.device
    ) -> TrainingState:
        """A fresh run. Every process starts from the same weights and draws its own data."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.random_state)
            model = HyperNetwork(config.model).to(device)
        optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            betas=(0.9, 0.98),
        )
        seed = np.random.SeedSequence([config.random_state, processes.rank])
        return cls(
            config,
            model,
            {k: v.detach().clone() for k, v in model.state_dict().items()},
            optimiser,
            np.random.default_rng(seed),
            torch.Generator(device).manual_seed(int(seed.generate_state(1)[0])),
            processes=processes.count,
        )

    def take_weights(self, model: HyperNetwork) -> None:
        """Begin with another model's weights; ValueError where its sizes differ."""
        if model.config != self.config.model:
            raise ValueError(
                f"start: {model.name} has the sizes {model.config.as_dict()}, "
                f"the run has {self.config.model.as_dict()}."
            )
        self.model.load_state_dict(model.state_dict())
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    def begin_budget(self, *, minutes: float | None, steps: int | None) -> None:
        """Start a budget, unless one is under way."""
        if self.budget_seconds and not self.finished:
            return
        self.step_in_budget, self.seconds_in_budget = 0, 0.0
        self.budget_steps = float("inf") if steps is None else float(steps)
        self.budget_seconds = float("inf") if minutes is None else 60.0 * minutes

    @property
    def progress(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        used = max(
            self.step_in_budget / self.budget_steps, self.seconds_in_budget / self.budget_seconds
        )
        return min(1.0, used)

    @property
    def finished(self) -> bool:
        """Whether the budget is used up."""
        return self.progress >= 1.0

    def count_step(self, data_sets: int, *, elapsed: float, worked: float) -> None:
        """Count one step; the peers are taken to do as much as this process."""
        self.step += 1
        self.step_in_budget += 1
        self.data_sets += data_sets * self.processes
        self.core_seconds += worked * self.processes
        self.seconds_in_budget += elapsed

    def update_average(self, keep: float) -> None:
        """Move the average towards the weights; early on it forgets faster."""
        keep = min(keep, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value.detach(), 1 - keep)

    @contextmanager
    def averaged(self) -> Iterator[HyperNetwork]:
        """The model with the averaged weights, for evaluation and shipping."""
        current = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        try:
            yield self.model
        finally:
            self.model.load_state_dict(current)


def save_state(state: TrainingState, path: Path, processes: Processes) -> None:
    """Write the run's state; the other processes' generators go beside the main one's."""
    own = save_tensors(
        {"torch_generator": state.generator.get_state()},
        metadata={
            "format": FORMAT,
            "numpy_generator": json.dumps(state.rng.bit_generator.state, default=int),
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_safely(_generator_path(path, processes.rank), own)
    if not processes.is_main:
        return
    tensors = {f"model.{k}": v for k, v in state.model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.items()}
    for name, parameter in state.model.named_parameters():
        for key, value in state.optimiser.state.get(parameter, {}).items():
            tensors[f"optimiser.{name}.{key}"] = torch.as_tensor(value)
    tensors = {k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}
    clocks = {name: getattr(state, name) for name in CLOCKS}
    metadata = {
        "format": FORMAT,
        "clocks": json.dumps(clocks),
        "config": json.dumps(state.config.as_dict(), sort_keys=True),
    }
    write_safely(path, save_tensors(tensors, metadata=metadata))


def load_state(state: TrainingState, path: Path, processes: Processes) -> None:
    """Fill ``state`` from a file; ValueError where it is missing, damaged or of another model."""
    if not path.exists():
        raise ValueError(f"nothing to resume: {path} does not exist.")
    tensors, metadata = _read(path)
    saved = json.loads(metadata["config"])["model"]
    if saved != state.config.model.as_dict():
        raise ValueError(f"{path} is of another model: it has {saved}.")
    state.model.load_state_dict(_part(tensors, "model."))
    device = next(state.model.parameters()).device
    state.average = {k: v.to(device) for k, v in _part(tensors, "average.").items()}
    moments = _part(tensors, "optimiser.")
    for name, parameter in state.model.named_parameters():
        own = {k.rpartition(".")[2]: v for k, v in moments.items() if k.rpartition(".")[0] == name}
        if own:
            state.optimiser.state[parameter] = {
                k: v if k == "step" else v.to(device) for k, v in own.items()
            }
    for name, value in json.loads(metadata["clocks"]).items():
        setattr(state, name, value)
    own_path = _generator_path(path, processes.rank)
    if own_path.exists() and state.generator.device.type == "cpu":
        generators, more = _read(own_path)
        if generators["torch_generator"].shape == state.generator.get_state().shape:
            state.generator.set_state(generators["torch_generator"])
        state.rng.bit_generator.state = json.loads(more["numpy_generator"])
    else:  # another machine or device: go on with fresh draws
        state.rng = np.random.default_rng([state.config.random_state, processes.rank, state.step])
        state.generator.manual_seed(int(state.rng.integers(2**31)))


def _generator_path(path: Path, rank: int) -> Path:
    return path.with_name(f"{path.stem}-generators-{rank}.safetensors")


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a training state ({error}).") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is not an InfoAtlas training state.")
    return tensors, metadata


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
