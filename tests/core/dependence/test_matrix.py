"""Pairwise matrices: the pairs' own values, groups, missing values, memory, blocks and engines."""

import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest

from infoatlas import mutual_information, pairwise_mutual_information
from infoatlas.dependence import matrix
from infoatlas.dependence._groups import Groups
from infoatlas.dependence.matrix import blocks_of


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    a, b, noise = rng.normal(size=(3, 100))
    city = np.where(a > 0, "Rome", np.where(b > 0, "Oslo", "Bern"))
    return {"a": a, "b": b, "sum": a + b + noise, "city": city, "count": rng.poisson(np.exp(a))}


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(matrix, "BLOCK_GROUPS", 2)


# values


def test_each_pair_has_the_value_it_has_alone(table):
    result = pairwise_mutual_information(table, random_state=3)
    names = list(table)
    assert result.names == tuple(names)
    for i, x in enumerate(names):
        for j, y in enumerate(names[:i]):
            alone = mutual_information({x: table[x]}, {y: table[y]}, random_state=3)
            # single precision, summed in another order in a batch
            assert result.mi[i, j] == pytest.approx(alone.mi, abs=1e-4)
            assert result.stderr[i, j] == pytest.approx(alone.stderr, abs=1e-3)
            assert result.reliable[i, j] == alone.reliable


def test_series_are_read_as_series(walk):
    x, y = walk(300, 0.97, 0)[:, 0], walk(300, 0.97, 1)[:, 0]
    found = pairwise_mutual_information({"x": x, "y": y}, series=True).mi[0, 1]
    assert found == pytest.approx(mutual_information(y, x, series=True).mi, abs=1e-3)
    assert found < 0.5 * mutual_information(x, y).mi


def test_it_is_symmetric_with_an_empty_diagonal(table):
    result = pairwise_mutual_information(table)
    for values in (result.mi, result.stderr, result.reliable, result.n_samples):
        assert np.array_equal(values, values.T, equal_nan=True)
    assert np.isnan(np.diag(result.mi)).all()
    assert (result.n_samples == 100).all()


def test_bits_are_nats_over_ln_2_and_normalised_values_know_it(table):
    nats, bits = (pairwise_mutual_information(table, units=units) for units in ("nats", "bits"))
    assert bits.mi[0, 1:] == pytest.approx(nats.mi[0, 1:] / np.log(2))
    assert bits.normalised() == pytest.approx(nats.normalised())


def test_the_normalised_value_of_gaussians_is_their_correlation():
    rng = np.random.default_rng(0)
    x, e = rng.normal(size=(2, 2000))
    found = pairwise_mutual_information({"x": x, "y": -0.6 * x + 0.8 * e}).normalised()
    assert found[0, 1] == pytest.approx(0.6, abs=0.05)  # standard error of r is 0.014
    assert (np.diag(found) == 1).all()


def test_groups_are_read_together(table):
    groups = {"both": ["a", "b"], "sum": ["sum"], "city": "city"}
    result = pairwise_mutual_information(table, groups=groups)
    assert result.names == ("both", "sum", "city")
    alone = mutual_information({name: table[name] for name in "ab"}, {"sum": table["sum"]})
    assert result.mi[0, 1] == pytest.approx(alone.mi, abs=1e-4)


def test_groups_may_be_lists_of_places():
    X = np.random.default_rng(0).normal(size=(60, 3))
    result = pairwise_mutual_information(X, groups=[[0, 1], [2]])
    assert result.names == ("0 + 1", "2")
    assert result.mi[0, 1] == pytest.approx(mutual_information(X[:, :2], X[:, 2]).mi, abs=1e-4)


def test_frames_of_pandas_and_polars_give_the_same(table):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = pairwise_mutual_information(table).mi
    for frame in (pandas.DataFrame(table), polars.DataFrame(table)):
        found = pairwise_mutual_information(frame)
        assert found.names == tuple(table)
        assert np.array_equal(found.mi, expected, equal_nan=True)


def test_ordered_categories_count_by_their_order():
    pandas = pytest.importorskip("pandas")
    x = np.random.default_rng(0).normal(size=100)
    size = pandas.cut(x, [-9, -1, 0, 1, 9], labels=["s", "m", "l", "xl"])
    found = pairwise_mutual_information(pandas.DataFrame({"x": x, "size": size})).mi[0, 1]
    codes = np.digitize(x, [-1, 0, 1])
    assert found == pytest.approx(mutual_information(x, codes).mi, abs=1e-4)


def test_less_memory_changes_no_value(table):
    few = pairwise_mutual_information(table, memory_mb=7.0)  # one pair of 100 rows at a time
    many = pairwise_mutual_information(table)
    assert few.mi[0, 1:] == pytest.approx(many.mi[0, 1:], abs=1e-4)


