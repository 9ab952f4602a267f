"""Pages are written between their marks, and nothing else of them changes."""

import pytest
from benchmarks.baselines_page import _published
from benchmarks.independence_page import detection_section, level_section, power_section
from benchmarks.measurement import Measurement
from benchmarks.pages import write_measured

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):  # the second time finds the same marks
        write_measured(page, ["new", "| a |"])
        assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n| a |\n\n{END}\nafter\n"
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}"])
def test_a_page_without_marks_is_left_alone(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match="has no"):
        write_measured(page, ["new"])
    assert page.read_text() == text


def test_rates_are_shares_of_small_p_values():
    rows = [
        {"evidence": evidence, "n_samples": "200", "d_x": "1", "d_y": "20", "pvalue": str(p)}
        for evidence in ("closed form", "all")
        for p in (0.05, 0.06, 0.5, 0.9)
    ]
    table = level_section(rows)[-1]
    assert "| closed form | all | 4 | 0.250 |" in table
    assert "| all | 16 or more | 4 | 0.250 |" in table


def test_mean_power_leaves_the_null_simulation_out():
    rows = [
        {"width": "1", "simulation": name, "method": "Dcorr", "repetition": "0", "pvalue": p}
        for name, p in (("linear", "0.01"), ("multimodal_independence", "0.9"))
    ]
    assert "| Dcorr | 1.000 | - | 1 |" in power_section(rows)[2]


def test_auc_has_a_row_for_every_method_that_was_run():
    rows = [
        {"width": "16", "n_samples": "50", "generator": "circle", "method": "KSG", "auc": "0.75"}
    ]
    narrow = detection_section(rows)[2]
    assert "| circle | KSG | 0.750 | - |" in narrow
    assert "Dcorr" not in narrow


def test_published_values_belong_to_the_first_task_of_a_column():
    def reading(task, method):
        return Measurement(task=task, n_samples=5000, seed=0, draw="", method=method, true_mi=1.0)

    assert _published(reading("multinormal-dense-5-5-0.5", "mine")) == 0.60
    assert _published(reading("Cat-5d", "info_nce")) == 0.233
    assert _published(reading("Cat-5d", "smile")) is None
    assert _published(reading("1v1-normal-0.75", "mine")) is None
