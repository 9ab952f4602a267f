"""Laws on the caller's own data: what is reported, in which words, and that a check can fail."""

import numpy as np
import pytest

from infoatlas import self_consistency
from infoatlas._many_pairs import Asked
from infoatlas.dependence import consistency

LAWS = ["independence"] + ["data processing"] * 4 + ["additivity"]


def gaussian(n=300, seed=0):
    x, e = np.random.default_rng(seed).normal(size=(2, n))
    return x, x + e


@pytest.mark.parametrize("seed", range(3))
def test_the_laws_hold_on_gaussian_data(seed):
    report = self_consistency(*gaussian(seed=seed))
    assert [check.law for check in report.checks] == LAWS
    assert report.consistent, str(report)


@pytest.mark.parametrize("kind", ["wavy, heavy tails", "mixed", "unequal sides", "binary"])
def test_any_kind_of_data_gets_a_report(draw, kind):
    report = self_consistency(*draw(kind, 200))
    assert len(report.checks) == len(LAWS)
    assert all(np.isfinite([c.expected, c.found, c.tolerance]).all() for c in report.checks)


def test_labels_get_a_report_too():
    x, y = gaussian(200)
    assert self_consistency(x, np.where(y > 0, "high", "low")).checks[0].holds


@pytest.fixture
def answers(monkeypatch):
    """Stand in for the estimator: answers(question) -> nats, standard error 0.01."""

    def install(answer):
        def estimate_pairs(asked, **_):
            return [type("R", (), {"mi": answer(q), "stderr": 0.01})() for q in asked]

        monkeypatch.setattr(consistency, "estimate_pairs", estimate_pairs)

    return install


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (lambda q: 0.5, {"independence", "additivity"}),
        (lambda q: 0.0, set()),
        (lambda q: 0.3 if len(np.unique(q.y)) <= 8 else 0.0, {"data processing"}),
        (lambda q: 0.3 * (q.y.shape[1] > 1), {"data processing", "additivity"}),
    ],
)
def test_an_estimator_that_breaks_a_law_is_found_out(answers, answer, broken):
    answers(answer)
    report = self_consistency(*gaussian())
    assert {check.law for check in report.checks if not check.holds} == broken
    assert report.consistent == (not broken)
    assert ("FAIL" in str(report)) == bool(broken)


def test_the_questions_are_what_the_laws_ask():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(101, 2)), rng.normal(size=(101, 3))
    asked = consistency._questions(x, y, rng)
    assert all(np.array_equal(np.sort(q.y, axis=0), np.sort(y, axis=0)) for q in asked["shuffled"])
    assert [len(np.unique(q.y)) for q in asked["coarse"]] == [2, 4, 8]
    (both,) = asked["both"]
    assert (both.x.shape, both.y.shape) == ((50, 4), (50, 6))
    rows = {tuple(row) for half in asked["halves"] for row in np.hstack([half.x, half.y])}
    assert len(rows) == 100  # the halves share no row
    left, right = both.x[:, :2], both.x[:, 2:]
    assert not {tuple(row) for row in left} & {tuple(row) for row in right}
    assert all(isinstance(q, Asked) for group in asked.values() for q in group)


@pytest.mark.parametrize("values", [[0.0] * 90 + [1.0] * 10, [0.0] * 10 + [1.0] * 90])
def test_a_coarse_copy_of_tied_values_is_not_constant(values):
    assert len(np.unique(consistency._coarse(np.array(values), 2))) == 2


def test_bits_are_nats_over_ln_2():
    nats, bits = (self_consistency(*gaussian(), units=units) for units in ("nats", "bits"))
    assert bits.mi == pytest.approx(nats.mi / np.log(2))
    for one, other in zip(nats.checks, bits.checks, strict=True):
        assert other.found == pytest.approx(one.found / np.log(2))
        assert other.holds == one.holds
    assert "bits" in str(bits)


def test_it_repeats_and_few_rows_are_refused():
    assert self_consistency(*gaussian()) == self_consistency(*gaussian())
    with pytest.raises(ValueError, match="x has 40 rows, and at least 64 are needed"):
        self_consistency(*gaussian(40))
