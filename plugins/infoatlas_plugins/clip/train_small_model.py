"""Train the small image-text model on emoji scenes: 13 minutes on one core, in pieces if wanted.

    python -m infoatlas_plugins.clip.train_small_model --state runs/emoji-small --minutes 8

Started again with the same folder it goes on where it stopped, with the same result: the scenes of
each step depend on the seed and the step alone. The last piece writes the weights and their card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor
from tqdm import tqdm

from infoatlas_plugins.clip.emoji_scenes import (
    IMAGE_SIDE,
    Scene,
    Split,
    draw_lookalikes,
    draw_scenes,
    paint,
    write_captions,
)
from infoatlas_plugins.clip.retrieval import cosine_scores, recall
from infoatlas_plugins.clip.small_model import (
    WEIGHTS,
    SmallModel,
    contrastive_loss,
    load_small_model,
)
from infoatlas_plugins.clip.words import tokenize
from infoatlas_plugins.safe_write import replace_when_written


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What made the shipped weights."""

    stages: tuple[int, int] = (600, 300)  # steps with scenes at random, then with lookalikes
    batch: int = 256  # pairs; 230 000 pictures in all
    alike: int = 16  # scenes of a batch that differ in the emoji alone, in the second stage
    peak_rate: float = 2e-3
    warm_up: int = 40  # first steps of each stage
    cosine: int = 600  # steps in which the rate would fall to zero, in each stage
    cool_down: int = 200  # last steps of all, in which it falls to zero straight
    weight_decay: float = 0.05
    random_state: int = 0

    @property
    def steps(self) -> int:
        """Steps of both stages."""
        return sum(self.stages)

    def rate(self, step: int) -> float:
        """Learning rate: in each stage a straight climb, then part of a cosine; then the fall."""
        within = step if step < self.stages[0] else step - self.stages[0]
        end = self.peak_rate * (self.steps - step) / self.cool_down
        if within < self.warm_up:
            return min(end, self.peak_rate * (within + 1) / self.warm_up)
        done = (within - self.warm_up) / (self.cosine - self.warm_up)
        return min(end, self.peak_rate * (1 + math.cos(math.pi * done)) / 2)

    def draw(self, step: int, generator: np.random.Generator) -> list[Scene]:
        """Scenes of one step."""
        if step < self.stages[0]:
            return draw_scenes(self.batch, split="train", generator=generator)
        groups = self.batch // self.alike
        return draw_lookalikes(groups, self.alike, split="train", generator=generator)


