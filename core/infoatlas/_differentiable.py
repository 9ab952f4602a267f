"""Mutual information as a training loss: gradients to the samples.

Ranks are replaced by the smooth empirical distribution function; everything after them is smooth.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from os import PathLike
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from infoatlas._bounds import donsker_varadhan
from infoatlas._checkpoint import load_model
from infoatlas._coordinates import read_pair
from infoatlas._forward import WrittenCritic, sample_features, write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._pairs import ProductPairs, move_pairs, pairs_of_all
from infoatlas._validation import check_random_state

MAXIMUM_ROWS = 4096  # smooth ranks compare every row with every other
MINIMUM_ROWS = 16


def differentiable_mutual_information(
    x: Tensor,
    y: Tensor,
    *,
    through_weights: Literal["written", "fixed"] = "written",
    bandwidth: float = 0.1,
    model: str | PathLike[str] | HyperNetwork = "default",
    random_state: int | np.random.Generator | None = 0,
) -> Tensor:
    """Donsker-Varadhan value of the written critic, with gradients to x and y.

    Parameters
    ----------
    x, y : Tensor of shape (n_samples,) or (n_samples, n_features)
        16 to 4096 rows, floating point; the gradient reaches those that require it.
    through_weights : {"written", "fixed"}
        ``"written"`` differentiates the whole forward pass, also how the critic changes with the
        data. ``"fixed"`` holds the written critic fixed, as adversarial training of a critic does:
        cheaper, and free of the noise of the writing.
    bandwidth : float
        Width of the smooth ranks in standard deviations of a column. Small is closer to ranks, and
        the gradient noisier.
    model : str, path or HyperNetwork
    random_state : int, Generator or None
        Draws the product pairs; keep it fixed between two calls to compare them.

    Returns
    -------
    Tensor
        Scalar, nats, of the dtype of ``x``.

    Raises
    ------
    TypeError
        If ``x`` or ``y`` is not a floating-point tensor.
    ValueError
        For NaN or infinite values, mismatched or too few or too many rows, constant columns.

    Examples
    --------
    >>> import torch
    >>> from infoatlas import differentiable_mutual_information
    >>> x = torch.randn(128, 1, generator=torch.Generator().manual_seed(0), requires_grad=True)
    >>> differentiable_mutual_information(x, x.detach() + 0.5 * torch.randn(128, 1)).backward()
    >>> x.grad.shape
    torch.Size([128, 1])
    """
    if through_weights not in ("written", "fixed"):
        raise ValueError(f'through_weights must be "written" or "fixed", got {through_weights!r}.')
    if not bandwidth > 0:
        raise ValueError(f"bandwidth must be positive, got {bandwidth}.")
    stack_x, stack_y = _checked(x, "x"), _checked(y, "y")
    if stack_x.shape[1] != stack_y.shape[1]:
        raise ValueError(
            f"x and y must have the same number of rows, got x.shape={tuple(x.shape)} and "
            f"y.shape={tuple(y.shape)}."
        )
    network = double_precision(load_model(model)).to(x.device)
    generator = check_random_state(random_state)
    pairs = move_pairs(pairs_of_all(stack_x.shape[1], generator), x.device)
    if through_weights == "written":
        pair = read_pair(stack_x, stack_y, bandwidth=bandwidth)
        forward = write_critics(network, pair, generator, pairs=pairs)
        value = donsker_varadhan(forward.joint, forward.product.flatten(1))
    else:
        with torch.no_grad():
            pair = read_pair(stack_x.detach(), stack_y.detach(), bandwidth=bandwidth)
            critic = write_critics(network, pair, generator, pairs=pairs).critic
        value = fixed_critic_value(critic, stack_x, stack_y, pairs)
    return value.squeeze(0).to(x.dtype)


def fixed_critic_value(critic: WrittenCritic, x: Tensor, y: Tensor, pairs: ProductPairs) -> Tensor:
    """Donsker-Varadhan value of a critic held fixed: (b, n, d) twice -> b."""
    side_x, side_y = critic.pair.reader_x(x), critic.pair.reader_y(y)
    sample = sample_features(critic.model, critic.pair, critic.written, side_x, side_y, pairs)
    joint, product = sample.values(critic.solution.weights).tensor_split([x.shape[1]], dim=1)
    return donsker_varadhan(joint, product)


def _checked(values: Tensor, argument: str) -> Tensor:
    if not isinstance(values, Tensor) or not values.is_floating_point():
        raise TypeError(
            f"{argument} must be a floating-point torch tensor, got {type(values).__name__}; for "
            "arrays use mutual_information."
        )
    columns = values.unsqueeze(-1) if values.dim() == 1 else values
    if columns.dim() != 2 or not columns.shape[1]:
        raise ValueError(f"{argument} must have shape (n,) or (n, d), got {tuple(values.shape)}.")
    n = columns.shape[0]
    if not MINIMUM_ROWS <= n <= MAXIMUM_ROWS:
        raise ValueError(
            f"{argument} has {n} rows; a differentiable estimate takes {MINIMUM_ROWS} to "
            f"{MAXIMUM_ROWS}."
        )
    if not bool(torch.isfinite(columns).all()):
        raise ValueError(f"{argument} has NaN or infinite values.")
    if bool((columns.amax(dim=0) == columns.amin(dim=0)).any()):
        raise ValueError(f"{argument} has a constant column, which has no rank.")
    return columns.double().unsqueeze(0)


@lru_cache(maxsize=4)
def double_precision(network: HyperNetwork) -> HyperNetwork:
    """A double-precision copy: gradients agree with finite differences."""
    return copy.deepcopy(network).double()
