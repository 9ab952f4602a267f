"""y = x + uniform noise with x uniform: sharp supports, and a trapezoid for the density of y."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .hidden import HiddenJoint
from .noise import NoiseSource
from .pairs import hide_pairs
from .strength import few, log_uniform

ROUNDING = 1e-9  # relative slack on the edge of the support, above float64 rounding


@dataclass(frozen=True)
class AdditiveNoisePairs:
    """x ~ U(0, 1), y = x + U(-epsilon, epsilon), both emitted centred and with unit variance."""

    epsilon: Tensor  # b k

    def _scales(self) -> tuple[float, Tensor]:
        return 12**-0.5, ((1 + 4 * self.epsilon.square()) / 12).sqrt()[:, None, :]

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Draw x and the noise, (b, n, k) each."""
        epsilon = self.epsilon[:, None, :]
        scale_x, scale_y = self._scales()
        x = source.uniform(n, epsilon.shape[-1]) - 0.5
        y = x + epsilon * (2 * source.uniform(n, epsilon.shape[-1]) - 1)
        return x / scale_x, y / scale_y

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Minus ln of the length of {x : |y - x| < epsilon}, or -inf outside the support."""
        epsilon = self.epsilon[:, None, :]
        scale_x, scale_y = self._scales()
        x, y = x * scale_x, y * scale_y  # back to x in (-1/2, 1/2)
        length = (y + epsilon).clamp(max=0.5) - (y - epsilon).clamp(min=-0.5)
        inside = (y - x).abs() <= epsilon * (1 + ROUNDING)
        return torch.where(inside, -length.clamp(min=1e-300).log(), -torch.inf)

    def mutual_information(self) -> Tensor:
        """epsilon - ln(2 epsilon) up to 1/2, then 1 / (4 epsilon): entropy of a trapezoid."""
        narrow = self.epsilon - (2 * self.epsilon).log()
        return torch.where(self.epsilon <= 0.5, narrow, 1 / (4 * self.epsilon))


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Noise from 0.05 (1.8 nats) to 4 (0.06 nats) for one pair; wider where there are many."""
    pairs = min(few(min(d_x, d_y), generator), 12)
    crowd = max(1.0, pairs / 2)
    epsilon = log_uniform((b, pairs), min(0.05 * crowd, 0.4), 4.0 * crowd, generator)
    return hide_pairs(AdditiveNoisePairs(epsilon), pairs, d_x, d_y, generator)
