"""Embed image-text pairs in pieces that are kept: a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.pairs import EmbeddedPairs, Picture
from infoatlas_plugins.clip.sources import PairSource
from infoatlas_plugins.progress import progress_bar
from infoatlas_plugins.safe_write import replace_when_written

PIECE = 250  # pairs embedded and written at a time

Embedding = NDArray[np.float32]


class Embedder(Protocol):
    """An image-text model."""

    @property
    def name(self) -> str:
        """Architecture and weights: it names the cache."""

    def embed_images(self, pictures: Sequence[Picture]) -> Embedding:
        """Unit vectors of pictures, (n, d)."""

    def embed_texts(self, captions: Sequence[str]) -> Embedding:
        """Unit vectors of captions, (n, e)."""


def embed_pairs(
    source: PairSource, embedder: Embedder, *, cache: Path | None = None
) -> EmbeddedPairs:
    """Embeddings of all pairs of a source.

    Parameters
    ----------
    source : PairSource
        Pictures and captions.
    embedder : Embedder
        The model.
    cache : Path, optional
        Folder that keeps finished pieces, in a folder of its own for each model and source. A
        second call reads them; a call after an interruption embeds only what is missing.

    Returns
    -------
    EmbeddedPairs
    """
    folder = cache_folder(cache, source, embedder)
    starts = range(0, len(source.captions), PIECE)
    pieces = [
        _embed_piece(source, embedder, start, folder)
        for start in progress_bar(starts, description="embedding")
    ]
    images, texts = (np.concatenate(side) for side in zip(*pieces, strict=True))
    return EmbeddedPairs(
        name=f"{embedder.name} on {source.name}",
        images=images.astype(np.float64),
        texts=texts.astype(np.float64),
        captions=tuple(source.captions),
        picture=source.picture,
    )


def cache_folder(cache: Path | None, source: PairSource, embedder: Embedder) -> Path | None:
    """Folder of the pieces of one model and source, named by what they are."""
    if cache is None:
        return None
    identity = {
        "model": embedder.name,
        "source": source.name,
        "captions_sha256": hashlib.sha256("\n".join(source.captions).encode()).hexdigest(),
        "piece": PIECE,
    }
    text = json.dumps(identity, indent=2)
    folder = cache / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not (folder / "identity.json").exists():
        with replace_when_written(folder / "identity.json") as handle:
            handle.write(text.encode())
    return folder


def _embed_piece(
    source: PairSource, embedder: Embedder, start: int, folder: Path | None
) -> tuple[Embedding, Embedding]:
    path = folder / f"{start:08d}.npz" if folder else None
    if path is not None and path.exists():
        with np.load(path) as saved:
            return saved["image_embeddings"], saved["text_embeddings"]
    stop = min(start + PIECE, len(source.captions))
    images = embedder.embed_images([source.picture(number) for number in range(start, stop)])
    texts = embedder.embed_texts(source.captions[start:stop])
    if path is not None:
        with replace_when_written(path) as handle:
            np.savez(handle, image_embeddings=images, text_embeddings=texts)
    return images, texts


def save_embeddings(path: Path, pairs: EmbeddedPairs) -> None:
    """Write embeddings as .npz with the keys that ``--embeddings`` reads."""
    with replace_when_written(path) as handle:
        np.savez(
            handle,
            image_embeddings=pairs.images.astype(np.float32),
            text_embeddings=pairs.texts.astype(np.float32),
        )
