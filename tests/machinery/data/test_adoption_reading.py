"""A table of any make is read as what it is, all of it, or refused in one line that names the place."""

import gc
import shutil
import tracemalloc
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops import UserError
from mlops.data.adoption import csv_files, facts, reading
from mlops.data.adoption.forms import NUMBERED
from mlops.data.adoption.reading import read_source

ROWS = 120


def read(path, time=None):
    """What is read of the table, as a frame, and its columns."""
    folder = path.parent / "kept"
    folder.mkdir(exist_ok=True)
    source = read_source(path, time, folder)
    return pa.Table.from_batches(source.batches()).to_pandas(), source.columns


def refusal(path, time=None):
    with pytest.raises(UserError) as caught:
        read(path, time)
    line = str(caught.value)
    assert "\n" not in line
    return line


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def column(tmp_path, values, name="x"):
    """A CSV file with that column of texts, again and again, and a counted one."""
    lines = [f'{row},"{values[row % len(values)]}"\n' for row in range(ROWS)]
    return write(tmp_path, f"row,{name}\n" + "".join(lines))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separator_and_encoding_are_found_out(tmp_path, separator, encoding):
    lines = [["Größe", "town"], *[[str(row), f'"Zürich{separator} {row}"'] for row in range(ROWS)]]
    rows, columns = read(write(tmp_path, "\n".join(separator.join(line) for line in lines) + "\n", encoding))
    assert {name: each.kind for name, each in columns.items()} == {"Größe": "integer", "town": "text"}
    assert rows["town"][7] == f"Zürich{separator} 7"
    assert len(rows) == ROWS


def test_spaces_around_texts_are_taken_off_and_told_by_column(tmp_path):
    path = write(tmp_path, "a,way,b\n" + " 1, web ,x\n 2,web,\n 3,shop , \n 4,shop,y\n" * 30)
    source = read_source(path, None, tmp_path)
    rows = pa.Table.from_batches(source.batches()).to_pandas()
    assert set(rows["way"]) == {"web", "shop"} and rows["a"].max() == 4
    assert source.changed == ["column way: spaces around 60 values taken off; ask the model without them"]
    pq.write_table(pa.table({"way": ["web "], "a": [1]}), tmp_path / "table.parquet")
    kept = read_source(tmp_path / "table.parquet", None, tmp_path)
    assert kept.changed == [] and next(kept.batches())["way"].to_pylist() == ["web "]


NUMBERS = {
    "whole": (["12", "-3", "+4"], [12, -3, 4], "int64"),
    "decimal": (["1.5", "2", ".5", "1e3"], [1.5, 2, 0.5, 1000], "float64"),
    "some missing": (["12", "", "NA", "?"], [12, np.nan, np.nan, np.nan], "float64"),
    "thousands": (["1,234", "1,234,567.5", "12"], [1234, 1234567.5, 12], "float64"),
    "thousands with spaces": (["1 234", "12\u00a0345", "7"], [1234, 12345, 7], "float64"),
    "decimal comma": (["1.234,5", "0,25", "12"], [1234.5, 0.25, 12], "float64"),
    "true or false": (["true", "False", "TRUE"], [True, False, True], "bool"),
    "true, false or missing": (["true", "false", ""], [1, 0, np.nan], "float64"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_read_however_they_are_written(tmp_path, kind):
    texts, values, dtype = NUMBERS[kind]
    rows, _ = read(column(tmp_path, texts))
    assert rows["x"].dtype == dtype
    np.testing.assert_array_equal(rows["x"][: len(values)], values)


def test_white_space_around_names_and_values_is_no_part_of_them(tmp_path):
    rows, _ = read(write(tmp_path, "age, work\n" + " 39, State-gov \n 50, ?\n" * 60))
    assert rows["age"].tolist()[:2] == [39, 50]
    assert rows["work"].tolist()[:2] == ["State-gov", None]


def test_codes_with_leading_zeros_stay_text(tmp_path):
    rows, columns = read(column(tmp_path, ["00123", "01234", "99999"]))
    assert (columns["x"].kind, rows["x"][0]) == ("text", "00123")


def test_the_type_is_that_of_all_rows_not_of_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "BLOCK", 512)
    monkeypatch.setattr(csv_files, "GATHERED", 512)
    path = write(tmp_path, "x,y\n" + "".join(f"{row},{row}\n" for row in range(ROWS)) + "0.5,a\n" * 40)
    rows, columns = read(path)
    assert [each.kind for each in columns.values()] == ["decimal", "text"]
    assert rows["x"].tolist() == [*map(float, range(ROWS)), *[0.5] * 40]


FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M:%S",
    "%d %b %Y",
    "%b %d %Y",
    "%B %d, %Y",
    "%d-%b-%y",
    "%m/%d/%y %H:%M",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%s",
)
TIMES = pd.date_range("2013-01-15 17:45", periods=40, freq="53h")


