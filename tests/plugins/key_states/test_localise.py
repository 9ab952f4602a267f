import pytest
import torch

from infoatlas_plugins.key_states.localise import (
    LocalisationNetwork,
    order_loss,
    prior_state,
    soft_argmax,
    state_at,
)


@pytest.fixture
def states():
    return torch.cumsum(torch.randn(2, 9, 3, generator=torch.Generator().manual_seed(0)), dim=1)


def test_a_sharp_score_gives_its_step_and_a_flat_one_the_middle():
    scores = torch.zeros(1, 2, 11)
    scores[0, 0, 7] = 50.0
    assert soft_argmax(scores, 0).tolist() == [[7.0, 5.0]]
    assert soft_argmax(scores, 2)[0, 1] == 6.0  # the middle of what may be chosen


def test_a_state_between_two_steps_is_their_mean_and_its_gradient_their_difference(states):
    index = torch.tensor([[2.5], [3.25]], requires_grad=True)
    read = state_at(states, index)
    assert torch.allclose(read[0, 0], (states[0, 2] + states[0, 3]) / 2)
    read[..., 1].sum().backward()
    difference = states[:, :, 1].diff(dim=1)
    assert torch.allclose(index.grad[:, 0], torch.stack([difference[0, 2], difference[1, 3]]))


def test_the_last_step_can_be_read(states):
    assert torch.allclose(state_at(states, torch.full((2, 1), 8.0))[:, 0], states[:, 8])


def test_the_lagged_prior_is_the_state_dt_steps_earlier(states):
    index = torch.tensor([[4.5], [6.0]])
    assert torch.allclose(prior_state(states, index, 2, "lag"), state_at(states, index - 2))


def test_the_extrapolated_prior_goes_on_at_the_earlier_speed(states):
    speed = states[:, 3] - states[:, 2]
    expected = states[:, 2] + 2.5 * speed  # from step 2 to time 4.5
    read = prior_state(states, torch.full((2, 1), 4.5), 2, "extrapolate")
    assert torch.allclose(read[:, 0], expected)


def test_the_order_loss_falls_as_key_states_part_and_the_gap_stops_counting_once_kept():
    together, apart = torch.tensor([[5.0, 5.0]]), torch.tensor([[2.0, 9.0]])
    swapped = apart.flip(1)
    losses = [float(order_loss(index, 0.3, 4.0)) for index in (apart, together, swapped)]
    assert losses == sorted(losses)
    assert order_loss(apart, 0.3, 4.0) == order_loss(apart, 0.3, 0.0)
    lacking = order_loss(together, 0.3, 4.0) - order_loss(together, 0.3, 0.0)
    assert float(lacking) == pytest.approx(4.0**2)
    assert order_loss(together[:, :1], 0.3, 4.0) == 0


def test_the_network_scores_every_step_for_every_key_state(states):
    scores = LocalisationNetwork(3, 4)(states)
    assert scores.shape == (2, 4, 9)
    assert scores.isfinite().all()
