"""Loading and saving a hypernetwork: safetensors weights beside a JSON card. Never unpickles.

The card (``name.json`` beside ``name.safetensors``) holds the format, the model's sizes, a sha256
of the weights, and how they were made. This is the only file that reads model weights.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from infoatlas._hypernetwork import HyperNetwork, ModelConfig

FORMAT = "infoatlas-hypernetwork-6"
DEFAULT = "flagship"
_SHIPPED = Path(__file__).parent / "weights"
_loaded: dict[tuple[str, str], HyperNetwork] = {}


def load_model(
    model: str | os.PathLike[str] | HyperNetwork = "default",
    *,
    device: str | torch.device | None = None,
) -> HyperNetwork:
    """Load a hypernetwork for inference.

    Parameters
    ----------
    model : str, path or HyperNetwork, default="default"
        ``"default"`` for the checkpoint shipped with the package; the path of a ``.safetensors``
        file with its ``.json`` card beside it; or a hub id ``"owner/name"`` (needs
        huggingface_hub), whose files are ``model.safetensors`` and ``model.json``. A loaded model
        is returned as it is, or a copy of it on another device.
    device : str or torch.device, optional
        Where to run; the CPU unless given.

    Returns
    -------
    HyperNetwork
        In evaluation mode. ``.name`` holds the checkpoint's name and the first 12 digits of its
        sha256.

    Raises
    ------
    ValueError
        If nothing is found there, the file is damaged, or it is not an InfoAtlas checkpoint.
    TypeError
        If ``model`` is neither a string, a path nor a HyperNetwork.
    """
    target = _check_device(device)
    if isinstance(model, HyperNetwork):
        here = model.pair_first.weight.device
        return model if device is None or here == target else _moved(copy.deepcopy(model), target)
    if not isinstance(model, str | os.PathLike):
        raise TypeError(
            'model must be "default", a path, a hub id or a HyperNetwork, '
            f"got {type(model).__name__}."
        )
    weights = _find(os.fspath(model))
    key = (f"{weights.resolve()}:{weights.stat().st_mtime_ns}", str(target))
    if key not in _loaded:
        _loaded[key] = _moved(_read(weights), target)
    return _loaded[key]


def save_model(model: HyperNetwork, path: Path, card: Mapping[str, Any]) -> None:
    """Write ``path`` (.safetensors) and its card; each goes to a temporary name first."""
    blob = save_tensors({k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()})
    full = {
        "format": FORMAT,
        "config": model.config.as_dict(),
        "sha256": hashlib.sha256(blob).hexdigest(),
        **card,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_safely(path, blob)
    write_safely(path.with_suffix(".json"), (json.dumps(full, indent=2) + "\n").encode())


def write_safely(path: Path, content: bytes) -> None:
    """Write to a temporary name, then rename: readers see the old file or the new, never half."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def _find(name: str) -> Path:
    if name == "default":
        return _SHIPPED / f"{DEFAULT}.safetensors"
    path = Path(name)
    if path.suffix == ".safetensors" or path.exists():
        if not path.is_file():
            raise ValueError(f"model: no checkpoint file at {name!r}; give a .safetensors file.")
        return path
    if name.count("/") == 1:
        return _download(name)
    raise ValueError(
        f'model={name!r} is not "default", not an existing .safetensors file, and not a hub id '
        'of the form "owner/name".'
    )


def _download(hub_id: str) -> Path:
    try:
        hub = import_module("huggingface_hub")
    except ImportError:
        raise ImportError(
            f"model={hub_id!r} is a hub id, which needs huggingface_hub; install it with: "
            "pip install huggingface_hub"
        ) from None
    try:
        hub.hf_hub_download(hub_id, "model.json")
        return Path(hub.hf_hub_download(hub_id, "model.safetensors"))
    except Exception as error:  # the hub's client raises many kinds
        raise ValueError(
            f"model={hub_id!r}: the hub gave no model.safetensors and model.json ({error})."
        ) from error


def _read(path: Path) -> HyperNetwork:
    card_path = path.with_suffix(".json")
    if not card_path.is_file():
        raise ValueError(f"model: {path.name} has no card; expected {card_path.name} beside it.")
    try:
        card = json.loads(card_path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"model: the card {card_path.name} is not valid JSON ({error})."
        ) from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ValueError(f"model: {card_path.name} is not the card of an {FORMAT} checkpoint.")
    blob = path.read_bytes()
    sha256 = hashlib.sha256(blob).hexdigest()
    if sha256 != card.get("sha256"):
        raise ValueError(
            f"model: {path.name} is damaged or not the file its card describes "
            f"(sha256 {sha256[:12]}, card says {str(card.get('sha256'))[:12]})."
        )
    try:
        model = HyperNetwork(ModelConfig(**card["config"]))
        model.load_state_dict(load_tensors(blob))
    except (SafetensorError, RuntimeError, LookupError, TypeError, ArithmeticError) as error:
        raise ValueError(
            f"model: {path.name} cannot be read as a hypernetwork ({error})."
        ) from error
    model.name = f"{path.stem} ({sha256[:12]})"
    return model.eval().requires_grad_(requires_grad=False)


def _check_device(device: str | torch.device | None) -> torch.device:
    try:
        target = torch.device("cpu" if device is None else device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is not a torch device.") from error
    if target.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r}, but torch sees no CUDA device; use device=None.")
    return target


def _moved(model: HyperNetwork, target: torch.device) -> HyperNetwork:
    try:
        return model.to(target)
    except (RuntimeError, AssertionError) as error:  # a backend that this torch lacks
        raise ValueError(f"device='{target}' cannot be used here ({error}).") from error
