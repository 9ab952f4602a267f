"""mutual_information(): the whole flow, read top to bottom.

x, y -> check_pair -> read_pair -> write_critics -> MIResult
"""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from infoatlas._checkpoint import load_model
from infoatlas._coordinates import read_pair
from infoatlas._copula import Margin
from infoatlas._diagnostics import Diagnosis, diagnose
from infoatlas._forward import Forward, WrittenCritic, write_critics
from infoatlas._gaussian import fit_gaussian
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._projections import random_projections
from infoatlas._readout import of_fewer_rows
from infoatlas._refine import add_refinement, check_refine
from infoatlas._result import MIResult
from infoatlas._row_order import effective_rows, neighbour_gap
from infoatlas._validation import (
    Pair,
    Units,
    check_pair,
    check_random_state,
    check_series,
    check_stack,
    check_units,
    per_nat,
    tie_notes,
)
from infoatlas._wide import (
    N_SLICES,
    SLICE_COLUMNS,
    Wide,
    check_wide,
    is_wide,
    mean_of_slices,
    refuse_wide,
)

CHUNK_ROWS = 5000  # rows of a pass, of all its data sets; with more they no longer fit the cache
CHUNK_ROWS_CUDA = 400_000  # launches take the time there
SHOW_PROGRESS_ABOVE = 400_000  # rows in all; some seconds

Model = str | PathLike[str] | HyperNetwork
RandomState = int | np.random.Generator | None


def mutual_information(
    x: Any,
    y: Any,
    *,
    units: Units = "nats",
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    model: Model = "default",
    device: str | torch.device | None = None,
    refine: int = 0,
    wide: Wide = "refuse",
    series: bool = False,
    random_state: RandomState = 0,
) -> MIResult:
    """Mutual information of x and y, from one forward pass of a pretrained network.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,) or (n_samples, n_features)
        Row i of ``x`` was observed with row i of ``y``. NumPy, torch, lists, pandas or polars
        columns and frames; any number of features a side, continuous, discrete, nominal or mixed.
    units : {"nats", "bits"}
    discrete_x, discrete_y : {"auto", "nominal", "ordinal"}
        ``"auto"``: text and unordered categories are nominal, everything else has an order.
        ``"nominal"``: the codes of every column are names, and their order means nothing.
    model : str, path or HyperNetwork
        As for ``load_model``.
    device : str or torch.device, optional
        The CPU unless given.
    refine : int
        Gradient steps on the written critic, for ``result.refinement``: a held-out value, and
        whether the steps raised it. The estimate itself stays zero-shot.
    wide : {"refuse", "slice"}
        What happens to more than 64 columns a side. ``"slice"``: the result is the mean over 64
        random projections to 5 columns a side, and says so; ``sliced_mutual_information`` has more
        ways to do that.
    series : bool
        Rows follow each other in time. Where they remember, the estimate itself then rests on as
        many independent rows as they are worth (Bartlett, 1935, JRSS 98(3)); otherwise that widens
        the interval alone, for rows can also be alike because they were sorted.
    random_state : int, Generator or None
        Draws the product pairs. The same seed gives the same answer.

    Returns
    -------
    MIResult
        ``float(result)`` is the estimate.

    Raises
    ------
    ValueError, TypeError
        For input that cannot be used; the message names the argument.

    Notes
    -----
    Ranks of every column, so monotone maps change nothing; a Gaussian-copula critic in closed form;
    a hypernetwork that writes what is not Gaussian (Hu et al. 2024, ICML, for the idea); the last
    layer by penalised logistic density-ratio estimation; the Donsker-Varadhan and plug-in values of
    that critic, weighed by the network.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import mutual_information
    >>> x = np.random.default_rng(0).normal(size=(2000, 1))
    >>> result = mutual_information(x, x + np.random.default_rng(1).normal(size=(2000, 1)))
    >>> abs(result.mi - 0.5 * np.log(2)) < 0.05
    True
    """
    check_units(units)
    check_series(series)
    generator = check_random_state(random_state)
    pair = check_pair(x, y, discrete_x=discrete_x, discrete_y=discrete_y)
    steps = check_refine(refine, pair.n_samples)
    n_features = pair.x.n_features, pair.y.n_features
    check_wide(wide)
    if wide == "slice" and is_wide(n_features):
        if steps:
            raise ValueError('refine must be 0 where wide="slice" slices the columns.')
        return _sliced(pair, load_model(model, device=device), generator, units, series=series)
    refuse_wide(n_features, how='pass wide="slice" for the mean over random slices')
    network = load_model(model, device=device)
    result = estimate_pair(pair, network, generator, units, series=series)[0]
    return add_refinement(result, pair, network, generator, steps) if steps else result


