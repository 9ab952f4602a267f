"""A result shows its number well, and its interval has two sides, cut at zero."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from scipy.stats import t

from infoatlas._result import ConfidenceInterval, MIResult


def make_result(**changes):
    fields = {
        "mi": 0.51083,
        "stderr": 0.0213,
        "error_scales": (0.010, 0.036),
        "pointwise": np.linspace(-1, 1, 1000),
        "dv": 0.50,
        "plug_in": 0.52,
        "gaussian": 0.4801,
        "units": "nats",
        "n_samples": 1000,
        "n_features": (2, 1),
        "reliable": True,
        "warnings": (),
        "model": "base-v1 (sha256 0123abcd)",
    }
    return MIResult(**(fields | changes))


def test_a_result_as_a_float_is_the_estimate():
    assert float(make_result()) == 0.51083


def test_printing_shows_one_aligned_line_for_each_thing_to_know():
    assert str(make_result()).splitlines() == [
        "mutual information  0.5108 ± 0.0213 nats",
        "95% interval        0.4831 to 0.6108 nats",
        "Gaussian part       0.4801 nats",
        "data                1000 rows; columns: 2 of x, 1 of y",
        "reliable            yes",
        "model               base-v1 (sha256 0123abcd)",
    ]


def test_printing_ends_with_the_warnings():
    result = make_result(reliable=False, warnings=("x: column 2 has 48% ties.", "Few rows."))
    assert str(result).splitlines()[4:] == [
        "reliable            no",
        "model               base-v1 (sha256 0123abcd)",
        "warning             x: column 2 has 48% ties.",
        "warning             Few rows.",
    ]


def test_repr_fits_a_list_of_results():
    assert repr([make_result()]) == (
        "[MIResult(mi=0.5108, stderr=0.0213, units='nats', n_samples=1000, n_features=(2, 1), "
        "reliable=True)]"
    )


def test_a_notebook_shows_a_table_with_its_text_escaped():
    html = make_result(warnings=("x: column '<a>' has ties.",))._repr_html_()
    assert html.startswith("<table>")
    assert html.endswith("</table>")
    assert "0.5108 ± 0.0213 nats" in html
    assert "column &#x27;&lt;a&gt;&#x27; has" in html


@pytest.mark.parametrize("confidence_level", [0.5, 0.9, 0.95, 0.999])
def test_each_end_of_the_interval_leaves_out_a_tail_of_student_t_with_4_degrees(confidence_level):
    result = make_result()
    interval = result.confidence_interval(confidence_level)
    assert isinstance(interval, ConfidenceInterval)
    tail = (1 - confidence_level) / 2
    below, above = result.error_scales
    assert t.cdf(interval.low, 4, result.mi, below) == pytest.approx(tail)
    assert t.sf(interval.high, 4, result.mi, above) == pytest.approx(tail)


def test_the_default_interval_is_of_95_percent_and_unpacks():
    low, high = make_result().confidence_interval()
    assert (low, high) == make_result().confidence_interval(0.95)


def test_the_interval_stops_at_zero_but_never_leaves_its_estimate_out():
    assert make_result(mi=0.01).confidence_interval().low == 0
    low, high = make_result(mi=-0.1).confidence_interval()
    assert low < -0.1 < high


@pytest.mark.parametrize("confidence_level", [0, 1, -0.5, 100, float("nan")])
def test_a_confidence_level_out_of_range_is_refused(confidence_level):
    with pytest.raises(ValueError, match=r"^confidence_level must be between 0 and 1, got [-\dn]"):
        make_result().confidence_interval(confidence_level)


def test_a_confidence_level_in_percent_is_recognised():
    with pytest.raises(ValueError, match=r"got 95; did you mean 0\.95\?$"):
        make_result().confidence_interval(95)


def test_results_compare_by_identity_because_arrays_have_no_single_answer():
    result = make_result()
    assert result == result
    assert result != make_result()
    assert len({result, make_result()}) == 2


def test_a_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_result().mi = 1.0


def test_a_result_survives_pickling_and_copying():
    result = make_result()
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert str(other) == str(result)
        np.testing.assert_array_equal(other.pointwise, result.pointwise)
