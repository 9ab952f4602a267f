"""Train a policy on demonstrations and their key states; a run that was stopped goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor, nn
from tqdm import tqdm

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.key_states.demonstrations import Demonstrations
from infoatlas_plugins.key_states.discovery import METHODS, find_key_states
from infoatlas_plugins.key_states.objectives import OBJECTIVES
from infoatlas_plugins.key_states.policies import ChunkedPolicy, KeyStatePolicy
from infoatlas_plugins.key_states.policy_data import (
    ActionScale,
    Frame,
    Observer,
    Windows,
    resize_keys,
    view_of,
)
from infoatlas_plugins.key_states.tasks import find_task
from infoatlas_plugins.progress import DELAY_SECONDS
from infoatlas_plugins.safe_write import replace_when_written

SHUFFLED = "shuffled"  # the key states found by mutual information, each of another demonstration
KEY_CHOICES = (*METHODS, SHUFFLED)
LOSSES = {"squared": nn.functional.mse_loss, "absolute": nn.functional.l1_loss}
WEIGHTS, CARD = "policy.safetensors", "policy.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """Everything that decides how a policy is trained."""

    policy: Literal["key-state", "chunked"] = "key-state"
    keys: str = "infoatlas"  # one of KEY_CHOICES; the chunked policy uses none
    n_keys: int = 5  # the last state is added to them
    key_weight: float = 0.1  # of the squared error of key states against that of actions; CoTPC's
    frame: Frame = "gripper"  # what the policy reads: relative to the gripper, or the flat state
    actions: Literal["spread", "raw"] = "spread"  # learned at unit spread, or as they are
    loss: Literal["absolute", "squared"] = "absolute"  # absolute: pauses do not slow a motion down
    noise: float = 0.03  # added to standardised states in training, against over-fitting
    context: int = 2  # states in the history
    chunk: int = 8  # actions predicted at once
    execute: int = 8  # of them, carried out before the next chunk is asked for
    width: int = 64
    n_layers: int = 2
    n_heads: int = 4
    dropout: float = 0.0
    n_iterations: int = 3000
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    save_every: int = 200  # iterations
    finder_iterations: int = 150
    random_state: int = 0
    device: str = "cpu"  # of training and of the policy's arithmetic
    simulation: Literal["cpu", "gpu"] = "cpu"  # of the evaluation
    n_environments: int = 100  # episodes at once in GPU simulation; one on the CPU

    def __post_init__(self) -> None:
        if self.policy not in ("key-state", "chunked"):
            raise ValueError(f"policy must be key-state or chunked, got {self.policy!r}")
        if self.keys not in KEY_CHOICES:
            raise ValueError(f"keys must be one of {', '.join(KEY_CHOICES)}, got {self.keys!r}")
        choices = {"frame": ("gripper", "world"), "actions": ("spread", "raw"), "loss": (*LOSSES,),
                   "simulation": ("cpu", "gpu")}  # fmt: skip
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )
        if not 1 <= self.execute <= self.chunk:
            raise ValueError(f"execute must be 1 to chunk={self.chunk}, got {self.execute}")
        for name in ("n_keys", "context", "chunk", "n_layers", "n_iterations", "batch_size",
                     "n_environments"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.n_heads:
            raise ValueError(f"n_heads={self.n_heads} must divide width={self.width}")


CONFIGS = {
    # a look at the whole pipeline in a few minutes; no policy worth comparing comes out of it
    "miniature": PolicyConfig(n_iterations=600),
    # one core, about a minute a run: for comparisons with 300 demonstrations
    "cpu": PolicyConfig(),
    # MaxMI's size (Zhou and Yang, ECCV 2024), for a GPU; see docs/key_states.md
    "paper": PolicyConfig(
        context=60, chunk=1, execute=1, width=128, n_layers=4, n_heads=8, n_iterations=1_600_000,
        batch_size=256, learning_rate=5e-4, noise=0.0, frame="world", actions="raw",
        loss="squared", save_every=5000, device="cuda", simulation="gpu",
    ),
}  # fmt: skip


def train_policy(
    demonstrations: Demonstrations, config: PolicyConfig, folder: Path
) -> TrainedPolicy:
    """Find key states, train, and keep a checkpoint and a TensorBoard log in ``folder``.

    Parameters
    ----------
    demonstrations : Demonstrations
        Of one of ``TASKS``.
    config : PolicyConfig
    folder : Path
        If it holds a checkpoint of the same configuration and demonstrations, training goes on.

    Returns
    -------
    TrainedPolicy

    Raises
    ------
    ValueError
        If the folder holds a run of another configuration or other demonstrations.
    RuntimeError
        If the configuration wants a CUDA device and there is none.
    """
    check_device(config.device)
    keys, owners = key_states_for(demonstrations, config)
    observer = Observer.fit(demonstrations, find_task(demonstrations.task_id), config.frame)
    scaling = ActionScale.fit(demonstrations, config.actions)
    windows = Windows(
        demonstrations, observer, keys, context=config.context, chunk=config.chunk, owners=owners,
        scaling=scaling,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.random_state)
        network = _network(windows, config).to(config.device)
        optimiser = torch.optim.AdamW(
            network.parameters(), config.learning_rate, (0.9, 0.95),
            weight_decay=config.weight_decay,
        )  # fmt: skip
        run = _Run(
            network, optimiser, config, _card(demonstrations, config, keys, observer, scaling)
        )
        run.resume(folder)
        _optimise(run, windows, folder)
    return load_policy(folder)


def check_device(device: str) -> None:
    """RuntimeError if a CUDA device is wanted and there is none."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise RuntimeError(
            f"device {device!r} needs an NVIDIA GPU and none was found; use the configuration cpu, "
            "or `eval --simulation cpu` for a policy that was trained on a GPU"
        )


