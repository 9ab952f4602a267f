import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infoatlas_plugins.key_states import read_lerobot


def write_lerobot(folder, *, names, success):
    (folder / "meta").mkdir(parents=True)
    card = {"robot_type": "panda", "features": {"observation.state": {"names": names}}}
    (folder / "meta" / "info.json").write_text(json.dumps(card))
    for chunk, episodes in enumerate(([1, 0], [2])):
        rows = [(e, f) for e in episodes for f in range(4 + e)]
        columns = {
            "observation.state": [[float(e), float(f)] for e, f in rows],
            "action": [[float(f)] for _, f in rows],
            "episode_index": [e for e, _ in rows],
            "frame_index": [f for _, f in rows],
        }
        if success:
            columns["next.success"] = [f == 3 + e for e, f in rows]
        target = folder / "data" / f"chunk-{chunk:03d}" / "file-000.parquet"
        target.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), target)


@pytest.mark.parametrize("names", [["x", "y"], {"motors": ["x", "y"]}])
def test_episodes_and_frames_come_out_in_order(tmp_path, names):
    write_lerobot(tmp_path, names=names, success=True)
    read = read_lerobot(tmp_path)
    assert read.columns == ("x", "y")
    assert [len(e.actions) for e in read.episodes] == [4, 5, 6]
    for number, episode in enumerate(read.episodes):
        assert (episode.states[:, 0] == number).all()
        assert np.array_equal(episode.states[:, 1], np.arange(4 + number))
        assert episode.flags["success"].argmax() == 3 + number


def test_success_is_optional(tmp_path):
    write_lerobot(tmp_path, names=None, success=False)
    read = read_lerobot(tmp_path)
    assert read.columns == ()
    assert read.episodes[0].flags == {}


def test_a_folder_or_column_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no LeRobot data set: expected meta"):
        read_lerobot(tmp_path)
    write_lerobot(tmp_path, names=None, success=False)
    broken = tmp_path / "data" / "chunk-000" / "file-000.parquet"
    pq.write_table(pq.read_table(broken).drop_columns(["action"]), broken)
    with pytest.raises(ValueError, match="has no column action"):
        read_lerobot(tmp_path)
