"""Everything a pretraining run depends on, in one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from infoatlas._hypernetwork import ModelConfig


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """One pretraining run.

    The learning rate warms up, stays, and falls to zero over the last part of the budget, so that a
    later run can extend it: it resumes at the plateau.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    objective: Literal["pmi", "dv"] = (
        "pmi"  # "dv" is the original's Donsker-Varadhan-only objective
    )
    rows_per_step: int = 8192  # data sets a step = rows_per_step / n, between the next two
    min_data_sets: int = 2
    max_data_sets: int = 24
    groups: int = 4  # parts of a step with one family and one choice of maps
    n_range: tuple[int, int] = (32, 5000)  # log-uniform
    max_dimension: int = 32
    dimension_power: float = 2.0  # of a uniform draw: below 2, more data sets of many coordinates
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    warmup_steps: int = 100
    decay_share: float = 0.3  # of the budget, at its end
    gradient_norm: float = 1.0
    ema: float = 0.998
    pointwise_weight: float = 0.05  # Huber loss on the critic at joint rows against the true PMI
    mi_weight: float = 0.1  # log(1 + e^2 / 2) of the estimate, in units of what sampling allows
    stderr_weight: float = 0.03  # Student negative log-likelihood of the true MI
    interval_weight: float = 0.01  # interval score of the 95% interval, in standard errors
    dv_weight: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"  # bfloat16: message rounds on CUDA only
    random_state: int = 0
    evaluation_minutes: float = 5.0  # held-out error and a checkpoint this often
    evaluation_batches: int = 20

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for cards and logs."""
        return asdict(self)
