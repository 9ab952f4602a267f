"""Cross-fitted canonical variates: directions found on some rows, applied to the others.

Each side is widened by closed-form features (extended canonical correlations), and ridge CCA of the
two widened sides gives the leading pairs. Fitted in folds, so that the correlation of the columns
they yield is a held-out correlation. Rotation by radius, sign products and periodic dependence thus
become linear. Nothing here is learned.

b: data sets   n: rows   f: features   k: pairs
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from infoatlas._copula import Scores
from infoatlas._gaussian import whitener
from infoatlas._pairs import FOLDS, fold_of_rows

PRODUCTS_UP_TO = 10  # coordinates; z_i z_j for every pair is left out for wider sides
WAVES_UP_TO = 64
RIDGE = 0.01
NULL_EIGENVALUE = 1e-12  # squared canonical correlation; rounding leaves about 1e-16


class Reader(NamedTuple):
    """Standardise widened features of new rows, then weigh them."""

    mean: Tensor  # b 1 f
    scale: Tensor  # b 1 f
    weights: Tensor  # b f k


class Variates(NamedTuple):
    """Leading canonical pairs of both sides: values of the fitted rows, and readers of new ones."""

    sides: tuple[Tensor, Tensor]  # b n k each, out of fold
    readers: tuple[Reader, Reader]  # fitted on all rows


def apply_reader(features: Tensor, reader: Reader) -> Tensor:
    """Variates of new rows: b m f -> b m k."""
    return ((features - reader.mean) / reader.scale) @ reader.weights


def widen(scores: Scores, radius: Tensor) -> Tensor:
    """Closed-form features of one side.

    Parameters
    ----------
    scores : Scores of shape (b, n, d)
    radius : Tensor of shape (b, n, 1)
        Uniform rank of the whitened norm of the row.

    Returns
    -------
    Tensor of shape (b, n, f)
        z_i and cos(pi k u_r); up to 64 coordinates cos(pi k u_i) and z_i cos(pi k u_r); up to 10
        coordinates z_i z_j and sign(z_i z_j).
    """
    z, u = scores
    d = z.shape[2]
    waves = 7 if d <= 16 else 3 if d <= WAVES_UP_TO else 0
    parts = [z]
    parts += [torch.cos(math.pi * k * u) for k in range(1, waves + 1)]
    parts += [torch.cos(math.pi * k * radius) for k in range(1, 5)]
    if 1 < d <= WAVES_UP_TO:
        parts += [z * torch.cos(math.pi * k * radius) for k in range(1, 5)]
    if 1 < d <= PRODUCTS_UP_TO:
        i, j = torch.triu_indices(d, d, offset=1, device=z.device)
        product = z[:, :, i] * z[:, :, j]
        parts += [product, product.sign()]
    return torch.cat(parts, dim=2)


def cross_fitted_variates(
    features_x: Tensor, features_y: Tensor, pairs: int, row_weight: Tensor, ridge: float = RIDGE
) -> Variates:
    """Leading ``pairs`` canonical variates of two feature blocks (b, n, f_x), (b, n, f_y)."""
    n = features_x.shape[1]
    x, mean_x, scale_x = _standardise(features_x)
    y, mean_y, scale_y = _standardise(features_y)
    fold = torch.from_numpy(fold_of_rows(n)).to(x.device)
    rows = [(fold == g).nonzero().squeeze(1) for g in range(FOLDS)]
    both = torch.cat([x, y], dim=2)
    grams = [both[:, r].transpose(1, 2) @ both[:, r] for r in rows]
    total = torch.stack(grams).sum(dim=0)
    split = x.shape[2]
    penalty = ridge + split / n, ridge + y.shape[2] / n
    whole = total / n
    weights = _leading_pairs(whole, split, pairs, penalty)
    weights = _fix_sign(weights, x, y, row_weight)
    order = torch.cat(rows).argsort()
    pieces_x, pieces_y = [], []
    for r, gram in zip(rows, grams, strict=True):
        rest = (total - gram) / (n - len(r))
        fitted = _align(_leading_pairs(rest, split, pairs, penalty), weights, whole, split)
        pieces_x.append(x[:, r] @ fitted[0])
        pieces_y.append(y[:, r] @ fitted[1])
    return Variates(
        (torch.cat(pieces_x, dim=1)[:, order], torch.cat(pieces_y, dim=1)[:, order]),
        (Reader(mean_x, scale_x, weights[0]), Reader(mean_y, scale_y, weights[1])),
    )


def _standardise(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = features.mean(dim=1, keepdim=True)
    scale = (features - mean).square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-6)
    return (features - mean) / scale, mean, scale


def _leading_pairs(
    gram: Tensor, split: int, pairs: int, penalty: tuple[float, float]
) -> tuple[Tensor, Tensor]:
    """Ridge CCA from a joint second-moment matrix (b, f_x + f_y, f_x + f_y)."""
    root_x = whitener(gram[:, :split, :split], penalty[0])
    root_y = whitener(gram[:, split:, split:], penalty[1])
    cross = root_x.transpose(1, 2) @ gram[:, :split, split:] @ root_y
    if cross.shape[1] <= cross.shape[2]:
        left, real = _leading_vectors(cross @ cross.transpose(1, 2), pairs)
        right = _normalise(cross.transpose(1, 2) @ left) * real
    else:
        right, real = _leading_vectors(cross.transpose(1, 2) @ cross, pairs)
        left = _normalise(cross @ right) * real
    return root_x @ left, root_y @ right


def _leading_vectors(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Eigenvectors b f k of the largest eigenvalues, and 1 or 0: is there such a direction at all.

    A side with few levels has fewer directions than pairs are asked for; what eigh returns beyond
    them is rounding noise that would change with the order of the columns.
    """
    if matrix.requires_grad:  # the gradient divides by differences of eigenvalues, also null ones
        matrix = matrix + 1e-14 * torch.diag(torch.arange(matrix.shape[1]).to(matrix))
    values, vectors = torch.linalg.eigh(matrix)
    real = (values[:, -count:].flip(-1) > NULL_EIGENVALUE).unsqueeze(1).to(matrix.dtype)
    return vectors[..., -count:].flip(-1) * real, real


def _normalise(columns: Tensor) -> Tensor:
    return columns / columns.norm(dim=1, keepdim=True).clamp_min(1e-12)


def _fix_sign(
    weights: tuple[Tensor, Tensor], x: Tensor, y: Tensor, row_weight: Tensor
) -> tuple[Tensor, Tensor]:
    """One sign a pair, by a rule that treats x and y alike."""
    moment = ((x @ weights[0] + y @ weights[1]) * row_weight.unsqueeze(-1)).sum(dim=1, keepdim=True)
    sign = torch.where(moment < 0, -1.0, 1.0).to(x.dtype)
    return weights[0] * sign, weights[1] * sign


def _align(
    fitted: tuple[Tensor, Tensor], reference: tuple[Tensor, Tensor], gram: Tensor, split: int
) -> tuple[Tensor, Tensor]:
    """Rotate a fold's pairs onto the reference pairs: orthogonal Procrustes."""
    overlap = fitted[0].transpose(1, 2) @ gram[:, :split, :split] @ reference[0]
    overlap = overlap + fitted[1].transpose(1, 2) @ gram[:, split:, split:] @ reference[1]
    if overlap.requires_grad:  # distinct singular values, as in _leading_vectors
        overlap = overlap + 1e-13 * torch.diag(torch.arange(1, overlap.shape[1] + 1).to(overlap))
    left, _, right_t = torch.linalg.svd(overlap)
    rotation = left @ right_t
    return fitted[0] @ rotation, fitted[1] @ rotation
