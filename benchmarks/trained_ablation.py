"""What each part is worth to a network that never had it: small networks trained anew, one a row.

All rows have the same budget of steps, and are judged by the mean of |estimate - MI| / (1 + MI) on
the held-out synthetic sets that choose a checkpoint. The same command goes on where it stopped:

OMP_NUM_THREADS=1 python benchmarks/trained_ablation.py --minutes 60
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch
from torch import Tensor

from benchmarks.ablation import SERIES, WRITTEN, with_pairs, without_cross_fitting
from benchmarks.markdown import number, table
from benchmarks.pages import DOCS, write_measured
from benchmarks.row_record import go_on, record_parser
from infoatlas import _coordinates, _forward, _variates, load_model
from infoatlas._critic import pair_features
from infoatlas._last_layer import Solution
from infoatlas.pretraining import RECIPES, pretrain
from infoatlas.pretraining.held_out import held_out_sets, relative_error

STEPS = 250
CONFIG = replace(RECIPES["small"], evaluation_minutes=60.0)
BRIEF = 1  # batches of the run's own held-out error, which nothing here depends on
GAUSSIAN = slice(1, 3)  # features that are the Gaussian critic


@dataclass(frozen=True)
class Variant:
    """What is different from the first row, in training and in reading."""

    model: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    change: Callable[[], AbstractContextManager[Any]] = nullcontext


def _without_features(which: slice, *, offset: bool = True) -> AbstractContextManager[Any]:
    """Some features always zero, and the offset too unless it is to stay."""

    def fewer(*arguments: Any) -> tuple[Tensor, Tensor]:
        features, base = pair_features(*arguments)
        kept = torch.ones(features.shape[-1], dtype=features.dtype)
        kept[which] = 0.0
        return features * kept, base if offset else torch.zeros_like(base)

    return patch.object(_forward, "pair_features", fewer)


def _without_solver() -> AbstractContextManager[Any]:
    """The last layer as the hypernetwork writes it."""

    def written(_: Any, mean: Tensor, precision: Tensor, *, steps: int) -> Solution:
        return Solution(mean, torch.zeros_like(precision).diag_embed())

    return patch.object(_forward, "solve", written)


def _without_radius() -> AbstractContextManager[Any]:
    """Every row at the same distance from the centre."""
    return patch.object(_coordinates, "_norm", lambda normal, _: torch.ones_like(normal[..., :1]))


def _without_variates() -> AbstractContextManager[Any]:
    """All canonical variates zero."""
    fit = _variates.cross_fitted_variates

    def nothing(*arguments: Any) -> _variates.Variates:
        sides, readers = fit(*arguments)
        return _variates.Variates((sides[0] * 0.0, sides[1] * 0.0), readers)

    return patch.object(_coordinates, "cross_fitted_variates", nothing)


VARIANTS = {
    "all parts": Variant(),
    "all parts, another seed": Variant(config={"random_state": 1}),
    "Donsker-Varadhan objective, no labels": Variant(config={"objective": "dv"}),
    "no Newton step: the last layer is written": Variant(change=_without_solver),
    "two Newton steps": Variant(model={"newton_steps": 2}),
    "without the Gaussian base": Variant(change=lambda: _without_features(GAUSSIAN, offset=False)),
    "without canonical variates": Variant(change=_without_variates),
    "without cross-fitting": Variant(change=without_cross_fitting),
    "without the radius": Variant(change=_without_radius),
    "without the cosine series": Variant(change=lambda: _without_features(SERIES)),
    "without the written network": Variant(change=lambda: _without_features(WRITTEN)),
    "no message round": Variant(model={"rounds": 0}),
    "one message round": Variant(model={"rounds": 1}),
    "three message rounds": Variant(model={"rounds": 3}),
    "half the width": Variant(model={"token_width": 12, "row_width": 12}),
    "twice the width": Variant(model={"token_width": 48, "row_width": 48}),
    "four cosines a column": Variant(model={"order": 4}),
    "two product pairs a row": Variant(change=lambda: with_pairs(2)),
    "sixteen product pairs a row": Variant(change=lambda: with_pairs(16)),
}


def measure(name: str) -> list[dict[str, Any]]:
    """Train one variant and read the held-out sets with it."""
    variant = VARIANTS[name]
    config = replace(
        CONFIG,
        model=replace(CONFIG.model, **variant.model),
        evaluation_batches=BRIEF,
        **variant.config,
    )
    started = time.perf_counter()
    with variant.change(), tempfile.TemporaryDirectory() as folder, torch.random.fork_rng():
        pretrain(config, Path(folder), steps=STEPS)
        errors = _errors(Path(folder) / "last.safetensors")
    row: dict[str, Any] = {"variant": name, "steps": STEPS, "n_data_sets": len(errors["error"])}
    row |= {kind: round(float(values.mean()), 5) for kind, values in errors.items()}
    row["stderr"] = round(float(errors["error"].std()) / math.sqrt(len(errors["error"])), 5)
    row["minutes"] = round((time.perf_counter() - started) / 60, 2)
    return [row]


@torch.no_grad()
def _errors(checkpoint: Path) -> dict[str, Tensor]:
    """Relative errors of the estimate, of the plug-in and of the Donsker-Varadhan value."""
    model = load_model(checkpoint)
    found: dict[str, list[Tensor]] = {"error": [], "plug_in": [], "dv": []}
    for data in held_out_sets(CONFIG):
        pair = _coordinates.read_pair(data.x.double(), data.y.double())
        reading = _forward.write_critics(model, pair, np.random.default_rng(0)).reading
        values = {"error": reading.mi, "plug_in": reading.plug_in, "dv": reading.dv}
        for kind, value in values.items():
            found[kind].append(relative_error(value, data.mi))
    return {kind: torch.cat(parts) for kind, parts in found.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Train, write ``benchmarks/results/<date>-trained-ablation.csv`` and the table of the page."""
    parser = record_parser(__doc__, "trained-ablation")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args(argv)
    rows = go_on(
        options.out,
        [(name,) for name in options.variants],
        measure,
        key=("variant",),
        minutes=options.minutes,
        config=CONFIG.as_dict(),
    )
    cells = [
        [row["variant"], *(number(float(row[kind]), 4) for kind in ("error", "plug_in", "dv"))]
        for row in rows
    ]
    write_measured(
        DOCS / "ablation.md",
        [
            "Written by `python benchmarks/trained_ablation.py`, from "
            f"`benchmarks/results/{options.out.name}`; do not edit.",
            table(["trained", "error", "of the plug-in", "of Donsker-Varadhan"], cells),
        ],
        part="trained",
    )
    print(f"{len(rows)} rows; wrote docs/ablation.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