# missing values


@pytest.fixture
def holes(table):
    a, city = table["a"].copy(), table["city"].astype(object)
    a[:10] = np.nan
    city[5:20] = None
    return {**table, "a": a, "city": city}


def test_missing_values_are_refused_unless_it_is_said_what_to_do(holes):
    with pytest.raises(ValueError, match=r"20 of 100 rows, in column 'a', column 'city'; choose"):
        pairwise_mutual_information(holes)


def test_rows_may_be_dropped_everywhere(table, holes):
    dropped = pairwise_mutual_information(holes, missing="drop_rows")
    complete = pairwise_mutual_information({name: table[name][20:] for name in table})
    assert np.array_equal(dropped.mi, complete.mi, equal_nan=True)
    assert (dropped.n_samples == 80).all()


def test_rows_may_be_dropped_for_each_pair(table, holes):
    dropped = pairwise_mutual_information(holes, missing="drop_pairwise")
    order = [list(holes).index(name) for name in ("a", "b", "city")]
    assert dropped.n_samples[np.ix_(order, order)].tolist() == [
        [90, 90, 80], [90, 100, 85], [80, 85, 85],
    ]  # fmt: skip
    alone = mutual_information(table["a"][10:], table["b"][10:])
    assert dropped.mi[0, 1] == pytest.approx(alone.mi, abs=1e-4)


def test_a_pair_without_common_rows_has_no_value_and_a_warning_says_so(table):
    a, b = table["a"].copy(), table["b"].copy()
    a[:50], b[50:] = np.nan, np.nan
    with pytest.warns(UserWarning, match="1 pairs have fewer than 16 common rows.* a and b"):
        result = pairwise_mutual_information({**table, "a": a, "b": b}, missing="drop_pairwise")
    assert np.isnan(result.mi[0, 1])
    assert not result.reliable[0, 1]
    assert result.n_samples[0, 1] == 0
    assert np.isfinite(result.mi[0, 2:]).all()


# blocks


@pytest.mark.parametrize("count", [2, 3, 16, 17, 40])
def test_the_blocks_hold_every_pair_once(count):
    pairs = [pair for block in blocks_of(count).values() for pair in block]
    assert len(pairs) == len(set(pairs)) == count * (count - 1) // 2


@pytest.fixture
def computed(monkeypatch):
    """Blocks that were computed, and a switch that makes one fail."""
    seen, original = [], matrix.compute_pairs
    state = {"fail_at": None, "seen": seen}

    def compute_pairs(groups, pairs, *, options):
        if len(seen) == state["fail_at"]:
            raise KeyboardInterrupt
        seen.append(pairs)
        return original(groups, pairs, options=options)

    monkeypatch.setattr(matrix, "compute_pairs", compute_pairs)
    return state


def test_a_restart_goes_on_from_the_finished_blocks(table, tmp_path, small_blocks, computed):
    expected = pairwise_mutual_information(table).mi
    every, computed["seen"][:] = list(computed["seen"]), []
    computed["fail_at"] = 2
    with pytest.raises(KeyboardInterrupt):
        pairwise_mutual_information(table, block_dir=tmp_path)
    assert len(list(tmp_path.glob("block-*.npz"))) == 2
    first, computed["fail_at"] = list(computed["seen"]), None
    computed["seen"].clear()
    found = pairwise_mutual_information(table, block_dir=tmp_path).mi
    assert sorted(first + computed["seen"]) == sorted(every)
    assert np.array_equal(found, expected, equal_nan=True)
    computed["seen"].clear()
    assert np.array_equal(
        pairwise_mutual_information(table, block_dir=tmp_path).mi, expected, equal_nan=True
    )
    assert computed["seen"] == []
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"random_state": 1}, "random_state"),
        ({"groups": [["a"], ["b"]]}, "data"),
        ({"series": True}, "series"),
    ],
)
def test_blocks_of_another_run_are_refused(table, tmp_path, change, what):
    pairwise_mutual_information(table, block_dir=tmp_path)
    with pytest.raises(ValueError, match=rf"holds blocks of another run \(its {what} differ\)"):
        pairwise_mutual_information(table, block_dir=tmp_path, **change)


def test_a_damaged_block_is_named(table, tmp_path):
    pairwise_mutual_information(table, block_dir=tmp_path)
    (block,) = tmp_path.glob("block-*.npz")
    block.write_bytes(block.read_bytes()[:50])
    with pytest.raises(ValueError, match=r"block-0000-0000.npz is damaged .* remove it"):
        pairwise_mutual_information(table, block_dir=tmp_path)
    block.unlink()
    (tmp_path / "pairwise.json").write_text("{")
    with pytest.raises(ValueError, match=r"pairwise.json is damaged"):
        pairwise_mutual_information(table, block_dir=tmp_path)


