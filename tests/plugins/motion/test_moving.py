import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from infoatlas_plugins.motion import read_mocap, read_pointodyssey
from infoatlas_plugins.motion.moving import (
    save_animation,
    save_page,
    save_point_clouds,
    save_rerun,
)
from infoatlas_plugins.motion.palette import group_colours

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# What a person does: press play, wait, drag across the canvas, hide a group. Notes each state.
VISITOR = """
<script>
const states = [];
const note = () => states.push({...document.body.dataset,
  picture: document.getElementById("scene").toDataURL().length});
const scene = document.getElementById("scene");
const turnAndHide = () => {
  document.getElementById("play").click();
  note();
  scene.dispatchEvent(new PointerEvent("pointerdown", {clientX: 100, clientY: 100}));
  scene.dispatchEvent(new PointerEvent("pointermove", {clientX: 200, clientY: 130}));
  window.dispatchEvent(new PointerEvent("pointerup"));
  note();
  document.querySelectorAll(".group")[1].click();
  note();
  document.body.append(Object.assign(document.createElement("pre"),
    {id: "states", textContent: JSON.stringify(states)}));
};
let looks = 0;
const untilItMoves = () => {  // a busy machine draws its first frame late
  const moved = document.body.dataset.frame !== states[0].frame;
  if (moved || ++looks > 200) turnAndHide(); else setTimeout(untilItMoves, 50);
};
setTimeout(() => { note(); document.getElementById("play").click(); untilItMoves(); }, 300);
</script>
"""


@pytest.fixture
def clip(write_sequence):
    return read_pointodyssey(write_sequence())


def page_data(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'type="application/json">(.*?)</script>', text, re.S)[1])


def test_the_page_is_whole_and_asks_for_nothing_else(clip, tmp_path):
    save_page(tmp_path / "x.html", clip, clip.labels, truth=clip.labels)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|https?://|import\s|fetch\(", text)
    data = page_data(tmp_path / "x.html")
    assert data["labels"] == data["truth"] == clip.labels.tolist()
    assert (data["frames"], data["flat"]) == (24, False)


@pytest.mark.slow  # a browser on a busy machine now and then draws no frame in time
@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
def test_a_visitor_can_play_turn_and_hide_groups(tmp_path):
    tracks = read_mocap(sequence="box_and_person", frames=slice(0, 200, 4))
    save_page(tmp_path / "x.html", tracks, tracks.labels)
    page = tmp_path / "x.html"
    page.write_text(page.read_text("utf-8").replace("</body>", VISITOR + "</body>"), "utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,700",
               "--virtual-time-budget=20000", "--dump-dom", f"--user-data-dir={tmp_path}/profile",
               page.as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    opened, played, turned, hidden = json.loads(re.search(r'id="states">(.*?)</pre>', dom)[1])
    assert int(opened["drawn"]) >= 45  # of 51 markers, some missing
    assert opened["picture"] > 5000  # a blank canvas is far smaller
    assert int(played["frame"]) > int(opened["frame"])
    assert float(turned["yaw"]) == pytest.approx(float(played["yaw"]) + 1.0)
    assert int(hidden["drawn"]) < int(turned["drawn"])


def test_the_animation_has_a_frame_for_each_of_a_short_clip(clip, tmp_path):
    save_animation(tmp_path / "x.gif", clip, clip.labels)
    with Image.open(tmp_path / "x.gif") as image:
        assert image.n_frames > 12  # equal neighbours are merged by the format
        assert image.size == (480, 360)
        colours = [tuple(round(255 * c) for c in colour) for colour in group_colours(2)]
        for frame in range(image.n_frames):
            image.seek(frame)
            drawn = {colour for _, colour in image.convert("RGB").getcolors(480 * 360)}
            assert {colours[1], colours[2]} <= drawn  # a group never changes its colour


def test_points_of_every_frame_are_written(clip, tmp_path):
    save_point_clouds(tmp_path, clip, clip.labels)
    assert len(list(tmp_path.glob("frame_*.ply"))) == 24
    assert b"element vertex 5\n" in (tmp_path / "frame_00001.ply").read_bytes()


@pytest.mark.extra
def test_a_rerun_recording_is_written(clip, tmp_path):
    pytest.importorskip("rerun", reason="recordings need rerun-sdk")
    save_rerun(tmp_path / "x.rrd", clip, clip.labels)
    assert (tmp_path / "x.rrd").read_bytes()[:3] == b"RRF"
    assert [path.name for path in tmp_path.glob("*.rrd*")] == ["x.rrd"]
    assert np.prod(clip.points.shape) > 0
