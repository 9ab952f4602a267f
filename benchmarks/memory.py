"""Series with memory: what unrelated and related AR(1) series read, and whether intervals hold it.

Both sides remember alike, so the correlation of their columns, and with it the true mutual
information, is that of their innovations. KSG stands beside: it has no notion of time.
The same command goes on where the last one stopped:

OMP_NUM_THREADS=1 python benchmarks/memory.py --minutes 4
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchmarks.baselines.ksg import ksg
from benchmarks.row_record import go_on, record_parser
from infoatlas import mutual_information

N_SAMPLES = 1000
WIDTHS, KEPT, CORRELATIONS = (1, 3), (0.5, 0.8, 0.95, 0.99), (0.0, 0.7)
SEEDS = 20
Array = NDArray[np.float64]


def series(n: int, width: int, keep: float, rng: np.random.Generator) -> Array:
    """Stationary AR(1) columns of variance 1."""
    steps = rng.normal(size=(n, width))
    steps[1:] *= math.sqrt(1 - keep**2)
    walked: Array = lfilter([1.0], [1.0, -keep], steps, axis=0)
    return walked


def measure(width: str, keep: str, correlation: str, seed: str) -> list[dict[str, Any]]:
    """One draw."""
    rng = np.random.default_rng([int(width), round(100 * float(keep)), int(seed)])
    x, e = (series(N_SAMPLES, int(width), float(keep), rng) for _ in range(2))
    rho = float(correlation)
    y = rho * x + math.sqrt(1 - rho**2) * e
    result = mutual_information(x, y, random_state=int(seed))
    low, high = result.confidence_interval()
    return [
        {
            "width": width,
            "keep": keep,
            "correlation": correlation,
            "seed": seed,
            "true_mi": round(-0.5 * int(width) * math.log1p(-(rho**2)), 5),
            "estimate": round(result.mi, 5),
            "stderr": round(result.stderr, 5),
            "low": round(low, 5),
            "high": round(high, 5),
            "reliable": result.reliable,
            "ksg": round(ksg(x, y), 5),
        }
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write ``benchmarks/results/<date>-memory.csv`` and print its table."""
    options = record_parser(__doc__, "memory").parse_args(argv)
    settings = [(w, k, c) for w in WIDTHS for c in CORRELATIONS for k in KEPT]
    jobs = [(*map(str, setting), str(seed)) for seed in range(SEEDS) for setting in settings]
    key = ("width", "keep", "correlation", "seed")
    rows = go_on(options.out, jobs, measure, key=key, minutes=options.minutes, n_samples=N_SAMPLES)
    print("width correlation keep: truth, mean estimate, KSG, interval holds it, reliable")
    for width, keep, correlation in settings:
        asked = tuple(map(str, (width, keep, correlation)))
        mine = [row for row in rows if tuple(row[name] for name in key[:3]) == asked]
        if not mine:
            continue
        holds = [float(r["low"]) <= float(r["true_mi"]) <= float(r["high"]) for r in mine]
        estimate, other = (np.mean([float(r[name]) for r in mine]) for name in ("estimate", "ksg"))
        reliable = np.mean([row["reliable"] == "True" for row in mine])
        print(
            f"{width} {correlation:3.1f} {keep:4.2f}: {float(mine[0]['true_mi']):.3f} "
            f"{estimate:.3f} {other:.3f} {np.mean(holds):4.0%} {reliable:4.0%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
