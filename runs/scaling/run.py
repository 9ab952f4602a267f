"""Two sizes from random weights on the same stream of data sets, for the scaling record.

OMP_NUM_THREADS=1 python runs/scaling/run.py small FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from infoatlas.pretraining import RECIPES, pretrain

STEPS = 700
SMALL = replace(RECIPES["small"], evaluation_minutes=1.0)
SIZES = {"small": SMALL, "base": replace(SMALL, model=RECIPES["flagship"].model)}


def main(size: str, folder: Path) -> None:
    """Train one size; its log.csv is the record."""
    pretrain(SIZES[size], folder, steps=STEPS)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
