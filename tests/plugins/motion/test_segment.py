import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion import MotionSegmenter, clean, evaluate, read_pointodyssey, segment


@pytest.mark.parametrize("critic_pairs", [0, 30])
@pytest.mark.parametrize("affinity", ["auto", "rigidity", "mi*rigidity", "correlation"])
@pytest.mark.parametrize("random_state", range(2))
def test_two_rigid_bodies_are_separated(two_bodies, affinity, critic_pairs, random_state):
    tracks, body = two_bodies(random_state=random_state)
    segmenter = MotionSegmenter(2, affinity=affinity, critic_pairs=critic_pairs).fit(tracks)
    assert adjusted_rand_score(body, segmenter.labels_) == 1
    assert segmenter.n_clusters_ == 2
    assert set(segmenter.labels_) == {1, 2}


def test_the_number_of_bodies_is_found(two_bodies):
    tracks, body = two_bodies(sizes=(30, 40))
    segmenter = MotionSegmenter(affinity="mi", critic_pairs=0).fit(tracks)
    assert segmenter.n_clusters_ == 2
    assert adjusted_rand_score(body, segmenter.labels_) == 1
    assert set(segmenter.silhouettes_) == set(segmenter.severed_) == set(range(2, 13))


@pytest.mark.parametrize("random_state", range(3))
def test_one_body_is_recognised(two_bodies, random_state):
    tracks, body = two_bodies(random_state=random_state, sizes=(40, 30))
    segmenter = MotionSegmenter(affinity="mi", critic_pairs=0).fit(tracks[:, body == 0])
    assert segmenter.n_clusters_ == 1
    np.testing.assert_array_equal(segmenter.labels_, 1)
    assert min(segmenter.severed_.values()) > 0.05


@pytest.mark.parametrize("affinity", ["mi", "cmi", "mi*rigidity"])
@pytest.mark.parametrize("n_landmarks", [None, 60])
def test_tracks_that_follow_no_body_are_flagged(two_bodies, affinity, n_landmarks, monkeypatch):
    tracks, body = two_bodies(sizes=(60, 50))
    wandering = 0.1 * np.random.default_rng(3).normal(size=(len(tracks), 2, 3)).cumsum(axis=0)
    options = {"affinity": affinity, "critic_pairs": 0}
    if n_landmarks:
        monkeypatch.setattr(segment, "LANDMARKS_FROM", 100)
        options["n_landmarks"] = n_landmarks
    segmenter = MotionSegmenter(2, **options).fit(np.concatenate([tracks, wandering], axis=1))
    np.testing.assert_array_equal(np.flatnonzero(segmenter.outliers_), [110, 111])
    np.testing.assert_array_equal(segmenter.labels_[110:], -1)
    np.testing.assert_array_equal(segmenter.confidence_[110:], 0)
    assert adjusted_rand_score(body, segmenter.labels_[:110]) > 0.95
    assert segmenter.n_clusters_ == 2


@pytest.mark.parametrize(("affinity", "n_coordinates"), [("mi", 3), ("mi", 2), ("cmi", 2)])
@pytest.mark.parametrize("noise", [0.001, 0.02, 0.05])  # bodies are 0.4 wide
def test_a_noisy_body_is_no_outlier(two_bodies, affinity, n_coordinates, noise):
    tracks, body = two_bodies(sizes=(60, 50))
    levels = np.where(body, noise, 1e-4)[:, None]
    tracks += levels * np.random.default_rng(0).normal(size=tracks.shape)
    segmenter = MotionSegmenter(2, affinity=affinity, critic_pairs=0)
    assert not segmenter.fit(tracks[..., :n_coordinates]).outliers_.any()


@pytest.mark.parametrize("random_state", range(3))
def test_permuting_tracks_permutes_labels(two_bodies, random_state):
    tracks, _ = two_bodies(random_state=random_state)
    order = np.random.default_rng(random_state).permutation(tracks.shape[1])
    labels = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(tracks).labels_
    permuted = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(tracks[:, order]).labels_
    np.testing.assert_array_equal(permuted, labels[order])


@pytest.mark.parametrize("scale", [0.01, 1000.0])
def test_units_and_origin_do_not_matter(two_bodies, scale):
    tracks, _ = two_bodies()
    labels = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(tracks).labels_
    moved = (
        MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(scale * tracks + 3 * scale).labels_
    )
    np.testing.assert_array_equal(moved, labels)


def test_the_same_random_state_repeats_exactly(two_bodies):
    tracks, _ = two_bodies()
    first, second = (MotionSegmenter(affinity="mi", critic_pairs=0).fit(tracks) for _ in range(2))
    np.testing.assert_array_equal(first.scores_, second.scores_)
    np.testing.assert_array_equal(first.labels_, second.labels_)


def test_still_tracks_are_the_background_and_have_no_affinity(two_bodies):
    tracks, body = two_bodies()
    still = np.random.default_rng(0).normal(size=(1, 7, 3)) * np.ones((len(tracks), 1, 1))
    segmenter = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(
        np.concatenate([still, tracks], axis=1)
    )
    np.testing.assert_array_equal(segmenter.labels_[:7], 0)
    assert adjusted_rand_score(body, segmenter.labels_[7:]) == 1
    assert set(segmenter.moving_) == set(range(7, 32))


def test_a_scene_without_motion_is_all_background():
    segmenter = MotionSegmenter().fit(np.ones((30, 5, 3)))
    np.testing.assert_array_equal(segmenter.labels_, 0)
    assert segmenter.n_clusters_ == 0


