import numpy as np
import pytest

from infoatlas_plugins.clip import EmojiPairs, embed_pairs
from infoatlas_plugins.clip.embed import PIECE


class CountingEmbedder:
    """Means of pictures and lengths of captions; breaks after so many pictures."""

    name = "counting"

    def __init__(self, breaks_after=np.inf):
        self.seen = 0
        self.breaks_after = breaks_after

    def embed_images(self, pictures):
        self.seen += len(pictures)
        if self.seen > self.breaks_after:
            raise KeyboardInterrupt
        return np.array([picture.mean(axis=(0, 1)) for picture in pictures], dtype=np.float32)

    def embed_texts(self, captions):
        return np.array([[len(caption), 1.0] for caption in captions], dtype=np.float32)


@pytest.fixture(scope="module")
def source():
    return EmojiPairs(2 * PIECE + 7)


def test_rows_keep_the_order_of_the_pairs(source):
    found = embed_pairs(source, CountingEmbedder())
    assert found.images.shape == (2 * PIECE + 7, 3)
    assert found.texts[-1, 0] == len(source.captions[-1])
    np.testing.assert_allclose(found.images[-1], source.picture(2 * PIECE + 6).mean(axis=(0, 1)))


def test_a_run_that_was_stopped_goes_on(tmp_path, source):
    with pytest.raises(KeyboardInterrupt):
        embed_pairs(source, CountingEmbedder(breaks_after=PIECE), cache=tmp_path)
    second = CountingEmbedder()
    resumed = embed_pairs(source, second, cache=tmp_path)
    assert second.seen == PIECE + 7
    np.testing.assert_array_equal(resumed.images, embed_pairs(source, CountingEmbedder()).images)
    third = CountingEmbedder(breaks_after=0)
    again = embed_pairs(source, third, cache=tmp_path)
    assert third.seen == 0
    np.testing.assert_array_equal(again.texts, resumed.texts)


def test_another_model_or_source_has_a_cache_of_its_own(tmp_path, source):
    embed_pairs(source, CountingEmbedder(), cache=tmp_path)
    other = CountingEmbedder()
    other.name = "other"
    embed_pairs(source, other, cache=tmp_path)
    embed_pairs(EmojiPairs(10, random_state=5), CountingEmbedder(), cache=tmp_path)
    assert other.seen == 2 * PIECE + 7
    assert len(list(tmp_path.iterdir())) == 3
