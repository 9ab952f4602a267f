"""What counts as data, how each kind of column becomes float64, and what each refusal says.

One door, three files behind it: ``_columns`` and ``_nominal`` are specified here too.
"""

import copy
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse

from infoatlas._validation import (
    check_discrete,
    check_pair,
    check_random_state,
    check_stack,
    check_units,
    tie_notes,
)

N = 40  # rows
NUMBERS = np.random.default_rng(0).normal(size=(N, 3))
Y = np.random.default_rng(1).normal(size=N)
CITIES = ["Rome", "Oslo", "Lima", "Rome"] * 10


def values_of(data, **options):
    return check_pair(data, Y, **options).x.values


# what is accepted


@pytest.mark.parametrize(
    "data",
    [
        NUMBERS,
        NUMBERS.tolist(),
        torch.tensor(NUMBERS),
        torch.tensor(NUMBERS, requires_grad=True),
        pd.DataFrame(NUMBERS, columns=list("abc")),
        pd.DataFrame(NUMBERS, columns=["a", "a", "b"]),
        pl.DataFrame(NUMBERS, schema=["a", "b", "c"]),
        {name: NUMBERS[:, i] for i, name in enumerate("abc")},
        {name: pd.Series(NUMBERS[:, i]) for i, name in enumerate("abc")},
        np.ma.masked_array(NUMBERS),
        NUMBERS.astype(object),
    ],
    ids=[
        "numpy", "list", "torch", "torch with grad", "pandas", "pandas, one name twice", "polars",
        "dict", "dict of series", "masked array without gaps", "objects",
    ],
)  # fmt: skip
def test_every_container_gives_the_same_float64_columns(data):
    side = check_pair(data, Y).x
    assert side.values.dtype == np.float64
    assert side.values.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(side.values, NUMBERS)
    assert side.n_features == 3
    assert side.nominal_groups == ()


@pytest.mark.parametrize(
    "data",
    [Y, Y[:, None], list(Y), torch.tensor(Y), pd.Series(Y), pd.Series(Y, name="a"), pl.Series(Y)],
)
def test_one_axis_means_one_column(data):
    np.testing.assert_array_equal(values_of(data), Y[:, None])


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.longdouble, np.int8, np.uint64, np.int64, bool]
)
def test_every_real_dtype_becomes_float64(dtype):
    data = (np.arange(N) % 7 > 2).astype(dtype)
    np.testing.assert_array_equal(values_of(data)[:, 0], data.astype(float))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int32, torch.bool])
