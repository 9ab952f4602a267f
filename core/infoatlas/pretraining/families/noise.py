"""Noise for the families: independent rows, or rows that follow each other as an AR(1) process.

A family asks for normals, uniforms or chi-squares and never learns which kind of rows it gets: the
distribution of one row is the same, so its pointwise MI is too.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_UNIFORM = 1e-12  # keeps logarithms and normal quantiles of a uniform finite
NEGLIGIBLE_WEIGHT = 1e-9  # AR(1) weights below this no longer change a float64 normal noticeably


class NoiseSource:
    """Random numbers for a batch of b data sets, float64, on the device of the generator.

    Parameters
    ----------
    b : int
        Data sets in the batch.
    generator : torch.Generator
        The only origin of randomness.
    autocorrelation : Tensor of shape (b,), optional
        Lag-1 correlation of the underlying normals, in (-1, 1). None: independent rows.
    """

    def __init__(
        self, b: int, generator: torch.Generator, autocorrelation: Tensor | None = None
    ) -> None:
        self.b = b
        self.generator = generator
        self.autocorrelation = autocorrelation

    def normal(self, n: int, d: int) -> Tensor:
        """Standard normals of shape (b, n, d)."""
        shape = (self.b, n, d)
        values = torch.randn(
            shape, generator=self.generator, device=self.generator.device, dtype=torch.float64
        )
        return values if self.autocorrelation is None else _follow(values, self.autocorrelation)

    def uniform(self, n: int, d: int) -> Tensor:
        """Uniforms on the open interval (0, 1), of shape (b, n, d)."""
        if self.autocorrelation is not None:
            values: Tensor = torch.special.ndtr(self.normal(n, d))
        else:
            values = torch.rand(
                (self.b, n, d),
                generator=self.generator,
                device=self.generator.device,
                dtype=torch.float64,
            )
        return values.clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM)

    def chi_square(self, n: int, degrees: Tensor) -> Tensor:
        """Chi-squares of shape (b, n, 1) with integer degrees of freedom of shape (b,)."""
        most = int(degrees.max())
        kept = torch.arange(most, device=degrees.device) < degrees[:, None]  # b most
        return (self.normal(n, most).square() * kept[:, None, :]).sum(-1, keepdim=True)

    def levels(self, n: int, probabilities: Tensor) -> Tensor:
        """Category indices of shape (b, n, k) from probabilities of shape (b, k, levels)."""
        steps = probabilities.cumsum(-1)
        steps = steps / steps[..., -1:]
        draws = self.uniform(n, probabilities.shape[1]).transpose(1, 2).contiguous()  # b k n
        found = torch.searchsorted(steps.contiguous(), draws)
        return found.clamp(max=probabilities.shape[-1] - 1).transpose(1, 2)

    def signs(self, n: int, d: int) -> Tensor:
        """Fair signs, -1.0 or 1.0, of shape (b, n, d)."""
        return torch.where(self.uniform(n, d) < 0.5, -1.0, 1.0).to(torch.float64)


def _follow(innovations: Tensor, autocorrelation: Tensor) -> Tensor:
    """Stationary AR(1) rows from independent normals (b, n, d), by recursive doubling."""
    rho = autocorrelation.to(innovations)[:, None, None]
    values = innovations * (1 - rho.square()).sqrt()
    values[:, 0] = innovations[:, 0]  # the first row starts in the stationary law
    step, weight = 1, rho
    while step < values.shape[1] and float(weight.abs().max()) > NEGLIGIBLE_WEIGHT:
        shifted = values[:, :-step] * weight
        values = torch.cat([values[:, :step], values[:, step:] + shifted], dim=1)
        step, weight = 2 * step, weight.square()
    return values
