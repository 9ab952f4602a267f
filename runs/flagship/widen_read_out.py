"""Give a checkpoint of the second format the read-out of the third: one candidate and more inputs.

python runs/flagship/widen_read_out.py OLD.safetensors OUT.safetensors

New inputs get weight zero, so that the new candidate's start is all that changes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from infoatlas._checkpoint import save_model
from infoatlas._hypernetwork import HyperNetwork, ModelConfig
from infoatlas._readout import N_CANDIDATES, N_SUMMARIES

OLD_CANDIDATES, OLD_SUMMARIES = 6, 15


def main(source: Path, target: Path) -> None:
    """Read, widen, save."""
    weights = load_file(source)
    first, last = weights["readout.0.weight"], weights["readout.2.weight"]
    bias = weights["readout.2.bias"]
    context, of_candidates, others = first.split(
        [first.shape[1] - OLD_SUMMARIES, OLD_CANDIDATES, OLD_SUMMARIES - OLD_CANDIDATES], dim=1
    )
    one = first.new_zeros(len(first), N_CANDIDATES - OLD_CANDIDATES)
    rest = first.new_zeros(len(first), N_SUMMARIES - OLD_SUMMARIES - one.shape[1])
    weights["readout.0.weight"] = torch.cat([context, of_candidates, one, others, rest], dim=1)
    weights["readout.2.weight"] = torch.cat(
        [last[:OLD_CANDIDATES], last.new_zeros(1, last.shape[1]), last[OLD_CANDIDATES:]]
    )
    weights["readout.2.bias"] = torch.cat(
        [bias[:OLD_CANDIDATES], bias.new_zeros(1), bias[OLD_CANDIDATES:]]
    )
    model = HyperNetwork(ModelConfig())
    model.load_state_dict(weights)
    save_model(model, target, {"source": source.name})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