def test_every_real_torch_dtype_becomes_float64(dtype):
    data = (torch.arange(N) % 7 > 2).to(dtype)
    np.testing.assert_array_equal(values_of(data)[:, 0], data.double().numpy())


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "int8", "float32", "Sparse[int]"])
def test_nullable_and_sparse_pandas_columns_without_gaps_are_numbers(dtype):
    data = pd.Series([0, 1] * (N // 2)).astype(dtype)
    np.testing.assert_array_equal(values_of(data)[:, 0], [0, 1] * (N // 2))


def test_decimals_and_fractions_and_numpy_scalars_in_objects_are_numbers():
    data = [Decimal("0.5"), np.float32(1.5), 2, np.True_] * 10
    np.testing.assert_array_equal(values_of(data)[:, 0], [0.5, 1.5, 2, 1] * 10)


def test_polars_decimals_are_numbers():
    data = pl.Series(["0.5", "1.5"] * (N // 2)).str.to_decimal(scale=2)
    np.testing.assert_array_equal(values_of(data)[:, 0], [0.5, 1.5] * (N // 2))


def test_the_callers_array_is_never_written_to():
    data = NUMBERS.copy()
    pair = check_pair(data, Y)
    pair.x.values[:] = 0
    pair.y.values[:] = 0
    np.testing.assert_array_equal(data, NUMBERS)


def test_sixteen_rows_are_enough():
    assert check_pair(Y[:16], Y[:16]).n_samples == 16


# how kinds of columns are read


@pytest.mark.parametrize(
    "data",
    [
        CITIES,
        np.array(CITIES),
        np.array(CITIES, dtype=object),
        np.array(CITIES, dtype="S"),
        pd.Series(CITIES),
        pd.Series(CITIES, dtype=object),
        pd.Series(CITIES, dtype="category"),
        pd.Categorical(CITIES),
        pl.Series(CITIES),
        pl.Series(CITIES, dtype=pl.Categorical),
        pl.Series(CITIES, dtype=pl.Enum(["Lima", "Oslo", "Rome", "Unused"])),
    ],
)
def test_text_and_unordered_categories_are_nominal(data):
    side = check_pair(data, Y).x
    rome, oslo, lima = (np.array(CITIES) == city for city in ("Rome", "Oslo", "Lima"))
    # by falling count; Oslo and Lima are tied, and Oslo came first
    np.testing.assert_array_equal(side.values, np.stack([rome, oslo, lima], axis=1))
    assert side.n_features == 1
    assert side.nominal_groups == ((0, 1, 2),)


def test_ordered_categories_are_ordinal_in_their_own_order():
    sizes = pd.Categorical(["M", "S", "L", "S"] * 10, categories=["S", "M", "L"], ordered=True)
    side = check_pair(pd.Series(sizes), Y).x
    np.testing.assert_array_equal(side.values[:, 0], [1, 0, 2, 0] * 10)
    assert side.nominal_groups == ()


def test_intervals_from_a_cut_are_ordinal():
    side = check_pair(pd.cut(pd.Series(Y), 4), Y).x
    assert set(side.values[:, 0]) == {0, 1, 2, 3}
    np.testing.assert_array_equal(side.encode(pd.cut(pd.Series(Y), 4)), side.values)


def test_integers_and_booleans_are_ordinal():
    data = pd.DataFrame({"stars": [1, 2, 3, 4] * 10, "seen": [True, False] * 20})
    np.testing.assert_array_equal(values_of(data), data.to_numpy(dtype=float))


def test_a_two_level_variable_takes_one_column():
    side = check_pair(["yes", "no", "no", "no"] * 10, Y).x
    np.testing.assert_array_equal(side.values[:, 0], [1, 0, 0, 0] * 10)
    assert side.nominal_groups == ((0,),)


def test_any_column_may_be_called_nominal():
    side = check_pair([3, 1, 2, 3] * 10, Y, discrete_x="nominal").x
    np.testing.assert_array_equal(side.values, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]] * 10)


def test_each_argument_has_its_own_option():
    codes = [3, 1, 2, 3] * 10
    pair = check_pair(codes, codes, discrete_y="nominal")
    assert pair.x.values.shape == (N, 1)
    assert pair.y.values.shape == (N, 3)


def test_ordinal_uses_the_order_of_numbers_and_of_categories():
    levels = pl.Enum(["S", "M", "L"])
    data = pl.DataFrame(
        {"size": pl.Series(["M", "S", "L", "S"] * 10, dtype=levels), "stars": [3, 1, 2, 2] * 10}
    )
    values = values_of(data, discrete_x="ordinal")
    np.testing.assert_array_equal(values, [[1, 3], [0, 1], [2, 2], [0, 2]] * 10)


def test_a_frame_may_mix_nominal_and_numeric_columns():
    data = pd.DataFrame({"age": Y, "city": CITIES, "stars": [1, 2] * 20, "sex": ["f", "m"] * 20})
    side = check_pair(data, Y).x
    assert side.n_features == 4
    assert side.values.shape == (N, 1 + 3 + 1 + 1)
    assert side.nominal_groups == ((1, 2, 3), (5,))


def test_a_list_of_rows_may_mix_text_and_numbers_by_column():
    side = check_pair([[1.5, "a"], [2, "b"], [3, "c"], [4, "a"]] * 10, Y).x
    np.testing.assert_array_equal(side.values[:, 0], [1.5, 2, 3, 4] * 10)
    assert side.nominal_groups == ((1, 2, 3),)


@pytest.mark.parametrize("random_state", range(5))
def test_renaming_nominal_levels_changes_nothing(random_state):
    rng = np.random.default_rng(random_state)
    codes = rng.integers(6, size=N)
    renamed = rng.permutation(6)[codes]
    words = np.array(["f", "a", "e", "b", "d", "c"])[codes]
    as_codes = values_of(codes, discrete_x="nominal")
    np.testing.assert_array_equal(as_codes, values_of(renamed, discrete_x="nominal"))
    np.testing.assert_array_equal(as_codes, values_of(words))


def test_two_rare_levels_are_pooled_and_noted():
    data = pd.DataFrame({"city": ["Rome"] * 20 + ["Oslo"] * 16 + ["Lima", "Lima", "Bonn", "Kyiv"]})
    side = check_pair(data, Y).x
    assert side.values.shape == (N, 3)
    np.testing.assert_array_equal(side.values[:, 2], [0] * 36 + [1] * 4)
    assert side.notes == (
        "x: 3 rare levels of column 'city' (fewer than 3 rows each) were pooled into one.",
    )


def test_a_single_rare_level_is_left_alone():
    side = check_pair(["Rome"] * 20 + ["Oslo"] * 18 + ["Lima"] * 2, Y).x
    assert side.values.sum(axis=0).tolist() == [20, 18, 2]
    assert side.notes == ()


# what is noted


def test_ties_among_floats_are_noted():
    data = NUMBERS.copy()
    data[:20, 2] = 1.0
    pair = check_pair(data, Y)
    expected = ("x: column 2 has 48% ties (21 different values in 40 rows).",)
    assert pair.notes == pair.x.notes == expected
    assert tie_notes(data, "x") == expected


def test_a_few_ties_from_rounding_are_no_news():
    data = np.arange(N) / 8.0
    data[:8] = 0
    assert check_pair(data, Y).notes == ()


def test_ties_among_integers_are_no_news():
    assert check_pair(np.arange(N) % 5, Y).notes == ()


def test_unlike_row_labels_are_noted():
    x, y = pd.Series(Y), pd.Series(Y)
    assert check_pair(x, y).notes == ()
    assert check_pair(x, y.iloc[::-1]).notes == (
        "x and y have different row labels; rows were paired by position, not by label.",
    )
    assert check_pair(list(x), list(y)).notes == ()


# new rows


def test_new_rows_are_encoded_as_the_fitted_ones():
    data = pd.DataFrame(
        {
            "age": Y,
            "city": CITIES,
            "size": pd.Categorical(["S", "L"] * 20, categories=["S", "M", "L"], ordered=True),
        }
    )
    side = check_pair(data, Y).x
    np.testing.assert_array_equal(side.encode(data), side.values)
    np.testing.assert_array_equal(side.encode(data.iloc[:1]), side.values[:1])
    other_order = pd.DataFrame({"age": [1.0], "city": ["Lima"], "size": ["M"]})
    np.testing.assert_array_equal(side.encode(other_order), [[1.0, 0, 0, 1, 1]])


def test_new_rows_may_be_constant():
    assert check_pair(NUMBERS, Y).x.encode(np.ones((2, 3))).shape == (2, 3)


def test_a_new_level_counts_as_rare_where_rare_levels_were_pooled():
    side = check_pair(["Rome"] * 20 + ["Oslo"] * 18 + ["Lima", "Bonn"], Y).x
    np.testing.assert_array_equal(side.encode(["Kyiv", "Rome"]), [[0, 0, 1], [1, 0, 0]])


def test_a_side_survives_pickling_and_copying():
    side = check_pair(pd.DataFrame({"age": Y, "city": CITIES}), Y).x
    new = pd.DataFrame({"age": [0.5], "city": ["Oslo"]})
    for other in (pickle.loads(pickle.dumps(side)), copy.deepcopy(side)):
        np.testing.assert_array_equal(other.encode(new), side.encode(new))


@pytest.mark.parametrize(
    ("fitted", "new", "error", "message"),
    [
        (NUMBERS, NUMBERS[:, :2], ValueError, r"^x has 2 columns, and this was fitted on 3; pass"),
        (NUMBERS, np.empty((0, 3)), ValueError, r"^x has no rows; pass at least one\.$"),
        (NUMBERS, [[1, np.nan, 2]], ValueError, r"^x has missing values \(NaN\) in 1 of 1 row, in"),
        (NUMBERS, [[1, np.inf, 2]], ValueError, r"^x has infinite values in 1 of 1 row, in column"),
        (Y, ["a", "b"], TypeError, r"^x: column 0 held numbers when this was fitted, .*'a'; pass"),
        (CITIES, ["Paris"], ValueError, r"^x: column 0 has the level 'Paris', which was not in"),
        (
            pd.Categorical(["S", "L"] * 20, categories=["S", "L"], ordered=True),
            ["S", "XL"],
            ValueError,
            r"^x: column 0 has the level 'XL', which is not among .*\['S', 'L'\]\.$",
        ),
    ],
)
def test_new_rows_unlike_the_fitted_ones_are_refused(fitted, new, error, message):
    with pytest.raises(error, match=message):
        check_pair(fitted, Y).x.encode(new)


# what is refused


def with_value(value):
    data = list(Y)
    data[3] = value
    return data


@pytest.mark.parametrize(
    ("data", "gap"),
    [
        (with_value(np.nan), "NaN"),
        (with_value(None), "None"),
        (with_value(pd.NA), "pd.NA"),
        (with_value(pd.NaT), "NaT"),
        (with_value(Decimal("nan")), "NaN"),
        (torch.tensor(with_value(np.nan)), "NaN"),
        (pd.Series(with_value(None)), "NaN"),
        (pd.Series(with_value(None), dtype="Float64"), "NaN"),
        (pd.Series([*CITIES[:3], pd.NA, *CITIES[4:]], dtype=object), "pd.NA"),
        (pl.Series(with_value(None)), "None"),
        (pl.Series(with_value(np.nan)), "NaN"),
        (np.ma.masked_array(Y, mask=np.arange(N) == 3), "None"),
        ([*CITIES[:3], None, *CITIES[4:]], "None"),
        ([*CITIES[:3], np.nan, *CITIES[4:]], "NaN"),
        (pd.Series([*CITIES[:3], None, *CITIES[4:]], dtype="category"), "NaN"),
        (pl.Series([*CITIES[:3], None, *CITIES[4:]], dtype=pl.Categorical), "None"),
    ],
)
def test_a_missing_value_is_refused_by_name(data, gap):
    message = rf"^y has missing values \({gap}\) in 1 of 40 rows, in column 0; drop those rows from"
    with pytest.raises(ValueError, match=message):
        check_pair(Y, data)


def test_missing_values_are_counted_by_row_and_found_by_column():
    data = pd.DataFrame({"age": Y, "city": CITIES, "stars": Y})
    data.loc[[3, 4], "age"] = np.nan
    data.loc[[4, 5], "city"] = None
    with pytest.raises(ValueError, match=r"in 3 of 40 rows, in column 'age', column 'city'; drop"):
        check_pair(data, Y)


def test_a_long_list_of_columns_is_cut_short():
    with pytest.raises(ValueError, match=r"in column 0, column 1, column 2 and 7 more; drop"):
        check_pair(np.full((N, 10), np.nan), Y)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_refused(value):
    data = NUMBERS.copy()
    data[[1, 2], 2] = value
    with pytest.raises(
        ValueError, match=r"^x has infinite values in 2 of 40 rows, in column 2; dro"
    ):
        check_pair(data, Y)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.ones(N), r"^x: column 0 is constant \(every row is 1\.0\)\. A constant has no mutual"),
        (np.column_stack([Y, np.zeros(N)]), r"^x: column 1 is constant \(every row is 0\.0\)"),
        (pd.DataFrame({"a": Y, "city": "Rome"}), r"^x: column 'city' is constant: .* 'Rome'\."),
        (pd.Categorical(["S"] * N, ["S", "L"], ordered=True), r"column 0 is constant \(every row"),
    ],
)
def test_a_constant_column_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        check_pair(data, Y)


def test_fewer_than_sixteen_rows_are_refused():
    with pytest.raises(ValueError, match=r"^y has 15 rows, and at least 16 are needed; pass more"):
        check_pair(Y, Y[:15])
    with pytest.raises(ValueError, match=r"^x has 1 row, and at least 16 are needed; with 40 colu"):
        check_pair(Y[None], Y)
    with pytest.raises(ValueError, match=r"^x has 0 rows, and at least 16 are needed"):
        check_pair([], Y)
    with pytest.raises(ValueError, match=r"^x has 40 rows, and at least 100 are needed"):
        check_pair(Y, Y, minimum_rows=100)


def test_different_numbers_of_rows_are_refused():
    with pytest.raises(ValueError, match=r"^x and y must have the same number of rows, got 40 and"):
        check_pair(Y, Y[:-1])


@pytest.mark.parametrize("data", [np.empty((N, 0)), pd.DataFrame(index=range(N)), {}])
def test_no_columns_are_refused(data):
    with pytest.raises(ValueError, match=r"^x has no columns; pass at least one\.$"):
        check_pair(data, Y)


@pytest.mark.parametrize(
    ("data", "shape"),
    [(3.0, "a single number"), (np.zeros((N, 2, 2)), r"shape \(40, 2, 2\)")],
)
def test_zero_and_three_axes_are_refused(data, shape):
    with pytest.raises(
        ValueError, match=rf"^x must have shape \(n_samples,\) or .*, got {shape}\.$"
    ):
        check_pair(data, Y)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, r"^x must be a NumPy array, .*, got NoneType\.$"),
        ("height", r"^x must be a NumPy array, .*, got str\.$"),
        (set(Y), r"^x must be a NumPy array, .*, got set\.$"),
        (object(), r"^x must be a NumPy array, .*, got object\.$"),
        (sparse.csr_array(NUMBERS), r"^x is a sparse matrix \(csr_array\); pass x\.toarray\(\)\.$"),
        (pl.LazyFrame({"a": Y}), r"^x is a lazy frame \(LazyFrame\); pass x\.collect\(\)\.$"),
    ],
)
def test_what_is_no_table_is_refused(data, message):
    with pytest.raises((TypeError, ValueError), match=message):
        check_pair(data, Y)


