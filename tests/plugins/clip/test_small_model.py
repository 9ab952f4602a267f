import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from infoatlas_plugins.clip import EmojiPairs, embed_pairs
from infoatlas_plugins.clip.retrieval import cosine_scores, recall
from infoatlas_plugins.clip.small_embedder import SmallEmbedder, embed_layers
from infoatlas_plugins.clip.small_model import WEIGHTS, contrastive_loss
from infoatlas_plugins.clip.train_small_model import Recipe, Trainer, main


@pytest.fixture(scope="module")
def embedder():
    return SmallEmbedder()


@pytest.fixture(scope="module")
def scenes(embedder):
    return embed_pairs(EmojiPairs(300), embedder)


def test_the_shipped_model_finds_captions_it_was_not_trained_on(scenes):
    found = recall(cosine_scores(scenes.images, scenes.texts))
    assert found["image_to_text_at_1"] > 0.9  # among 300
    assert found["text_to_image_at_5"] > 0.95


def test_vectors_have_unit_length_and_512_features(scenes):
    assert scenes.images.shape == scenes.texts.shape == (300, 512)
    np.testing.assert_allclose(np.linalg.norm(scenes.images, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(scenes.texts, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_the_rest_of_the_batch(embedder):
    source = EmojiPairs(4)
    pictures = [source.picture(row) for row in range(4)]
    np.testing.assert_allclose(
        embedder.embed_images(pictures)[2], embedder.embed_images(pictures[2:3])[0], atol=1e-5
    )
    np.testing.assert_allclose(
        embedder.embed_texts(source.captions)[1],
        embedder.embed_texts(source.captions[1:2])[0],
        atol=1e-5,
    )


def test_photographs_are_refused(embedder):
    with pytest.raises(ValueError, match=r"of shape \(64, 64, 3\), got \(30, 40, 3\)"):
        embedder.embed_images([np.zeros((30, 40, 3), dtype=np.uint8)])


def test_the_card_belongs_to_the_weights():
    import hashlib

    card = json.loads(WEIGHTS.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert WEIGHTS.stat().st_size < 8e6
    assert {weight.dtype for weight in load_file(WEIGHTS).values()} <= {torch.half, torch.int64}


def test_layers_are_named_and_go_with_the_same_captions(embedder, scenes):
    layers = embed_layers(embedder, scenes)
    assert list(layers) == ["block 1", "block 2", "block 3", "block 4"]
    assert layers["block 3"].images.shape == (300, 256)
    np.testing.assert_array_equal(layers["block 1"].texts, scenes.texts)


def test_the_loss_is_the_logarithm_of_the_batch_before_anything_is_learnt():
    same = torch.ones(8, 4) / 2
    assert float(contrastive_loss(same, same, torch.tensor(0.0))) == pytest.approx(np.log(8))
    apart = torch.eye(8)
    assert float(contrastive_loss(apart, apart, torch.tensor(9.0))) < 1e-6  # capped at log 100


def test_the_rate_climbs_in_each_stage_and_ends_at_zero():
    recipe = Recipe(stages=(100, 80), warm_up=10, cosine=100, cool_down=40)
    rates = np.array([recipe.rate(step) for step in range(recipe.steps)])
    for stage in (rates[:100], rates[100:]):
        assert stage.argmax() in (9, 10)
        assert stage.max() == recipe.peak_rate
    assert rates[99] < 0.01 * recipe.peak_rate  # a whole cosine fits into the first stage
    assert rates[-1] == pytest.approx(recipe.peak_rate / 40)
    assert np.all(np.diff(rates[-40:]) < 0)


def test_the_second_stage_draws_lookalikes():
    recipe = Recipe(stages=(2, 2), batch=32, alike=8)
    settings = [
        len({(s.background, s.size, s.place) for s in recipe.draw(step, np.random.default_rng(0))})
        for step in (1, 2)
    ]
    assert settings[0] > 20
    assert settings[1] == 4


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    recipe = Recipe(stages=(2, 1), batch=16, alike=4)
    once, stopped, resumed = Trainer(recipe), Trainer(recipe), Trainer(recipe)
    stopped.train_step()
    stopped.save(tmp_path / "state.safetensors")
    resumed.load(tmp_path / "state.safetensors")
    losses = [once.train_step() for _ in range(recipe.steps)]
    assert losses[1:] == [resumed.train_step() for _ in range(recipe.steps - 1)]
    for name, value in once.model.state_dict().items():
        torch.testing.assert_close(value, resumed.model.state_dict()[name], msg=name)


def test_a_piece_of_training_keeps_its_state(tmp_path, capsys):
    options = ["--stages", "2", "1", "--batch", "16", "--minutes", "0", "--state", str(tmp_path)]
    weights = ["--weights", str(tmp_path / "w.safetensors")]
    assert main([*options, *weights]) == 0
    assert "stopped at step 0 of 3; run again" in capsys.readouterr().err
    assert (tmp_path / "state.safetensors").exists()
    assert not (tmp_path / "w.safetensors").exists()
