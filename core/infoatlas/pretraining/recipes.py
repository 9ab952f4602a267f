"""Named runs. Each lists only what differs from the defaults, with the reason."""

from __future__ import annotations

from dataclasses import replace

from infoatlas._hypernetwork import ModelConfig
from infoatlas.pretraining.config import PretrainConfig

TINY = PretrainConfig(  # for tests: seconds
    model=ModelConfig(
        token_width=8, row_width=8, rounds=1, written_width=8, hidden_width=8, written_features=4
    ),
    rows_per_step=512,
    n_range=(64, 256),
    max_dimension=3,
    evaluation_batches=2,
)
FLAGSHIP = PretrainConfig(  # the shipped checkpoint; started from base-v1's weights, widened
    rows_per_step=16_384,  # smaller steps add noise to what those of a GPU have found
    max_data_sets=48,
    groups=8,
    learning_rate=6e-4,  # goes on from trained weights
    ema=0.995,  # fewer steps
    dimension_power=1.6,  # a quarter of the data sets have nine columns or more
    evaluation_minutes=10.0,  # the held-out sets take most of a minute
)
FLAGSHIP_CUDA = replace(  # goes on with the same state where there is a GPU
    FLAGSHIP,
    rows_per_step=262_144,  # a step takes a quarter of a second whatever its size: launches
    max_data_sets=512,
    groups=10,
    learning_rate=1.5e-3,  # steps of 300 data sets instead of 12
    evaluation_minutes=2.0,
)
SMALL = PretrainConfig(  # for comparisons of runs from random weights: minutes of a core
    model=ModelConfig(
        token_width=24,
        row_width=24,
        rounds=2,
        written_width=24,
        hidden_width=32,
        written_features=16,
    ),
    rows_per_step=4096,
)
DV_ONLY = PretrainConfig(objective="dv")  # ablation: the original's objective

RECIPES = {
    "tiny": TINY,
    "flagship": FLAGSHIP,
    "flagship-cuda": FLAGSHIP_CUDA,
    "small": SMALL,
    "dv-only": DV_ONLY,
}
