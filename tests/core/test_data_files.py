"""Each kind of data file gives the same columns, and each bad file a sentence."""

import sys

import numpy as np
import polars as pl
import pytest

from infoatlas._data_files import read_table, select

CSV = "height,city,stars\n1.5,Rome,3\n2.5,Oslo,4\n"


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",", " , "),
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\n\n"),
        "\ufeff" + CSV,
        CSV.replace("Rome", '"Rome"'),
    ],
    ids=["comma", "semicolon", "tab", "spaces", "Windows", "blank lines", "byte order", "quotes"],
)
def test_csv_columns_are_numbers_where_every_cell_is_one(tmp_path, text):
    table = read_table(write(tmp_path / "data.csv", text))
    assert table == {"height": [1.5, 2.5], "city": ["Rome", "Oslo"], "stars": [3, 4]}
    assert [type(value) for value in table["stars"]] == [int, int]


def test_a_csv_file_without_a_header_has_numbered_columns(tmp_path):
    assert read_table(write(tmp_path / "data.csv", "1,2\n3,4\n")) == {"0": [1, 3], "1": [2, 4]}


@pytest.mark.parametrize("cell", ["", "NA", "nan", "NaN", "null", "None", "n/a"])
def test_words_for_missing_do_not_make_numbers_text(tmp_path, cell):
    assert read_table(write(tmp_path / "data.csv", f"a,b\n1,2\n{cell},3\n"))["a"] == [1, None]


def test_in_text_only_an_empty_cell_is_missing(tmp_path):
    table = read_table(write(tmp_path / "data.csv", "country,n\nNA,1\n,2\nIT,3\n"))
    assert table["country"] == ["NA", None, "IT"]


def test_a_cell_with_an_underscore_is_text(tmp_path):
    assert read_table(write(tmp_path / "data.csv", "id\n1_2\n3\n"))["id"] == ["1_2", "3"]


def test_infinity_is_left_for_the_check_of_values(tmp_path):
    assert read_table(write(tmp_path / "data.csv", "a\n1\ninf\n"))["a"] == [1.0, float("inf")]


def test_parquet_columns_keep_their_types(tmp_path):
    frame = {"height": [1.5, None], "city": ["Rome", "Oslo"], "seen": [True, False]}
    pl.DataFrame(frame).write_parquet(tmp_path / "data.parquet")
    assert read_table(tmp_path / "data.parquet") == frame


def test_array_columns_are_numbered_and_record_fields_named(tmp_path):
    np.save(tmp_path / "two.npy", np.array([[1.0, 2.0], [3.0, 4.0]]))
    table = read_table(tmp_path / "two.npy")
    assert {name: column.tolist() for name, column in table.items()} == {"0": [1, 3], "1": [2, 4]}
    np.save(tmp_path / "one.npy", np.arange(3))
    assert list(read_table(tmp_path / "one.npy")) == ["0"]
    np.save(tmp_path / "records.npy", np.zeros(3, dtype=[("a", float), ("b", int)]))
    assert list(read_table(tmp_path / "records.npy")) == ["a", "b"]


def test_an_archive_has_its_arrays_and_a_wide_one_gives_all_its_columns(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((4, 2)), y=np.arange(4))
    table = read_table(tmp_path / "data.npz")
    assert list(select(table, ["y", "x"], "--x")) == ["y", "x[0]", "x[1]"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("data.xlsx", "", r"data\.xlsx is of no known kind; pass one of \.csv, .*\.npz\.$"),
        ("data.csv", "", r"data\.csv is empty; its first line should name the columns\.$"),
        (
            "data.csv",
            "a,b\n1,2\n3\n",
            r"data\.csv, line 3 has 1 cells where the first line has 2; q",
        ),
        ("data.csv", "a,a\n1,2\n", r"data\.csv has two columns called 'a'; rename one of them\.$"),
        ("data.npy", "text", r"data\.npy is not a plain \.npy file of numbers or text; save it ag"),
        ("data.npz", "text", r"data\.npz is not a plain \.npz file of numbers or text; save it ag"),
        ("data.parquet", "text", r"data\.parquet is not readable as Parquet \(.*\)\.$"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        read_table(write(tmp_path / name, text))


def test_text_that_is_not_utf8_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"data\.csv is not readable as UTF-8 CSV text"):
        read_table(write(tmp_path / "data.csv", "città\nè\n", encoding="latin-1"))


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv does not exist; pass a data file \(\.csv"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r" is a folder; pass a data file \(\.csv"):
        read_table(tmp_path)


def test_arrays_that_need_pickle_are_refused(tmp_path):
    objects = np.array(["a", None], dtype=object)
    np.save(tmp_path / "data.npy", objects)
    np.savez(tmp_path / "data.npz", x=objects)
    for name in ("data.npy", "data.npz"):
        with pytest.raises(ValueError, match=r"is not a plain \.np[yz] file of numbers or text"):
            read_table(tmp_path / name)


def test_arrays_of_too_many_axes_are_refused(tmp_path):
    np.save(tmp_path / "data.npy", np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match=r"holds an array of shape \(2, 2, 2\); one or two axes"):
        read_table(tmp_path / "data.npy")
    with pytest.raises(ValueError, match=r"^--x: 'a' has shape \(2, 2, 2\); one or two axes fit"):
        select({"a": np.zeros((2, 2, 2))}, ["a"], "--x")


def test_a_column_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"^--y names the column 'c', .*; it has a, b\.$"):
        select({"a": [1], "b": [2]}, ["a", "c"], "--y")


def test_parquet_without_pyarrow_gives_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "data.parquet", "")
    with pytest.raises(
        ImportError, match=r"^reading data\.parquet needs pyarrow; install it with: "
    ):
        read_table(path)
