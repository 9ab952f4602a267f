"""Held-out error of several checkpoints on other synthetic sets than those that choose them.

python runs/flagship/compare.py SEED FILE...
"""

from __future__ import annotations

import dataclasses
import sys

from infoatlas import load_model
from infoatlas.pretraining import RECIPES
from infoatlas.pretraining.held_out import held_out_error, held_out_sets

BATCHES = 40  # of 8 data sets, twice the grid


def main(seed: int, paths: list[str]) -> None:
    """Print mean error, coverage of the 95% interval, and errors by family."""
    config = dataclasses.replace(RECIPES["flagship"], evaluation_batches=BATCHES)
    sets = held_out_sets(config, seed=seed)
    for path in paths:
        error = held_out_error(load_model(path), sets, seed=seed)
        print(path, f"{error.mean:.4f}", f"{error.coverage:.3f}", error.by_family)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
