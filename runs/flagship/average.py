"""Average the weights of a run with those it started from: a model soup of two.

python runs/flagship/average.py START.safetensors RUN.safetensors OUT.safetensors SHARE

SHARE is that of the run. Small steps on a CPU add noise to what many large ones had found; the
average keeps what both agree on (Wortsman et al., 2022, ICML). Either may be of an older format
with the same sizes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from safetensors.torch import load_file

from infoatlas._checkpoint import save_model
from infoatlas._hypernetwork import HyperNetwork, ModelConfig


def main(start: Path, run: Path, out: Path, share: float) -> None:
    """Read both, average, save with the card of the run."""
    of_start, of_run = load_file(start), load_file(run)
    card = json.loads(run.with_suffix(".json").read_text())
    for known in ("format", "sha256", "held_out_error", "held_out_by_family"):  # of other weights
        del card[known]
    model = HyperNetwork(ModelConfig(**card.pop("config")))
    model.load_state_dict({k: v.lerp(of_run[k], share) for k, v in of_start.items()})
    save_model(model, out, card | {"share_of_the_run": share})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), float(sys.argv[4]))