def key_states_for(
    demonstrations: Demonstrations, config: PolicyConfig
) -> tuple[list[NDArray[np.int64]] | None, NDArray[np.intp] | None]:
    """Key states to predict, and whose they are where they were shuffled; none if not wanted."""
    if config.policy == "chunked":
        return None, None
    task = find_task(demonstrations.task_id)
    method = "infoatlas" if config.keys == SHUFFLED else config.keys
    options = {"n_iterations": config.finder_iterations} if method in OBJECTIVES else {}
    found = find_key_states(
        demonstrations, task, method, n_keys=config.n_keys, random_state=config.random_state,
        **options,
    )  # fmt: skip
    keys = [resize_keys(each, config.n_keys) for each in found]
    if config.keys != SHUFFLED:
        return keys, None
    # a shift by one along a random order gives everybody the key states of somebody else
    order = np.random.default_rng(config.random_state).permutation(len(keys))
    owners = np.empty(len(keys), dtype=np.intp)
    owners[order] = np.roll(order, 1)
    return keys, owners


def _network(windows: Windows, config: PolicyConfig) -> nn.Module:
    return build_network(config, windows.states.shape[1], windows.actions.shape[1])


def build_network(config: PolicyConfig, n_states: int, n_actions: int) -> nn.Module:
    """The policy's network, untrained."""
    if config.policy == "chunked":
        return ChunkedPolicy(
            n_states, n_actions, context=config.context, chunk=config.chunk, width=config.width,
            dropout=config.dropout,
        )  # fmt: skip
    return KeyStatePolicy(
        n_states,
        n_actions,
        n_keys=config.n_keys + 1,
        context=config.context,
        chunk=config.chunk,
        width=config.width,
        n_layers=config.n_layers,
        n_heads=config.n_heads,
        dropout=config.dropout,
    )


def _optimise(run: _Run, windows: Windows, folder: Path) -> None:
    config = run.config
    with _scalars(folder) as scalar, tqdm(
        total=config.n_iterations, initial=run.done, desc=f"{config.policy} policy",
        delay=DELAY_SECONDS, disable=None, leave=False,
    ) as bar:  # fmt: skip
        run.network.train()
        while run.done < config.n_iterations:
            losses = _step(run, windows)
            run.done += 1
            bar.update()
            if run.done % config.save_every == 0 or run.done == config.n_iterations:
                for name, value in losses.items():
                    scalar(f"loss/{name}", value, run.done)
                run.save(folder)
        if not (folder / WEIGHTS).exists():
            run.save(folder)


def _step(run: _Run, windows: Windows) -> dict[str, float]:
    """One update; batches depend on the seed and the iteration alone, so a resumed run repeats."""
    config = run.config
    generator = torch.Generator().manual_seed(1_000_003 * config.random_state + run.done)
    torch.manual_seed(1_000_003 * config.random_state + run.done)  # dropout; inside fork_rng
    states, actions, keys = windows.draw(config.batch_size, generator)
    states = states + config.noise * torch.randn(states.shape, generator=generator)
    predicted, predicted_keys = run.network(states.to(config.device))
    losses = {"action": LOSSES[config.loss](predicted, actions.to(config.device))}
    if keys is not None:
        losses["key"] = nn.functional.mse_loss(predicted_keys, keys.to(config.device))
    total = losses["action"] + config.key_weight * losses.get("key", torch.zeros(()))
    for group in run.optimiser.param_groups:
        share = run.done / config.n_iterations
        group["lr"] = config.learning_rate * (0.05 + 0.95 * (1 + math.cos(math.pi * share)) / 2)
    run.optimiser.zero_grad()
    total.backward()
    nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimiser.step()
    return {name: float(value.detach()) for name, value in losses.items()}


