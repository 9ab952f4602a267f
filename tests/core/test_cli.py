"""The command line: what it prints, what it passes on, and how it fails."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest

import infoatlas
from infoatlas._cli import main
from infoatlas._result import MIResult
from infoatlas._validation import check_pair
from infoatlas.dependence._matrix_result import PairwiseMutualInformation

N = 40  # rows


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, N))
    lines = [f"{a[i]},{b[i]},{a[i] + b[i]},{'Rome' if a[i] > 0 else 'Oslo'}" for i in range(N)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(['a,b,"c, sum",city', *lines]))
    return path


@pytest.fixture
def calls(monkeypatch):
    """Stand in for the estimator: the true input checks, then a fixed answer."""
    seen = []

    def mutual_information(x, y, **options):
        discrete = {name: options[name] for name in ("discrete_x", "discrete_y") if name in options}
        pair = check_pair(x, y, **discrete)
        seen.append({"x": x, "y": y, **options})
        return MIResult(
            mi=0.1 * len(seen), stderr=0.02, error_scales=(0.02, 0.02),
            pointwise=np.zeros(pair.n_samples), dv=float("nan"), plug_in=0.3,
            gaussian=0.2, units=options["units"], n_samples=pair.n_samples,
            n_features=(pair.x.n_features, pair.y.n_features), reliable=False,
            warnings=("Few rows.",), model="stub",
        )  # fmt: skip

    monkeypatch.setattr(infoatlas, "mutual_information", mutual_information, raising=False)
    return seen


def run(*arguments):
    return main([str(argument) for argument in arguments])


# estimate


def test_estimate_prints_what_was_measured_and_the_result(data, calls, capsys):
    assert run("estimate", data, "--x", "a,b", "--y", "city") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "I(a, b ; city)"
    assert printed[1] == "mutual information  0.1000 ± 0.0200 nats"
    assert "data                40 rows; columns: 2 of x, 1 of y" in printed
    assert printed[-1] == "warning             Few rows."


def test_estimate_passes_its_options_on(data, calls):
    options = ["--units", "bits", "--model", "mine", "--random-state", "7", "--series"]
    assert (
        run("estimate", data, "--x", "city", "--y", "b", "--discrete-x", "nominal", *options) == 0
    )
    (call,) = calls
    assert list(call.pop("x")) == ["city"]
    assert list(call.pop("y")) == ["b"]
    assert call == {
        "units": "bits",
        "discrete_x": "nominal",
        "discrete_y": "auto",
        "model": "mine",
        "series": True,
        "random_state": 7,
    }


def test_a_column_name_with_a_comma_is_quoted(data, calls):
    assert run("estimate", data, "--x", 'a,"c, sum"', "--y", "b") == 0
    assert list(calls[0]["x"]) == ["a", "c, sum"]


def test_estimate_takes_the_arrays_x_and_y_of_an_archive(tmp_path, calls):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", x=rng.normal(size=(N, 3)), y=rng.normal(size=N))
    assert run("estimate", tmp_path / "data.npz") == 0
    assert list(calls[0]["x"]) == ["x[0]", "x[1]", "x[2]"]
    assert list(calls[0]["y"]) == ["y"]


def test_estimate_as_json_is_json_even_where_a_number_is_not_finite(data, calls, capsys):
    assert run("estimate", data, "--x", "a", "--y", "b", "--json") == 0
    fields = json.loads(capsys.readouterr().out)
    low, high = fields.pop("confidence_interval")
    assert 0 < low < 0.1 < high
    assert fields == {
        "mi": 0.1, "stderr": 0.02, "units": "nats", "gaussian": 0.2, "dv": None, "plug_in": 0.3,
        "n_samples": N, "x": ["a"], "y": ["b"], "reliable": False, "warnings": ["Few rows."],
        "model": "stub",
    }  # fmt: skip


# matrix


@pytest.fixture
def matrices(monkeypatch):
    """Stand in for the matrix: notes the options, answers with the distance of two columns."""
    seen = []

    def pairwise_mutual_information(columns, **options):
        seen.append({"columns": list(columns), **options})
        places = np.arange(len(columns), dtype=float)
        mi = np.abs(places[:, None] - places) / 10
        np.fill_diagonal(mi, np.nan)
        return PairwiseMutualInformation(
            names=tuple(columns), mi=mi, stderr=mi, reliable=mi > 0, n_samples=places, model="stub",
            units=options["units"],
        )  # fmt: skip

    monkeypatch.setattr(infoatlas, "pairwise_mutual_information", pairwise_mutual_information)
    return seen


def test_matrix_prints_every_pair(data, matrices, capsys):
    assert run("matrix", data) == 0
    assert capsys.readouterr().out.splitlines() == [
        "mutual information, nats",
        "             a       b  c, sum    city",
        "a            -  0.1000  0.2000  0.3000",
        "b       0.1000       -  0.1000  0.2000",
        "c, sum  0.2000  0.1000       -  0.1000",
        "city    0.3000  0.2000  0.1000       -",
    ]


def test_matrix_estimates_what_the_function_does(data, capsys):
    assert run("matrix", data, "--columns", "a,city", "--json") == 0
    printed = json.loads(capsys.readouterr().out)["mi"]
    expected = infoatlas.mutual_information(*_columns(data, "a", "city")).mi
    assert printed[0][1] == printed[1][0] == pytest.approx(expected, abs=1e-5)


def _columns(path, *names):
    header, *rows = csv.reader(path.read_text().splitlines())
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return [
        [float(value) for value in columns[name]] if name != "city" else list(columns[name])
        for name in names
    ]


def test_matrix_takes_chosen_columns_and_gives_json(data, matrices, capsys):
    assert run("matrix", data, "--columns", "city,a", "--units", "bits", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "columns": ["city", "a"],
        "mi": [[None, 0.1], [0.1, None]],
        "units": "bits",
    }


def test_matrix_passes_its_options_on(data, matrices, tmp_path):
    options = ["--missing", "drop_rows", "--jobs", "2", "--block-dir", tmp_path / "blocks"]
    options += ["--series"]
    assert run("matrix", data, "--model", "mine", "--random-state", "7", *options) == 0
    assert matrices == [
        {
            "columns": ["a", "b", "c, sum", "city"],
            "units": "nats",
            "missing": "drop_rows",
            "n_jobs": 2,
            "block_dir": tmp_path / "blocks",
            "model": "mine",
            "series": True,
            "random_state": 7,
        }
    ]


def test_matrix_draws_a_picture(data, matrices, tmp_path, capsys):
    assert run("matrix", data, "--out", tmp_path / "matrix.png") == 0
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")
    assert "matrix.png" in capsys.readouterr().err


def test_matrix_without_matplotlib_names_the_extra(data, matrices, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert run("matrix", data, "--out", tmp_path / "matrix.png") == 2
    assert 'needs matplotlib; install it with: pip install "infoatlas[plots]"' in (
        capsys.readouterr().err
    )


# pretrain


@dataclass(frozen=True)
class StubConfig:
    steps: int = 1


@pytest.fixture
def trainings(monkeypatch):
    """Stand in for infoatlas.pretraining."""
    seen = []

    def pretrain(config, directory, *, minutes=None, resume=False, start=None):
        seen.append((config, directory.as_posix(), minutes, resume, start))
        return directory / "weights.safetensors"

    module = ModuleType("infoatlas.pretraining")
    module.RECIPES = {"tiny": StubConfig()}
    module.PretrainConfig = StubConfig
    module.pretrain = pretrain
    monkeypatch.setitem(sys.modules, "infoatlas.pretraining", module)
    return seen


def test_pretrain_runs_a_recipe_by_name(trainings, capsys):
    assert run("pretrain", "--config", "tiny") == 0
    assert trainings == [(StubConfig(), "runs/tiny", None, False, None)]
    assert capsys.readouterr().out == "written: runs/tiny/weights.safetensors\n"


def test_pretrain_runs_a_config_from_a_python_file(trainings, tmp_path):
    recipe = tmp_path / "mine.py"
    recipe.write_text(
        "from infoatlas.pretraining import PretrainConfig\nCONFIG = PretrainConfig(steps=5)\n"
    )
    out, start = tmp_path / "out", tmp_path / "weights.safetensors"
    options = ["--out", out, "--minutes", "1.5", "--start", start]
    assert run("pretrain", "--config", recipe, *options) == 0
    assert trainings == [(StubConfig(steps=5), out.as_posix(), 1.5, False, start)]


def test_pretrain_goes_on_from_a_state(trainings):
    assert run("pretrain", "--config", "tiny", "--resume") == 0
    assert trainings == [(StubConfig(), "runs/tiny", None, True, None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "mine.py must set CONFIG to a PretrainConfig; it has no CONFIG."),
        ("CONFIG = {}", "mine.py must set CONFIG to a PretrainConfig; it has CONFIG = a dict."),
    ],
)
def test_pretrain_refuses_a_file_without_a_config(trainings, tmp_path, capsys, content, message):
    (tmp_path / "mine.py").write_text(content)
    assert run("pretrain", "--config", tmp_path / "mine.py") == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--config", "huge"], "--config: no recipe is called 'huge'; known: tiny."),
        (["--config", "none.py"], "none.py"),
        (["--config", "tiny", "--minutes", "0"], "--minutes must be more than 0, got 0.0."),
        (["--config", "tiny", "--minutes", "nan"], "--minutes must be more than 0, got nan."),
    ],
)
def test_pretrain_refuses_bad_options(trainings, capsys, options, message):
    assert run("pretrain", *options) == 2
    assert message in capsys.readouterr().err
    assert trainings == []


# failing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["estimate", "none.csv"], "infoatlas estimate: none.csv does not exist; pass a data"),
        (["estimate", "DATA", "--x", "z", "--y", "a"], "--x names the column 'z', which the file"),
        (["estimate", "DATA", "--y", "a"], "--x names the column 'x', which the file does not"),
        (
            ["matrix", "DATA", "--columns", "a"],
            "a matrix needs two columns or groups or more, got 1.",
        ),
        (
            ["estimate", "DATA", "--x", "city", "--y", "a", "--discrete-x", "ordinal"],
            "x: column 'city' has labels without an order",
        ),
    ],
)
def test_a_user_error_is_one_line_and_status_2(data, calls, capsys, arguments, message):
    assert run(*(data if argument == "DATA" else argument for argument in arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_missing_cells_are_refused_with_the_column_named(tmp_path, calls, capsys):
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + "1.5,2.5\n,1.0\n" * 20)
    assert run("estimate", path) == 2
    assert "x has missing values (None) in 20 of 40 rows, in column 'x'; drop" in (
        capsys.readouterr().err
    )


def test_debug_shows_the_traceback_of_a_user_error():
    with pytest.raises(ValueError, match="does not exist"):
        run("estimate", "none.csv", "--debug")


def test_a_fault_of_the_program_keeps_its_traceback(data, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(infoatlas, "mutual_information", fail, raising=False)
    with pytest.raises(ZeroDivisionError):
        run("estimate", data, "--x", "a", "--y", "b")


def test_an_interrupt_is_status_130_without_a_traceback(data, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(infoatlas, "mutual_information", interrupt, raising=False)
    assert run("estimate", data, "--x", "a", "--y", "b") == 130
    assert capsys.readouterr().err == "infoatlas estimate: interrupted\n"


@pytest.mark.parametrize("arguments", [[], ["guess"], ["estimate"], ["pretrain"]])
def test_a_wrong_call_is_status_2_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as exit_info:
        run(*arguments)
    assert exit_info.value.code == 2
    assert capsys.readouterr().err.startswith("usage: infoatlas")


@pytest.mark.parametrize("command", ["estimate", "matrix", "pretrain"])
def test_help_teaches_by_examples(command, capsys):
    with pytest.raises(SystemExit) as exit_info:
        run(command, "--help")
    assert exit_info.value.code == 0
    assert f"examples:\n  infoatlas {command} " in capsys.readouterr().out


def test_the_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        run("--help")
    printed = capsys.readouterr().out
    assert all(f"\n    {command} " in printed for command in ("estimate", "matrix", "pretrain"))


def test_the_module_runs_as_a_program():
    command = [sys.executable, "-m", "infoatlas", "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout[0].isdigit()
