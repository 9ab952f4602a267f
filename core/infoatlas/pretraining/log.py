"""The run's log: CSV rows, TensorBoard where it is installed, one line an evaluation."""

from __future__ import annotations

import csv
import logging
import math
from importlib import import_module
from pathlib import Path
from typing import Any

from infoatlas.pretraining.held_out import HeldOutError
from infoatlas.pretraining.state import TrainingState

SMOOTHING = 0.02
EVERY = 20  # steps between rows of steps.csv
STEP_FIELDS = (
    "step",
    "core_minutes",
    "loss",
    "logistic",
    "pointwise",
    "mi",
    "likelihood",
    "interval",
    "rate",
    "norm",
)
EVALUATION_FIELDS = ("step", "core_hours", "data_sets", "held_out_error", "coverage")

logger = logging.getLogger(__name__)


class TrainingLog:
    """Writes nothing in processes other than the main one."""

    def __init__(self, directory: Path, *, active: bool) -> None:
        self.loss = float("nan")
        self._active = active
        if not active:
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._steps = _Table(directory / "steps.csv", STEP_FIELDS)
        self._evaluations = _Table(directory / "log.csv", EVALUATION_FIELDS)
        self._board = _tensorboard(directory)

    def step(self, state: TrainingState, row: dict[str, float]) -> None:
        """Smooth the loss; every so many steps write a row."""
        loss = row["loss"]
        self.loss = loss if math.isnan(self.loss) else self.loss + SMOOTHING * (loss - self.loss)
        if not self._active or state.step % EVERY:
            return
        clock = {"step": state.step, "core_minutes": round(state.core_seconds / 60, 2)}
        self._steps.add(row | clock | {"loss": self.loss})
        if self._board:
            self._board.add_scalar("loss", self.loss, state.step)
            self._board.add_scalar("rate", row["rate"], state.step)

    def evaluation(self, state: TrainingState, error: HeldOutError) -> None:
        """Write the held-out error."""
        row = {
            "step": state.step,
            "core_hours": round(state.core_seconds / 3600, 3),
            "data_sets": state.data_sets,
            "held_out_error": round(error.mean, 5),
            "coverage": round(error.coverage, 3),
        }
        self._evaluations.add(row)
        if self._board:
            self._board.add_scalar("held_out_error", error.mean, state.step)
        logger.info("%s %s", row, error.by_family)

    def close(self) -> None:
        """Flush TensorBoard."""
        if self._active and self._board:
            self._board.close()


class _Table:
    """A CSV file that rows are appended to."""

    def __init__(self, path: Path, fields: tuple[str, ...]) -> None:
        self._path, self._fields = path, fields
        if not path.exists():
            path.write_text(",".join(fields) + "\n")

    def add(self, row: dict[str, Any]) -> None:
        with self._path.open("a", newline="") as file:
            csv.DictWriter(file, self._fields, extrasaction="ignore").writerow(row)


def _tensorboard(directory: Path) -> Any:
    try:
        board = import_module("torch.utils.tensorboard")
    except ImportError:
        logger.info("no TensorBoard log: tensorboard is not installed (it is in infoatlas[dev])")
        return None
    return board.SummaryWriter(str(directory / "tensorboard"))
