import json
import sys

import numpy as np
import pytest
from apps.clip_mi import main

QUICK = ["--n", "400", "--repeats", "2", "--n-slices", "3", "--levels", "0", ".05", ".2"]


@pytest.fixture(scope="module")
def default_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("clip_mi")
    options = [*QUICK, "--peers", "gaussian", "--keep-quantile", ".25"]
    code = main([*options, "--out", str(out), "--json", str(out / "run.json")])
    return code, out, json.loads((out / "run.json").read_text())


def test_the_embedded_pairs_show_information_falling_with_noise(default_run):
    code, _, record = default_run
    assert code == 0
    assert record["decreasing"] is True
    assert record["control"] < 0.1 * record["mean"][0]
    assert record["smallest_gap"] > 0
    assert record["n_features"] == [512, 512]
    assert record["swap_detection"]["cosine_auc"] > 0.99
    assert record["swap_detection"]["pointwise_auc"] > 0.8


def test_the_record_has_the_promised_keys_for_us_and_for_each_peer(default_run):
    _, _, record = default_run
    promised = {"levels", "mean", "sd", "smallest_gap", "control", "seconds"}
    assert promised <= set(record)
    assert promised <= set(record["peers"]["gaussian"])
    assert record["peers"]["gaussian"]["infoatlas_smallest_gap_same_slices"] == pytest.approx(
        record["smallest_gap"]
    )
    assert record["space"]["info_nce_nats"] <= record["space"]["info_nce_cap_nats"]


def test_every_file_is_written_and_no_partial_one_is_left(default_run):
    _, out, _ = default_run
    names = {path.name for path in out.iterdir()}
    tables = {"noise_curve.csv", "pairs.csv", "kept.csv"}
    assert names == tables | {"noise_curve.png", "pairs.png", "run.json"}
    assert len((out / "kept.csv").read_text().splitlines()) == 1 + 300


def test_embeddings_of_two_models_are_compared(tmp_path, capsys):
    generator = np.random.default_rng(0)
    latent = generator.standard_normal((300, 8))
    for name, noise in (("good", 0.3), ("bad", 3.0)):
        sides = [latent + noise * generator.standard_normal(latent.shape) for _ in range(2)]
        np.savez(tmp_path / f"{name}.npz", image_embeddings=sides[0], text_embeddings=sides[1])
    options = ["--repeats", "2", "--n-slices", "2", "--peers", "--table", "parquet"]
    files = ["--embeddings", str(tmp_path / "good.npz"), "--compare", str(tmp_path / "bad.npz")]
    assert main([*options, *files, "--out", str(tmp_path / "out")]) == 0
    record = json.loads((tmp_path / "out" / "metrics.json").read_text())
    good, bad = record["compare"]
    assert bad["name"] == "bad.npz"
    assert good["mean"] > bad["mean"]
    assert record["peers"] == {}
    assert "compare" in capsys.readouterr().out
    assert (tmp_path / "out" / "pairs.parquet").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--embeddings", "no/such.npz"], "does not exist"),
        (["--coco", "no/such/folder", "--model", "ViT-B-32"], "expected COCO's layout"),
        (["--n", "99999999"], "n must be between 1 and"),
        (["--n", "200", "--k", "600"], "k must be between 1 and"),
        (["--n", "200", "--levels", "0.1", "0"], "levels must be"),
        (["--model", "no/such/folder", "--backend", "transformers"], "has no config.json"),
    ],
)
def test_what_is_wrong_is_one_sentence_on_stderr(tmp_path, capsys, options, message):
    assert main([*options, "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("clip_mi: ")
    assert message in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("backend", ["open_clip", "transformers"])
def test_a_missing_package_says_how_to_install_it(tmp_path, capsys, monkeypatch, backend):
    monkeypatch.setitem(sys.modules, backend, None)
    options = ["--model", "some/model", "--backend", backend, "--out", str(tmp_path / "out")]
    assert main(options) == 2
    printed = capsys.readouterr().err
    assert f'needs {backend}; install it with: pip install "infoatlas[clip-models]"' in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("options", [["--k", "0"], ["--repeats", "few"], ["--peers", "guess"]])
def test_options_that_make_no_sense_are_refused(capsys, options):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2
    assert "error" in capsys.readouterr().err