DAYS = pd.date_range("2024-01-01", periods=N)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (NUMBERS + 1j, r"^x: column 0 holds complex numbers; pass real and imaginary parts"),
        (torch.tensor(Y + 1j), r"^x holds complex numbers"),
        ([1j, 2.0] * 20, r"^x: column 0 holds complex numbers"),
        (np.array([1j, 2.0] * 20, dtype=object), r"^x: column 0 holds complex numbers"),
        (DAYS, r"^x: column 0 holds dates or times \(datetime64\[.*\]\); convert it to numbers"),
        (pd.Series(DAYS - DAYS[0], name="t"), r"^x: column 't' holds dates or times \(timedelta64"),
        (DAYS.tz_localize("UTC"), r"^x: column 0 holds Timestamp objects, which are neither"),
        (pl.Series(DAYS.to_pydatetime()), r"^x: column '' holds|^x: column 0 holds datetime obj"),
        (np.zeros(N, dtype=[("a", float)]), r"^x: column 0 has dtype .*, which is neither"),
        (["a", 1] * 20, r"^x: column 0 mixes text with other values \(int and str\); make all"),
        ([(1, 2), (1, 2, 3)] * 20, r"^x could not be read as an array .*, with rows of equal len"),
        (pl.Series([[1, 2]] * N), r"^x: column 0 holds list objects, which are neither numbers"),
    ],
)
def test_values_that_are_neither_numbers_nor_labels_are_refused(data, message):
    with pytest.raises((TypeError, ValueError), match=message):
        check_pair(data, Y)


