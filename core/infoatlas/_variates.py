"""Cross-fitted canonical variates: directions found on some rows, applied to the others.

Features of each side (extended canonical correlations) that promise nothing are left out, and ridge
CCA of the rest gives leading pairs. Fitted in folds, so that the correlation of the columns they
yield is a held-out correlation. Nothing here is learned.

b: data sets   n: rows   f: features   m: kept features   k: pairs
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from infoatlas._gaussian import whitener
from infoatlas._pairs import FOLDS, fold_of_rows

NOISE_MARGIN = 1.1  # a pair stands out if its correlation is this many times the noise edge
RIDGE = 0.01
KEPT = 96  # features of a side that canonical pairs are made of
MOST_PROMISE = 4.0  # times the strongest correlation that noise would give
NULL_EIGENVALUE = 1e-12  # squared canonical correlation; rounding leaves about 1e-16
SMALL_FOR_CUDA = 32  # columns up to which CUDA finds all eigenvectors of a batch at once
ITERATIONS, SPARE = 6, 4  # of the subspace iteration, and columns beside twice those asked for


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


def cross_fitted_variates(
    features_x: Tensor,
    features_y: Tensor,
    pairs: int,
    row_weight: Tensor,
    n_effective: Tensor,
    ridge: float = RIDGE,
) -> Variates:
    """Leading ``pairs`` canonical variates of two feature blocks (b, n, f_x), (b, n, f_y).

    ``n_effective`` is how many independent rows those of each data set (b,) count as.
    """
    n = features_x.shape[1]
    count = n_effective.unsqueeze(1)  # b 1
    x, mean_x, scale_x = _standardise(features_x)
    y, mean_y, scale_y = _standardise(features_y)
    fold = torch.from_numpy(fold_of_rows(n)).to(x.device)
    rows = [(fold == g).nonzero().squeeze(1) for g in range(FOLDS)]
    both = torch.cat([x, y], dim=2)
    grams = [both[:, r].transpose(1, 2) @ both[:, r] for r in rows]
    total = torch.stack(grams).sum(dim=0)
    split = x.shape[2]
    whole = total / n
    found = _leading_pairs(whole, split, pairs, ridge, count)
    reference = _unit_variance(_fix_sign(found, x, y, row_weight), whole, split)
    order = torch.cat(rows).argsort()
    pieces_x, pieces_y = [], []
    for r, gram in zip(rows, grams, strict=True):
        rest = (total - gram) / (n - len(r))
        fitted = _leading_pairs(rest, split, pairs, ridge, count * (1 - len(r) / n))
        fitted = _fix_sign(fitted, x, y, row_weight)
        fitted = _unit_variance(_align(fitted, reference, whole, split), whole, split)
        pieces_x.append(x[:, r] @ fitted.x)
        pieces_y.append(y[:, r] @ fitted.y)
    return Variates(
        (torch.cat(pieces_x, dim=1)[:, order], torch.cat(pieces_y, dim=1)[:, order]),
        (Reader(mean_x, scale_x, reference.x), Reader(mean_y, scale_y, reference.y)),
    )


def _standardise(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = features.mean(dim=1, keepdim=True)
    scale = (features - mean).square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-6)
    return (features - mean) / scale, mean, scale


class _Pairs(NamedTuple):
    """Directions of canonical pairs, strongest first."""

    x: Tensor  # b f_x k
    y: Tensor  # b f_y k
    stands_out: Tensor  # b k, 1 or 0: is the correlation above what noise alone gives


def _leading_pairs(gram: Tensor, split: int, pairs: int, ridge: float, n: Tensor) -> _Pairs:
    """Ridge CCA of screened features, from second moments of both sides (b, f_x + f_y, same).

    ``n`` is the number of rows they are of, (b, 1).
    """
    kept = kept_x, kept_y = _screen(gram, split, n)
    blocks = gram[:, :split, :split], gram[:, split:, split:]
    penalty = [ridge + some.places.shape[1] / n.unsqueeze(2) for some in kept]
    root_x, root_y = (
        whitener(some.of(some.of(block).mT), p)
        for some, block, p in zip(kept, blocks, penalty, strict=True)
    )
    cross = kept_y.of(kept_x.of(gram[:, :split, split:]).mT).mT
    cross = root_x.mT @ cross @ root_y
    if cross.shape[1] <= cross.shape[2]:
        left, values = _leading_vectors(cross @ cross.transpose(1, 2), pairs)
        right = _normalise(cross.transpose(1, 2) @ left) * (values > 0)
    else:
        right, values = _leading_vectors(cross.transpose(1, 2) @ cross, pairs)
        left = _normalise(cross @ right) * (values > 0)
    # largest singular value between two independent sides of so many effective dimensions
    effective = [
        (root.square().sum(dim=(1, 2)) * -p.flatten() + root.shape[1]).clamp_min(1.0)
        for root, p in zip((root_x, root_y), penalty, strict=True)
    ]
    edge = sum((one.unsqueeze(1) / n).sqrt() for one in effective)  # b 1
    stands_out = values.squeeze(1).clamp_min(0.0).sqrt() > NOISE_MARGIN * edge
    return _Pairs(
        kept_x.back(root_x @ left, split),
        kept_y.back(root_y @ right, gram.shape[1] - split),
        stands_out.to(gram.dtype),
    )


class _Kept(NamedTuple):
    """Features of a side that are kept, and what they are multiplied by; more means less ridge."""

    places: Tensor  # b m
    weight: Tensor  # b m

    def of(self, rows: Tensor) -> Tensor:
        """The kept ones among b f g, weighted: b m g."""
        index = self.places.unsqueeze(2).expand(-1, -1, rows.shape[2])
        return rows.gather(1, index) * self.weight.unsqueeze(2)

    def back(self, directions: Tensor, f: int) -> Tensor:
        """Directions among the kept ones b m k as directions among all: b f k."""
        index = self.places.unsqueeze(2).expand_as(directions)
        weighted = directions * self.weight.unsqueeze(2)
        return directions.new_zeros(len(index), f, index.shape[2]).scatter(1, index, weighted)


def _screen(gram: Tensor, split: int, n: Tensor) -> tuple[_Kept, _Kept]:
    """Which features of either side are worth keeping.

    Each is judged by its strongest correlation with any of the other side, in units of the
    strongest that noise would give: sure independence screening (Fan and Lv, 2008, JRSS B 70(5)).
    Few columns of many depend on each other as a rule, and few of their features are needed.
    """
    scale = gram.diagonal(dim1=1, dim2=2).clamp_min(1e-12).rsqrt()
    cross = (gram[:, :split, split:] * scale[:, :split, None] * scale[:, None, split:]).abs()
    noise = (2 * math.log(cross.shape[1] * cross.shape[2] + 1) / n).sqrt()  # b 1
    x, y = (_most_promising(strongest / noise) for strongest in (cross.amax(2), cross.amax(1)))
    return x, y


def _most_promising(promise: Tensor) -> _Kept:
    kept = promise.topk(min(KEPT, promise.shape[1]), dim=1)
    return _Kept(kept.indices, kept.values.clamp_max(MOST_PROMISE).square())


def _leading_vectors(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Eigenvectors b f k of the largest eigenvalues b 1 k, both zero where there is none.

    A side with few levels has fewer directions than pairs are asked for; what eigh returns beyond
    them is rounding noise that would change with the order of the columns.
    """
    if matrix.requires_grad:  # the gradient divides by differences of eigenvalues, also null ones
        matrix = matrix + 1e-14 * torch.diag(torch.arange(matrix.shape[1]).to(matrix))
    if matrix.is_cuda and matrix.shape[1] > SMALL_FOR_CUDA:
        values, vectors = _subspace_iteration(matrix, count)
    else:
        values, vectors = torch.linalg.eigh(matrix)
    largest = values[:, -count:].flip(-1).unsqueeze(1)
    largest = torch.where(largest > NULL_EIGENVALUE, largest, torch.zeros_like(largest))
    return vectors[..., -count:].flip(-1) * (largest > 0), largest


