"""A CLIP model of transformers, from a local folder or the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from infoatlas_plugins.clip.embed import Embedding
from infoatlas_plugins.clip.pairs import Picture
from infoatlas_plugins.clip.torchvision_operators import declare_missing_operators
from infoatlas_plugins.extras import import_extra


class TransformersEmbedder:
    """A ``CLIPModel`` with its processor.

    Parameters
    ----------
    model : str
        Folder that ``save_pretrained`` wrote (with tokenizer and image processor), or a hub id.
    device : str, optional
        Default: CUDA if there is any, else the CPU.

    Raises
    ------
    ImportError
        If transformers is not installed.
    FileNotFoundError
        If a path is given that is no folder of a model.
    OSError
        If a hub id cannot be downloaded, or a folder lacks a part.
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        if is_path(model) and not (Path(model) / "config.json").is_file():
            raise FileNotFoundError(
                f"{model} has no config.json; expected a folder that save_pretrained wrote"
            )
        declare_missing_operators()
        package = import_extra(
            "transformers", extra="clip-models", needed_by="clip: --backend transformers"
        )
        self.name = f"transformers {model}"
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        try:
            self._model = package.CLIPModel.from_pretrained(model).to(self._device).eval()
            self._tokenizer = package.AutoTokenizer.from_pretrained(model)
            self._processor = package.AutoImageProcessor.from_pretrained(model)
        except Exception as error:  # a folder of any content can fail in any way
            first = str(error).partition("\n")[0]
            raise OSError(
                f"transformers could not load {model} ({first}); expected a folder with a saved "
                "CLIP model, its tokenizer and image processor, or a hub id that can be downloaded"
            ) from error

    @torch.inference_mode()
    def embed_images(self, pictures: Sequence[Picture]) -> Embedding:
        """Unit vectors of pictures of any size, (n, d)."""
        images = import_extra("PIL.Image", extra="clip", needed_by="clip: reading photographs")
        rows = []
        for picture in pictures:
            read = self._processor(images=images.fromarray(picture), return_tensors="pt")
            found = self._model.get_image_features(
                pixel_values=read["pixel_values"].to(self._device)
            )
            rows.append(_unit(found))
        return np.concatenate(rows)

    @torch.inference_mode()
    def embed_texts(self, captions: Sequence[str]) -> Embedding:
        """Unit vectors of captions, (n, d)."""
        words = self._tokenizer(
            list(captions), padding=True, truncation=True, return_tensors="pt"
        ).to(self._device)
        return _unit(self._model.get_text_features(**words))


def is_path(model: str) -> bool:
    """Whether a name means a folder of this machine: hub ids have at most one slash, in between."""
    return Path(model).exists() or model.startswith((".", "/", "~")) or model.count("/") != 1


def _unit(found: Any) -> Embedding:
    rows = getattr(found, "pooler_output", found)  # transformers 5 wraps what 4 returned bare
    return np.asarray(F.normalize(rows, dim=-1).cpu().numpy())
