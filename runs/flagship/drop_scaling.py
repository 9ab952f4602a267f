"""Drop the output of the read-out that scaled the estimate, from weights and from the run's state.

python runs/flagship/drop_scaling.py WEIGHTS.safetensors STATE.safetensors

The run was made with a read-out whose seventh output scaled the combination of candidates; see
docs/decisions/0004-flagship-features.md. Files are replaced.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from infoatlas._checkpoint import save_model, write_safely
from infoatlas._hypernetwork import HyperNetwork, ModelConfig
from infoatlas._readout import N_CANDIDATES
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.held_out import held_out_error, held_out_sets


def without_scaling(name: str, value: Tensor) -> Tensor:
    """The last layer of the read-out without the row after the candidates' weights."""
    if "readout.2." not in name or value.dim() == 0:
        return value
    return torch.cat([value[:N_CANDIDATES], value[N_CANDIDATES + 1 :]]).contiguous()


def main(weights: Path, state: Path) -> None:
    """Rewrite both files."""
    card = json.loads(weights.with_suffix(".json").read_text())
    model = HyperNetwork(ModelConfig(**card["config"]))
    model.load_state_dict({k: without_scaling(k, v) for k, v in load_file(weights).items()})
    for key in ("format", "config", "sha256"):
        del card[key]
    held_out = held_out_error(model, held_out_sets(RECIPES["flagship"], torch.device("cpu")))
    card["held_out_error_with_scaling"] = card["held_out_error"]
    card["held_out_error"] = held_out.mean
    card["held_out_by_family"] = held_out.by_family
    save_model(model, weights, card)
    with safe_open(state, framework="pt") as file:
        metadata = file.metadata()
        tensors = {k: without_scaling(k, file.get_tensor(k)) for k in file.keys()}  # noqa: SIM118
    clocks = json.loads(metadata["clocks"]) | {"held_out": held_out.mean, "best": held_out.mean}
    metadata["clocks"] = json.dumps(clocks)
    write_safely(state, save(tensors, metadata=metadata))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