@contextmanager
def _scalars(folder: Path) -> Iterator[Any]:
    """TensorBoard's ``add_scalar`` for a log in ``folder``."""
    tensorboard = import_extra("torch.utils.tensorboard", extra="robot", needed_by="training")
    writer = tensorboard.SummaryWriter(str(folder))
    try:
        yield writer.add_scalar
    finally:
        writer.close()


class _Run:
    """Network, optimiser and progress, written to and read from a folder."""

    def __init__(
        self,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        config: PolicyConfig,
        card: dict[str, Any],
    ) -> None:
        self.network, self.optimiser, self.config, self.card = network, optimiser, config, card
        self.done = 0

    def save(self, folder: Path) -> None:
        """Write weights, moments and progress in one file, then the card."""
        tensors = {f"network.{n}": t for n, t in self.network.state_dict().items()}
        for number, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{n}": torch.as_tensor(t) for n, t in moments.items()}
        tensors["iterations"] = torch.tensor(self.done)
        with replace_when_written(folder / WEIGHTS) as handle:
            handle.write(save({n: t.detach().cpu().contiguous() for n, t in tensors.items()}))
        with replace_when_written(folder / CARD) as handle:
            handle.write((json.dumps(self.card, indent=1) + "\n").encode())

    def resume(self, folder: Path) -> None:
        """Go on from the checkpoint in ``folder``, if there is one."""
        if not (folder / CARD).exists():
            return
        before = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if before != json.loads(json.dumps(self.card)):
            differs = [name for name in self.card if before.get(name) != _plain(self.card[name])]
            raise ValueError(
                f"{folder} holds a run with other {', '.join(differs)}; choose another folder"
            )
        tensors = load_file(folder / WEIGHTS)
        self.done = int(tensors["iterations"])
        self.network.load_state_dict(_below(tensors, "network."))
        described = self.optimiser.state_dict()
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(tensors, "adam.").items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = tensor
        self.optimiser.load_state_dict({**described, "state": moments})


def _below(tensors: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _card(
    demonstrations: Demonstrations,
    config: PolicyConfig,
    keys: list[NDArray[np.int64]] | None,
    observer: Observer,
    scaling: ActionScale,
) -> dict[str, Any]:
    return {
        "config": asdict(config),
        "task": demonstrations.task_id,
        "control_mode": demonstrations.control_mode,
        "columns": list(demonstrations.columns),
        "n_columns": demonstrations.episodes[0].states.shape[1],
        "seeds": [episode.seed for episode in demonstrations.episodes],
        "key_states": None if keys is None else np.stack(keys).tolist(),
        "state_scale": [observer.mean.tolist(), observer.deviation.tolist()],
        "action_scale": {f.name: getattr(scaling, f.name).tolist() for f in fields(scaling)},
    }


@dataclass(frozen=True, slots=True)
class TrainedPolicy:
    """A trained network and what it takes to use it: read with `load_policy`."""

    network: nn.Module
    observer: Observer
    scaling: ActionScale
    config: PolicyConfig
    task_id: str
    control_mode: str
    seeds: tuple[int | None, ...]

    def actions(self, history: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The next chunks of b environments: flat observations so far, (b, D) -> (b, chunk, a)."""
        window = history[-self.config.context :]
        window = [window[0]] * (self.config.context - len(window)) + window
        seen = np.stack([self.observer(states) for states in window], axis=1)  # b c d
        with torch.inference_mode():
            chunks = self.network(torch.from_numpy(seen).to(self.config.device))[0]
        return self.scaling.unscaled(chunks.cpu().numpy())


def load_policy(folder: Path, *, simulation: Literal["cpu", "gpu"] | None = None) -> TrainedPolicy:
    """Read the policy that `train_policy` left in ``folder``, for use.

    Parameters
    ----------
    folder : Path
    simulation : {"cpu", "gpu"}, optional
        Where to use it, instead of where its configuration says.
    """
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder / name} does not exist; train a policy with `apps/key_states.py train`"
            )
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    config = PolicyConfig(**card["config"])
    if simulation is not None:
        device = "cuda" if simulation == "gpu" else "cpu"
        config = replace(config, simulation=simulation, device=device)
    check_device(config.device)
    view = view_of(tuple(card["columns"]), card["n_columns"], find_task(card["task"]), config.frame)
    observer = Observer(view, *map(np.array, card["state_scale"]))
    scaling = ActionScale(**{name: np.array(v) for name, v in card["action_scale"].items()})
    network = build_network(config, len(observer.mean), len(scaling.mean))
    network.load_state_dict(_below(load_file(folder / WEIGHTS), "network."))
    return TrainedPolicy(
        network=network.to(config.device).eval(),
        observer=observer,
        scaling=scaling,
        config=config,
        task_id=card["task"],
        control_mode=card["control_mode"],
        seeds=tuple(card["seeds"]),
    )