def test_a_number_beyond_float64_is_refused():
    with pytest.raises(ValueError, match=r"^x: column 0 holds an integer too large for a 64-bit"):
        check_pair([10**400, 1] * 20, Y)


def test_columns_of_a_dict_must_fit_together():
    with pytest.raises(ValueError, match=r"^x: its columns differ in length, got \{.*'a'.*40"):
        check_pair({"a": Y, "b": Y[:-1]}, Y)
    with pytest.raises(ValueError, match=r"^x: column 'a' must have shape \(n_samples,\), got sh"):
        check_pair({"a": NUMBERS}, Y)


def test_too_many_levels_are_refused_with_advice():
    words = [f"level {i}" for i in range(65)] * 3
    y = np.arange(len(words))
    with pytest.raises(
        ValueError, match=r"^x: column 0 has 65 levels with 3 rows or more, .* group"
    ):
        check_pair(words, y)
    assert check_pair(words[:64] * 3, np.arange(192)).x.values.shape == (192, 64)
    with pytest.raises(ValueError, match=r"its levels are numbers: pass them as numbers"):
        check_pair([str(i) for i in range(65)] * 3, y)


def test_a_label_for_every_row_is_refused():
    names = [f"person {i}" for i in range(N)]
    with pytest.raises(
        ValueError, match=r"^x: column 0 has 40 levels in 40 rows, none of them in 3"
    ):
        check_pair(names, Y)
    with pytest.raises(ValueError, match=r"its levels are numbers: pass them as numbers"):
        check_pair(Y, Y, discrete_y="nominal")


