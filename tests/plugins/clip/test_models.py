"""open_clip and transformers for real: ViT-B-32 with random and with saved weights, no download."""

import json

import numpy as np
import pytest
import torch
from apps.clip_mi import main
from safetensors.torch import save_file

from infoatlas_plugins.clip import CocoPairs, OpenClipEmbedder, TransformersEmbedder, embed_pairs

pytestmark = pytest.mark.extra


@pytest.fixture(scope="module")
def open_clip():
    from infoatlas_plugins.clip.torchvision_operators import declare_missing_operators

    declare_missing_operators()
    return pytest.importorskip("open_clip", reason="models of open_clip need the extra clip-models")


@pytest.fixture(scope="module")
def saved_open_clip(open_clip, tmp_path_factory):
    """ViT-B-32 and the file of its weights."""
    path = tmp_path_factory.mktemp("open_clip") / "vit_b_32.pt"
    model = open_clip.create_model("ViT-B-32", pretrained=None).eval()
    torch.save(model.state_dict(), path)
    return model, path


@pytest.fixture(scope="module")
def saved_transformers(open_clip, tmp_path_factory):
    """CLIP of transformers' default configuration, ViT-B-32, in the folder that it saves."""
    transformers = pytest.importorskip("transformers", reason="needs the extra clip-models")
    folder = tmp_path_factory.mktemp("transformers")
    transformers.CLIPModel(transformers.CLIPConfig()).save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    words = open_clip.tokenizer.SimpleTokenizer()
    merges = sorted(words.bpe_ranks, key=words.bpe_ranks.get)
    (folder / "vocab.json").write_text(json.dumps(words.encoder))
    (folder / "merges.txt").write_text(
        "\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges)])
    )
    special = {"bos_token": "<start_of_text>", "eos_token": "<end_of_text>"}
    special |= {"unk_token": "<end_of_text>", "pad_token": "<end_of_text>"}
    tokenizer = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


def assert_unit_rows(rows, shape):
    assert rows.shape == shape
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_open_clip_embeds_coco_with_random_weights(open_clip, coco_root):
    found = embed_pairs(CocoPairs(coco_root), OpenClipEmbedder("ViT-B-32", "random"))
    assert_unit_rows(found.images, (6, 512))
    assert_unit_rows(found.texts, (6, 512))
    assert found.captions[0] == "first of 139"


def test_open_clip_reads_the_weights_in_a_file(saved_open_clip, open_clip, coco_root):
    model, path = saved_open_clip
    found = embed_pairs(CocoPairs(coco_root), OpenClipEmbedder("ViT-B-32", str(path)))
    words = open_clip.get_tokenizer("ViT-B-32")(list(found.captions))
    with torch.no_grad():
        texts = model.encode_text(words, normalize=True).numpy()
    np.testing.assert_allclose(found.texts, texts, atol=1e-5)
    other = OpenClipEmbedder("ViT-B-32", "random").embed_texts(found.captions)
    assert abs(found.texts - other).max() > 0.01


def test_open_clip_reads_a_folder(saved_open_clip, open_clip, coco_root, tmp_path):
    model, path = saved_open_clip
    folder = tmp_path / "model"
    folder.mkdir()
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    config = {"model_cfg": open_clip.get_model_config("ViT-B-32"), "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    captions = CocoPairs(coco_root).captions
    np.testing.assert_allclose(
        OpenClipEmbedder(f"local-dir:{folder}").embed_texts(captions),
        OpenClipEmbedder("ViT-B-32", str(path)).embed_texts(captions),
        atol=1e-6,
    )


def test_transformers_reads_a_folder(saved_transformers, open_clip, coco_root):
    import transformers

    found = embed_pairs(CocoPairs(coco_root), TransformersEmbedder(str(saved_transformers)))
    assert_unit_rows(found.images, (6, 512))
    assert_unit_rows(found.texts, (6, 512))
    model = transformers.CLIPModel.from_pretrained(saved_transformers).eval()
    words = open_clip.get_tokenizer("ViT-B-32")(list(found.captions))
    with torch.no_grad():  # the same words, cut by the other library
        texts = model.get_text_features(input_ids=words, attention_mask=(words > 0).long())
    texts = getattr(texts, "pooler_output", texts).numpy()
    np.testing.assert_allclose(
        found.texts, texts / np.linalg.norm(texts, axis=1, keepdims=True), atol=1e-4
    )


def test_the_command_goes_from_a_coco_folder_to_a_noise_curve(
    saved_open_clip, write_coco, tmp_path, capsys
):
    root, cache = write_coco(range(1, 67)), tmp_path / "cache"
    model = ["--model", "ViT-B-32", "--pretrained", str(saved_open_clip[1]), "--cache", str(cache)]
    quick = ["--repeats", "2", "--n-slices", "2", "--n-samples", "64", "--peers", "gaussian"]
    for out in ("first", "again"):  # the second run reads the cache
        options = ["--coco", str(root), *model, *quick, "--out", str(tmp_path / out)]
        assert main(options) == 0
    assert "66 pairs with 512 and 512 features" in capsys.readouterr().out
    first, again = (
        json.loads((tmp_path / out / "metrics.json").read_text()) for out in ("first", "again")
    )
    assert first["mean"] == again["mean"]
    assert len(list(cache.glob("*/*.npz"))) == 1
    assert (tmp_path / "first" / "pairs.png").exists()


def test_what_is_wrong_with_a_model_is_one_sentence(
    open_clip, coco_root, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "junk.pt").write_bytes(b"junk")
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    weights = ["--model", "ViT-B-32", "--pretrained"]
    hugging = ["--backend", "transformers", "--model"]
    cases = {
        "holds no weights of ViT-B-32": [*weights, str(tmp_path / "junk.pt")],
        "could not download the weights": [*weights, "laion2b_s34b_b79k"],
        f"transformers could not load {tmp_path}": [*hugging, str(tmp_path)],
        "transformers could not load no/such": [*hugging, "no/such"],
        "open_clip has no architecture": ["--model", "ViT-Z-9", "--pretrained", "random"],
        "needs --pretrained": ["--model", "ViT-B-32"],
        "is neither a file nor a tag": ["--model", "ViT-B-32", "--pretrained", "no/such.pt"],
        "has no open_clip_config.json": ["--model", f"local-dir:{tmp_path}"],
    }
    for message, options in cases.items():
        assert main(["--coco", str(coco_root), *options, "--out", str(tmp_path / "out")]) == 2
        printed = capsys.readouterr().err
        assert printed.startswith("clip_mi: ")
        assert message in printed
        assert printed.count("\n") == 1
