"""Give a checkpoint of the fifth format the read-out of the sixth: a scale for either side.

python runs/flagship/widen_read_out.py OLD.safetensors OUT.safetensors

The new outputs start where the intervals of the fifth format were.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from infoatlas._checkpoint import save_model
from infoatlas._hypernetwork import HyperNetwork, ModelConfig

TOO_HIGH, TOO_LOW = 0.47, 1.67  # of the fifth format, in standard errors


def main(source: Path, target: Path) -> None:
    """Read, widen, save."""
    card = json.loads(source.with_suffix(".json").read_text())
    weights = load_file(source)
    last, bias = weights["readout.2.weight"], weights["readout.2.bias"]
    # read_out() takes exp(2 tanh(raw / 2))
    start = [2 * math.atanh(math.log(scale) / 2) for scale in (TOO_HIGH, TOO_LOW)]
    weights["readout.2.weight"] = torch.cat([last, last.new_zeros(2, last.shape[1])])
    weights["readout.2.bias"] = torch.cat([bias, bias.new_tensor(start)])
    model = HyperNetwork(ModelConfig(**card.pop("config")))
    model.load_state_dict(weights)
    save_model(model, target, {k: v for k, v in card.items() if k not in ("format", "sha256")})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
