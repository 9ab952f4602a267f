"""Time many pairs in batched passes, on the CPU or a GPU.

Examples
--------
    OMP_NUM_THREADS=1 python benchmarks/bulk.py
    python benchmarks/bulk.py --device cuda --rows 2000000
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # a script finds its own folder first; all imports here start at the root
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import torch

from benchmarks.estimators import warm_up
from benchmarks.row_record import go_on, record_parser
from infoatlas import mutual_information_batch

SHAPES = ((500, 1), (500, 5), (1000, 10), (5000, 5))  # rows, columns a side
KEY = ("device", "rows", "columns", "repeat")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is missing in ``--out``; one row a shape and repeat."""
    options = _parser().parse_args(argv)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    jobs = [
        (name, str(rows), str(columns), str(repeat))
        for rows, columns in SHAPES
        for repeat in range(options.repeats)
    ]

    def measure(device: str, rows: str, columns: str, repeat: str) -> list[dict[str, Any]]:
        pairs = max(1, options.rows // int(rows))
        x, y = draw_pairs(pairs, int(rows), int(columns))
        if repeat == "0":  # the first call of a shape loads kernels
            mutual_information_batch(x[:20], y[:20], device=options.device)
        start = time.perf_counter()
        mutual_information_batch(x, y, device=options.device)
        seconds = time.perf_counter() - start
        print(f"{device}  {rows} rows of {columns} + {columns}: "
              f"{1000 * seconds / pairs:.3f} ms a pair", flush=True)  # fmt: skip
        key = dict(zip(KEY, (device, rows, columns, repeat), strict=True))
        return [{**key, "pairs": pairs, "seconds": round(seconds, 4)}]

    go_on(options.out, jobs, measure, key=KEY, minutes=options.minutes, **warm_up("default"))
    return 0


def draw_pairs(pairs: int, rows: int, columns: int) -> tuple[Any, Any]:
    """Samples of shape (pairs, rows, columns): y is x, rotated by one column, with noise."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(pairs, rows, columns))
    return x, np.roll(x, 1, axis=2) + generator.normal(size=x.shape)


def _parser() -> argparse.ArgumentParser:
    parser = record_parser(__doc__, "bulk")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rows", type=int, default=100_000, help="of all pairs of a call")
    parser.add_argument("--repeats", type=int, default=3)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
