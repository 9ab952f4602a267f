"""The estimate is a convex combination of its candidates, whatever the head says."""

import numpy as np
import pytest
import torch
from torch import nn

from infoatlas._bounds import (
    clipped_donsker_varadhan,
    donsker_varadhan,
    effective_sample_share,
    plug_in,
    tilted_plug_in,
)
from infoatlas._readout import (
    N_OUTPUTS,
    N_SUMMARIES,
    Evidence,
    of_fewer_rows,
    read_out,
    summarise,
)

CONTEXT = 6


def head(seed, scale=1.0):
    torch.manual_seed(seed)
    layer = nn.Linear(CONTEXT + N_SUMMARIES, N_OUTPUTS).double()
    return nn.Sequential(layer.requires_grad_(requires_grad=False), _Times(scale))


class _Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, values):
        return self.factor * values


def critic_values(seed, b=4, n=100, m=400):
    rng = np.random.default_rng(seed)
    joint = torch.from_numpy(rng.normal(0.5, 1, size=(b, n)))
    left_out = joint - torch.from_numpy(rng.random(size=(b, n)))
    product = torch.from_numpy(rng.normal(-1, 2, size=(b, m)))
    context = torch.from_numpy(rng.normal(size=(b, CONTEXT)))
    weight = torch.from_numpy(rng.integers(0, 2, size=m).astype(float))
    base = torch.from_numpy(rng.normal(0, 1, size=(b, n + m)))
    gaussian = torch.from_numpy(rng.random(size=b))
    rows = torch.full((b,), float(n), dtype=joint.dtype)
    evidence = joint, left_out, product, weight, base[:, :n], base[:, n:], gaussian, rows
    return context, Evidence(*evidence)


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_estimate_lies_between_its_candidates(seed, scale):
    context, evidence = critic_values(seed)
    reading = read_out(head(seed, scale), context, summarise(evidence))
    joint, left_out, product, weight, _, _, gaussian, _ = evidence
    candidates = torch.stack(
        [
            plug_in(joint),
            donsker_varadhan(joint, product, weight),
            plug_in(left_out),
            donsker_varadhan(left_out, product, weight),
            clipped_donsker_varadhan(left_out, product, weight),
            gaussian,
            summarise(evidence).candidates[:, -1],
        ]
    )
    assert (reading.mi <= candidates.amax(dim=0) + 1e-12).all()
    assert (reading.mi >= candidates.amin(dim=0) - 1e-12).all()


def test_candidates_that_agree_on_zero_give_zero():
    context, evidence = critic_values(0)
    nothing = Evidence(*(0.0 * field for field in evidence))._replace(
        weight=evidence.weight, n_effective=evidence.n_effective
    )
    assert read_out(head(0, 100.0), context, summarise(nothing)).mi.abs().max() < 1e-12


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_the_standard_error_stays_within_a_factor_of_the_sampling_error(scale):
    context, evidence = critic_values(0)
    reading = read_out(head(0, scale), context, summarise(evidence))
    sampling = evidence.joint.std(dim=1) / evidence.joint.shape[1] ** 0.5
    assert (reading.stderr >= sampling * np.exp(-2)).all()
    assert reading.stderr.isfinite().all()


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_the_scale_of_each_side_stays_within_a_factor_of_the_standard_error(scale):
    context, evidence = critic_values(0)
    reading = read_out(head(0, scale), context, summarise(evidence))
    for side in (reading.too_high, reading.too_low):
        ratio = side / reading.stderr
        assert (ratio > np.exp(-2.001)).all()
        assert (ratio < np.exp(2.001)).all()


def test_rows_alike_move_the_lower_end_and_the_standard_error_alone():
    context, evidence = critic_values(0)
    summary = summarise(evidence)
    reading = read_out(head(0), context, summary)
    ones = torch.ones_like(reading.mi)
    torch.testing.assert_close(of_fewer_rows(reading, summary, ones), reading)
    fewer = of_fewer_rows(reading, summary, 4 * ones)
    assert (fewer.stderr - reading.stderr >= summary.sampling).all()  # twice that of all rows
    torch.testing.assert_close(fewer.too_high - reading.too_high, fewer.stderr - reading.stderr)
    assert fewer.too_low is reading.too_low
    assert fewer.mi is reading.mi


def test_rows_that_count_as_fewer_are_read_as_fewer():
    _, evidence = critic_values(0)
    fewer = summarise(evidence._replace(n_effective=evidence.n_effective / 4))
    summary = summarise(evidence)
    torch.testing.assert_close(fewer.sampling, 2 * summary.sampling)
    assert torch.equal(fewer.candidates, summary.candidates)
    assert not torch.equal(fewer.numbers, summary.numbers)


def test_the_other_fields_are_plain_values_of_the_critic():
    context, evidence = critic_values(1)
    reading = read_out(head(1), context, summarise(evidence))
    assert torch.equal(reading.plug_in, evidence.joint.mean(dim=1))
    bound = donsker_varadhan(evidence.joint, evidence.product, evidence.weight)
    assert torch.equal(reading.dv, bound)
    share = effective_sample_share(evidence.product, evidence.weight)
    assert torch.equal(reading.effective_share, share)


def test_a_data_set_is_read_the_same_alone_and_in_a_batch():
    context, evidence = critic_values(2)
    together = read_out(head(2), context, summarise(evidence))
    for i in range(len(context)):
        part = slice(i, i + 1)
        own = Evidence(*(field[part] for field in evidence))._replace(weight=evidence.weight)
        alone = read_out(head(2), context[part], summarise(own))
        for one, all_ in zip(alone, together, strict=True):
            torch.testing.assert_close(one[0], all_[i])


def test_a_collapsed_critic_gives_finite_numbers():
    context, evidence = critic_values(3)
    evidence.product[:, 0], evidence.weight[0] = 300.0, 1.0
    high = evidence._replace(joint=evidence.joint + 20)
    reading = read_out(head(3), context, summarise(high))
    assert all(field.isfinite().all() for field in reading)
    assert (reading.effective_share < 0.01).all()


def test_one_product_pair_that_outweighs_all_moves_a_candidate_only_so_far():
    _, evidence = critic_values(4)
    evidence.product[:, 0], evidence.weight[0] = 12.0, 1.0
    candidates = summarise(evidence).candidates
    most = 1.2 * candidates[:, :-1].amax(dim=1) + 0.1
    assert (tilted_plug_in(evidence.product, evidence.weight) > most).all()
    torch.testing.assert_close(candidates[:, -1], most)