def test_a_warp_of_each_track_that_mi_cannot_see_changes_nothing(two_bodies):
    tracks, body = two_bodies(sizes=(40, 30))
    powers = np.random.default_rng(0).choice([1, 3], size=(1, tracks.shape[1], 3))
    warped = np.sign(tracks) * np.abs(tracks) ** powers
    labels = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(warped).labels_
    assert adjusted_rand_score(body, labels) == 1


def test_it_follows_scikit_learn():
    segmenter = MotionSegmenter(3, affinity="mi", critic_pairs=0, random_state=5)
    copy = clone(segmenter)
    assert copy.get_params() == {
        "n_clusters": 3,
        "affinity": "mi",
        "critic_pairs": 0,
        "n_landmarks": 300,
        "random_state": 5,
    }
    assert vars(copy) == copy.get_params()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_clusters": 0}, "n_clusters must be 'auto' or a positive number, got 0"),
        ({"n_clusters": "many"}, "got 'many'"),
        ({"affinity": "distance"}, "affinity must be one of .* got 'distance'"),
        ({"n_clusters": 99, "critic_pairs": 0}, "more than the 25 moving tracks"),
    ],
)
def test_wrong_options_are_named(two_bodies, options, message):
    tracks, _ = two_bodies()
    with pytest.raises(ValueError, match=message):
        MotionSegmenter(**options).fit(tracks)


def test_wrong_input_is_named(two_bodies):
    tracks, _ = two_bodies()
    segmenter = MotionSegmenter(2, affinity="mi", critic_pairs=0)
    with pytest.raises(ValueError, match=r"shape \(frames, points, 2 or 3\), got \(120, 25\)"):
        segmenter.fit(tracks[..., 0])
    with pytest.raises(ValueError, match=r"visibility must have shape .* got \(3,\)"):
        segmenter.fit(tracks, np.ones(3))
    with pytest.raises(ValueError, match="no track has 10 usable frames or more, out of 9"):
        segmenter.fit(tracks[:9])
    with pytest.raises(ValueError, match="critic_pairs must be 0 or more, got -1"):
        MotionSegmenter(critic_pairs=-1).fit(tracks)
    with pytest.raises(ValueError, match="n_landmarks must be a number from 13 to 3000, got 5"):
        MotionSegmenter(n_landmarks=5).fit(tracks)


def test_a_track_with_little_support_is_flagged_and_harms_no_other(two_bodies):
    tracks, body = two_bodies()
    usable = np.ones(tracks.shape[:2], dtype=bool)
    usable[5:, 4] = False
    segmenter = MotionSegmenter(2, critic_pairs=0).fit(tracks, usable)
    assert segmenter.labels_[4] == -1
    assert segmenter.confidence_[4] == 0
    rest = np.arange(len(body)) != 4
    assert adjusted_rand_score(body[rest], segmenter.labels_[rest]) == 1


def test_confidence_falls_between_two_bodies(two_bodies):
    tracks, _ = two_bodies(sizes=(16, 16))
    between = (tracks[:, :1] + tracks[:, 16:17]) / 2
    both = np.concatenate([tracks, between], axis=1)
    confidence = MotionSegmenter(2, critic_pairs=0).fit(both).confidence_
    assert ((confidence >= 0) & (confidence <= 1)).all()
    assert confidence[-1] < np.median(confidence)


@pytest.mark.parametrize("affinity", ["mi", "cmi", "rigidity", "mi*rigidity", "correlation"])
def test_landmarks_do_as_well_as_all_pairs(two_bodies, affinity, monkeypatch):
    tracks, body = two_bodies(sizes=(90, 70))
    monkeypatch.setattr(segment, "LANDMARKS_FROM", 100)
    segmenter = MotionSegmenter(2, affinity=affinity, critic_pairs=20, n_landmarks=40).fit(tracks)
    assert segmenter.affinity_matrix_.shape == (160, 40)
    assert adjusted_rand_score(body, segmenter.labels_) > 0.95  # two of 160 may go astray


def test_sparse_subspace_clustering_refuses_landmarks(two_bodies, monkeypatch):
    tracks, _ = two_bodies(sizes=(90, 70))
    monkeypatch.setattr(segment, "LANDMARKS_FROM", 100)
    with pytest.raises(ValueError, match="takes at most 100 moving ones, got 160"):
        MotionSegmenter(2, affinity="ssc", n_landmarks=40).fit(tracks)


@pytest.mark.parametrize("affinity", ["auto", "cmi", "ssc"])
def test_bodies_under_an_affine_camera_are_found_by_subspace_affinities(two_bodies, affinity):
    tracks, body = two_bodies(sizes=(40, 30), n_frames=30)
    segmenter = MotionSegmenter(2, affinity=affinity).fit(tracks[..., :2])
    assert segmenter.affinity_ == ("cmi" if affinity == "auto" else affinity)
    assert adjusted_rand_score(body, segmenter.labels_) == 1


@pytest.mark.parametrize("frame", ["world", "pixel"])
def test_the_sample_scene_is_segmented_by_the_closed_form(frame):
    tracks, _ = clean(read_pointodyssey(frame=frame))
    segmenter = MotionSegmenter(critic_pairs=0).fit(tracks.points, tracks.usable)
    assert segmenter.affinity_ == ("mi" if frame == "world" else "cmi")
    metrics = evaluate(tracks.labels, segmenter.labels_)
    assert metrics["ari"] >= 0.95
    assert metrics["ari_moving"] >= 0.95
