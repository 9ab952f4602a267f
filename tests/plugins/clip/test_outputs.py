import csv
import json

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from infoatlas_plugins.clip import EmbeddedPairs, NoiseCurve
from infoatlas_plugins.clip.outputs import curve_table, pair_table, save_record, save_table
from infoatlas_plugins.clip.picture import save_curves, save_pairs


@pytest.fixture(scope="module")
def curves(pairs):
    options = {"k": 2, "n_slices": 3, "n_repeats": 2}
    return {
        name: NoiseCurve((0.0, 0.2), method=name, **options).fit(pairs.images, pairs.texts)
        for name in ("gaussian", "ksg")
    }


def test_the_curve_has_a_row_for_each_method_level_and_number_of_slices(tmp_path, curves):
    save_table(tmp_path / "c.csv", curve_table(curves))
    with (tmp_path / "c.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 2 * 2 * 3
    last = [row for row in rows if row["method"] == "ksg" and row["n_slices"] == "3"]
    assert [float(row["mean_nats"]) for row in last] == pytest.approx(curves["ksg"].mean_)


def test_pairs_are_sorted_from_worst_to_best_in_either_form(tmp_path, pairs):
    scores = np.random.default_rng(0).standard_normal(len(pairs))
    table = pair_table(pairs, scores)
    assert table["row"][0] == scores.argmin()
    assert table["caption"][-1] == f"caption {scores.argmax()}"
    save_table(tmp_path / "p.parquet", table)
    read = pyarrow.parquet.read_table(tmp_path / "p.parquet").to_pydict()
    assert read == {name: list(column) for name, column in table.items()}


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"written as \.csv or \.parquet, got 'p\.xlsx'"):
        save_table(tmp_path / "p.xlsx", {"row": [1]})


def test_records_hold_no_numbers_that_json_cannot_say(tmp_path):
    save_record(tmp_path / "r.json", {"a": 1.5})
    assert json.loads((tmp_path / "r.json").read_text()) == {"a": 1.5}
    with pytest.raises(ValueError, match="JSON"):
        save_record(tmp_path / "bad.json", {"a": float("nan")})
    assert not (tmp_path / "bad.json").exists()


def test_figures_are_drawn(tmp_path, curves, pairs):
    save_curves(tmp_path / "curves.png", curves)
    save_pairs(tmp_path / "pairs.png", pairs, np.arange(800.0))
    for name in ("curves.png", "pairs.png"):
        with Image.open(tmp_path / name) as picture:
            colours = picture.convert("RGB").getcolors(picture.width * picture.height)
            assert len(colours) > 20


def test_pairs_without_pictures_cannot_be_shown(tmp_path, pairs):
    blind = EmbeddedPairs(name="blind", images=pairs.images, texts=pairs.texts)
    with pytest.raises(ValueError, match="blind has no pictures"):
        save_pairs(tmp_path / "p.png", blind, np.arange(800.0))
