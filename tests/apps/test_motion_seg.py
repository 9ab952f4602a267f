import json

import numpy as np
import pytest
from apps.motion_seg import main


@pytest.fixture(scope="module")
def default_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("motion_seg")
    code = main(["--dataset", "pointodyssey", "--out", str(out), "--json", str(out / "run.json")])
    return code, out, json.loads((out / "run.json").read_text())


def test_the_embedded_scene_is_segmented(default_run):
    code, _, record = default_run
    assert code == 0
    assert record["ari"] >= 0.95
    assert record["ari_moving"] >= 0.95
    assert record["embedded"] is True
    assert record["n_clusters"] in (10, 11)  # ten bodies, one of which may come out in two
    assert record["affinity"] == "mi"


def test_every_file_is_written_and_no_partial_one_is_left(default_run):
    _, out, record = default_run
    names = {path.name for path in out.iterdir()}
    endings = {"ply", "png", "gif", "html"}
    assert names - {"segmentation.rrd"} == {
        "labels.npz",
        "run.json",
        *(f"segmentation.{ending}" for ending in endings),
    }
    with np.load(out / "labels.npz") as saved:
        assert len(saved["labels"]) == record["n_tracks"]


def test_groups_can_be_given_and_the_number_of_points_bounded(tmp_path, capsys):
    options = ["--clusters", "3", "--max-points", "40", "--frames", "0:60:2"]
    assert main([*options, "--affinity", "mi", "--critic-pairs", "0", "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert record["n_clusters"] == 3
    assert record["n_tracks"] == 80
    assert record["n_frames"] == 30
    printed = capsys.readouterr().out
    assert "sample scene" in printed
    assert "ARI" in printed


def test_the_embedded_capture_is_segmented(tmp_path):
    options = ["--dataset", "mocap", "--critic-pairs", "0"]
    assert main([*options, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert record["sequence"] == "wheelchair_racing"
    assert record["affinity"] == "mi"
    assert record["n_clusters"] == 10
    assert record["ari"] == 1


def test_a_plain_file_of_tracks_is_segmented(tmp_path):
    generator = np.random.default_rng(0)
    steps = np.repeat(generator.normal(size=(40, 2, 2)).cumsum(axis=0), 20, axis=1)
    np.save(tmp_path / "mine.npy", steps + generator.normal(size=(1, 40, 2)))
    out = tmp_path / "out"
    options = ["--dataset", "tracks", "--root", str(tmp_path / "mine.npy"), "--clusters", "2"]
    assert main([*options, "--out", str(out)]) == 0
    record = json.loads((out / "metrics.json").read_text())
    assert record["affinity"] == "cmi"
    with np.load(out / "labels.npz") as saved:
        first, second = saved["labels"].reshape(2, 20)
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_the_reference_protocol_says_how_well_mi_tells_the_reference_s_body(tmp_path, capsys):
    options = ["--reference", "130", "--frames", "0:120:4", "--out", str(tmp_path)]
    assert main(options) == 0
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert 0.6 < record["roc_auc"] <= 1  # on 30 frames; 0.5 is chance
    assert len(record["information_nats"]) == record["n_tracks"]
    assert "ROC-AUC" in capsys.readouterr().out
    assert (tmp_path / "reference.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--reference", "99999"], "an index among the"),
        (["--dataset", "mocap", "--reference", "1"], "has no mask of frame 0"),
        (["--dataset", "hopkins155"], "is not shipped"),
        (["--dataset", "tracks"], "tracks need a file"),
        (["--dataset", "mocap", "--sequence", "run"], "no capture 'run' (it holds: box_and_person"),
        (["--root", "no/such/folder"], "does not exist; download"),
        (["--sequence", "ani_s"], "no sequence 'ani_s'"),
        (["--split", "train"], "no split 'train'"),
        (["--frames", "0:5:1"], "at least 10"),
    ],
)
def test_what_is_missing_is_one_sentence_on_stderr(tmp_path, capsys, options, message):
    assert main([*options, "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("motion_seg: ")
    assert message in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--frames", "ten"],
        ["--clusters", "0"],
        ["--max-points", "-3"],
        ["--frames", "1:9:0"],
        ["--critic-pairs", "few"],
    ],
)
def test_options_that_make_no_sense_are_refused(capsys, options):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2
    assert "expected" in capsys.readouterr().err
