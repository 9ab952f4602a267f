"""Embeddings that somebody else computed: .npz, two .npy, a clip-retrieval folder, parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infoatlas_plugins.clip.pairs import EmbeddedPairs, check_embeddings
from infoatlas_plugins.extras import import_extra

# pairs of names found in the wild, ours first
KEYS = (
    ("image_embeddings", "text_embeddings"),
    ("image_embedding", "text_embedding"),
    ("img_emb", "text_emb"),
    ("image", "text"),
    ("images", "texts"),
    ("x", "y"),
)
CAPTION_KEYS = ("caption", "captions", "text")


def read_embeddings(paths: Sequence[Path]) -> EmbeddedPairs:
    """Read embeddings, whatever they are kept in.

    Parameters
    ----------
    paths : sequence of Path
        One ``.npz``, ``.parquet`` or folder in the layout of clip-retrieval
        (``img_emb/img_emb_0.npy``, ``text_emb/text_emb_0.npy``, ``metadata/metadata_0.parquet``),
        or two ``.npy``: images, then texts.

    Returns
    -------
    EmbeddedPairs
        With captions where the file has them.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder, or a folder lacks a part.
    ValueError
        If the format is not known, a key is missing, or the two sides do not pair.
    """
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(
                f"{path} does not exist; expected a file or folder of embeddings"
            )
    images, texts, captions = _read(paths)
    x, y = check_embeddings(images, texts)
    if captions is not None and len(captions) != len(x):
        raise ValueError(f"{paths[0]} has {len(x)} embeddings but {len(captions)} captions.")
    name = ", ".join(path.name for path in paths)
    return EmbeddedPairs(name=name, images=x, texts=y, captions=captions)


Found = tuple[Any, Any, tuple[str, ...] | None]


def _read(paths: Sequence[Path]) -> Found:
    suffixes = [path.suffix for path in paths]
    if suffixes == [".npy", ".npy"]:
        return _load_array(paths[0]), _load_array(paths[1]), None
    if len(paths) == 1 and paths[0].is_dir():
        return _read_clip_retrieval(paths[0])
    if suffixes == [".npz"]:
        return _read_npz(paths[0])
    if suffixes == [".parquet"]:
        return _read_parquet(paths[0])
    names = ", ".join(map(str, paths))
    raise ValueError(
        "embeddings must be one .npz, one .parquet, one clip-retrieval folder, or two .npy "
        f"(images, texts); got {names}"
    )


def _load_array(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as an array of numbers: {error}") from error


def _read_npz(path: Path) -> Found:
    with _load_array(path) as content:
        image, text = find_keys(path, content.files)
        captions = [key for key in CAPTION_KEYS if key in content.files and key != text]
        texts = tuple(map(str, content[captions[0]])) if captions else None
        return content[image], content[text], texts


def _read_parquet(path: Path) -> Found:
    table = _read_table(path)
    image, text = find_keys(path, table.column_names)
    captions = [key for key in CAPTION_KEYS if key in table.column_names and key != text]
    texts = tuple(map(str, table[captions[0]].to_pylist())) if captions else None
    return _list_column(path, table, image), _list_column(path, table, text), texts


def _read_table(path: Path) -> Any:
    parquet = import_extra("pyarrow.parquet", extra="clip", needed_by="clip: reading parquet")
    return parquet.read_table(path)


def _list_column(path: Path, table: Any, key: str) -> Any:
    try:
        return np.array(table[key].to_pylist(), dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"column {key!r} of {path} must hold lists of numbers of one length: {error}"
        ) from error


def find_keys(path: Path, names: Sequence[str]) -> tuple[str, str]:
    """Names of the image and the text embeddings among those that a file has."""
    for image, text in KEYS:
        if image in names and text in names:
            return image, text
    raise ValueError(
        f"{path} has no keys {KEYS[0][0]!r} and {KEYS[0][1]!r} (nor a known other pair of names); "
        f"it has {sorted(names)}"
    )


def _read_clip_retrieval(folder: Path) -> Found:
    """Shards of clip-retrieval, in the order of their numbers."""
    sides = [
        np.concatenate([_load_array(path) for path in _shards(folder, part)])
        for part in ("img_emb", "text_emb")
    ]
    captions: list[str] = []
    if (folder / "metadata").is_dir():
        for path in _shards(folder, "metadata", suffix=".parquet"):
            table = _read_table(path)
            if "caption" not in table.column_names:
                return sides[0], sides[1], None
            captions += map(str, table["caption"].to_pylist())
    return sides[0], sides[1], tuple(captions) or None


def _shards(folder: Path, part: str, *, suffix: str = ".npy") -> list[Path]:
    found = list((folder / part).glob(f"{part}_*{suffix}"))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no {part}/{part}_0{suffix}; expected the folder that clip-retrieval "
            "writes, with img_emb and text_emb"
        )
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.stem)])
