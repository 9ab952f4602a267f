"""Several models or layers on the same pairs: sliced mutual information beside retrieval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from infoatlas_plugins.clip.methods import infoatlas_of_slices
from infoatlas_plugins.clip.noise_curve import MAX_SAMPLES
from infoatlas_plugins.clip.pairs import EmbeddedPairs
from infoatlas_plugins.clip.retrieval import cosine_scores, info_nce, modality_gap, recall
from infoatlas_plugins.clip.slices import draw_slices, project

SLICES, ROWS = 23, 24  # streams of random numbers


def describe_space(pairs: EmbeddedPairs) -> dict[str, Any]:
    """Retrieval, InfoNCE with its cap, and modality gap, on at most 5000 pairs.

    Returns
    -------
    dict
        ``"n"``, ``"recall"``, ``"info_nce_nats"``, ``"info_nce_cap_nats"`` (log n) and
        ``"modality_gap"``; empty where the two sides have different numbers of features, and so no
        cosine.
    """
    if pairs.images.shape != pairs.texts.shape:
        return {}
    images, texts = pairs.images[:MAX_SAMPLES], pairs.texts[:MAX_SAMPLES]
    scores = cosine_scores(images, texts)
    return {
        "n": len(scores),
        "recall": recall(scores),
        "info_nce_nats": info_nce(scores),
        "info_nce_cap_nats": float(np.log(len(scores))),
        "modality_gap": modality_gap(images, texts),
    }


def compare_models(
    models: Mapping[str, EmbeddedPairs],
    *,
    k: int = 5,
    n_slices: int = 8,
    n_samples: int | None = None,
    random_state: int = 0,
) -> list[dict[str, Any]]:
    """Sliced mutual information of several embeddings of the same pairs.

    Values of one ``k`` may be compared, and tell how much a random view of k dimensions on each
    side shares. A wider space spreads what it knows over more views.

    Parameters
    ----------
    models : mapping of str to EmbeddedPairs
        Row i must be the same pair in all of them.
    k, n_slices : int
        Dimensions and number of slices.
    n_samples : int, optional
        Rows to read. Default: all, at most 5000; the same ones for every model.
    random_state : int
        Seed, not negative.

    Returns
    -------
    list of dict
        One row for each model: ``"name"``, ``"n_features"``, ``"mean"`` and ``"sd"`` over slices,
        in nats, and ``"image_to_text_at_1"`` where there is a cosine.

    Raises
    ------
    ValueError
        If the models have different numbers of pairs.
    """
    counts = {name: len(pairs) for name, pairs in models.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f"models must embed the same pairs, but their numbers are {counts}.")
    n_rows = next(iter(counts.values()))
    shuffled = np.random.default_rng([random_state, ROWS]).permutation(n_rows)
    rows = shuffled[: n_samples or MAX_SAMPLES]
    found = []
    for name, pairs in models.items():
        n_features = (pairs.images.shape[1], pairs.texts.shape[1])
        to_image, to_text = draw_slices(n_slices, n_features, k, seed=(random_state, SLICES))
        values = infoatlas_of_slices(
            project(pairs.images[rows], to_image), project(pairs.texts[rows], to_text)
        )
        row: dict[str, Any] = {
            "name": name,
            "n_features": list(n_features),
            "mean": float(values.mean()),
            "sd": float(values.std(ddof=1)) if n_slices > 1 else None,
        }
        if n_features[0] == n_features[1]:
            scores = cosine_scores(pairs.images[rows], pairs.texts[rows])
            row |= recall(scores, at=(1,))
        found.append(row)
    return found
