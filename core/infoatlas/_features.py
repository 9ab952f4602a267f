"""Closed-form features of one side, by which dependence that is not linear becomes linear.

Rotation by radius, sign products, periodic and local dependence; see ``widen``.

b: data sets   n: rows   d: coordinates   c: landmarks   f: features
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from infoatlas._copula import Scores

PRODUCTS_UP_TO = 10  # coordinates; z_i z_j for every pair is left out for wider sides
WAVES_UP_TO = 64  # coordinates
WAVES = ((1, 20), (WAVES_UP_TO, 12))  # coordinates at most, cosines of each of them
DEEPEST = 7.0  # exponential score of the radius at which its scale ends: one row in 1100 is beyond
LANDMARKS_UP_TO = 8  # coordinates; beyond, distances to single rows hardly differ
MOST_LANDMARKS, ROWS_PER_LANDMARK = 48, 32
WIDTHS = ((4, (0.4, 0.9)), (LANDMARKS_UP_TO, (0.9,)))  # of the Gaussian bumps, times sqrt(d)


def landmarks(normal: Tensor) -> Tensor:
    """Evenly spaced rows that the Gaussian bumps are centred on: b n d -> b c d."""
    n, d = normal.shape[1:]
    count = min(MOST_LANDMARKS, n // ROWS_PER_LANDMARK) if d <= LANDMARKS_UP_TO else 0
    rows = ((torch.arange(count, device=normal.device) + 0.5) * n / max(count, 1)).long()
    return normal[:, rows]


def widen(scores: Scores, radius: Tensor, centres: Tensor) -> Tensor:
    """Closed-form features of one side.

    Parameters
    ----------
    scores : Scores of shape (b, n, d)
    radius : Tensor of shape (b, n, 1)
        Uniform rank of the whitened norm of the row.
    centres : Tensor of shape (b, c, d)
        Landmarks; Gaussian bumps around them are Nystroem features of the Gaussian kernel (Williams
        and Seeger, 2001, NeurIPS).

    Returns
    -------
    Tensor of shape (b, n, f)
        z_i and cos(pi k u_r); up to 64 coordinates cos(pi k u_i) and z_i cos(pi k v), where v is
        the exponential score -log(1 - u_r) on a scale from 0 to 1, which grows as the squared norm
        of normal rows does; up to 10 coordinates z_i z_j and sign(z_i z_j); up to 8 coordinates the
        bumps.
    """
    z, u = scores
    d = z.shape[2]
    waves = next((count for most, count in WAVES if d <= most), 0)
    parts = [z]
    parts += [torch.cos(math.pi * k * u) for k in range(1, waves + 1)]
    parts += [torch.cos(math.pi * k * radius) for k in range(1, 5)]
    if 1 < d <= WAVES_UP_TO:
        depth = (1 - radius).clamp_min(math.exp(-DEEPEST)).log() / -DEEPEST
        parts += [z * torch.cos(math.pi * k * depth) for k in range(1, 5)]
    if 1 < d <= PRODUCTS_UP_TO:
        i, j = torch.triu_indices(d, d, offset=1, device=z.device)
        product = z[:, :, i] * z[:, :, j]
        parts += [product, product.sign()]
    if centres.shape[1]:
        squared = z.square().sum(dim=2, keepdim=True) - 2 * z @ centres.transpose(1, 2)
        squared = (squared + centres.square().sum(dim=2).unsqueeze(1)).clamp_min(0.0)
        widths = next(widths for most, widths in WIDTHS if d <= most)
        parts += [torch.exp(-0.5 * squared / (width**2 * d)) for width in widths]
    return torch.cat(parts, dim=2)
