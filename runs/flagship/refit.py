"""The last stage of the flagship: its read-out, fitted again to the final critics.

python runs/flagship/refit.py BEST.safetensors OUT.safetensors --minutes 10
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from infoatlas import load_model
from infoatlas._checkpoint import save_model
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._readout import read_out
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.held_out import held_out_error, held_out_sets
from infoatlas.pretraining.refit import Records, record, refit_read_out


def main() -> None:
    """Record, fit, judge by the held-out sets, save with a card that says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    config = RECIPES["flagship"]
    model = load_model(options.source)
    held_out = held_out_sets(config, torch.device("cpu"))
    before = held_out_error(model, held_out)
    records = record(model, config, minutes=options.minutes)
    losses = refit_read_out(model, records, config)
    after = held_out_error(model, held_out)
    print(f"{len(records.mi)} data sets, loss {losses[0]:.4f} -> {min(losses):.4f}")
    print(f"held-out error {before.mean:.4f} -> {after.mean:.4f}, covered {after.coverage:.3f}")
    print_thresholds(model, records)
    card = json.loads(options.source.with_suffix(".json").read_text())
    for key in ("format", "config", "sha256"):
        del card[key]
    card["read_out_refitted_on"] = len(records.mi)
    card["held_out_error_before_refit"] = before.mean
    card["held_out_error"] = after.mean
    card["held_out_by_family"] = after.by_family
    save_model(model, options.target, card)


def print_thresholds(model: HyperNetwork, records: Records) -> None:
    """What a standard error above a threshold says of the error: for `_diagnostics.py`."""
    reading = read_out(model.readout, records.context, records.summary)
    error = (reading.mi.clamp_min(0.0) - records.mi).abs()
    for threshold in (0.05, 0.07, 0.1, 0.12, 0.15, 0.2, 0.3):
        above = (reading.stderr > threshold).float() * records.weight
        shares = [
            float(above[chosen].sum() / records.weight[chosen].sum())
            for chosen in (error > 0.3, error < 0.05)
        ]
        print(f"stderr > {threshold}: {shares[0]:.1%} of errors > 0.3, {shares[1]:.1%} of < 0.05")


if __name__ == "__main__":
    main()
