"""Widen base-v1's weights to the flagship's sizes, so that its run need not start from nothing.

python runs/flagship/grow.py BASE_V1.safetensors OUT.safetensors

Inputs that base-v1 did not have (extended pairs 5 and 6) get weight zero, features that its last
layer did not have get the prior precision of their neighbours, and the read-out starts anew.
BASE_V1 is any checkpoint of the first format: the weights of release 0.1.0, or the ``average.``
part of a state of that run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from infoatlas._checkpoint import save_model
from infoatlas._hypernetwork import HyperNetwork, ModelConfig

OLD_PAIRS, NEW_PAIRS = 8, 10  # canonical pairs: plain and extended
OLD_QUADRATIC, NEW_QUADRATIC = 6, 8
OLD_SERIES, NEW_SERIES = (6, 4, 4), (8, 6, 4, 4)


def main(source: Path, target: Path) -> None:
    """Read, widen, save."""
    old = load_file(source)
    if any(name.startswith("average.") for name in old):
        old = {k.removeprefix("average."): v for k, v in old.items() if k.startswith("average.")}
    torch.manual_seed(0)
    model = HyperNetwork(ModelConfig())
    new = model.state_dict()
    for name, value in new.items():
        if name.startswith("readout."):
            continue
        new[name] = (
            old[name] if old[name].shape == value.shape else _widened(name, old[name], value)
        )
    model.load_state_dict(new)
    save_model(model, target, {"source": source.name})


def _widened(name: str, old: Tensor, new: Tensor) -> Tensor:
    match name:
        case "start.0.weight":  # kind 4, pair, correlation 1, loadings twice, the rest
            return _with_gaps(old, new, [4, OLD_PAIRS, 1, OLD_PAIRS, OLD_PAIRS])
        case "context.0.weight":  # tokens, correlations, informations, the rest
            tokens = old.shape[1] - 2 * OLD_PAIRS - 5
            return _with_gaps(old, new, [tokens, OLD_PAIRS, OLD_PAIRS])
        case "quadratic_mean.weight" | "quadratic_mean.bias":  # products, then squares
            gap = old.new_zeros(NEW_QUADRATIC - OLD_QUADRATIC, *old.shape[1:])
            products, squares = old.split(OLD_QUADRATIC)
            return torch.cat([products, gap, squares, gap])
        case "fixed_precision":
            start, products, squares = old.split([2, OLD_QUADRATIC, OLD_QUADRATIC])
            more = NEW_QUADRATIC - OLD_QUADRATIC
            pieces = [start, start[1:]]
            for part in (products, squares):
                pieces += [part, part[-1:].expand(more)]
            return torch.cat(pieces)
        case "series_precision":
            parts = list(old.split(OLD_SERIES))
            parts.append(parts[-1].clone())
            return torch.cat(
                [
                    torch.cat([part, part[-1] + 0.3 * torch.arange(1, order - len(part) + 1)])
                    for part, order in zip(parts, NEW_SERIES, strict=True)
                ]
            )
    raise ValueError(f"{name} changed its shape from {tuple(old.shape)} to {tuple(new.shape)}.")


def _with_gaps(old: Tensor, new: Tensor, sizes: list[int]) -> Tensor:
    """Widen every block of OLD_PAIRS input columns by zeros."""
    blocks = list(old.split([*sizes, old.shape[1] - sum(sizes)], dim=1))
    gap = old.new_zeros(old.shape[0], NEW_PAIRS - OLD_PAIRS)
    for i, size in enumerate(sizes):
        if size == OLD_PAIRS:
            blocks[i] = torch.cat([blocks[i], gap], dim=1)
    widened = torch.cat(blocks, dim=1)
    assert widened.shape == new.shape
    return widened


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
