"""Cut the emoji sheet from the Noto font and name its pictures by CLDR. Runs once, not by users.

apt-get download fonts-noto-color-emoji unicode-cldr-core
dpkg -x fonts-noto-color-emoji_*.deb debian; dpkg -x unicode-cldr-core_*.deb debian
python -m infoatlas_plugins.clip.make_emoji_sheet --debian debian
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.emoji_sheet import COLUMNS, FOLDER, SPRITE
from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.safe_write import replace_when_written

FONT = "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
ANNOTATIONS = "usr/share/unicode/cldr/common/{folder}/en.xml"
FONT_SIZE = 109  # the only size of the bitmaps inside the font
GLYPH_BOX = 136  # pixels a glyph of that size takes: two glyphs are wider
SKIN_TONES = range(0x1F3FB, 0x1F400)  # near-duplicates of another emoji
FIRST_SYMBOL = 0x203C  # below are digits, punctuation and letters


def main(argv: Sequence[str] | None = None) -> int:
    """Write ``emoji.png`` and ``emoji.csv``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debian", type=Path, required=True, help="folder of unpacked packages")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    arguments = parser.parse_args(argv)
    names = read_names(arguments.debian)
    kept, sprites = draw_sprites(arguments.debian / FONT, sorted(names))
    write_sheet(arguments.out / "emoji.png", sprites)
    write_table(arguments.out / "emoji.csv", [(text, names[text]) for text in kept])
    return 0


def read_names(debian: Path) -> dict[str, str]:
    """English short name of each emoji that is one picture of its own."""
    names = {}
    for folder in ("annotations", "annotationsDerived"):
        tree = ElementTree.parse(debian / ANNOTATIONS.format(folder=folder))
        for entry in tree.iterfind("annotations/annotation[@type='tts']"):
            text = entry.attrib["cp"]
            if ord(text[0]) >= FIRST_SYMBOL and not any(ord(c) in SKIN_TONES for c in text):
                names[text] = str(entry.text)
    return names


def draw_sprites(font_file: Path, texts: list[str]) -> tuple[list[str], NDArray[np.uint8]]:
    """Texts that the font draws as one glyph, each glyph once, and their RGBA pictures."""
    fonts = import_extra("PIL.ImageFont", extra="clip", needed_by="make_emoji_sheet")
    font = fonts.truetype(str(font_file), FONT_SIZE)
    found: dict[bytes, tuple[str, NDArray[np.uint8]]] = {}
    for text in texts:
        sprite = draw_sprite(font, text)
        if sprite is not None:
            found.setdefault(sprite.tobytes(), (text, sprite))
    kept = [text for text, _ in found.values()]
    return kept, np.stack([sprite for _, sprite in found.values()])


def draw_sprite(font: Any, text: str) -> NDArray[np.uint8] | None:
    """RGBA picture of shape (SPRITE, SPRITE, 4), or None if the font has no single glyph."""
    images = import_extra("PIL.Image", extra="clip", needed_by="make_emoji_sheet")
    drawing = import_extra("PIL.ImageDraw", extra="clip", needed_by="make_emoji_sheet")
    if not 0 < font.getlength(text) <= 1.1 * GLYPH_BOX:
        return None
    picture = images.new("RGBA", (2 * GLYPH_BOX, 2 * GLYPH_BOX), (0, 0, 0, 0))
    drawing.Draw(picture).text((GLYPH_BOX // 2,) * 2, text, font=font, embedded_color=True)
    box = picture.getbbox()
    if box is None:
        return None
    side = max(box[2] - box[0], box[3] - box[1])
    left, top = (box[0] + box[2] - side) // 2, (box[1] + box[3] - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SPRITE, SPRITE), images.Resampling.LANCZOS))


def write_sheet(path: Path, sprites: NDArray[np.uint8]) -> None:
    """All sprites in rows of COLUMNS, with one palette of 256 colours and opacities."""
    images = import_extra("PIL.Image", extra="clip", needed_by="make_emoji_sheet")
    n_rows = -(-len(sprites) // COLUMNS)
    cells = np.zeros((n_rows * COLUMNS, SPRITE, SPRITE, 4), dtype=np.uint8)
    cells[: len(sprites)] = sprites
    cells = cells.reshape(n_rows, COLUMNS, SPRITE, SPRITE, 4).swapaxes(1, 2)
    sheet = images.fromarray(cells.reshape(n_rows * SPRITE, COLUMNS * SPRITE, 4))
    sheet = sheet.quantize(256, method=images.Quantize.FASTOCTREE, dither=images.Dither.NONE)
    with replace_when_written(path) as handle:
        sheet.save(handle, format="png", optimize=True)


def write_table(path: Path, rows: list[tuple[str, str]]) -> None:
    """Code points and name of each sprite, in the order of the sheet."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["code_points", "name"])
    for characters, name in rows:
        table.writerow([" ".join(f"{ord(c):X}" for c in characters), name])
    with replace_when_written(path) as handle:
        handle.write(text.getvalue().encode())


if __name__ == "__main__":
    raise SystemExit(main())
