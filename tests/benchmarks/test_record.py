"""What a record says about its run, and what it keeps to itself."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import record
from benchmarks.task import fingerprint

SCRIPTS = ("bmi", "known_mi", "speed", "tables", "check_against_bmi")


def test_the_command_is_kept_without_the_folders_of_the_machine():
    command = record.command_line(
        ["/some/where/benchmarks/bmi.py", "--model", "/tmp/w.safetensors"]
    )
    assert command == "python benchmarks/bmi.py --model w.safetensors"


def test_a_run_is_described_without_the_name_of_the_machine():
    about = record.describe_run(extra=1)
    assert about["extra"] == 1
    assert set(about["machine"]) == {"cpu", "cores"}
    assert about["versions"]["numpy"] == np.__version__


def test_a_checkpoint_on_disk_is_known_by_its_hash(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"weights")
    expected = hashlib.sha256(b"weights").hexdigest()
    assert record.checkpoint_sha256(str(file), "whatever it calls itself") == expected


def test_an_unknown_checkpoint_has_no_hash():
    assert record.checkpoint_sha256("no-such-model", "no-such-model") is None


def test_a_fingerprint_tells_rows_apart_but_not_the_last_bits_of_a_float():
    x, y = np.random.default_rng(0).standard_normal((2, 50, 3))
    letters = np.array([["a"], ["b"]])
    assert fingerprint(x, y) == fingerprint(x + 1e-13, y)
    assert fingerprint(x, y) != fingerprint(x[::-1], y)
    assert fingerprint(x, y) != fingerprint(y, x)
    assert fingerprint(letters, letters) != fingerprint(letters[::-1], letters)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_starts_from_any_folder(script, tmp_path):
    path = Path(record.ROOT) / "benchmarks" / f"{script}.py"
    done = subprocess.run(
        [sys.executable, str(path), "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
