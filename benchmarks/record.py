"""What a number needs to be believed later: when, by which code, on what, with which weights.

Written as JSON beside each CSV file of the same name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("infoatlas", "numpy", "scipy", "torch")
MUST_AGREE = ("n_samples", "model", "checkpoint_sha256")  # between the two parts of a resumed run


def describe_run(**more: Any) -> dict[str, Any]:
    """Circumstances of this run; ``more`` adds what only the caller knows."""
    commit = _git("rev-parse", "--verify", "--quiet", "HEAD")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit or None,
        # a record being written does not make the code that writes it dirty
        "dirty": bool(_git("status", "--porcelain", "--", ".", ":!benchmarks/results")),
        "command": command_line(sys.argv),
        "machine": {"cpu": _processor(), "cores": os.cpu_count()},
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "versions": {"python": platform.python_version(), **_versions()},
        **more,
    }


def command_line(arguments: list[str]) -> str:
    """The command as typed, without the folders of this machine."""
    words = [Path(word).name if word.startswith("/") else word for word in arguments[1:]]
    return " ".join(["python", f"benchmarks/{Path(arguments[0]).name}", *words])


def write_description(path: Path, description: dict[str, Any]) -> None:
    """Write JSON under a temporary name, then rename it."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(description, indent=2) + "\n")
    temporary.replace(path)


def read_description(path: Path) -> dict[str, Any]:
    """The JSON object in ``path``, or an empty one where there is no such file."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def refuse_existing(record: Path) -> None:
    """Stop where there is such a record already."""
    if record.exists():
        raise SystemExit(f"{record} exists; records are never edited: choose another --out")


def begin_or_go_on(partial: Path, description: dict[str, Any]) -> None:
    """Write the description beside a partial record, or stop where that was begun otherwise."""
    sidecar = partial.with_suffix(".json")
    before = read_description(sidecar)
    for name in MUST_AGREE:
        if before and before.get(name) != description.get(name):
            raise SystemExit(
                f"{partial} was begun with {name} = {before.get(name)}, now it is "
                f"{description.get(name)}: remove it and {sidecar.name}, or choose another --out"
            )
    partial.parent.mkdir(parents=True, exist_ok=True)
    write_description(sidecar, description)


def finish(partial: Path, out: Path) -> None:
    """Give a finished partial record and its description their names."""
    partial.with_suffix(".json").replace(out.with_suffix(".json"))
    partial.replace(out)


def checkpoint_sha256(model: str, described: str) -> str | None:
    """Hash of the weights behind a result.

    Parameters
    ----------
    model : str
        What was asked for: a path, or the name of a checkpoint inside the package.
    described : str
        ``result.model``, which names the first digits of the hash.
    """
    candidates = [Path(model)] if Path(model).is_file() else _shipped_checkpoints()
    for candidate in candidates:
        digest = hashlib.sha256(candidate.read_bytes()).hexdigest()
        if Path(model).is_file() or digest[:8] in described:
            return digest
    return None


def _shipped_checkpoints() -> list[Path]:
    found = importlib.util.find_spec("infoatlas")
    if found is None or found.origin is None:
        return []
    return sorted((Path(found.origin).parent / "weights").glob("*.safetensors"))


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _processor() -> str:
    """Model of the processor; Linux tells it in a file, other systems in `platform`."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
