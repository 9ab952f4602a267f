import numpy as np
import pytest

from infoatlas_plugins.clip.retrieval import cosine_scores, info_nce, modality_gap, recall


def test_recall_counts_own_captions_among_the_best():
    scores = np.array([[0.9, 0.1, 0.0], [0.8, 0.5, 0.0], [0.3, 0.2, 0.1]])
    found = recall(scores, at=(1, 2, 3))
    assert found["image_to_text_at_1"] == pytest.approx(1 / 3)
    assert found["image_to_text_at_2"] == pytest.approx(2 / 3)
    assert found["image_to_text_at_3"] == 1.0
    assert found["text_to_image_at_1"] == 1.0


def test_a_collapsed_model_has_no_recall():
    assert recall(np.ones((10, 10)), at=(1, 5))["image_to_text_at_5"] == 0.0


def test_info_nce_reaches_its_cap_for_perfect_pairs_and_zero_for_constant_scores():
    assert info_nce(np.eye(50, dtype=np.float32)) == pytest.approx(np.log(50), abs=1e-6)
    assert info_nce(np.ones((50, 50), dtype=np.float32)) == pytest.approx(0.0, abs=1e-9)


def test_cosines_do_not_depend_on_the_lengths_of_rows():
    rows = np.random.default_rng(0).standard_normal((2, 20, 6))
    lengths = np.linspace(0.1, 9, 20)[:, None]
    scaled = cosine_scores(rows[0] * lengths, rows[1] / lengths)
    np.testing.assert_allclose(scaled, cosine_scores(rows[0], rows[1]), atol=1e-6)


def test_cosines_across_spaces_are_refused():
    with pytest.raises(ValueError, match=r"one space.*\(3, 4\) and \(3, 5\)"):
        cosine_scores(np.ones((3, 4)), np.ones((3, 5)))


def test_the_gap_is_the_distance_of_the_means():
    images, texts = np.tile([[1.0, 0.0]], (5, 1)), np.tile([[0.0, 2.0]], (5, 1))
    gap = modality_gap(images, texts)
    assert gap["distance"] == pytest.approx(np.sqrt(2))
    assert gap["mean_text_length"] == pytest.approx(1.0)
