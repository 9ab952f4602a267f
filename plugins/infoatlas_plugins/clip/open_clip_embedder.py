"""Models of open_clip: any of its architectures, with a tag, a file, or random weights."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from infoatlas_plugins.clip.embed import Embedding
from infoatlas_plugins.clip.pairs import Picture
from infoatlas_plugins.clip.torchvision_operators import declare_missing_operators
from infoatlas_plugins.extras import import_extra

RANDOM = "random"  # for tests and for a floor to compare with


class OpenClipEmbedder:
    """An open_clip model in single precision.

    Parameters
    ----------
    model : str
        Architecture, such as ``"ViT-B-32"``, or ``"local-dir:FOLDER"``.
    pretrained : str, optional
        Tag such as ``"laion2b_s34b_b79k"`` (downloaded by open_clip), path of a weights file, or
        ``"random"``. Not needed with ``local-dir:``.
    device : str, optional
        Default: CUDA if there is any, else the CPU.

    Raises
    ------
    ImportError
        If open_clip is not installed.
    ValueError
        If open_clip has no such architecture or tag, or ``pretrained`` is missing.
    FileNotFoundError
        If the weights file does not exist.
    OSError
        If the weights cannot be downloaded, or the file holds none of this architecture.
    """

    def __init__(
        self, model: str, pretrained: str | None = None, *, device: str | None = None
    ) -> None:
        declare_missing_operators()
        open_clip = import_extra("open_clip", extra="clip-models", needed_by="clip: --model")
        source = check_weights(open_clip, model, pretrained)
        self.name = f"open_clip {model} {pretrained or ''}".strip()
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._model, self._transform = _load(open_clip, model, source, self._device)
        self._model.eval()
        self._tokenizer = open_clip.get_tokenizer(model)

    @torch.inference_mode()
    def embed_images(self, pictures: Sequence[Picture]) -> Embedding:
        """Unit vectors of pictures of any size, (n, d)."""
        images = import_extra("PIL.Image", extra="clip", needed_by="clip: reading photographs")
        rows = []
        for picture in pictures:  # one at a time: photographs differ in size, a CPU gains nothing
            pixels = self._transform(images.fromarray(picture)).unsqueeze(0).to(self._device)
            rows.append(self._model.encode_image(pixels, normalize=True).cpu().numpy())
        return np.concatenate(rows)

    @torch.inference_mode()
    def embed_texts(self, captions: Sequence[str]) -> Embedding:
        """Unit vectors of captions, (n, d)."""
        words = self._tokenizer(list(captions)).to(self._device)
        return np.asarray(self._model.encode_text(words, normalize=True).cpu().numpy())


def _load(
    open_clip: Any, model: str, pretrained: str | None, device: torch.device
) -> tuple[Any, Any]:
    """Model and transform of its pictures."""
    logging.disable(logging.ERROR)  # open_clip logs at length what it then raises
    try:
        built, _, transform = open_clip.create_model_and_transforms(
            model, pretrained=pretrained, device=device
        )
    except Exception as error:  # a file of any content can fail in any way
        raise OSError(_reason(model, pretrained, error)) from error
    finally:
        logging.disable(logging.NOTSET)
    return built, transform


def _reason(model: str, pretrained: str | None, error: Exception) -> str:
    first = str(error).partition("\n")[0]
    if pretrained is None:
        return f"open_clip could not build {model} ({first})"
    if Path(pretrained).is_file():
        return f"{pretrained} holds no weights of {model} ({first})"
    return (
        f"open_clip could not download the weights {pretrained!r} of {model}; if this machine is "
        "offline, give the path of a weights file as --pretrained"
    )


def check_weights(open_clip: Any, model: str, pretrained: str | None) -> str | None:
    """What open_clip is to load, or one sentence about what is wrong with the request."""
    if model.startswith("local-dir:"):
        folder = Path(model.removeprefix("local-dir:"))
        if not (folder / "open_clip_config.json").is_file():
            raise FileNotFoundError(
                f"{folder} has no open_clip_config.json; expected a folder that open_clip saved"
            )
        return None
    if model not in open_clip.list_models():
        raise ValueError(f"open_clip has no architecture {model!r}; it has ViT-B-32, ViT-B-16, ...")
    if pretrained is None:
        raise ValueError(
            f"--model {model} needs --pretrained: a tag, the path of a weights file, or {RANDOM!r}"
        )
    if pretrained == RANDOM:
        return None
    tags = open_clip.list_pretrained_tags_by_model(model)
    if pretrained not in tags and not Path(pretrained).is_file():
        raise FileNotFoundError(
            f"--pretrained {pretrained!r} is neither a file nor a tag of {model}; "
            f"its tags are {', '.join(tags) or 'none'}"
        )
    return pretrained
