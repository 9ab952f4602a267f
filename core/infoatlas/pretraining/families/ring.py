"""Angles: y turns with x on a ring, up to wrapped normal noise. Uncorrelated, yet dependent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .hidden import HiddenJoint, hide
from .noise import NoiseSource
from .strength import chance, integer, log_uniform, uniform

WRAPS = 4  # copies of the normal on each side: enough for standard deviations up to 3 radians
INTEGRATION_CELLS = 2048


@dataclass(frozen=True)
class RingJoint:
    """alpha uniform on the circle, beta = turns * alpha + wrapped normal noise.

    A side with two columns shows its angle as a noisy-radius ring r (cos, sin), a side with one
    column as the angle itself. The radius is independent of everything, so the pointwise MI is
    that of the angles: ln 2 pi f(beta - turns * alpha), f the wrapped normal density.
    """

    deviation: Tensor  # b, radians
    thickness: Tensor  # b, standard deviation of ln radius
    turns: int
    flat_x: bool
    flat_y: bool
    continuous_x: bool = True
    continuous_y: bool = True

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return 1 if self.flat_x else 2

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return 1 if self.flat_y else 2

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Two angles for each row, as each side shows them."""
        alpha = 2 * math.pi * source.uniform(n, 1)
        beta = self.turns * alpha + self.deviation[:, None, None] * source.normal(n, 1)
        return self._shown(alpha, self.flat_x, source), self._shown(beta, self.flat_y, source)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Through the angles alone."""
        alpha = _angle(x)
        beta = _angle(y)
        noise = beta - self.turns * alpha
        return math.log(2 * math.pi) + log_wrapped_normal(noise, self.deviation[:, None])

    def mutual_information(self) -> Tensor:
        """ln 2 pi minus the entropy of the wrapped normal, by the midpoint rule on the circle."""
        cells = torch.arange(INTEGRATION_CELLS, device=self.deviation.device) + 0.5
        angles = (cells.double() / INTEGRATION_CELLS - 0.5) * 2 * math.pi
        log_density = log_wrapped_normal(angles, self.deviation[:, None])  # b cells
        negative_entropy = (log_density.exp() * log_density).mean(-1) * 2 * math.pi
        return math.log(2 * math.pi) + negative_entropy

    def _shown(self, angle: Tensor, flat: bool, source: NoiseSource) -> Tensor:  # noqa: FBT001
        if flat:
            return torch.remainder(angle, 2 * math.pi) - math.pi
        n = angle.shape[1]
        radius = 1.4 * (self.thickness[:, None, None] * source.normal(n, 1)).exp()
        return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=-1)


def log_wrapped_normal(angle: Tensor, deviation: Tensor) -> Tensor:
    """Log density of normal noise of the given standard deviation, wrapped onto the circle."""
    wrapped = torch.remainder(angle + math.pi, 2 * math.pi) - math.pi
    copies = torch.arange(-WRAPS, WRAPS + 1, device=angle.device) * 2 * math.pi
    standard = (wrapped[..., None] + copies) / deviation[..., None]
    log_sum = torch.logsumexp(-standard.square() / 2, -1)
    return log_sum - deviation.log() - math.log(2 * math.pi) / 2


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Noise from 0.05 radians (2.4 nats) to 2.5 radians (0.001 nats); one to three turns."""
    joint = RingJoint(
        deviation=log_uniform((b,), 0.05, 2.5, generator),
        thickness=uniform((b,), 0.02, 0.5, generator),
        turns=integer(1, 3, generator) if chance(0.5, generator) else 1,
        flat_x=d_x == 1 or chance(0.2, generator),
        flat_y=d_y == 1 or chance(0.3, generator),
    )
    return hide(joint, d_x, d_y, generator)


def _angle(columns: Tensor) -> Tensor:
    """Angle in radians from the columns of a side, one or two, shape (b, n)."""
    if columns.shape[-1] == 1:
        return columns[..., 0] + math.pi
    return torch.atan2(columns[..., 1], columns[..., 0])
