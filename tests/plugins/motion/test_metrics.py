import numpy as np
import pytest

from infoatlas_plugins.motion import evaluate, misclassification_percent
from infoatlas_plugins.motion.metrics import intersection_over_union


def test_renaming_groups_costs_nothing():
    truth = np.array([0, 0, 1, 1, 2, 2, 2])
    assert misclassification_percent(truth, np.array([5, 5, 0, 0, 1, 1, 1])) == 0


def test_known_values():
    truth = np.array([1, 1, 1, 1, 2, 2, 2, 2])
    assert misclassification_percent(truth, np.array([1, 1, 1, 2, 2, 2, 2, 2])) == 12.5
    assert misclassification_percent(truth, np.ones(8)) == 50
    # groups are matched one to one: splitting a body is an error
    assert misclassification_percent(truth, np.array([1, 1, 3, 3, 2, 2, 2, 2])) == 25


def test_a_track_in_no_group_is_wrong_even_where_it_is_the_only_one_of_its_body():
    truth = np.array([1, 1, 1, 2])
    predicted = np.array([1, 1, 1, -1])
    assert misclassification_percent(truth, predicted) == 25
    assert intersection_over_union(truth, predicted) == {1: 1.0, 2: 0.0}


def test_evaluate_counts_all_tracks_and_moving_ones():
    truth = np.array([0] * 6 + [1, 1, 2, 2] + [-1])
    predicted = np.array([0] * 6 + [1, 1, 1, 1] + [7])
    metrics = evaluate(truth, predicted)
    assert metrics["misclassification_percent"] == pytest.approx(20)
    assert metrics["misclassification_percent_moving"] == pytest.approx(50)
    assert metrics["ari_moving"] == 0
    assert metrics["largest_group_percent"] == pytest.approx(40)
    assert metrics["n_groups_true"] == 3
    assert evaluate(truth, truth)["ari"] == 1


def test_overlap_is_counted_per_body_and_a_body_without_a_group_has_none():
    truth = np.array([1, 1, 1, 1, 2, 2, 3])
    predicted = np.array([5, 5, 5, 6, 6, 6, 6])
    assert intersection_over_union(truth, predicted) == {1: 0.75, 2: 0.5, 3: 0.0}
