"""The emoji that come with the plugin: one sheet of pictures, and their English names.

Pictures are Google's Noto emoji, names are Unicode's CLDR: see ``emoji/NOTICE.md``. The files are
made by ``make_emoji_sheet.py``.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra

FOLDER = Path(__file__).parent / "emoji"
SPRITE = 48  # pixels a side of one picture in the sheet
COLUMNS = 43  # pictures in a row of the sheet


@lru_cache(maxsize=1)
def emoji_names() -> tuple[str, ...]:
    """Names in the order of the sheet, such as ``"flag: Norway"``."""
    with (FOLDER / "emoji.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(row["name"] for row in csv.DictReader(handle))


def read_sprites(side: int) -> NDArray[np.uint8]:
    """All pictures at one size.

    Parameters
    ----------
    side : int
        Pixels a side.

    Returns
    -------
    ndarray of shape (n_emoji, side, side, 4)
        Red, green, blue and opacity, 0 to 255, in the order of :func:`emoji_names`.
    """
    images = import_extra("PIL.Image", extra="clip", needed_by="clip: reading the emoji sheet")
    with images.open(FOLDER / "emoji.png") as handle:
        sheet = handle.convert("RGBA")
    sprites = []
    for number in range(len(emoji_names())):
        left, top = number % COLUMNS * SPRITE, number // COLUMNS * SPRITE
        sprite = sheet.crop((left, top, left + SPRITE, top + SPRITE))
        sprites.append(np.asarray(sprite.resize((side, side), images.Resampling.BOX)))
    return np.stack(sprites)