def mutual_information_batch(
    x: Any,
    y: Any,
    *,
    units: Units = "nats",
    model: Model = "default",
    device: str | torch.device | None = None,
    series: bool = False,
    random_state: RandomState = 0,
) -> list[MIResult]:
    """Mutual information of many pairs of one shape, in one batched forward pass.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs, n_samples, n_features) or (n_pairs, n_samples)
        Numbers. Item i of ``x`` goes with item i of ``y``; the two may have different features.
    units, model, device, series, random_state
        As for ``mutual_information``.

    Returns
    -------
    list of MIResult
        The values that ``mutual_information`` gives one by one, with the same ``random_state``.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``; the message also names the item.
    """
    check_units(units)
    check_series(series)
    seed = int(check_random_state(random_state).integers(2**62))
    fresh = isinstance(random_state, int | np.integer)
    stack_x, stack_y = check_stack(x, y)
    n_features = stack_x.shape[2], stack_y.shape[2]
    refuse_wide(n_features, how="use sliced_mutual_information on each item")
    network = load_model(model, device=device)
    results: list[MIResult | None] = [None] * len(stack_x)
    rows_in_all = stack_x.shape[0] * stack_x.shape[1]
    bar = tqdm(total=len(stack_x), disable=None if rows_in_all > SHOW_PROGRESS_ABOVE else True)
    with torch.inference_mode(), bar:
        for items, gap in _chunks(stack_x, stack_y, network):
            generator = np.random.default_rng(random_state if fresh else seed)
            tensors = [_tensor(stack[items], network) for stack in (stack_x, stack_y)]
            gaps = torch.full((len(items),), gap, device=tensors[0].device)
            forward, diagnoses = _read(tensors, gaps, network, generator, series=series)
            for i, (item, found) in enumerate(zip(items, diagnoses, strict=True)):
                notes = tie_notes(stack_x[item], "x") + tie_notes(stack_y[item], "y")
                results[item] = _result(
                    forward, i, n_features, found.with_notes(notes), units, network.name
                )
            bar.update(len(items))
    return [result for result in results if result is not None]


