import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion import MotionSegmenter, clean, evaluate, read_pointodyssey


@pytest.mark.parametrize("affinity", ["gaussian", "mi"])
@pytest.mark.parametrize("random_state", range(2))
def test_two_rigid_bodies_are_separated(two_bodies, affinity, random_state):
    tracks, body = two_bodies(random_state=random_state)
    segmenter = MotionSegmenter(2, affinity=affinity).fit(tracks)
    assert adjusted_rand_score(body, segmenter.labels_) == 1
    assert segmenter.n_clusters_ == 2
    assert set(segmenter.labels_) == {1, 2}


def test_the_number_of_bodies_is_found(two_bodies):
    tracks, body = two_bodies(sizes=(30, 40))
    segmenter = MotionSegmenter(affinity="gaussian").fit(tracks)
    assert segmenter.n_clusters_ == 2
    assert adjusted_rand_score(body, segmenter.labels_) == 1
    assert set(segmenter.silhouettes_) == set(range(2, 13))


@pytest.mark.parametrize("random_state", range(3))
def test_permuting_tracks_permutes_labels(two_bodies, random_state):
    tracks, _ = two_bodies(random_state=random_state)
    order = np.random.default_rng(random_state).permutation(tracks.shape[1])
    labels = MotionSegmenter(2, affinity="gaussian").fit(tracks).labels_
    permuted = MotionSegmenter(2, affinity="gaussian").fit(tracks[:, order]).labels_
    np.testing.assert_array_equal(permuted, labels[order])


@pytest.mark.parametrize("scale", [0.01, 1000.0])
def test_units_and_origin_do_not_matter(two_bodies, scale):
    tracks, _ = two_bodies()
    labels = MotionSegmenter(2, affinity="gaussian").fit(tracks).labels_
    moved = MotionSegmenter(2, affinity="gaussian").fit(scale * tracks + 3 * scale).labels_
    np.testing.assert_array_equal(moved, labels)


def test_the_same_random_state_repeats_exactly(two_bodies):
    tracks, _ = two_bodies()
    first, second = (MotionSegmenter(affinity="gaussian").fit(tracks) for _ in range(2))
    np.testing.assert_array_equal(first.mutual_information_, second.mutual_information_)
    np.testing.assert_array_equal(first.labels_, second.labels_)


def test_still_tracks_are_the_background_and_have_no_affinity(two_bodies):
    tracks, body = two_bodies()
    still = np.random.default_rng(0).normal(size=(1, 7, 3)) * np.ones((len(tracks), 1, 1))
    segmenter = MotionSegmenter(2, affinity="gaussian").fit(np.concatenate([still, tracks], axis=1))
    np.testing.assert_array_equal(segmenter.labels_[:7], 0)
    assert adjusted_rand_score(body, segmenter.labels_[7:]) == 1
    assert not segmenter.affinity_matrix_[:7].any()


def test_a_scene_without_motion_is_all_background():
    segmenter = MotionSegmenter().fit(np.ones((30, 5, 3)))
    np.testing.assert_array_equal(segmenter.labels_, 0)
    assert segmenter.n_clusters_ == 0


def test_a_warp_of_each_track_that_mi_cannot_see_changes_nothing(two_bodies):
    tracks, body = two_bodies(sizes=(40, 30))
    powers = np.random.default_rng(0).choice([1, 3], size=(1, tracks.shape[1], 3))
    warped = np.sign(tracks) * np.abs(tracks) ** powers
    labels = MotionSegmenter(2, affinity="gaussian").fit(warped).labels_
    assert adjusted_rand_score(body, labels) == 1


def test_it_follows_scikit_learn():
    segmenter = MotionSegmenter(3, affinity="gaussian", random_state=5)
    copy = clone(segmenter)
    assert copy.get_params() == {"n_clusters": 3, "affinity": "gaussian", "random_state": 5}
    assert vars(copy) == copy.get_params()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_clusters": 0}, "n_clusters must be 'auto' or a positive number, got 0"),
        ({"n_clusters": "many"}, "got 'many'"),
        ({"affinity": "distance"}, "affinity must be 'mi' or 'gaussian', got 'distance'"),
        ({"n_clusters": 99, "affinity": "gaussian"}, "more than the 25 moving tracks"),
    ],
)
def test_wrong_options_are_named(two_bodies, options, message):
    tracks, _ = two_bodies()
    with pytest.raises(ValueError, match=message):
        MotionSegmenter(**options).fit(tracks)


def test_wrong_input_is_named(two_bodies):
    tracks, _ = two_bodies()
    segmenter = MotionSegmenter(2, affinity="gaussian")
    with pytest.raises(ValueError, match=r"shape \(frames, points, 2 or 3\), got \(120, 25\)"):
        segmenter.fit(tracks[..., 0])
    with pytest.raises(ValueError, match=r"visibility must have shape .* got \(3,\)"):
        segmenter.fit(tracks, np.ones(3))
    hidden = np.ones(tracks.shape[:2], dtype=bool)
    hidden[5:, 4] = False
    with pytest.raises(ValueError, match=r"1 of 25 tracks have fewer than 17 usable frames"):
        segmenter.fit(tracks, hidden)


def test_the_sample_scene_is_segmented_by_the_closed_form_when_the_number_is_given():
    tracks, _ = clean(read_pointodyssey())
    segmenter = MotionSegmenter(8, affinity="gaussian").fit(tracks.points, tracks.usable)
    metrics = evaluate(tracks.labels, segmenter.labels_)
    assert metrics["ari"] >= 0.95
    assert metrics["ari_moving"] >= 0.95
