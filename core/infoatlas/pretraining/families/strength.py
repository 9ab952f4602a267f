"""How strong a drawn dependence is, and the random parameters every family needs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

STRONGEST = 6.0  # nats; with the exponent below the median is 1.1 and a tenth lies under 0.02
STRENGTH_EXPONENT = 2.5


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Uniform parameters on (low, high), float64."""
    draws = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    return low + (high - low) * draws


def log_uniform(
    shape: tuple[int, ...], low: float, high: float, generator: torch.Generator
) -> Tensor:
    """Parameters whose logarithm is uniform between those of low and high."""
    return uniform(shape, math.log(low), math.log(high), generator).exp()


def normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal parameters, float64."""
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)


def integer(low: int, high: int, generator: torch.Generator) -> int:
    """One integer between low and high, both included."""
    draw = torch.randint(low, high + 1, (), generator=generator, device=generator.device)
    return int(draw)


def chance(probability: float, generator: torch.Generator) -> bool:
    """True with the given probability."""
    return bool(torch.rand((), generator=generator, device=generator.device) < probability)


def permutation(d: int, generator: torch.Generator) -> Tensor:
    """A random order of d columns."""
    return torch.randperm(d, generator=generator, device=generator.device)


def few(most: int, generator: torch.Generator) -> int:
    """A count between 1 and `most`: half of the time at most 3, otherwise anything."""
    if chance(0.5, generator):
        return integer(1, min(3, most), generator)
    return integer(1, most, generator)


def total_information(b: int, generator: torch.Generator) -> Tensor:
    """Target mutual information of b data sets in nats: many weak, some strong."""
    return STRONGEST * uniform((b,), 0.0, 1.0, generator).pow(STRENGTH_EXPONENT)


def shared_information(b: int, pairs: int, generator: torch.Generator) -> Tensor:
    """Total information split over pairs, shape (b, pairs): equal, random or power-law shares."""
    kind = integer(0, 2, generator)
    if kind == 0:
        shares = torch.ones((b, pairs), device=generator.device, dtype=torch.float64)
    elif kind == 1:
        shares = -uniform((b, pairs), 1e-6, 1.0, generator).log()  # Dirichlet(1) once normalised
    else:
        ranks = torch.arange(1, pairs + 1, device=generator.device, dtype=torch.float64)
        shares = torch.pow(ranks, -uniform((b, 1), 0.3, 3.0, generator))
    shares = shares / shares.sum(-1, keepdim=True)
    return total_information(b, generator)[:, None] * shares


def saturated(information: Tensor, most: Tensor | float) -> Tensor:
    """Bend informations below what a law can hold: weak ones stay, strong ones approach `most`."""
    return most * -torch.expm1(-information / most)


def correlation_of(information: Tensor) -> Tensor:
    """Correlation of a normal pair that shares `information` nats: I = -ln(1 - rho^2) / 2."""
    return (-torch.expm1(-2 * information)).sqrt()


def orthogonal(b: int, d: int, strength: Tensor | None, generator: torch.Generator) -> Tensor:
    """Random orthogonal matrices (b, d, d); strength (b,) mixes weakly, None means uniformly."""
    matrix = normal((b, d, d), generator)
    if strength is not None:
        identity = torch.eye(d, device=generator.device, dtype=torch.float64)
        matrix = identity + strength[:, None, None] * matrix / math.sqrt(d)
    q, r = torch.linalg.qr(matrix)
    signed: Tensor = q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]
    return signed