@pytest.mark.parametrize("form", FORMATS)
def test_times_are_read_in_the_common_formats(tmp_path, form):
    texts = [f"{time.timestamp():.0f}" if form == "%s" else time.strftime(form) for time in TIMES]
    rows, columns = read(column(tmp_path, texts, "when"), "when")
    exact = TIMES if form == "%s" else [datetime.strptime(text, form) for text in texts]
    assert columns["when"].kind == "time"
    assert rows["when"][: len(TIMES)].tolist() == pd.DatetimeIndex(exact).tolist()


@pytest.mark.parametrize(("form", "number"), [("s", "1700000000"), ("ms", "1700000000000")])
def test_counted_times_with_gaps_are_read_whatever_is_left_in_memory(form, number):
    """pandas computes with what memory holds in the place of a missing number: here it is too large to be rounded."""
    [read_times] = [each.read for each in NUMBERED if each.name == f"times in {form} since 1970"]
    texts = pa.array([number, None, "no number", number])
    for _ in range(100):
        left = [np.full(len(texts), 1e300) for _ in range(20)]
        del left
        found = read_times(texts).to_pandas()
        assert found.isna().tolist() == [False, True, True, False]
        assert found[0] == pd.Timestamp("2023-11-14 22:13:20")


def test_two_formats_in_one_column_are_refused_with_the_row(tmp_path):
    texts = [time.strftime("%Y-%m-%d" if row < 30 else "%d.%m.%Y") for row, time in enumerate(TIMES)]
    line = refusal(column(tmp_path, texts, "when"), "when")
    assert line.startswith(f"{tmp_path / 'table.csv'}: column when: row 31: '{texts[30]}' is not one of the times")


def test_a_form_that_nobody_knows_is_refused(tmp_path):
    assert "row 1: 'soon' is no time in a form that is known" in refusal(
        column(tmp_path, ["soon", "now"], "when"), "when"
    )


def test_a_day_that_may_be_a_month_is_refused(tmp_path):
    assert "can be times as %d/%m/%Y or times as %m/%d/%Y" in refusal(column(tmp_path, ["03/04/2013"], "when"), "when")
    assert read(column(tmp_path, ["03/04/2013", "05/06/2013"], "when"))[1]["when"].kind == "text"


def test_a_few_other_values_in_a_column_of_numbers_are_refused_with_the_row(tmp_path):
    texts = [str(row) for row in range(ROWS)]
    texts[70] = "n.b."
    line = refusal(column(tmp_path, texts))
    assert line.startswith(f"{tmp_path / 'table.csv'}: column x: row 71: 'n.b.', while other rows hold whole numbers")


