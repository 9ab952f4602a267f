import numpy as np
import pytest

from infoatlas_plugins.clip import (
    EmbeddedPairs,
    keep_above_quantile,
    pointwise_scores,
    swap_detection,
)
from infoatlas_plugins.clip.compare import compare_models, describe_space
from infoatlas_plugins.clip.pointwise import cosines, swap_captions


def test_swapped_captions_score_low(pairs):
    found = swap_detection(pairs, share=0.1, n_slices=6)
    assert found["pointwise_auc"] > 0.9
    assert 0 <= found["cosine_auc"] <= 1


def test_pairs_without_a_common_space_have_no_cosine(pairs):
    narrow = EmbeddedPairs(name="narrow", images=pairs.images, texts=pairs.texts[:, :12])
    assert np.isnan(cosines(narrow.images, narrow.texts)).all()
    found = swap_detection(narrow, n_slices=6)
    assert found["cosine_auc"] is None
    assert found["pointwise_auc"] > 0.8
    assert describe_space(narrow) == {}


def test_pointwise_scores_average_to_a_mutual_information(pairs):
    scores = pointwise_scores(pairs.images, pairs.texts, n_slices=2)
    assert scores.shape == (800,)
    assert scores.mean() > 0.5


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_a_swap_spoils_exactly_the_share_asked_for(share):
    partners, swapped = swap_captions(200, share=share)
    assert swapped.sum() == round(200 * share)
    assert sorted(partners) == list(range(200))


@pytest.mark.parametrize("share", [0.0, 0.001, 1.5])
def test_a_share_that_swaps_nobody_is_refused(share):
    with pytest.raises(ValueError, match=f"got share={share}"):
        swap_captions(200, share=share)


def test_filtering_keeps_the_upper_part_in_its_old_order():
    scores = np.array([3.0, 1.0, 4.0, 2.0])
    assert keep_above_quantile(scores, 0.5).tolist() == [0, 2]
    assert keep_above_quantile(scores, 0.0).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"quantile must be at least 0 and below 1, got 1\.0"):
        keep_above_quantile(scores, 1.0)


def test_models_are_compared_on_the_same_rows(pairs):
    noisier = EmbeddedPairs(
        name="noisier",
        images=pairs.images + 0.3 * np.random.default_rng(1).standard_normal(pairs.images.shape),
        texts=pairs.texts,
    )
    good, same, bad = compare_models({"good": pairs, "same": pairs, "bad": noisier}, n_slices=3)
    assert good["mean"] == same["mean"]
    assert bad["mean"] < good["mean"]
    assert 0 <= good["image_to_text_at_1"] <= 1


def test_models_of_different_pairs_are_refused(pairs):
    fewer = EmbeddedPairs(name="fewer", images=pairs.images[:9], texts=pairs.texts[:9])
    with pytest.raises(ValueError, match="same pairs, but their numbers are"):
        compare_models({"all": pairs, "fewer": fewer})


def test_a_space_is_described_with_the_cap_of_info_nce(pairs):
    space = describe_space(pairs)
    assert space["info_nce_cap_nats"] == pytest.approx(np.log(800))
    assert space["info_nce_nats"] <= space["info_nce_cap_nats"]
    assert set(space["recall"]) == {
        f"{direction}_at_{k}"
        for direction in ("image_to_text", "text_to_image")
        for k in (1, 5, 10)
    }