def gaussian_mutual_information(x: Any, y: Any) -> NDArray[np.float64]:
    """Closed-form Gaussian-copula mutual information of many pairs of one shape, in nats.

    Ranks to normal scores, canonical correlations, small-sample correction: Ince et al. (2017),
    Human Brain Mapping 38(3). It sees no dependence that leaves the correlations of the scores at
    zero.

    Parameters
    ----------
    x, y : array-like of shape (n_pairs, n_samples, n_features) or (n_pairs, n_samples)

    Returns
    -------
    ndarray of shape (n_pairs,)

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information_batch``.
    """
    stack_x, stack_y = check_stack(x, y)
    size = max(1, 8 * CHUNK_ROWS // stack_x.shape[1])
    values = []
    with torch.inference_mode():
        for start in range(0, len(stack_x), size):
            scores = []
            for stack in (stack_x, stack_y):
                raw = torch.from_numpy(stack[start : start + size])
                scores.append(Margin(raw).scores(raw).normal)
            values.append(fit_gaussian(*scores).mutual_information)
    result: NDArray[np.float64] = torch.cat(values).numpy()
    return result


def estimate_pair(
    pair: Pair,
    network: HyperNetwork,
    generator: np.random.Generator,
    units: Units,
    *,
    series: bool = False,
) -> tuple[MIResult, WrittenCritic]:
    """Checked data in, its result and its critic out."""
    with torch.inference_mode():
        tensors = [_tensor(side.values[None], network) for side in (pair.x, pair.y)]
        gap = neighbour_gap(*tensors)
        forward, diagnoses = _read(tensors, gap, network, generator, series=series)
    n_features = pair.x.n_features, pair.y.n_features
    diagnosis = diagnoses[0].with_notes(pair.notes)
    result = _result(forward, 0, n_features, diagnosis, units, network.name)
    return result, forward.critic


def _read(
    tensors: list[Tensor],
    gap: Tensor,
    network: HyperNetwork,
    generator: np.random.Generator,
    *,
    series: bool,
) -> tuple[Forward, list[Diagnosis]]:
    """The forward pass of data sets of one neighbour gap, and what there is to say about each."""
    x, y = tensors
    rows = effective_rows(x, y, gap)
    pair = read_pair(x, y, n_effective=rows if series else None)
    forward = write_critics(network, pair, generator, gap=int(gap[0]))
    if not series:
        reading = of_fewer_rows(forward.reading, forward.summary, x.shape[1] / rows)
        forward = forward._replace(reading=reading)
    return forward, diagnose(forward, gap, rows)


def _sliced(
    pair: Pair,
    network: HyperNetwork,
    generator: np.random.Generator,
    units: Units,
    *,
    series: bool,
) -> MIResult:
    """Mean over random slices of both sides; a side of few columns is only rotated."""
    stacks = []
    for side in (pair.x, pair.y):
        projections = random_projections(N_SLICES, side.values.shape[1], SLICE_COLUMNS, generator)
        stacks.append(side.values @ projections)  # n d, s d k -> s n k
    results = mutual_information_batch(
        *stacks, units=units, model=network, series=series, random_state=generator
    )
    return mean_of_slices(results, (pair.x.n_features, pair.y.n_features))


def _result(
    forward: Forward,
    item: int,
    n_features: tuple[int, int],
    diagnosis: Diagnosis,
    units: Units,
    model: str,
) -> MIResult:
    """The numbers of one data set of a forward pass, in the caller's units."""
    scale = per_nat(units)
    reading = forward.reading
    pointwise = forward.joint[item].double().cpu().numpy() * scale
    return MIResult(
        mi=max(float(reading.mi[item]), 0.0) * scale,
        stderr=float(reading.stderr[item]) * scale,
        error_scales=(
            float(reading.too_high[item]) * scale,
            float(reading.too_low[item]) * scale,
        ),
        pointwise=pointwise,
        dv=float(reading.dv[item]) * scale,
        plug_in=float(reading.plug_in[item]) * scale,
        gaussian=float(forward.critic.pair.gaussian.mutual_information[item]) * scale,
        units=units,
        n_samples=len(pointwise),
        n_features=n_features,
        reliable=diagnosis.reliable,
        warnings=diagnosis.sentences,
        model=model,
    )


def chunk_rows(network: HyperNetwork) -> int:
    """Rows of all data sets of a pass, on the network's device."""
    return CHUNK_ROWS_CUDA if network.pair_first.weight.is_cuda else CHUNK_ROWS


def _tensor(values: NDArray[np.float64], network: HyperNetwork) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(network.pair_first.weight.device)


def _chunks(
    x: NDArray[np.float64], y: NDArray[np.float64], network: HyperNetwork
) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Items that go through the network together: bounded memory, one neighbour gap."""
    size = max(1, chunk_rows(network) // x.shape[1])
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        gaps = neighbour_gap(_tensor(x[part], network), _tensor(y[part], network)).cpu().numpy()
        for gap in np.unique(gaps):
            yield start + np.flatnonzero(gaps == gap), int(gap)