@pytest.mark.parametrize("data", [CITIES, pd.Series(CITIES, dtype="category")])
def test_labels_without_an_order_are_not_ordinal(data):
    with pytest.raises(
        TypeError, match=r"^x: column 0 has labels without an order, such as 'Rome'"
    ):
        check_pair(data, Y, discrete_x="ordinal")


def test_an_unknown_way_to_read_columns_is_refused():
    with pytest.raises(ValueError, match=r'^discrete_y must be "auto", .* got True\.$'):
        check_pair(Y, Y, discrete_y=True)
    assert check_discrete("nominal", "discrete_x") == "nominal"


# stacks


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor, list])
def test_a_stack_holds_the_columns_of_each_pair(kind):
    x, y = np.stack([NUMBERS, NUMBERS**3]), np.stack([Y, Y + 1])
    x_stack, y_stack = check_stack(kind(x), kind(y))
    assert x_stack.dtype == y_stack.dtype == np.float64
    for i in range(2):
        pair = check_pair(x[i], y[i])
        np.testing.assert_array_equal(x_stack[i], pair.x.values)
        np.testing.assert_array_equal(y_stack[i], pair.y.values)


def test_a_stack_of_integers_is_float64():
    x_stack, _ = check_stack(np.arange(2 * N).reshape(2, N), np.stack([Y, Y]))
    assert x_stack.dtype == np.float64
    assert x_stack.shape == (2, N, 1)


