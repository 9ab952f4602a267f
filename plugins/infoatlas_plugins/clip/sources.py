"""Image-text pairs before they are embedded: what a source must offer, and the emoji scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from infoatlas_plugins.clip.emoji_scenes import Split, draw_scenes, paint, write_captions
from infoatlas_plugins.clip.pairs import Picture


class PairSource(Protocol):
    """Pictures and their captions, one caption for each picture."""

    @property
    def name(self) -> str:
        """What the pairs are, with everything that decides which ones: it names the cache."""

    @property
    def captions(self) -> Sequence[str]:
        """Captions, in the order of the pictures."""

    def picture(self, number: int) -> Picture:
        """One picture, (height, width, 3)."""


class EmojiPairs:
    """Emoji scenes, painted as they are asked for.

    Parameters
    ----------
    n : int
        How many.
    split : {"held-out", "unseen", "train"}
        See :func:`infoatlas_plugins.clip.emoji_scenes.draw_scenes`.
    random_state : int
        Seed, not negative.
    """

    def __init__(self, n: int, *, split: Split = "held-out", random_state: int = 0) -> None:
        generator = np.random.default_rng(random_state)
        self.name = f"emoji scenes, {split}, n={n}, seed {random_state}"
        self.scenes = draw_scenes(n, split=split, generator=generator)
        self.captions = write_captions(self.scenes, generator=generator)
        self._random_state = random_state

    def picture(self, number: int) -> Picture:
        """One scene; the same number gives the same picture."""
        generator = np.random.default_rng([self._random_state, number])
        return paint([self.scenes[number]], generator=generator)[0]
