"""Pairs of MS COCO, read from its own folders and plain JSON; pycocotools is not needed.

    ROOT/val2017/000000000139.jpg
    ROOT/annotations/captions_val2017.json

Lin et al. (2014), "Microsoft COCO", and Chen et al. (2015), "Microsoft COCO captions".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from infoatlas_plugins.clip.pairs import Picture
from infoatlas_plugins.extras import import_extra

SITE = "https://cocodataset.org/#download"


class CocoPairs:
    """Pictures of one split with one caption each: the annotation of the smallest id.

    All five captions of a picture would repeat its row, and rows have to be independent.

    Parameters
    ----------
    root : Path
        Folder that holds the splits and ``annotations``.
    split : str
        Such as ``"val2017"``.
    n : int, optional
        How many pictures, drawn at random. Default: all.
    random_state : int
        Seed of the draw, not negative.

    Raises
    ------
    FileNotFoundError
        If a folder, the annotations or a picture is missing; the message says where it should be.
    ValueError
        If the annotations have another layout, or fewer pictures with a caption than ``n``.
    """

    def __init__(
        self, root: Path, *, split: str = "val2017", n: int | None = None, random_state: int = 0
    ) -> None:
        self.folder = find_folder(root, split)
        captions = read_captions(root / "annotations" / f"captions_{split}.json")
        files = sorted(captions)
        if n is not None and not 1 <= n <= len(files):
            raise ValueError(
                f"n must be between 1 and the {len(files)} captioned pictures of {split}, got {n}."
            )
        if n is not None:
            chosen = np.random.default_rng(random_state).choice(len(files), n, replace=False)
            files = [files[number] for number in sorted(chosen)]
        self.files = files
        self.captions = [captions[file] for file in files]
        self.name = f"COCO {split}, n={len(files)}" + (f", seed {random_state}" if n else "")

    def picture(self, number: int) -> Picture:
        """One photograph, in its own size."""
        images = import_extra("PIL.Image", extra="clip", needed_by="clip: reading photographs")
        path = self.folder / self.files[number]
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing, though the captions name it; download the split's pictures "
                f"from {SITE}"
            )
        with images.open(path) as handle:
            return np.asarray(handle.convert("RGB"))


def find_folder(root: Path, split: str) -> Path:
    """Folder of a split's pictures."""
    folder = root / split
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} does not exist; expected COCO's layout, {root}/{split}/*.jpg and "
            f"{root}/annotations/captions_{split}.json, from {SITE}"
        )
    return folder


def read_captions(path: Path) -> dict[str, str]:
    """First caption of each picture, by the name of its file."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist; download the annotations of that split from {SITE}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = {int(image["id"]): str(image["file_name"]) for image in content["images"]}
        first: dict[str, tuple[int, str]] = {}
        for note in content["annotations"]:
            entry = (int(note["id"]), str(note["caption"]).strip())
            file = files[int(note["image_id"])]
            first[file] = min(first.get(file, entry), entry)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is not a COCO caption file: expected images with id and file_name, and "
            f"annotations with id, image_id and caption ({_reason(error)})"
        ) from error
    return {file: caption for file, (_, caption) in first.items()}


def _reason(error: Exception) -> Any:
    return f"no key {error}" if isinstance(error, KeyError) else error
