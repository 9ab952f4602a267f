"""How well predicted groups agree with the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion.segment import NO_GROUP

UNKNOWN = -1  # true label: no mask ever showed the track, left out of every metric


def best_matching(truth: NDArray[Any], predicted: NDArray[Any]) -> dict[int, int]:
    """Match each predicted group with at most one true group, so that most tracks agree.

    The predicted label -1 is no group and matches nothing: such a track counts as wrong.

    Parameters
    ----------
    truth, predicted : ndarray of shape (p,)
        Integer labels.

    Returns
    -------
    dict
        Predicted label -> true label; predicted groups left over are absent.
    """
    grouped = predicted != NO_GROUP
    true_labels, true_index = np.unique(truth[grouped], return_inverse=True)
    predicted_labels, predicted_index = np.unique(predicted[grouped], return_inverse=True)
    counts = np.zeros((len(predicted_labels), len(true_labels)), dtype=np.int64)
    np.add.at(counts, (predicted_index, true_index), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return {
        int(predicted_labels[row]): int(true_labels[column])
        for row, column in zip(rows, columns, strict=True)
    }


def misclassification_percent(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Share of wrong tracks in %, under the best one-to-one matching of groups.

    The metric of the Hopkins155 benchmark (Tron and Vidal, CVPR 2007). Groups without a partner
    count as wrong.
    """
    if len(truth) == 0:
        return float("nan")
    matching = best_matching(truth, predicted)
    matched = np.array([matching.get(int(label), UNKNOWN - 1) for label in predicted])
    return float(100 * np.mean(matched != truth))


def intersection_over_union(truth: NDArray[Any], predicted: NDArray[Any]) -> dict[int, float]:
    """Overlap of each true body with the group matched to it, 0 for a body without one.

    Parameters
    ----------
    truth, predicted : ndarray of shape (p,)
        Integer labels.

    Returns
    -------
    dict
        True label -> tracks in both over tracks in either.
    """
    group_of = {body: group for group, body in best_matching(truth, predicted).items()}
    overlaps = {}
    for body in np.unique(truth).tolist():
        inside = truth == body
        matched = predicted == group_of[body] if body in group_of else np.zeros_like(inside)
        overlaps[body] = float((inside & matched).sum() / (inside | matched).sum())
    return overlaps


def evaluate(truth: NDArray[Any], predicted: NDArray[Any]) -> dict[str, float]:
    """Compare a segmentation with the truth.

    Parameters
    ----------
    truth, predicted : ndarray of shape (p,)
        Integer labels; true 0 is the background, true -1 is unknown and left out.

    Returns
    -------
    dict
        ``ari`` (adjusted Rand index, 1 = perfect), ``misclassification_percent`` and
        ``largest_group_percent`` (the error of calling all tracks one group) over all tracks; the
        first two with suffix ``_moving`` over tracks of moving bodies only, since a large still
        background makes the overall numbers look good; ``n_groups_true``, with the background.
    """
    known = truth != UNKNOWN
    truth, predicted = truth[known], predicted[known]
    moving = truth > 0
    _, sizes = np.unique(truth, return_counts=True)
    return {
        "ari": float(adjusted_rand_score(truth, predicted)),
        "misclassification_percent": misclassification_percent(truth, predicted),
        "ari_moving": float(adjusted_rand_score(truth[moving], predicted[moving])),
        "misclassification_percent_moving": misclassification_percent(
            truth[moving], predicted[moving]
        ),
        "largest_group_percent": float(100 * (1 - sizes.max() / sizes.sum())),
        "n_groups_true": len(sizes),
    }
