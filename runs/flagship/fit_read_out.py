"""Last stage of a run: fit the read-out to many fresh data sets at once, the network fixed.

In the run itself the read-out sees a dozen data sets a step. Here what it reads is collected first,
and every data set is used in many large batches. The last fifth takes no part, tells whether it
helped, and how much wider the intervals have to be.

python runs/flagship/fit_read_out.py collect CHECKPOINT OUT.safetensors --seed 1 --minutes 10
python runs/flagship/fit_read_out.py fit CHECKPOINT OUT.safetensors COLLECTED...

What is collected comes in parts OUT-1, OUT-2, ...; a file given twice counts twice.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from infoatlas import load_model
from infoatlas._checkpoint import save_model
from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._readout import Reading, Summary, read_out
from infoatlas.pretraining import FAMILIES, RECIPES, PretrainConfig
from infoatlas.pretraining.distributions import draw_data_sets, draw_distributions
from infoatlas.pretraining.held_out import (
    held_out_error,
    held_out_sets,
    interval_of,
    relative_error,
)
from infoatlas.pretraining.objective import OUTSIDE, read_out_loss
from infoatlas.pretraining.train import Size, draw_size

CONFIG = RECIPES["flagship"]
OF_DEVICE = {"cpu": CONFIG, "cuda": RECIPES["flagship-cuda"]}  # sizes of a batch
EPOCHS, BATCH, RATE, WEIGHT_DECAY = 20, 256, 3e-3, 1e-2
FREE_EPOCHS = 2
SIZES = 900, 2500  # rows from which data sets count as another kind
MISSED = 0.05, 0.05, 0.04  # share of each size; the large are collected with fewer maps than most
HELD_OUT = 0.2
BISECTIONS = 12
STDERR_WEIGHT = CONFIG.stderr_weight / CONFIG.mi_weight  # as in the run
INTERVAL_WEIGHT = CONFIG.interval_weight / CONFIG.mi_weight
WIDTHS = (1, 2, 3, 5, 10, 2, 3, 4, 5, 8, 12, 16, 25)  # those of the calibration record, and all
NAMES = sorted(FAMILIES)
KINDS = len(NAMES) * len(MISSED)
FEWEST_ROWS = 200
GROUPS = 20  # parts of a batch with one family and one choice of maps
PART, PARTS = 45_000, 3  # data sets a file, of less than 16 MiB: what a lent machine gives back
IN_HALF = ("context", "numbers")  # of order one; stored in half precision


def collect(
    model: HyperNetwork,
    out: Path,
    seed: int,
    minutes: float,
    *,
    rows: tuple[int, int] | None = None,
    families: Sequence[str] = NAMES,
) -> None:
    """Write what the read-out reads, and the truth, of as many data sets as the time allows.

    Few data sets are large, for a batch has so many rows in all: ``rows`` asks for those alone, and
    ``families`` for some families, each as often as the others.
    """
    rng = np.random.default_rng(seed)
    generator = torch.Generator(_device(model)).manual_seed(seed)
    batches, count = [], 0
    deadline = time.monotonic() + 60 * minutes
    while time.monotonic() < deadline and count < PART * PARTS:
        batches.append(_batch(model, rng, generator, rows, families))
        count += len(batches[-1]["mi"])
        if len(batches) % 100 == 0:
            print(count, "data sets", flush=True)  # noqa: T201
    columns = {key: torch.cat([b[key] for b in batches]).cpu() for key in batches[0]}
    columns |= {key: columns[key].half() for key in IN_HALF}
    for i in range(math.ceil(count / PART)):
        some = slice(i * PART, (i + 1) * PART)
        part = {key: values[some].contiguous() for key, values in columns.items()}
        save_file(part, out.with_stem(f"{out.stem}-{i + 1}"))


@torch.no_grad()
def _batch(
    model: HyperNetwork,
    rng: np.random.Generator,
    generator: torch.Generator,
    rows: tuple[int, int] | None,
    families: Sequence[str],
) -> dict[str, Tensor]:
    """One batch; two of three have equal sides and independent rows, many of these no maps.

    Every family counts the same, for the intervals are judged by family.
    """
    config = OF_DEVICE[_device(model).type]
    options: dict[str, float] = {}
    if rows is None and rng.random() < 1 / 3:
        size = draw_size(config, rng)
    else:
        size = _even_size(config, rng, *(rows or (FEWEST_ROWS, config.n_range[1])))
        plain = 0.7 if rng.random() < 0.5 else 0.3
        options = {"plain_probability": plain, "autocorrelated_probability": 0.0}
    distributions = draw_distributions(
        size.data_sets,
        size.d_x,
        size.d_y,
        generator,
        groups=GROUPS,
        family_weights=dict.fromkeys(families, 1.0),
        **options,
    )
    data = draw_data_sets(distributions, size.rows, generator)
    forward = write_critics(model, read_pair(data.x.double(), data.y.double()), rng)
    return {
        "context": forward.critic.written.context,
        **forward.summary._asdict(),
        "mi": data.mi,
        "rows": data.mi.new_full((size.data_sets,), size.rows),
        "family": torch.tensor([NAMES.index(name) for name in data.family], dtype=torch.uint8),
    }


def _even_size(config: PretrainConfig, rng: np.random.Generator, low: int, high: int) -> Size:
    n = round(math.exp(rng.uniform(math.log(low), math.log(high))))
    d = int(rng.choice(WIDTHS))
    budget = 0.5 * config.rows_per_step / (1 + d / 12)
    return Size(int(np.clip(round(budget / n), 4, config.max_data_sets // 2)), n, d, d)


def fit(
    model: HyperNetwork, collected: list[Path], *, epochs: int = EPOCHS, rate: float = RATE
) -> None:
    """Fit the read-out in place; prints its error on the fifth that takes no part.

    A read-out that was fitted before wants fewer epochs and a smaller learning rate. What the
    interval score calls 5% is moved, by family and number of rows, until each of them is missed as
    often as asked: one score for all gives the families that are told apart least too little.
    """
    files = [load_file(path, device=str(_device(model))) for path in collected]
    fitted, held_out = (
        {key: torch.cat([_part(file[key], last=last) for file in files]) for key in files[0]}
        for last in (False, True)
    )
    print(len(fitted["mi"]), "data sets; before:", *_errors(model, held_out))  # noqa: T201
    head = model.readout.requires_grad_()
    optimiser = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    kind = _kinds(fitted)
    outside = torch.full((KINDS,), OUTSIDE, device=kind.device)
    generator = torch.Generator().manual_seed(0)
    for epoch in range(epochs):
        if epoch >= FREE_EPOCHS:
            outside = _moved(outside, _missed_by_kind(model, fitted))
        batches = torch.randperm(len(kind), generator=generator).split(BATCH)
        for i, rows in enumerate(batches):
            left = 1 - (epoch + i / len(batches)) / epochs
            optimiser.param_groups[0]["lr"] = rate * min(1.0, left / 0.7)
            some = {key: values[rows] for key, values in fitted.items()}
            reading = _read(model, some)
            parts = read_out_loss(reading, some["mi"], some["sampling"], outside[kind[rows]])
            value, likelihood, interval = (part.mean() for part in parts)
            loss = value + STDERR_WEIGHT * likelihood + INTERVAL_WEIGHT * interval
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    _widen_intervals(model, held_out)
    print("after:", *_errors(model, held_out))  # noqa: T201
    covered = 1 - _missed_by_kind(model, held_out).reshape(len(NAMES), -1)
    for name, row in zip(NAMES, covered.tolist(), strict=True):
        print(f"{name:20}", *(f"{share:.1%}" for share in row))  # noqa: T201


def _kinds(rows: dict[str, Tensor]) -> Tensor:
    """Family and size as one number."""
    edges = rows["rows"].new_tensor(SIZES)
    size = torch.bucketize(rows["rows"], edges, right=True)
    return len(MISSED) * rows["family"].long() + size


def _moved(outside: Tensor, missed: Tensor) -> Tensor:
    """What the score is told to miss of each kind, nearer to where it misses as much as asked."""
    asked = outside.new_tensor(MISSED).repeat(len(NAMES))
    return (outside * (asked / missed.clamp(0.005, 0.3)).sqrt()).clamp(0.005, 0.3)


def _missed_by_kind(model: HyperNetwork, rows: dict[str, Tensor]) -> Tensor:
    """Share of truths of each kind that the interval does not hold."""
    missed, kind = _beyond(model, rows).sum(dim=0), _kinds(rows)
    return torch.stack([missed[kind == k].mean() for k in range(KINDS)])


def _widen_intervals(model: HyperNetwork, rows: dict[str, Tensor]) -> None:
    """Shift the scale of either side until 2.5% of the truths lie beyond each end of the interval.

    One shift of its logarithm for all data sets, found by bisection; the rows are those that took
    no part in the fit, for on its own rows the intervals hold more.
    """
    last = model.readout[-1]
    assert isinstance(last, torch.nn.Linear)
    for side in (0, 1):
        place = len(last.bias) - 2 + side
        start, low, high = float(last.bias.data[place]), -1.0, 1.0
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            last.bias.data[place] = start + middle
            enough = _beyond(model, rows)[side].mean() < OUTSIDE / 2
            low, high = (low, middle) if enough else (middle, high)


def _device(model: HyperNetwork) -> torch.device:
    return next(model.parameters()).device


def _part(values: Tensor, *, last: bool) -> Tensor:
    split = round((1 - HELD_OUT) * len(values))
    return (values[split:] if last else values[:split]).float()


def _read(model: HyperNetwork, rows: dict[str, Tensor]) -> Reading:
    summary = Summary(*(rows[name] for name in Summary._fields))
    return read_out(model.readout, rows["context"], summary)


@torch.no_grad()
def _errors(model: HyperNetwork, rows: dict[str, Tensor]) -> tuple[float, ...]:
    """Mean |error| / (1 + MI), and the shares of truths below and above the 95% interval."""
    mean = relative_error(_read(model, rows).mi, rows["mi"]).mean()
    return float(mean), *_beyond(model, rows).mean(dim=1).tolist()


@torch.no_grad()
def _beyond(model: HyperNetwork, rows: dict[str, Tensor]) -> Tensor:
    """1 where a truth lies below, and above, its 95% interval, else 0: one row each."""
    low, high = interval_of(_read(model, rows))
    return torch.stack([rows["mi"] < low, rows["mi"] > high]).float()


def main() -> None:
    """Collect, or fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=("collect", "fit"))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("collected", type=Path, nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--families", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--rows", type=int, nargs=2, help="from, to; default: as in the run")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--device", choices=tuple(OF_DEVICE), default="cpu")
    options = parser.parse_args()
    model = load_model(options.checkpoint, device=options.device)
    if options.stage == "collect":
        collect(
            model,
            options.out,
            options.seed,
            options.minutes,
            rows=options.rows,
            families=options.families,
        )
        return
    fit(model, options.collected, epochs=options.epochs, rate=options.rate)
    error = held_out_error(model, held_out_sets(CONFIG))
    card = json.loads(options.checkpoint.with_suffix(".json").read_text())
    card |= {"held_out_error": error.mean, "held_out_by_family": error.by_family}
    del card["sha256"]
    save_model(model, options.out, card)


if __name__ == "__main__":
    main()
