"""The `infoatlas` command: estimate, matrix, pretrain. Parse, call the public functions, print."""

from __future__ import annotations

import argparse
import csv
import json
import math
import runpy
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import infoatlas
from infoatlas._data_files import read_table, select
from infoatlas._result import MIResult
from infoatlas._validation import check_discrete, check_units

if TYPE_CHECKING:
    from infoatlas.pretraining import PretrainConfig

USER_ERROR = 2  # the exit status that argparse uses too
INTERRUPTED = 130  # 128 + SIGINT, as shells count it

DESCRIPTION = """\
Mutual information between columns of a data file, zero-shot: one forward pass of a pretrained
network, nothing to tune.

examples:
  infoatlas estimate data.csv --x height,weight --y age
  infoatlas matrix data.csv --out matrix.png
  infoatlas COMMAND --help          options, and more examples

exit status: 0 done, 1 a fault in infoatlas, 2 something to put right in the call or the data.
"""

ESTIMATE = """\
Mutual information of one set of columns with another, with a 95% interval and the warnings that
say how far to trust it.

examples:
  infoatlas estimate data.csv --x height,weight --y age
  infoatlas estimate data.parquet --x city --y price --units bits
  infoatlas estimate ratings.csv --x stars --y genre --discrete-x nominal
  infoatlas estimate array.npy --x 0,1,2 --y 3         columns by number, from 0
  infoatlas estimate samples.npz                       the arrays named x and y
  infoatlas estimate data.csv --x a --y b --json | jq .mi

CSV files name their columns in the first line; an empty cell is a missing value, which is refused
rather than dropped. Numbers are continuous or ordinal, text is nominal: --discrete-x and
--discrete-y say otherwise.
"""

MATRIX = """\
Mutual information of every pair of columns, as a table, and with --out as a picture.

examples:
  infoatlas matrix data.csv
  infoatlas matrix data.csv --columns height,weight,age --units bits
  infoatlas matrix data.csv --out matrix.png           needs matplotlib
  infoatlas matrix wide.parquet --jobs -1 --block-dir blocks     goes on after a stop
  infoatlas matrix data.csv --json > matrix.json
"""

