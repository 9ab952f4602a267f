import json
import sys

import pytest
from apps.key_states import main

from infoatlas_plugins.key_states.simulation import has_graphics


@pytest.fixture(scope="module")
def discovered(tmp_path_factory):
    out = tmp_path_factory.mktemp("discover")
    code = main(["discover", "--method", "gaussian", "--out", str(out)])
    return code, out, json.loads((out / "discover.json").read_text())


def test_key_states_of_the_shipped_demonstrations_are_found_and_compared(discovered):
    code, out, record = discovered
    assert code == 0
    assert {path.name for path in out.iterdir()} == {"discover.json", "profile.png"}
    assert len(record["key_states"]) == record["n_demonstrations"] == 24
    assert set(record["median_steps_to_privileged"]) == {"gaussian", "uniform", "random"}
    assert record["profile_p_value"] == 0.05


def test_a_policy_is_trained_into_the_folder(tmp_path, capsys):
    options = ["--keys", "uniform", "--iterations", "2", "--out", str(tmp_path)]
    assert main(["train", *options]) == 0
    assert {"policy.safetensors", "policy.json", "train.json"} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert "trained    key-state policy, 2 iterations" in capsys.readouterr().out


def test_without_mani_skill_the_default_run_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mani_skill", None)
    assert main(["--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert 'pip install "infoatlas[robot]"' in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["discover", "--demos", "none.h5"], "none.h5 does not exist"),
        (["eval", "--policy", "no/folder"], "train a policy with"),
    ],
)
def test_what_is_missing_is_one_sentence_on_stderr(tmp_path, capsys, options, message):
    assert main([*options, "--out", str(tmp_path)]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("key_states: ")
    assert message in printed


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of mani-skill's own dependencies
def test_the_default_run_does_everything_in_miniature(tmp_path):
    pytest.importorskip("mani_skill", reason="needs mani-skill")
    assert main(["--out", str(tmp_path), "--json", str(tmp_path / "figures.json")]) == 0
    record = json.loads((tmp_path / "figures.json").read_text())
    assert record["eval"]["seen"]["episodes"] + record["eval"]["unseen"]["episodes"] == 20
    assert record["seconds"] < 300
    written = {path.name for path in tmp_path.iterdir()}
    assert {"profile.png", "success.png", "policy"} <= written
    assert ("key_frames.png" in written) is has_graphics()
    assert ("rollout.mp4" in written) is has_graphics()