def bad_stack(value):
    stack = np.stack([NUMBERS] * 5)
    stack[3, :4, 1] = value
    return stack


@pytest.mark.parametrize(
    ("stack", "error", "message"),
    [
        (
            bad_stack(np.nan),
            ValueError,
            r"^x, item 3 of 5, has missing values \(NaN\) in 4 of 40 r",
        ),
        (bad_stack(np.inf), ValueError, r"^x, item 3 of 5, has infinite values in 4 of 40 rows"),
        (np.stack([NUMBERS, NUMBERS * 0]), ValueError, r"^x, item 1 of 2: column 0 is constant"),
        (np.zeros((2, 15, 1)), ValueError, r"^each item of x has 15 rows, and at least 16"),
        (
            Y,
            ValueError,
            r"^x must have shape \(n_pairs, n_samples, n_features\) or .*shape \(40,\)",
        ),
        (np.zeros((0, N, 1)), ValueError, r"none of them 0, got shape \(0, 40, 1\)\.$"),
        ([CITIES, CITIES], TypeError, r"^x must be numbers in a batch, got dtype object; pass col"),
        (np.stack([NUMBERS + 1j] * 2), TypeError, r"^x must be numbers in a batch, got dtype com"),
        (None, TypeError, r"^x must be a NumPy array"),
    ],
)
def test_a_bad_stack_is_refused_with_the_item_named(stack, error, message):
    with pytest.raises(error, match=message):
        check_stack(stack, stack)


def test_stacks_that_do_not_fit_together_are_refused():
    stack = np.stack([NUMBERS] * 3)
    with pytest.raises(
        ValueError, match=r"^x and y must have the same number of items and of rows"
    ):
        check_stack(stack, stack[:2])
    with pytest.raises(ValueError, match=r"x\.shape=\(3, 40, 3\) and y\.shape=\(3, 39, 3\)"):
        check_stack(stack, stack[:, :-1])


# options


def test_units_are_nats_or_bits():
    assert [check_units("nats"), check_units("bits")] == ["nats", "bits"]
    with pytest.raises(ValueError, match=r'^units must be "nats" or "bits", got \'bans\'\.$'):
        check_units("bans")


def test_a_random_state_is_a_seed_a_generator_or_none():
    first, second = check_random_state(3), check_random_state(np.int64(3))
    assert first.integers(2**62) == second.integers(2**62)
    assert check_random_state(first) is first
    assert isinstance(check_random_state(None), np.random.Generator)


@pytest.mark.parametrize(
    ("random_state", "error", "message"),
    [
        (-1, ValueError, r"^random_state must be 0 or more, got -1\.$"),
        (1.5, TypeError, r"^random_state must be an integer, .*, got float\.$"),
        (True, TypeError, r"^random_state must be an integer, .*, got bool\.$"),
        ("0", TypeError, r"^random_state must be an integer, .*, got str\.$"),
    ],
)
def test_any_other_random_state_is_refused(random_state, error, message):
    with pytest.raises(error, match=message):
        check_random_state(random_state)
