"""Two sizes from random weights on the same stream of data sets, for the scaling record.

OMP_NUM_THREADS=1 python runs/scaling/run.py small FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from infoatlas._hypernetwork import ModelConfig
from infoatlas.pretraining import pretrain
from infoatlas.pretraining.config import PretrainConfig

STEPS = 700
SIZES = {
    "small": ModelConfig(
        token_width=24,
        row_width=24,
        rounds=2,
        written_width=24,
        hidden_width=32,
        written_features=16,
    ),
    "base": ModelConfig(),  # the flagship's
}


def main(size: str, folder: Path) -> None:
    """Train one size; its log.csv is the record."""
    config = PretrainConfig(model=SIZES[size], rows_per_step=4096, evaluation_minutes=1.0)
    pretrain(config, folder, steps=STEPS)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