def test_the_fingerprint_tells_data_apart():
    one = Groups(("a", "b"), (np.zeros((4, 1)), np.ones((4, 1))))
    assert one.fingerprint() == one._replace(names=("a", "b")).fingerprint()
    assert one.fingerprint() != one._replace(names=("a", "c")).fingerprint()
    assert one.fingerprint() != one._replace(values=one.values[::-1]).fingerprint()


# engines


@pytest.mark.slow  # two processes that load PyTorch
def test_processes_give_the_same_values(table, small_blocks):
    expected = pairwise_mutual_information(table).mi
    found = pairwise_mutual_information(table, n_jobs=2).mi
    assert np.allclose(found, expected, atol=1e-6, equal_nan=True)


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("dask.distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        )
    with local, distributed.Client(local) as client:
        yield client


def test_a_dask_client_gives_the_same_values(table, cluster, tmp_path):
    expected = pairwise_mutual_information(table).mi
    found = pairwise_mutual_information(table, client=cluster, block_dir=tmp_path).mi
    assert np.array_equal(found, expected, equal_nan=True)
    assert list(tmp_path.glob("block-*.npz"))


@pytest.mark.slow  # two worker processes that load PyTorch, one of which is killed
def test_a_killed_worker_loses_no_finished_block_and_the_run_ends_as_it_should(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(matrix, "BLOCK_GROUPS", 4)
    distributed = pytest.importorskip("dask.distributed")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 24)) + rng.normal(size=(64, 1))  # 21 blocks
    expected = pairwise_mutual_information(X).mi
    killed = threading.Event()

    def kill_after_first_block(client):
        while not list(tmp_path.glob("block-*.npz")):
            time.sleep(0.01)
        pids = client.run(os.getpid)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        killed.set()

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as local,
        distributed.Client(local.scheduler_address) as client,  # any address will do
    ):
        killer = threading.Thread(target=kill_after_first_block, args=(client,), daemon=True)
        killer.start()
        found = pairwise_mutual_information(X, client=client, block_dir=tmp_path).mi
        killer.join(timeout=60)
    assert killed.is_set()
    assert len(list(tmp_path.glob("block-*.npz"))) == 21
    assert np.allclose(found, expected, atol=1e-6, equal_nan=True)


# input that cannot be used


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"missing": "ignore"}, ValueError, 'missing must be "raise", "drop_rows" or "drop_pair'),
        ({"units": "bytes"}, ValueError, 'units must be "nats" or "bits"'),
        ({"n_jobs": 0}, ValueError, "n_jobs must be an integer other than 0"),
        ({"n_jobs": True}, ValueError, "n_jobs must be an integer other than 0"),
        ({"client": "tcp://host:8786"}, TypeError, "client must be a dask.distributed.Client"),
        ({"client": 1, "n_jobs": 2}, ValueError, "n_jobs and client exclude each other"),
        ({"memory_mb": 1}, ValueError, "memory_mb must be 7 or more for 100 rows, got 1"),
        ({"block_dir": "x", "random_state": None}, ValueError, "random_state must be an integer"),
        ({"groups": {"g": ["z"]}}, ValueError, "X has no column 'z'; it has"),
        ({"groups": {"g": []}}, ValueError, "a group needs at least one column"),
        ({"groups": [["a"], ["a"]]}, ValueError, "names must differ, got 'a' more than once"),
        ({"groups": "ab"}, TypeError, "groups must map names to lists of columns"),
        ({"groups": [["a", "b"]]}, ValueError, "two columns or groups or more, got 1"),
    ],
)
def test_bad_options_are_refused_in_words(table, options, error, message):
    with pytest.raises(error, match=message):
        pairwise_mutual_information(table, **options)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones(100), "column 'bad' is constant"),
        (np.full(100, np.inf) * np.r_[np.zeros(50) + 1, -np.ones(50)], "infinite values in 100"),
        (["x"] * 100, "column 'bad' is constant"),
        ([None] * 100, "missing values"),
    ],
)
def test_bad_columns_are_refused_by_name(table, bad, message):
    with pytest.raises(ValueError, match=message):
        pairwise_mutual_information({**table, "bad": bad})


def test_few_rows_are_refused(table):
    with pytest.raises(ValueError, match="X has 10 rows to use, and at least 16 are needed"):
        pairwise_mutual_information({name: values[:10] for name, values in table.items()})
