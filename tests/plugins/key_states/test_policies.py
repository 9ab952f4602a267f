import pytest
import torch

from infoatlas_plugins.key_states.policies import ChunkedPolicy, KeyStatePolicy


@pytest.fixture
def transformer():
    torch.manual_seed(0)
    return KeyStatePolicy(
        6, 3, n_keys=2, context=5, chunk=4, width=16, n_layers=2, n_heads=2, dropout=0.0
    ).eval()


def test_the_transformer_gives_a_chunk_of_actions_and_every_key_state(transformer):
    actions, keys = transformer(torch.randn(7, 5, 6))
    assert actions.shape == (7, 4, 3)
    assert keys.shape == (7, 2, 6)


def test_actions_and_key_states_depend_on_the_whole_history(transformer):
    states = torch.randn(1, 5, 6)
    other = states.clone()
    other[:, 0] += 1
    for before, after in zip(transformer(states), transformer(other), strict=True):
        assert not torch.allclose(before, after)


def test_a_state_does_not_see_the_states_after_it(transformer):
    hidden = transformer.hidden
    assert not hidden[:, :2].any()  # everybody sees the queries
    assert not hidden[:2].any()  # and the queries everybody
    assert torch.equal(hidden[2:, 2:], torch.ones(5, 5, dtype=torch.bool).triu(1))


def test_the_plain_policy_reads_the_whole_window_and_knows_no_key_states():
    torch.manual_seed(0)
    policy = ChunkedPolicy(6, 3, context=5, chunk=4, width=8, dropout=0.0)
    states = torch.randn(2, 5, 6)
    other = states.clone()
    other[:, 0] += 1
    actions, keys = policy(states)
    assert keys is None
    assert actions.shape == (2, 4, 3)
    assert not torch.allclose(actions, policy(other)[0])
