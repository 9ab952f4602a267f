"""The dependency arrows: apps -> plugins -> infoatlas, public names only, nothing points back."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
APPS = sorted((ROOT / "apps").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

EXTRAS = ("open3d", "open_clip", "gymnasium", "mani_skill", "matplotlib", "pandas", "polars",
          "mujoco", "PIL", "pyarrow", "tensorboard", "causallearn")  # fmt: skip

# Where the name that is imported is not the name that is installed.
DISTRIBUTIONS = {
    "causallearn": "causal-learn",
    "mani_skill": "mani-skill",
    "open_clip": "open-clip-torch",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
}


class Import(NamedTuple):
    """One imported name, as ``package.module.name``, and the line it stands on."""

    name: str
    line: int
    at_top: bool

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


def imports_of(source: str) -> Iterator[Import]:
    """Every absolute import in `source`; relative ones stay inside their package."""
    tree = ast.parse(source)
    lazy = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        at_top = id(node) not in lazy
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_top)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield Import(f"{node.module}.{alias.name}", node.lineno, at_top)


def offences(paths: list[Path], is_offence) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{found.line} imports {found.name}"
        for path in paths
        for found in imports_of(path.read_text(encoding="utf-8"))
        if is_offence(found)
    ]


def is_private(found: Import) -> bool:
    parts = found.name.split(".")
    return parts[0] == "infoatlas" and any(re.match(r"_(?!_)", part) for part in parts[1:])


def declared(*extras: str) -> set[str]:
    """Distributions that pyproject asks for, with those of the named extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][e] for e in extras)]
    names = {re.match(r"[\w.-]+", line)[0] for requirements in lists for line in requirements}
    return {canonical(name) for name in names}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def is_undeclared(found: Import, known: set[str]) -> bool:
    own = {"infoatlas", "infoatlas_plugins", "apps", "benchmarks", "tests"}
    if found.package in sys.stdlib_module_names or found.package in own:
        return False
    return canonical(DISTRIBUTIONS.get(found.package, found.package)) not in known


EVERY_EXTRA = ("clip", "clip-models", "motion", "motion-viewer", "robot", "bench", "causal", "dev")


def test_the_core_never_imports_a_plugin_or_an_app():
    outer = {"infoatlas_plugins", "apps", "benchmarks", "tests"}
    assert offences(CORE, lambda found: found.package in outer) == []


def test_plugins_and_apps_import_public_names_only():
    assert offences(PLUGINS + APPS, is_private) == []


def test_plugins_never_import_apps():
    outer = {"apps", "benchmarks", "tests"}
    assert offences(PLUGINS, lambda found: found.package in outer) == []


def test_plugins_never_import_each_other():
    home = ROOT / "plugins" / "infoatlas_plugins"
    shared = {path.stem for path in home.glob("*.py")}
    for path in PLUGINS:
        own = path.relative_to(home).parts[0]

        def is_other_plugin(found, own=own):
            parts = found.name.split(".")
            return parts[0] == "infoatlas_plugins" and not shared.union({own}).issuperset(
                parts[1:2]
            )

        assert offences([path], is_other_plugin) == []


def test_the_core_imports_only_its_own_dependencies_at_the_top_of_a_file():
    known = declared()
    assert offences(CORE, lambda found: found.at_top and is_undeclared(found, known)) == []


def test_plugins_import_only_the_cores_dependencies_at_the_top_of_a_file():
    known = declared()
    assert offences(PLUGINS, lambda found: found.at_top and is_undeclared(found, known)) == []


def test_every_import_is_declared():
    known = declared(*EVERY_EXTRA)
    everything = CORE + PLUGINS + APPS + TESTS
    assert offences(everything, lambda found: is_undeclared(found, known)) == []


def test_importing_infoatlas_loads_no_extra_that_its_own_dependencies_do_not_load():
    # scikit-learn imports pandas by itself where pandas is installed
    assert loaded_extras("import infoatlas") <= loaded_extras("import sklearn.base, torch, scipy")


def loaded_extras(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*(set({EXTRAS!r}) & set(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(finished.stdout.split())


def test_the_names_of_distributions_above_are_the_installed_ones():
    installed = importlib.metadata.packages_distributions()
    for package, distribution in DISTRIBUTIONS.items():
        if package in installed:
            assert canonical(distribution) in {canonical(name) for name in installed[package]}


@pytest.mark.parametrize(
    ("source", "private"),
    [
        ("import infoatlas", False),
        ("from infoatlas import MIResult", False),
        ("from infoatlas import __version__", False),
        ("import infoatlas._result", True),
        ("from infoatlas._result import MIResult", True),
        ("from infoatlas import _result", True),
        ("def f():\n    from infoatlas.pretraining._x import y", True),
        ("from numpy import _core", False),
    ],
)
def test_the_check_for_private_names_fires(source, private):
    (found,) = imports_of(source)
    assert is_private(found) is private


@pytest.mark.parametrize(
    ("source", "undeclared"),
    [
        ("import json", False),
        ("import sklearn.metrics", False),
        ("from scipy import stats", False),
        ("import infoatlas_plugins.motion", False),
        ("import pandas", True),
        ("def f():\n    import left_pad", True),
    ],
)
def test_the_check_for_undeclared_imports_fires(source, undeclared):
    (found,) = imports_of(source)
    assert is_undeclared(found, declared()) is undeclared


def test_imports_inside_a_function_are_told_from_those_at_the_top():
    source = "import a\nif True:\n    import b\ndef f():\n    import c\n"
    assert [found.at_top for found in imports_of(source)] == [True, True, False]
