"""Saved = loaded to the last bit, nothing half-written, and each bad file gets its own sentence."""

import hashlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save as save_tensors

from infoatlas import _checkpoint, load_model, mutual_information
from infoatlas._checkpoint import FORMAT, save_model, write_safely
from infoatlas._hypernetwork import HyperNetwork, ModelConfig

SMALL = ModelConfig(
    token_width=8, row_width=8, rounds=1, written_width=8, hidden_width=8, written_features=4
)


def network(seed=0):
    torch.manual_seed(seed)
    return HyperNetwork(SMALL)


@pytest.fixture
def path(tmp_path):
    """A saved small network."""
    save_model(network(), tmp_path / "small.safetensors", {"note": "made by a test"})
    return tmp_path / "small.safetensors"


def card_of(path):
    return json.loads(path.with_suffix(".json").read_text())


def write_card(path, card):
    path.with_suffix(".json").write_text(card if isinstance(card, str) else json.dumps(card))


def estimate(model):
    x, e = np.random.default_rng(0).normal(size=(2, 100))
    return mutual_information(x, x + e, model=model)


# what works


@pytest.mark.parametrize("as_text", [True, False])
def test_what_was_saved_is_loaded_to_the_last_bit(path, as_text):
    before = estimate(network().eval().requires_grad_(requires_grad=False))
    after = estimate(str(path) if as_text else path)
    assert after.mi == before.mi
    np.testing.assert_array_equal(after.pointwise, before.pointwise)


def test_the_name_is_the_files_and_the_start_of_its_sha256(path):
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert load_model(path).name == f"small ({sha256[:12]})"
    assert estimate(path).model == f"small ({sha256[:12]})"


def test_the_card_says_what_the_weights_are(path):
    card = card_of(path)
    assert card["format"] == FORMAT
    assert card["config"] == SMALL.as_dict()
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card["note"] == "made by a test"


def test_a_loaded_network_is_for_inference_only(path):
    model = load_model(path)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_file_is_read_once_and_again_after_it_changed(path):
    first = load_model(path)
    assert load_model(path) is first
    save_model(network(1), path, {})
    second = load_model(path)
    assert second.name != first.name
    assert not torch.equal(second.pair_first.weight, first.pair_first.weight)


def test_a_loaded_network_is_passed_through():
    model = network()
    assert load_model(model) is model
    assert load_model(model, device="cpu") is model


def test_the_default_ships_with_the_package():
    model = load_model()
    assert load_model("default") is model
    assert re.fullmatch(r"flagship \([0-9a-f]{12}\)", model.name)
    weights = Path(_checkpoint.__file__).parent / "weights" / "flagship.safetensors"
    assert weights.stat().st_size <= 16 * 2**20
    card = card_of(weights)
    assert {"recipe", "steps", "core_hours", "data_sets", "held_out_error"} <= set(card)


# what is refused


def refused(model, message, **options):
    with pytest.raises(ValueError, match=message):
        load_model(model, **options)


def test_a_missing_file_is_refused(tmp_path):
    missing = tmp_path / "missing.safetensors"
    refused(missing, rf"^model: no checkpoint file at '{re.escape(str(missing))}'")


def test_a_folder_is_refused(tmp_path):
    refused(tmp_path, "^model: no checkpoint file at .*; give a .safetensors file")


@pytest.mark.parametrize("name", ["base-v2", "Default", "a/b/c", "weights.bin"])
def test_an_unknown_name_is_refused(name):
    refused(name, rf"^model='{name}' is not \"default\", not an existing .* not a hub id")


@pytest.mark.parametrize("model", [None, 3, b"default", ["default"], torch.nn.Linear(1, 1)])
def test_what_is_no_name_is_refused(model):
    with pytest.raises(TypeError, match=r'^model must be "default", a path, a hub id or a Hyper'):
        load_model(model)


def test_a_missing_card_is_refused(path):
    path.with_suffix(".json").unlink()
    refused(path, r"^model: small.safetensors has no card; expected small.json beside it")


@pytest.mark.parametrize("text", ["", "{", "not json", "{'a': 1}"])
def test_a_card_that_is_no_json_is_refused(path, text):
    write_card(path, text)
    refused(path, r"^model: the card small.json is not valid JSON")


def test_a_card_that_is_no_text_is_refused(path):
    path.with_suffix(".json").write_bytes(b"\xff\xfe\x00")
    refused(path, r"^model: the card small.json is not valid JSON")