BAD = {
    "empty": ("", "empty; export"),
    "only a header": ("a,b\n", "no rows below its header"),
    "a column twice": ("a,b,a\n1,2,3\n", "column a: stands there twice"),
    "a long row": ("a,b\n1,2\n1,2,3\n", "row 3: 3 values for 2 columns"),
    "a short row": ("a,b,c\n1,2,3\n1,2\n", "row 3: 2 values for 3 columns"),
    "no header": ("5.1,3.5\n4.9,3.0\n", "row 1 holds numbers, not names"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_broken_file_is_refused_in_one_line(tmp_path, kind):
    text, says = BAD[kind]
    line = refusal(write(tmp_path, text))
    assert line.startswith(f"{tmp_path / 'table.csv'}: ")
    assert says in line


def test_names_of_all_sorts_work(tmp_path):
    names = ["a b", "a.b", "a", 'q"uote', "größe", "1st", "x" * 300, "a:b#", "- c"]
    frame = pd.DataFrame({name: range(ROWS) for name in names})
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame.to_parquet(tmp_path / "table.parquet", index=False)
    for suffix in ("csv", "parquet"):
        rows, _ = read(tmp_path / f"table.{suffix}")
        pd.testing.assert_frame_equal(rows, frame)


def test_a_folder_is_one_table_and_what_is_no_part_of_it_is_named(tmp_path):
    folder = tmp_path / "table"
    (folder / "more").mkdir(parents=True)
    for name, rows in {
        "a.csv": "x,y\n1,2\n",
        "B.CSV": "y,x\n4,3\n",
        "more/c.tsv": "x\ty\n5\t6\n",
        "note.md": "-",
    }.items():
        (folder / name).write_text(rows, encoding="utf-8")
    rows, _ = read(folder)
    assert sorted(rows[["x", "y"]].itertuples(index=False, name=None)) == [(1, 2), (3, 4), (5, 6)]
    assert read_source(folder, None, tmp_path).passed_over == [f"{folder / 'note.md'}: neither CSV nor Parquet"]
    shutil.copy(folder / "a.csv", folder / "c (1).csv")
    assert refusal(folder) == f"{folder / 'c (1).csv'}: the same as {folder / 'a.csv'}; take one of them away"
    (folder / "c (1).csv").unlink()
    (folder / "d.csv").write_text("x,z\n7,8\n", encoding="utf-8")
    assert refusal(folder) == f"{folder / 'd.csv'}: no column y, which the other files have; give all files the same"
    (folder / "e.parquet").touch()
    assert "holds CSV and Parquet" in refusal(folder)


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_types_of_parquet_become_those_that_a_model_takes(tmp_path):
    path = parquet(
        tmp_path / "table.parquet",
        small=pa.array([1, 2, 3], "uint8"),
        holes=pa.array([1, None, 3], "int32"),
        money=pa.array([1, 2, 3], "int32").cast(pa.decimal128(20, 2)),
        half=pa.array([1.5, float("nan"), 3], "float32"),
        kind=pa.array(["a", "b", "a"]).dictionary_encode(),
        day=pa.array([15706, 15707, None], "int32").cast("date32"),
        zoned=pa.array([0, 1, 2], pa.timestamp("us", "Europe/Zurich")),
        yes=pa.array([True, None, False]),
        many=pa.array([[1], [2], [3]]),
    )
    rows, columns = read(path)
    types = {"small": "int64", "holes": "float64", "money": "float64", "half": "float64", "kind": "object"}
    types |= {"day": "datetime64[ns]", "zoned": "datetime64[ns]", "yes": "float64"}
    assert rows.dtypes.astype(str).to_dict() == types
    assert {name for name, each in columns.items() if each.nulls} == {"holes", "half", "day", "yes"}
    assert rows["zoned"][0] == pd.Timestamp(0)
    assert read_source(path, None, tmp_path).passed_over == [
        "column many: list<element: int64> is no number, text, boolean or time"
    ]


def test_parquet_that_does_not_fit_together_is_refused(tmp_path):
    folder = tmp_path / "table"
    folder.mkdir()
    first, second = folder / "a.parquet", folder / "b.parquet"
    parquet(first, x=pa.array([1, 2]))
    parquet(second, x=pa.array(["1", "2"]))
    says = f"{second}: column x: is string, but int64 in {first}; give all files one type"
    assert refusal(folder) == says
    parquet(second, x=pa.array([0.5, float("inf")]))
    assert refusal(folder).startswith(f"{second}: column x: row 2: inf is no number")
    parquet(second, x=pa.array([0.5, None]))
    assert read(folder)[0]["x"].tolist()[:3] == [1, 2, 0.5]
    first.write_bytes(b"PAR1")
    assert "not a readable Parquet file" in refusal(folder)


def test_times_as_text_in_parquet_are_read_where_they_are_named(tmp_path):
    days = pa.array([20130131, 20130201])
    path = parquet(tmp_path / "table.parquet", when=pa.array(["31.01.2013", "28.02.2013"]), day=days)
    assert read(path, "when")[0]["when"].tolist() == [pd.Timestamp("2013-01-31"), pd.Timestamp("2013-02-28")]
    assert read(path, "day")[0]["day"][1] == pd.Timestamp("2013-02-01")
    assert read(path)[1]["when"].kind == "text"


def test_memory_does_not_grow_with_the_table(tmp_path, monkeypatch):
    """What is read, written and sampled holds as much, at the most, for a table of eight times the rows."""
    for name in ("BLOCK", "GATHERED"):
        monkeypatch.setattr(csv_files, name, 1 << 13)
    monkeypatch.setattr(reading, "CELLS", 10_000)
    monkeypatch.setattr(facts, "SAMPLED_ROWS", 500)
    peaks = []
    for times in (1, 8):
        path = tmp_path / str(times) / "table.csv"
        path.parent.mkdir()
        rows = times * 20_000
        path.write_text("a,b,c\n" + "".join(f"{row},{row / 7:.6f},word {row % 50}\n" for row in range(rows)))
        gc.collect()
        before = pa.total_allocated_bytes()
        source = read_source(path, None, path.parent)
        held = [pa.total_allocated_bytes() - before for _ in source.batches()]
        assert sum(batch.num_rows for batch in source.batches()) == rows
        reading.write_batches(path.with_suffix(".parquet"), source.batches())
        tracemalloc.start()
        taken = facts.sample([path.with_suffix(".parquet")], rows, 3)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()
        peaks.append(max(held))
        assert len(taken) == pytest.approx(500, rel=0.05)
    assert peaks[1] < 1.5 * peaks[0]