def main(argv: Sequence[str] | None = None) -> int:
    """Train for a while; at the end write weights and card."""
    arguments = build_parser().parse_args(argv)
    recipe = Recipe(
        stages=tuple(arguments.stages), batch=arguments.batch, random_state=arguments.seed
    )
    trainer = Trainer(recipe)
    state = arguments.state / "state.safetensors"
    if state.exists():
        trainer.load(state)
    stop = time.monotonic() + 60 * arguments.minutes
    bar = tqdm(total=recipe.steps, initial=trainer.step, unit="step", disable=None)
    while trainer.step < recipe.steps and time.monotonic() < stop:
        loss = trainer.train_step()
        bar.update()
        if trainer.step % 20 == 0:
            with (arguments.state / "log.csv").open("a") as log:
                log.write(f"{trainer.step},{loss:.4f},{trainer.seconds:.0f}\n")
        if trainer.step % 100 == 0:
            trainer.save(state)
    bar.close()
    trainer.save(state)
    if trainer.step < recipe.steps:
        sys.stderr.write(f"stopped at step {trainer.step} of {recipe.steps}; run again to go on\n")
        return 0
    write_weights(arguments.weights, trainer)
    sys.stderr.write(f"wrote {arguments.weights}\n")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Options of the command."""
    default = Recipe()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--state", type=Path, required=True, help="folder to keep the state of the run in")
    add("--minutes", type=float, default=math.inf, help="stop after so long (default: never)")
    add("--stages", type=int, nargs=2, metavar=("RANDOM", "ALIKE"), default=default.stages,
        help="steps with scenes at random, and with lookalikes (default: 600 300)")  # fmt: skip
    add("--batch", type=int, default=default.batch, help=f"pairs (default: {default.batch})")
    add("--seed", type=int, default=default.random_state, help="default: 0")
    add("--weights", type=Path, default=WEIGHTS, help="file to write at the end")
    return parser


class Trainer:
    """Model, optimiser and how far they are."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.random_state)  # a program of its own: nobody else's randomness
        self.recipe = recipe
        self.model = SmallModel()
        self.parameters = dict(self.model.named_parameters())
        matrices = [p for p in self.parameters.values() if p.ndim > 1]
        others = [p for p in self.parameters.values() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices},
            {"params": others, "weight_decay": 0},
        ]
        self.optimizer = torch.optim.AdamW(
            groups,
            lr=recipe.peak_rate,
            weight_decay=recipe.weight_decay,
            betas=(0.9, 0.98),
        )
        self.step = 0
        self.seconds = 0.0  # of processor time

    def train_step(self) -> float:
        """One batch of new scenes; returns its loss in nats."""
        start = time.process_time()
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate(self.step)
        generator = np.random.default_rng((self.recipe.random_state, self.step))
        pixels, words = render(self.recipe.draw(self.step, generator), generator)
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16):
            images, texts = self.model.encode_images(pixels), self.model.encode_texts(words)
        loss = contrastive_loss(images.float(), texts.float(), self.model.log_scale)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.seconds += time.process_time() - start
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write everything the next piece needs."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for name, parameter in self.parameters.items():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{name}.{key}"] = value
        tensors["progress"] = torch.tensor([self.step, self.seconds], dtype=torch.float64)
        whole = {name: value.contiguous() for name, value in tensors.items()}
        with replace_when_written(path) as handle:
            handle.write(save(whole))

    def load(self, path: Path) -> None:
        """Go on from what :meth:`save` wrote."""
        tensors = load_file(path)
        self.step, self.seconds = int(tensors["progress"][0]), float(tensors["progress"][1])
        prefix = "model."
        self.model.load_state_dict(
            {n[len(prefix) :]: value for n, value in tensors.items() if n.startswith(prefix)}
        )
        for name, parameter in self.parameters.items():
            self.optimizer.state[parameter] = {
                key: tensors[f"optimizer.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")
            }


def render(scenes: Sequence[Scene], generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Pictures (n, s, s, 3) and word numbers (n, w) of scenes."""
    words = tokenize(write_captions(scenes, generator=generator))
    return torch.from_numpy(paint(scenes, generator=generator)), torch.from_numpy(words)


def write_weights(path: Path, trainer: Trainer) -> None:
    """Half-precision weights, and beside them how they were made and what they reach."""
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in trainer.model.state_dict().items()
    }
    with replace_when_written(path) as handle:
        handle.write(save(weights))
    card = {
        "name": path.stem,
        "recipe": asdict(trainer.recipe),
        "pictures": trainer.recipe.steps * trainer.recipe.batch,
        "picture_side_pixels": IMAGE_SIDE,
        "processor_seconds": round(trainer.seconds),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "retrieval": measure(load_small_model(path)),
    }
    with replace_when_written(path.with_suffix(".json")) as handle:
        handle.write((json.dumps(card, indent=2) + "\n").encode())


@torch.no_grad()
def measure(model: SmallModel) -> dict[str, dict[str, float]]:
    """Recall on pools of scenes that training did not show, seed 1."""
    found = {}
    pools: tuple[tuple[Split, int], ...] = (
        ("held-out", 1000),
        ("held-out", 5000),
        ("unseen", 1000),
    )
    for split, n in pools:
        generator = np.random.default_rng(1)
        pixels, words = render(draw_scenes(n, split=split, generator=generator), generator)
        images = torch.cat([model.encode_images(part) for part in pixels.split(250)])
        scores = cosine_scores(images.numpy(), model.encode_texts(words).numpy())
        found[f"{split}, pool of {n}"] = {k: round(v, 4) for k, v in recall(scores).items()}
    return found


if __name__ == "__main__":
    raise SystemExit(main())
