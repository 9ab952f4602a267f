"""The model that comes with the plugin, as an embedder of emoji scenes. Plain torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from infoatlas_plugins.clip.embed import PIECE, Embedding
from infoatlas_plugins.clip.emoji_scenes import IMAGE_SIDE
from infoatlas_plugins.clip.pairs import EmbeddedPairs, Picture
from infoatlas_plugins.clip.small_model import WEIGHTS, Block, load_small_model
from infoatlas_plugins.clip.words import tokenize
from infoatlas_plugins.progress import progress_bar


class SmallEmbedder:
    """Embeds emoji scenes and their captions in 512 dimensions."""

    def __init__(self) -> None:
        self.name = WEIGHTS.stem
        self._model = load_small_model()

    @torch.no_grad()
    def embed_images(self, pictures: Sequence[Picture]) -> Embedding:
        """Unit vectors of pictures, (n, 512)."""
        return self._model.encode_images(_stack(pictures)).numpy()

    @torch.no_grad()
    def embed_texts(self, captions: Sequence[str]) -> Embedding:
        """Unit vectors of captions, (n, 512)."""
        return self._model.encode_texts(torch.from_numpy(tokenize(captions))).numpy()

    @torch.no_grad()
    def embed_layers(self, pictures: Sequence[Picture]) -> dict[str, Embedding]:
        """What each block of the image tower holds: its mean over the picture, (n, channels).

        Returns
        -------
        dict
            ``"block 1"`` ... ``"block 4"``.
        """
        hidden: Tensor = _stack(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        found: dict[str, Embedding] = {}
        for layer in self._model.image.layers:
            hidden = layer(hidden)
            if isinstance(layer, Block):
                found[f"block {len(found) + 1}"] = hidden.mean(dim=(2, 3)).numpy()
        return found


def embed_layers(embedder: SmallEmbedder, pairs: EmbeddedPairs) -> dict[str, EmbeddedPairs]:
    """The image tower's blocks beside the same captions, for a comparison of layers.

    Parameters
    ----------
    embedder : SmallEmbedder
        The model.
    pairs : EmbeddedPairs
        Emoji scenes that it has embedded; their pictures are read again.
    """
    if pairs.picture is None:
        raise ValueError(f"{pairs.name} has no pictures to read layer by layer.")
    picture = pairs.picture
    rows = np.array_split(np.arange(len(pairs)), -(-len(pairs) // PIECE))
    pieces = [
        embedder.embed_layers([picture(int(row)) for row in piece])
        for piece in progress_bar(rows, description="layers")
    ]
    return {
        name: EmbeddedPairs(
            name=f"{name} of {embedder.name}",
            images=np.concatenate([piece[name] for piece in pieces]).astype(np.float64),
            texts=pairs.texts,
        )
        for name in pieces[0]
    }


def _stack(pictures: Sequence[Picture]) -> Tensor:
    wrong = [picture.shape for picture in pictures if picture.shape != (IMAGE_SIDE, IMAGE_SIDE, 3)]
    if wrong:
        raise ValueError(
            f"the small model reads pictures of shape {(IMAGE_SIDE, IMAGE_SIDE, 3)}, got "
            f"{wrong[0]}: it knows emoji scenes only; name another model for photographs."
        )
    return torch.from_numpy(np.stack(pictures))
