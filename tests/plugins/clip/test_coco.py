import numpy as np
import pytest
from PIL import Image

from infoatlas_plugins.clip import CocoPairs

IDS = (139, 285, 632, 724, 776, 785)  # of the pictures in coco_root


def test_each_picture_comes_with_its_first_caption(coco_root):
    pairs = CocoPairs(coco_root)
    assert list(pairs.captions) == [f"first of {number}" for number in sorted(IDS)]
    assert pairs.picture(0).shape == (30, 40 + len(IDS) - 1, 3)
    assert pairs.picture(0)[..., 0].mean() == pytest.approx(139, abs=3)  # JPEG


def test_a_draw_repeats_with_its_seed_and_has_each_picture_once(coco_root):
    first, again = (
        CocoPairs(coco_root, n=4, random_state=1),
        CocoPairs(coco_root, n=4, random_state=1),
    )
    assert first.captions == again.captions
    assert len(set(first.captions)) == 4
    draws = {tuple(CocoPairs(coco_root, n=4, random_state=seed).captions) for seed in range(8)}
    assert len(draws) > 1


def test_grey_pictures_become_three_channels(coco_root):
    Image.new("L", (8, 8), 7).save(coco_root / "val2017" / f"{139:012d}.jpg")
    np.testing.assert_array_equal(CocoPairs(coco_root).picture(0), np.full((8, 8, 3), 7))


def test_a_missing_split_says_what_was_expected(coco_root):
    with pytest.raises(FileNotFoundError, match=r"train2017 does not exist; expected"):
        CocoPairs(coco_root, split="train2017")


def test_missing_annotations_are_one_sentence(coco_root):
    (coco_root / "annotations" / "captions_val2017.json").unlink()
    with pytest.raises(FileNotFoundError, match="download the annotations of that split"):
        CocoPairs(coco_root)


def test_a_missing_picture_is_named(coco_root):
    (coco_root / "val2017" / f"{285:012d}.jpg").unlink()
    pairs = CocoPairs(coco_root)
    with pytest.raises(FileNotFoundError, match=r"000000000285\.jpg is missing"):
        pairs.picture(1)


@pytest.mark.parametrize("content", ["[]", "{}", '{"images": [{}], "annotations": []}', "not json"])
def test_other_json_is_refused(coco_root, content):
    (coco_root / "annotations" / "captions_val2017.json").write_text(content)
    with pytest.raises(ValueError, match="is not a COCO caption file"):
        CocoPairs(coco_root)


@pytest.mark.parametrize("n", [0, 7])
def test_more_pictures_than_there_are_is_refused(coco_root, n):
    with pytest.raises(ValueError, match=f"n must be between 1 and the 6 .* got {n}"):
        CocoPairs(coco_root, n=n)