PRETRAIN = """\
Train a hypernetwork on synthetic distributions whose mutual information is known.

examples:
  infoatlas pretrain --config tiny --minutes 5
  infoatlas pretrain --config my_recipe.py --out runs/mine --minutes 120
  infoatlas pretrain --config tiny --out runs/tiny --resume --minutes 60
  torchrun --nproc-per-node 2 -m infoatlas pretrain --config tiny

A .py file must set CONFIG to an infoatlas.pretraining.PretrainConfig. --resume goes on exactly
where the last checkpoint in --out stopped.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except (ValueError, TypeError, ImportError, OSError) as error:
        if options.debug:
            raise
        print(f"infoatlas {options.command}: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print(f"infoatlas {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def estimate(options: argparse.Namespace) -> None:
    """Print one estimate."""
    table = read_table(options.file)
    x = select(table, _names(options.x), "--x")
    y = select(table, _names(options.y), "--y")
    result = infoatlas.mutual_information(
        x,
        y,
        units=check_units(options.units),
        discrete_x=check_discrete(options.discrete_x, "--discrete-x"),
        discrete_y=check_discrete(options.discrete_y, "--discrete-y"),
        model=options.model,
        series=options.series,
        random_state=options.random_state,
    )
    if options.json:
        _print_json(_estimate_fields(result, list(x), list(y)))
        return
    print(f"I({', '.join(x)} ; {', '.join(y)})")
    print(result)


def matrix(options: argparse.Namespace) -> None:
    """Print the estimate for every pair of columns, and draw it if asked to."""
    table = read_table(options.file)
    columns = select(
        table, _names(options.columns) if options.columns else list(table), "--columns"
    )
    result = infoatlas.pairwise_mutual_information(
        columns,
        units=check_units(options.units),
        missing=options.missing,
        n_jobs=options.jobs,
        block_dir=options.block_dir,
        model=options.model,
        series=options.series,
        random_state=options.random_state,
    )
    names = list(result.names)
    if options.json:
        _print_json({"columns": names, "mi": result.mi.tolist(), "units": options.units})
    else:
        print(_matrix_text(names, result.mi, options.units))
    if options.out:
        figure: Any = result.heatmap().figure
        figure.savefig(options.out, dpi=150)
        print(f"drawn: {options.out}", file=sys.stderr)


def pretrain(options: argparse.Namespace) -> None:
    """Train, or go on training, and print where the weights are."""
    from infoatlas.pretraining import pretrain as train

    if options.minutes is not None and not options.minutes > 0:
        raise ValueError(f"--minutes must be more than 0, got {options.minutes}.")
    config, name = _config(options.config)
    directory = options.out or Path("runs") / name
    path = train(
        config, directory, minutes=options.minutes, resume=options.resume, start=options.start
    )
    print(f"written: {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="infoatlas",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("infoatlas"))
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", title="commands"
    )
    _add_estimate(commands)
    _add_matrix(commands)
    _add_pretrain(commands)
    return parser


def _add_command(commands: Any, run: Any, description: str) -> argparse.ArgumentParser:
    summary = description.partition("\n\n")[0].replace("\n", " ")
    command: argparse.ArgumentParser = commands.add_parser(
        run.__name__,
        help=summary.replace("%", "%%"),
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return command


def _add_estimate(commands: Any) -> None:
    command = _add_command(commands, estimate, ESTIMATE)
    _add_data_options(command)
    for side in "xy":
        command.add_argument(
            f"--{side}",
            default=side,
            metavar="NAMES",
            help=f"columns of {side}, separated by commas (default: the one called {side})",
        )
    for side in "xy":
        command.add_argument(
            f"--discrete-{side}",
            default="auto",
            choices=("auto", "nominal", "ordinal"),
            help=f"how to read the columns of {side} (default: by their type)",
        )


def _add_matrix(commands: Any) -> None:
    command = _add_command(commands, matrix, MATRIX)
    _add_data_options(command)
    command.add_argument(
        "--columns", metavar="NAMES", help="columns, separated by commas (default: all)"
    )
    command.add_argument("--out", type=Path, metavar="PICTURE", help="also draw it, e.g. as .png")
    command.add_argument(
        "--missing",
        default="raise",
        choices=("raise", "drop_rows", "drop_pairwise"),
        help="what to do about missing values (default: refuse them)",
    )
    command.add_argument("--jobs", type=int, metavar="N", help="processes, -1 for one a core")
    command.add_argument(
        "--block-dir", type=Path, metavar="FOLDER", help="keep finished blocks, and go on from them"
    )


def _add_pretrain(commands: Any) -> None:
    command = _add_command(commands, pretrain, PRETRAIN)
    command.add_argument(
        "--config", required=True, metavar="NAME", help="a recipe's name, or a .py file"
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to write (default: runs/NAME)"
    )
    command.add_argument(
        "--minutes", type=float, help="time to train for (default: as the recipe says)"
    )
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    command.add_argument(
        "--start", type=Path, metavar="FILE", help="a checkpoint whose weights to begin with"
    )


def _add_data_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help=".csv, .tsv, .parquet, .npy or .npz")
    command.add_argument("--units", default="nats", choices=("nats", "bits"))
    command.add_argument(
        "--model", default="default", help="a checkpoint's name or path (default: the shipped one)"
    )
    command.add_argument(
        "--series", action="store_true", help="rows follow each other in time: count fewer of them"
    )
    command.add_argument("--random-state", type=int, default=0, metavar="SEED")
    command.add_argument("--json", action="store_true", help="print JSON")


def _names(value: str) -> list[str]:
    """Split at commas as CSV does, so that a name with a comma can be quoted."""
    return [name.strip() for name in next(csv.reader([value]), [])]


def _config(name: str) -> tuple[PretrainConfig, str]:
    """Find a recipe by its name, or in a Python file's CONFIG; also the name for its folder."""
    from infoatlas.pretraining import RECIPES, PretrainConfig

    if not name.endswith(".py"):
        if name not in RECIPES:
            known = ", ".join(sorted(RECIPES))
            raise ValueError(f"--config: no recipe is called {name!r}; known: {known}.")
        return RECIPES[name], name
    config = runpy.run_path(name).get("CONFIG")
    if not isinstance(config, PretrainConfig):
        found = "no CONFIG" if config is None else f"CONFIG = a {type(config).__name__}"
        raise ValueError(f"--config: {name} must set CONFIG to a PretrainConfig; it has {found}.")
    return config, Path(name).stem


def _estimate_fields(result: MIResult, x_names: list[str], y_names: list[str]) -> dict[str, Any]:
    return {
        "mi": result.mi,
        "stderr": result.stderr,
        "confidence_interval": list(result.confidence_interval()),
        "units": result.units,
        "gaussian": result.gaussian,
        "dv": result.dv,
        "plug_in": result.plug_in,
        "n_samples": result.n_samples,
        "x": x_names,
        "y": y_names,
        "reliable": result.reliable,
        "warnings": list(result.warnings),
        "model": result.model,
    }


def _print_json(fields: dict[str, Any]) -> None:
    print(json.dumps(_finite(fields), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """Replace numbers that JSON has no word for by null."""
    match value:
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return None
    return value


def _matrix_text(names: Sequence[str], values: NDArray[np.float64], units: str) -> str:
    widths = [max(len(name), len("0.0000")) for name in names]
    first = max(map(len, names))
    lines = [f"mutual information, {units}", " " * first + _row(names, widths)]
    for name, row in zip(names, values, strict=True):
        cells = ["-" if math.isnan(value) else f"{value:.4f}" for value in row]
        lines.append(f"{name:<{first}}" + _row(cells, widths))
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
