import re

import numpy as np
import pytest

from infoatlas_plugins.clip import EmojiPairs
from infoatlas_plugins.clip.emoji_scenes import (
    BACKGROUNDS,
    IMAGE_SIDE,
    N_UNSEEN,
    PLACES,
    SHADE,
    SHIFT,
    SIZES,
    Scene,
    draw_lookalikes,
    draw_scenes,
    paint,
    scene_shape,
    write_captions,
)
from infoatlas_plugins.clip.emoji_sheet import FOLDER, emoji_names, read_sprites
from infoatlas_plugins.clip.words import (
    MAX_WORDS,
    PADDING,
    UNKNOWN,
    split_words,
    tokenize,
    vocabulary,
)


def whole_split(split):
    shape = scene_shape()
    counts = {"unseen": N_UNSEEN * int(np.prod(shape[1:]))}
    seen = int(np.prod(shape)) - counts["unseen"]
    counts |= {"held-out": seen // 10, "train": seen - seen // 10}
    return draw_scenes(counts[split], split=split, generator=np.random.default_rng(0))


def test_every_sprite_has_a_name_and_a_picture():
    sprites = read_sprites(20)
    assert sprites.shape == (len(emoji_names()), 20, 20, 4)
    assert len(set(emoji_names())) == len(emoji_names()) > 1800
    assert sprites[..., 3].reshape(len(sprites), -1).max(axis=1).min() > 200  # none is empty
    assert len({sprite.tobytes() for sprite in sprites}) > 0.99 * len(sprites)


@pytest.mark.parametrize("name", ["NOTICE.md", "LICENSE-noto-images.txt", "LICENSE-unicode.txt"])
def test_licences_are_shipped(name):
    assert (FOLDER / name).stat().st_size > 500


def test_the_splits_share_nothing_and_leave_nothing_out():
    held_out, unseen, train = (set(whole_split(name)) for name in ("held-out", "unseen", "train"))
    assert not held_out & train
    assert not {scene.emoji for scene in unseen} & {scene.emoji for scene in train | held_out}
    assert len(held_out) + len(unseen) + len(train) == np.prod(scene_shape())


def test_scenes_are_drawn_once_and_captions_tell_them_apart():
    pairs = EmojiPairs(3000)
    assert len(set(pairs.scenes)) == 3000
    assert len(set(pairs.captions)) == 3000


def test_the_same_seed_gives_the_same_pictures_and_captions():
    first, again, other = EmojiPairs(20), EmojiPairs(20), EmojiPairs(20, random_state=1)
    assert first.captions == again.captions != other.captions
    np.testing.assert_array_equal(first.picture(7), again.picture(7))


@pytest.mark.parametrize("n", [0, 10**7])
def test_more_scenes_than_there_are_is_refused(n):
    with pytest.raises(ValueError, match=rf"n must be between 1 and .*'held-out'.* got {n}"):
        EmojiPairs(n)


@pytest.mark.parametrize("background", range(len(BACKGROUNDS)))
def test_a_picture_has_the_background_that_its_caption_tells(background):
    scene = Scene(emoji=5, background=background, size=0, place=0)
    picture = paint([scene], generator=np.random.default_rng(0))[0]
    colour = np.array(list(BACKGROUNDS.values()))[background]
    assert np.abs(picture[-1, -1].astype(int) - colour).max() <= SHADE


@pytest.mark.parametrize("size", range(len(SIZES)))
@pytest.mark.parametrize("place", range(len(PLACES)))
def test_the_emoji_is_where_its_caption_says(size, place):
    scene = Scene(emoji=emoji_names().index("soccer ball"), background=0, size=size, place=place)
    picture = paint([scene], generator=np.random.default_rng(0))[0].astype(int)
    corner = picture[-1 if place < 3 else 0, -1 if place % 3 == 0 else 0]  # far from the emoji
    side = list(SIZES.values())[size]
    row, column = divmod(place, 3)
    top, left = (part * (IMAGE_SIDE - side) // 2 for part in (row, column))
    changed = np.abs(picture - corner).sum(axis=-1) > 60
    assert changed[top + 4 : top + side - 4, left + 4 : left + side - 4].mean() > 0.5
    changed[
        max(0, top - SHIFT) : top + side + SHIFT, max(0, left - SHIFT) : left + side + SHIFT
    ] = 0
    assert not changed.any()


def test_lookalikes_of_a_group_differ_in_the_emoji_alone():
    generator = np.random.default_rng(0)
    scenes = draw_lookalikes(4, 8, split="train", generator=generator)
    train = set(whole_split("train"))
    for group in (scenes[start : start + 8] for start in range(0, 32, 8)):
        assert len({(scene.background, scene.size, scene.place) for scene in group}) == 1
        assert len({scene.emoji for scene in group}) == 8
        assert train.issuperset(group)


def test_every_caption_is_made_of_known_words_and_fits():
    words = [split_words(caption) for caption in EmojiPairs(3000).captions]
    assert {word for caption in words for word in caption} <= set(vocabulary())
    longest = max(len(split_words(name)) for name in emoji_names())
    assert longest + 10 <= MAX_WORDS  # the longest template has ten words of its own


def test_captions_become_numbers_with_padding_after_them():
    numbers = tokenize(["a large pizza", "pizza? zyzzyva!", ""])
    assert numbers.shape == (3, MAX_WORDS)
    pizza = vocabulary()["pizza"]
    assert numbers[0, 2] == numbers[1, 0] == pizza
    assert numbers[1, 1] == numbers[2, 0] == UNKNOWN
    assert np.all(numbers[0, 3:] == PADDING)


def test_a_caption_tells_every_attribute():
    scene = Scene(emoji=emoji_names().index("pizza"), background=2, size=1, place=8)
    for seed in range(8):
        (caption,) = write_captions([scene], generator=np.random.default_rng(seed))
        assert re.search(r"\bpizza\b", caption)
        assert all(word in caption for word in ("red", "medium-sized", "bottom right"))
