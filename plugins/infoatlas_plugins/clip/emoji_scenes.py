"""Pictures of one emoji and captions that describe them, drawn as needed: no download, no font.

A scene is an emoji, its size, its place among nine, and a background colour, all of which the
caption tells. The picture also has what no caption tells (a shift by a few pixels, a shade of the
background), and the caption what no picture shows (which of four templates it follows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.emoji_sheet import emoji_names, read_sprites

Split = Literal["train", "held-out", "unseen"]

IMAGE_SIDE = 64  # pixels
SIZES = {"small": 20, "medium-sized": 30, "large": 42}  # pixels a side
ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
PLACES = tuple(f"{row} {column}" for row in ROWS for column in COLUMNS)
BACKGROUNDS = {
    "white": (245, 245, 245),
    "grey": (150, 150, 150),
    "red": (225, 70, 70),
    "orange": (245, 160, 70),
    "yellow": (245, 225, 90),
    "green": (100, 190, 100),
    "blue": (90, 140, 230),
    "purple": (160, 100, 200),
}
TEMPLATES = (
    "a {size} {name} at the {place} on a {background} background",
    "{background} background with a {size} {name}, {place}",
    "a {name}, {size}, on {background}, in the {place}",
    "at the {place} there is a {size} {name} on {background}",
)
SHIFT = 2  # pixels a place may be off, to each side
SHADE = 12  # grey levels a background colour may be off, to each side
N_UNSEEN = 150  # emoji that training never shows
HELD_OUT_SHARE = 10  # one in ten scenes of the other emoji is never shown either


@dataclass(frozen=True, slots=True)
class Scene:
    """What a caption tells, as numbers: places in the tables above."""

    emoji: int
    background: int
    size: int
    place: int


def scene_shape() -> tuple[int, int, int, int]:
    """How many emoji, backgrounds, sizes and places there are."""
    return len(emoji_names()), len(BACKGROUNDS), len(SIZES), len(PLACES)


@lru_cache(maxsize=1)
def _splits() -> dict[str, NDArray[np.int64]]:
    """Scene numbers of each split; the same for everyone, whatever seed draws from them."""
    generator = np.random.default_rng(20_261_124)
    shape = scene_shape()
    shuffled = generator.permutation(int(np.prod(shape)))
    unseen_emoji = generator.choice(shape[0], N_UNSEEN, replace=False)
    unseen = np.isin(np.unravel_index(shuffled, shape)[0], unseen_emoji)
    seen = shuffled[~unseen]
    n_held_out = len(seen) // HELD_OUT_SHARE
    return {"unseen": shuffled[unseen], "held-out": seen[:n_held_out], "train": seen[n_held_out:]}


def draw_scenes(n: int, *, split: Split, generator: np.random.Generator) -> list[Scene]:
    """Scenes of one split, drawn at random, none twice.

    Parameters
    ----------
    n : int
        How many.
    split : {"train", "held-out", "unseen"}
        ``"train"`` is what the shipped model was trained on; ``"held-out"`` has other combinations
        of emoji, background, size and place; ``"unseen"`` has other emoji.
    generator : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    ValueError
        If the split has fewer than ``n`` scenes.
    """
    numbers = _splits()[split]
    if not 1 <= n <= len(numbers):
        raise ValueError(
            f"n must be between 1 and {len(numbers)} for split {split!r} of the emoji scenes, "
            f"got {n}."
        )
    chosen = generator.choice(numbers, n, replace=False)
    parts = np.unravel_index(chosen, scene_shape())
    return [Scene(*map(int, row)) for row in zip(*parts, strict=True)]


def draw_lookalikes(
    n_groups: int, n_each: int, *, split: Split, generator: np.random.Generator
) -> list[Scene]:
    """Groups of scenes that differ in the emoji alone: the hard case for a model of both.

    Parameters
    ----------
    n_groups, n_each : int
        Groups, and different emoji in each.
    split, generator
        As for :func:`draw_scenes`.

    Returns
    -------
    list of Scene
        Group after group; no two groups have the same settings.
    """
    shape = scene_shape()
    member = np.zeros(int(np.prod(shape)), dtype=bool)
    member[_splits()[split]] = True
    by_setting = member.reshape(shape[0], -1)  # emoji, setting
    scenes = []
    for setting in generator.choice(by_setting.shape[1], n_groups, replace=False):
        emoji = np.flatnonzero(by_setting[:, setting])
        background, size, place = map(int, np.unravel_index(setting, shape[1:]))
        scenes += [
            Scene(int(one), background, size, place)
            for one in generator.choice(emoji, n_each, replace=False)
        ]
    return scenes


def write_captions(scenes: Sequence[Scene], *, generator: np.random.Generator) -> list[str]:
    """One caption for each scene, its template drawn at random."""
    names, backgrounds, sizes = emoji_names(), tuple(BACKGROUNDS), tuple(SIZES)
    templates = generator.integers(len(TEMPLATES), size=len(scenes))
    return [
        TEMPLATES[template].format(
            name=names[scene.emoji],
            background=backgrounds[scene.background],
            size=sizes[scene.size],
            place=PLACES[scene.place],
        )
        for scene, template in zip(scenes, templates, strict=True)
    ]


@lru_cache(maxsize=1)
def _sprites() -> tuple[NDArray[np.uint8], ...]:
    return tuple(read_sprites(side) for side in SIZES.values())


def paint(scenes: Sequence[Scene], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Pictures of scenes.

    Returns
    -------
    ndarray of shape (n_scenes, IMAGE_SIDE, IMAGE_SIDE, 3)
        Red, green and blue, 0 to 255.
    """
    shades = generator.integers(-SHADE, SHADE + 1, size=(len(scenes), 3))
    shifts = generator.integers(-SHIFT, SHIFT + 1, size=(len(scenes), 2))
    colours = np.array(list(BACKGROUNDS.values()))[[scene.background for scene in scenes]]
    pictures = np.empty((len(scenes), IMAGE_SIDE, IMAGE_SIDE, 3), dtype=np.uint8)
    pictures[:] = np.clip(colours + shades, 0, 255)[:, None, None].astype(np.uint8)
    for picture, scene, shift in zip(pictures, scenes, shifts, strict=True):
        _paste(picture, _sprites()[scene.size][scene.emoji], scene.place, shift)
    return pictures


def _paste(
    picture: NDArray[np.uint8], sprite: NDArray[np.uint8], place: int, shift: NDArray[Any]
) -> None:
    """Lay one sprite over a picture, in place; a shift never moves it out."""
    room = IMAGE_SIDE - len(sprite)
    grid = np.array(divmod(place, len(COLUMNS)))  # row and column, each 0, 1 or 2
    top, left = np.clip(grid * room // 2 + shift, 0, room)
    below = picture[top : top + len(sprite), left : left + len(sprite)]
    opacity = sprite[..., 3:].astype(np.uint16)
    below[:] = (sprite[..., :3] * opacity + below * (255 - opacity) + 127) // 255
