"""What a family is: a recipe for joint distributions whose pointwise MI is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from .noise import NoiseSource


class Joint(Protocol):
    """b joint distributions of (x, y), with their own parameters, evaluated in one batch.

    Attributes
    ----------
    d_x, d_y : int
        Columns of x and of y.
    continuous_x, continuous_y : bool
        Whether every column of the side has a density, so that it may be rotated or warped.
    """

    @property
    def d_x(self) -> int: ...  # noqa: D102 (told above, as are the next three)

    @property
    def d_y(self) -> int: ...  # noqa: D102

    @property
    def continuous_x(self) -> bool: ...  # noqa: D102

    @property
    def continuous_y(self) -> bool: ...  # noqa: D102

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Draw n rows of each distribution: x of shape (b, n, d_x), y of shape (b, n, d_y)."""
        ...

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """ln p(x, y) / p(x) p(y) in nats, shape (b, n), for any rows; -inf where p(x, y) = 0."""
        ...

    def mutual_information(self) -> Tensor | None:
        """Mutual information in nats, shape (b,), or None where no formula is known."""
        ...


Family = Callable[[int, int, int, torch.Generator], Joint]
"""draw(b, d_x, d_y, generator) -> Joint."""