def _subspace_iteration(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Largest eigenvalues b k, ascending, and their vectors b f k, of matrices b f f.

    Randomised subspace iteration (Halko, Martinsson and Tropp, 2011, SIAM Review 53(2)): nothing
    but small products, where CUDA's eigensolver takes the matrices of a batch one by one.
    """
    f = matrix.shape[1]
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(f, min(f, 2 * count + SPARE), generator=generator, dtype=matrix.dtype)
    trace = matrix.diagonal(dim1=1, dim2=2).sum(dim=1).clamp_min(1e-300)
    power = matrix / trace.reshape(-1, 1, 1)
    power = power @ power
    power = power @ power
    block = start.to(matrix.device).expand(len(matrix), -1, -1)
    for _ in range(ITERATIONS):
        block = _orthonormal(power @ block)
    values, vectors = torch.linalg.eigh(block.mT @ (matrix @ block))
    return values[:, -count:], block @ vectors[..., -count:]


def _orthonormal(block: Tensor) -> Tensor:
    """Orthonormal columns b f k of the same span; zero where the span has fewer dimensions."""
    block = _normalise(block)
    values, vectors = torch.linalg.eigh(block.mT @ block)
    scale = torch.where(values > NULL_EIGENVALUE, values, torch.inf).rsqrt()
    return block @ (vectors * scale.unsqueeze(1))


def _normalise(columns: Tensor) -> Tensor:
    return columns / columns.norm(dim=1, keepdim=True).clamp_min(1e-12)


def _unit_variance(pairs: _Pairs, gram: Tensor, split: int) -> _Pairs:
    """Scale directions to unit variance under one moment matrix, so that folds agree."""
    x, y = (
        weights / (weights * (block @ weights)).sum(dim=1, keepdim=True).clamp_min(1e-12).sqrt()
        for weights, block in zip(
            pairs[:2], (gram[:, :split, :split], gram[:, split:, split:]), strict=True
        )
    )
    return _Pairs(x, y, pairs.stands_out)


def _fix_sign(pairs: _Pairs, x: Tensor, y: Tensor, row_weight: Tensor) -> _Pairs:
    """One sign a pair, by a rule that treats x and y alike."""
    moment = ((x @ pairs.x + y @ pairs.y) * row_weight.unsqueeze(-1)).sum(dim=1, keepdim=True)
    sign = torch.where(moment < 0, -1.0, 1.0).to(x.dtype)
    return _Pairs(pairs.x * sign, pairs.y * sign, pairs.stands_out)


def _align(fitted: _Pairs, reference: _Pairs, gram: Tensor, split: int) -> _Pairs:
    """Rotate a fold's pairs onto the reference pairs: orthogonal Procrustes.

    Only among pairs that stand out of the noise: the reference has seen the fold's own rows, and
    pairs of noise turned towards it would be no longer held out.
    """
    overlap = fitted.x.transpose(1, 2) @ gram[:, :split, :split] @ reference.x
    overlap = overlap + fitted.y.transpose(1, 2) @ gram[:, split:, split:] @ reference.y
    both = fitted.stands_out * reference.stands_out  # b k
    overlap = overlap * both.unsqueeze(1) * both.unsqueeze(2)
    place = torch.arange(3, overlap.shape[1] + 3).to(overlap)
    overlap = overlap + torch.diag_embed((1.0 - both) * place)  # these keep to themselves
    if overlap.requires_grad:  # distinct singular values, as in _leading_vectors
        overlap = overlap + 1e-13 * torch.diag(place)
    left, _, right_t = torch.linalg.svd(overlap)
    rotation = left @ right_t
    return _Pairs(fitted.x @ rotation, fitted.y @ rotation, fitted.stands_out)
