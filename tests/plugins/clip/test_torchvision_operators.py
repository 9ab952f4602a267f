import subprocess
import sys

from infoatlas_plugins.clip import torchvision_operators
from infoatlas_plugins.clip.torchvision_operators import SCHEMAS, declare_missing_operators


def make_package(folder):
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_C.so").write_bytes(b"not a library")


def test_operators_are_declared_where_the_compiled_part_does_not_load(tmp_path):
    # in a program of its own: declarations cannot be taken back
    make_package(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from infoatlas_plugins.clip.torchvision_operators import declare_missing_operators\n"
        "import torch\n"
        "assert not hasattr(torch.ops.torchvision, 'nms')\n"
        "assert declare_missing_operators() is declare_missing_operators() is not None\n"
        "print(torch.ops.torchvision.nms, torch.ops.torchvision.qnms)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["torchvision.nms", "torchvision.qnms"]


def test_nothing_is_declared_without_torchvision(monkeypatch):
    declare_missing_operators.cache_clear()
    monkeypatch.setattr(torchvision_operators.importlib.util, "find_spec", lambda name: None)
    assert declare_missing_operators() is None
    declare_missing_operators.cache_clear()


def test_both_operators_are_known_by_name():
    assert [schema.partition("(")[0] for schema in SCHEMAS] == ["nms", "qnms"]
