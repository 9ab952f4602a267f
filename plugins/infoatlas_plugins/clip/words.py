"""Captions to numbers: the vocabulary of the small model is the words of the emoji scenes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.clip.emoji_scenes import BACKGROUNDS, PLACES, SIZES, TEMPLATES
from infoatlas_plugins.clip.emoji_sheet import emoji_names

MAX_WORDS = 24  # the longest caption has 21
PADDING, UNKNOWN = 0, 1  # numbers of no word, and of any word outside the vocabulary
FIRST_WORD = 2


def split_words(text: str) -> list[str]:
    """Lower-case words of a text, without punctuation."""
    return re.findall(r"\w+", text.lower())


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    """Number of each word, in alphabetical order; a few kB instead of a table of 49 408 tokens."""
    fields = re.compile(r"\{\w+\}")
    texts = [*emoji_names(), *BACKGROUNDS, *SIZES, *PLACES]
    texts += [fields.sub(" ", template) for template in TEMPLATES]
    words = sorted({word for text in texts for word in split_words(text)})
    return {word: number for number, word in enumerate(words, start=FIRST_WORD)}


def tokenize(captions: Sequence[str]) -> NDArray[np.int64]:
    """Word numbers of captions, cut to MAX_WORDS and padded with zeros.

    Returns
    -------
    ndarray of shape (n_captions, MAX_WORDS)
        A caption without a word becomes one unknown word.
    """
    numbers = np.full((len(captions), MAX_WORDS), PADDING, dtype=np.int64)
    known = vocabulary()
    for row, caption in zip(numbers, captions, strict=True):
        words = [known.get(word, UNKNOWN) for word in split_words(caption)[:MAX_WORDS]]
        words = words or [UNKNOWN]
        row[: len(words)] = words
    return numbers