@pytest.mark.parametrize("card", [[], "a", 3, {}, {"format": "infoatlas-hypernetwork-0"}])
def test_a_card_of_something_else_is_refused(path, card):
    write_card(path, json.dumps(card))
    refused(path, rf"^model: small.json is not the card of an {FORMAT} checkpoint")


@pytest.mark.parametrize("at", [100, -1])
def test_a_changed_byte_is_refused(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))
    refused(
        path, r"^model: small.safetensors is damaged or not the file its card describes \(sha256"
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "^model: small.safetensors is damaged")


def test_a_card_without_a_checksum_is_refused(path):
    card = card_of(path)
    del card["sha256"]
    write_card(path, card)
    refused(path, "card says None")


def with_checksum(path, content, **changes):
    path.write_bytes(content)
    write_card(path, card_of(path) | {"sha256": hashlib.sha256(content).hexdigest()} | changes)


@pytest.mark.parametrize(
    "content",
    [b"", b"no tensors", save_tensors({"weight": torch.zeros(3)})],
    ids=["empty", "text", "foreign"],
)
def test_a_foreign_file_with_a_matching_checksum_is_refused(path, content):
    with_checksum(path, content)
    refused(path, "^model: small.safetensors cannot be read as a hypernetwork")


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "config",
    [
        {**SMALL.as_dict(), "token_width": 16},
        {**SMALL.as_dict(), "token_width": 0},
        {**SMALL.as_dict(), "token_width": -8},
        {**SMALL.as_dict(), "token_width": "wide"},
        {**SMALL.as_dict(), "depth": 3},
        ["token_width"],
        None,
    ],
)
def test_sizes_that_do_not_fit_are_refused(path, config):
    with_checksum(path, path.read_bytes(), config=config)
    refused(path, "^model: small.safetensors cannot be read as a hypernetwork")


def test_a_pickle_is_never_opened(path, tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    torch.save({"weight": Trap()}, path)
    with_checksum(path, path.read_bytes())
    refused(path, "cannot be read as a hypernetwork")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("device", ["banana", "cpu:x", ""])
def test_an_unknown_device_is_refused(device):
    refused("default", rf"^device='{device}' is not a torch device", device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_missing_device_is_refused():
    refused(
        "default", "^device='cuda', but torch sees no CUDA device; use device=None", device="cuda"
    )


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an MPS device here")
def test_a_device_that_this_torch_lacks_is_refused():
    refused("default", "^device='mps' cannot be used here", device="mps")


def test_a_network_asked_for_on_another_device_is_copied_and_stays_where_it_was():
    model = network()
    assert load_model(model, device="meta").pair_first.weight.device.type == "meta"
    assert model.pair_first.weight.device.type == "cpu"


# hub ids


def hub(monkeypatch, download):
    module = SimpleNamespace(hf_hub_download=download)
    monkeypatch.setattr(_checkpoint, "import_module", lambda name: module)


def test_a_hub_id_gets_both_files(monkeypatch, path):
    folder = path.parent
    path.rename(folder / "model.safetensors")
    path.with_suffix(".json").rename(folder / "model.json")
    asked = []

    def download(hub_id, name):
        asked.append((hub_id, name))
        return str(folder / name)

    hub(monkeypatch, download)
    assert load_model("someone/atlas").config == SMALL
    assert asked == [("someone/atlas", "model.json"), ("someone/atlas", "model.safetensors")]


def test_a_hub_that_fails_is_named_with_its_reason(monkeypatch):
    def download(hub_id, name):
        raise OSError("404 for " + name)

    hub(monkeypatch, download)
    refused("someone/atlas", r"^model='someone/atlas': the hub gave no .* \(404 for model.json\)")


def test_a_missing_hub_client_is_asked_for_with_its_pip_line(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(_checkpoint, "import_module", missing)
    with pytest.raises(ImportError, match="pip install huggingface_hub"):
        load_model("someone/atlas")


# writing


def test_an_interrupted_write_leaves_the_old_file_whole(path, monkeypatch):
    before = path.read_bytes()

    def full_disk(self, content):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(OSError, match="No space"):
            save_model(network(1), path, {})
    assert path.read_bytes() == before
    assert load_model(path).config == SMALL


def test_the_new_content_is_complete_before_it_takes_the_name(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_safely(path, b"old")
    seen = []
    replace = Path.replace

    def watched(self, target):
        seen.append((self.read_bytes(), Path(target).read_bytes()))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_safely(path, b"new and longer")
    assert seen == [(b"new and longer", b"old")]
    assert path.read_bytes() == b"new and longer"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


def test_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "small.safetensors"
    save_model(network(), path, {})
    assert load_model(path).config == SMALL
