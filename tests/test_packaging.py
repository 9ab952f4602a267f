"""What a user installs is whole: the wheel, the extras, and the README's two commands."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_SHIPPED = {".pyc"}  # compiled by Python on the user's machine


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", ["core/infoatlas", "plugins/infoatlas_plugins"])
def test_the_wheel_holds_every_file_of_the_packages(wheel_files, package):
    # so a pattern in .gitignore that matches the weights or the sample scene cannot drop them
    folder = ROOT / package
    present = [path for path in folder.rglob("*") if path.is_file()]
    shipped = [path for path in present if path.suffix not in NOT_SHIPPED]
    expected = {path.relative_to(folder.parent).as_posix() for path in shipped}
    assert expected - wheel_files == set()


def test_the_wheel_says_that_it_is_typed(wheel_files):
    assert "infoatlas/py.typed" in wheel_files


def test_the_wheel_holds_nothing_else(wheel_files):
    tops = {name.partition("/")[0] for name in wheel_files}
    assert tops == {"infoatlas", "infoatlas_plugins", f"infoatlas-{PROJECT['version']}.dist-info"}


def test_the_extra_called_all_holds_every_extra_for_users():
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(re.search(r"\[(.*)\]", everything)[1].split(","))
    assert named == set(extras) - {"all", "dev"}


def test_one_version_of_ruff_is_named_everywhere():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = settings["tool"]["ruff"]["required-version"]
    assert f"ruff{required}" in PROJECT["optional-dependencies"]["dev"]


def readme_command(name):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(rf"<!-- command: {name} -->\n```bash\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("demo", ".venv/bin/python apps/motion_seg.py --dataset pointodyssey"),
        ("test", ".venv/bin/python -m pytest"),
    ],
)
def test_each_readme_command_is_one_chain_that_stops_at_the_first_failure(name, last):
    steps = [step.strip() for step in readme_command(name).split("&&")]
    assert steps[0] == "python3 -m venv .venv"
    assert steps[-1] == last
    assert all("\n" not in step for step in steps)


def test_the_two_readme_commands_install_torch_alike():
    demo, test = (readme_command(name).splitlines()[1] for name in ("demo", "test"))
    assert demo == test
    assert "--no-deps" in demo  # else an index that cannot be reached is asked for each dependency


def test_ci_runs_the_readme_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- command: test -->" in script
