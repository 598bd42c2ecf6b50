"""One look at all files: each fault is one line with file, column, row and mend, and sound data pass in silence."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIXTURE
from mlops import UserError
from mlops.data.soundness import find_faults, outside_month, usual
from mlops.settings.project import Project
from mlops.settings.reading import check, read_yaml

NOW = datetime(2014, 1, 1, tzinfo=UTC)


def settings(features=("size",), slices=(), **data):
    """Settings for the tables below; `data` adds to its block, and a value of None takes a key out."""
    content = read_yaml(FIXTURE / "project.yml")
    block = {"uri": "data", "suite": "s.json", "time": "at", "target": "sold", "known_only_after": [], **data}
    content["data"] = {key: value for key, value in block.items() if value is not None}
    content["features"] = list(features)
    content["gate"]["slices"]["columns"] = list(slices)
    return check(Project, content, FIXTURE / "project.yml")


def shop(month, rows=60, **columns):
    """A month of a shop: a row a few hours, all different."""
    number = int(month[-2:])
    frame = {
        "at": pd.date_range(f"{month}-01", periods=rows, freq="7h"),
        "size": np.arange(rows, dtype="float64") + 1000 * number,
        "sold": np.arange(rows) % 2,
        "town": ["Graz", "Linz"] * (rows // 2),
        "id": np.arange(rows) + 1000 * number,
    }
    return pd.DataFrame({**frame, **columns})


def put(frame, column, row, value):
    """The frame with that value in that row."""
    values = frame[column].tolist()
    values[row] = value
    return frame.assign(**{column: values})


@pytest.fixture
def found(tmp_path):
    """The lines that are said of frames or tables by file name, each with its file."""

    def find(files, project=None):
        for name, rows in files.items():
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
            pq.write_table(table, tmp_path / name)
        faults = find_faults(tmp_path, project or settings(), NOW)
        assert list(faults) == sorted(files)
        lines = [f"{file}: {failure.message}" for file, failures in faults.items() for failure in failures]
        assert not any("\n" in line for line in lines)
        return lines

    return find


MARCH, APRIL = shop("2013-03"), shop("2013-04")
TWO = {"2013-03.parquet": MARCH, "2013-04.parquet": APRIL}


def test_sound_files_pass_in_silence(found):
    assert found(TWO) == []
    assert found(TWO, settings(slices=["town"], key=["id"])) == []
    assert found(TWO, settings(time=None)) == []


@pytest.mark.parametrize(
    ("project", "line"),
    [
        (settings(time="att"), "project.yml: data.time: no file has a column att; the nearest are at"),
        (settings(target="solt"), "project.yml: data.target: no file has a column solt; the nearest are sold"),
        (settings(features=["sise"]), "project.yml: features: no file has a column sise; the nearest are size"),
        (
            settings(slices=["twon"]),
            "project.yml: gate.slices.columns: no file has a column twon; the nearest are town",
        ),
        (settings(key=["ident"]), "project.yml: data.key: no file has a column ident; the nearest are id"),
        (
            settings(split={"by": "group", "group": "xyz"}),
            "project.yml: data.split.group: no file has a column xyz; the nearest are at, id, size",
        ),
    ],
)
def test_a_column_that_no_file_has_is_a_mistake_in_the_settings(found, project, line):
    with pytest.raises(UserError) as error:
        found(TWO, project)
    assert str(error.value) == line


def test_a_column_that_one_file_lacks_is_named_with_it(found):
    lines = found(TWO | {"2013-04.parquet": APRIL.drop(columns="size")})
    assert lines == ["2013-04.parquet: size must be in all files, as features names it: no such column; add it"]


# --- types


def typed(**types):
    """Two months, the second with columns of those types."""
    table = pa.Table.from_pandas(APRIL, preserve_index=False)
    for name, type_ in types.items():
        at = table.column_names.index(name)
        table = table.set_column(at, name, table[name].cast(type_))
    return TWO | {"2013-04.parquet": table}


HARMLESS = [
    *({"size": each} for each in (pa.int64(), pa.uint16(), pa.float32(), pa.decimal128(20, 2), pa.float16())),
    {"sold": pa.int8()},
    {"sold": pa.float64()},
    {"town": pa.large_string()},
    {"town": pa.dictionary(pa.int32(), pa.string())},
    {"at": pa.timestamp("s")},
    {"at": pa.timestamp("us")},
]


@pytest.mark.parametrize("types", HARMLESS, ids=str)
def test_types_that_go_together_are_harmless(found, types):
    assert found(typed(**types), settings(["size", "town"])) == []


def test_a_column_without_values_in_one_file_is_harmless_and_in_all_is_not(found):
    empty = APRIL.assign(size=None)
    assert found(TWO | {"2013-04.parquet": empty}) == []
    both = {"2013-03.parquet": MARCH.assign(size=None), "2013-04.parquet": empty}
    (line,) = found(both)
    assert line.startswith("2013-03.parquet: size must hold numbers or text or ")
    assert line.endswith("found nothing but nulls")


@pytest.mark.parametrize(
    ("column", "values", "what", "first"),
    [
        ("size", ["1", "2"] * 30, "text", "numbers"),
        ("size", [True, False] * 30, "true and false", "numbers"),
        ("size", pd.date_range("2013-04-01", periods=60), "times", "numbers"),
        ("at", [str(time) for time in APRIL["at"]], "text", "times"),
        ("at", APRIL["at"].dt.tz_localize("UTC"), "times with a zone", "times"),
        ("sold", ["Y", "N"] * 30, "text", "numbers"),
        ("town", range(60), "numbers", "text"),
    ],
)
def test_types_that_differ_are_one_line_with_both_files(found, column, values, what, first):
    project = settings(["size", "town"])
    assert found(TWO | {"2013-04.parquet": APRIL.assign(**{column: values})}, project) == [
        f"2013-04.parquet: {column} must be of one type in all files (convert it in one):"
        f" found {what} here and {first} in 2013-03.parquet"
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([str(time) for time in APRIL["at"]], "text"), (range(2013, 2073), "numbers"), ([True] * 60, "true and false")],
)
def test_a_time_column_that_holds_none_is_one_line(found, values, kind):
    assert found({"a.parquet": APRIL.assign(at=values)}) == [
        "a.parquet: at must hold times or times with a zone, as data.time names it (convert it, or take out its name):"
        f" found {kind}"
    ]


@pytest.mark.parametrize("values", [[[1, 2]] * 60, [b"x"] * 60, [{"a": 1}] * 60, [pd.Timedelta(days=1)] * 60], ids=str)
def test_a_feature_that_no_model_takes_is_one_line(found, values):
    (line,) = found({"a.parquet": APRIL.assign(size=values)})
    assert (
        "size must hold numbers or text or true and false or times or times with a zone, as features names it" in line
    )


@pytest.mark.parametrize(
    "change",
    [
        {"at": APRIL["at"].dt.tz_localize("America/New_York")},
        {"at": APRIL["at"].dt.date},
        {"size": [Decimal("1.50"), None] * 30},
        {"size": pd.array([1, None] * 30, dtype="UInt64")},
        {"size": [True, None] * 30},
    ],
    ids=str,
)
def test_zoned_times_days_decimals_and_nulls_in_all_files_are_sound(found, change):
    assert found({"2013-04.parquet": APRIL.assign(**change)}) == []


# --- rows


def test_nulls_where_a_value_is_needed_are_counted_and_the_first_rows_named(found):
    holes = put(put(put(APRIL, "at", 3, None), "sold", 5, None), "id", 7, None)
    project = settings(key=["id"])
    assert found({"a.parquet": holes}, project) == [
        f"a.parquet: {name} must not be null (fill it in, or take the rows out):"
        f" broken by 1 of 60 rows, such as row {row}"
        for name, row in (("at", 3), ("sold", 5), ("id", 7))
    ]


def test_a_number_that_is_none_is_a_null(found):
    table = pa.Table.from_pandas(APRIL, preserve_index=False)
    sold = pa.array([float("nan"), *[0.0, 1.0] * 29, 1.0])  # as other tools than pandas write it
    (line,) = found({"a.parquet": table.set_column(2, "sold", sold)})
    assert line.startswith("a.parquet: sold must not be null") and line.endswith("such as row 0")


@pytest.mark.parametrize("value", [float("inf"), -float("inf")])
@pytest.mark.parametrize("type_", ["float64", "float32"])
def test_an_infinite_number_is_one_line(found, value, type_):
    frame = put(APRIL, "size", 9, value).astype({"size": type_})
    assert found({"a.parquet": frame}) == [
        "a.parquet: size must be finite (write null for what is not known): broken by 1 of 60 rows, such as row 9"
    ]


def test_an_infinite_number_in_a_column_that_nothing_names_is_nobodys_business(found):
    assert found({"a.parquet": put(APRIL, "size", 9, float("inf"))}, settings(features=["town"])) == []


def test_a_year_that_pandas_cannot_count_to_is_one_line(found):
    table = pa.Table.from_pandas(APRIL, preserve_index=False)
    ends = pa.array([datetime(9999, 12, 31)] + [datetime(2013, 4, 5)] * 59, pa.timestamp("us"))
    (line,) = found({"a.parquet": table.append_column("until", ends)}, settings(["size", "until"]))
    assert line.startswith("a.parquet: until must be within 1678 and 2261 (write null for an open end): broken by 1 of")
    assert line.endswith("such as row 0 (9999-12-31T00:00:00)")
    at = pa.array([datetime(9999, 12, 31), *APRIL["at"][1:].tolist()], pa.timestamp("us"))
    (line,) = found({"a.parquet": table.set_column(0, "at", at)})
    assert line.startswith("a.parquet: at must be within 1678 and 2261")


@pytest.mark.parametrize(
    "name", ["2013-04.parquet", "shop_2013_04.parquet", "2013-04 (1).parquet", "2013-04_b.parquet"]
)
def test_rows_of_another_month_than_the_files(found, name):
    stray = put(put(APRIL, "at", 0, pd.Timestamp("2013-05-01")), "at", 1, pd.Timestamp("2013-03-31 23:59:59"))
    assert found({name: stray}) == [
        f"{name}: at must be in the month of the file's name (move the rows, or rename the file):"
        " broken by 2 of 60 rows, such as row 0 (2013-05-01T00:00:00), row 1 (2013-03-31T23:59:59)"
    ]


@pytest.mark.parametrize(
    "name", ["april", "2013-03-15", "2013-01_2013-06", "2013-01-01_2013-12-31", "201303", "v2013-13", "12013-03"]
)
def test_a_name_without_a_month_says_nothing_of_its_rows(found, name):
    assert found({f"{name}.parquet": APRIL}) == []


def test_a_month_in_a_zone_may_begin_a_day_earlier_in_utc(found):
    local = APRIL.assign(at=pd.date_range("2013-04-01", "2013-04-30 23:00", periods=60, tz="Asia/Tokyo"))
    assert found({"2013-04.parquet": local}) == []


def test_rows_in_the_future_and_one_far_from_the_rest(found):
    future = put(APRIL, "at", 2, pd.Timestamp("2042-04-01"))
    assert found({"a.parquet": future}) == [
        "a.parquet: at must not be in the future (correct the rows, or take them out): broken by 1 of 60 rows,"
        " such as row 2 (2042-04-01T00:00:00)"
    ]
    (line,) = found({"a.parquet": put(APRIL, "at", 2, pd.Timestamp("1970-01-01"))})
    assert line.startswith("a.parquet: at must not be far from all other rows (correct the rows, or take them out): ")
    assert line.endswith("broken by 1 of 60 rows, such as row 2 (1970-01-01T00:00:00)")


def at_hours(hours):
    return np.datetime64("2013-01-01T00", "s") + np.array(hours, dtype="timedelta64[h]")


@given(st.lists(st.integers(0, 31 * 24), min_size=9, max_size=200), st.randoms())
def test_days_weeks_or_a_month_without_a_row_are_nothing_strange(gaps, random):
    times = at_hours(np.cumsum([0, *gaps]))
    shuffled = random.sample(times.tolist(), len(times))
    assert usual(np.array(shuffled, dtype=times.dtype)) == (times.min(), times.max())


def test_a_gap_is_long_where_it_is_longer_than_all_else_is_spread():
    year = [*range(0, 24 * 365, 2)]
    assert usual(at_hours([*year, 24 * 30 * 23]))[1] > at_hours(year).max()
    assert usual(at_hours([*year, 24 * 30 * 25]))[1] == at_hours(year).max()


def test_few_rows_are_far_and_many_are_a_gap():
    body = [*range(0, 24 * 60, 2)]  # 720 rows in two months
    years = 24 * 365
    assert usual(at_hours([*body, 3 * years]))[1] == at_hours(body).max()
    assert usual(at_hours([*body, *range(3 * years, 3 * years + 7)]))[1] == at_hours(body).max()
    assert usual(at_hours([*body, *range(3 * years, 3 * years + 8)]))[1] > at_hours(body).max()


def test_a_month_at_the_turn_of_the_year():
    times = np.array(["2012-12-01", "2012-12-31T23:59:59", "2013-01-01"], dtype="datetime64[s]")
    assert outside_month("2012-12.parquet", times, np.timedelta64(0, "D")).tolist() == [False, False, True]


def test_bytes_that_are_no_text_are_one_line(found):
    latin = pa.array(["Köln".encode("latin-1")] * 60)
    table = pa.Table.from_pandas(APRIL.drop(columns="town"), preserve_index=False)
    table = table.append_column("town", pa.StringArray.from_buffers(60, *latin.buffers()[1:]))
    with pytest.raises(UserError, match=r"2013-04\.parquet: not a readable Parquet file \(.*\); replace it$"):
        found(TWO | {"2013-04.parquet": table})


# --- copies


def test_a_copied_month_is_one_line_with_both_files(found):
    shuffled = MARCH.sample(frac=1, random_state=1)[["sold", "at", "town", "id", "size"]]
    (line,) = found({"2013-03 (1).parquet": shuffled, "2013-03.parquet": MARCH, "2013-04.parquet": APRIL})
    assert line.startswith(
        "2013-03.parquet: no row may be in two files (take it out of one, or let data.key say what tells rows apart):"
        " broken by 60 of 60 rows, such as row 0 (as row "
    )
    assert line.count("of 2013-03 (1).parquet)") == 3


def test_exports_that_overlap_are_one_line(found):
    weeks = {"week1.parquet": APRIL[:40], "week2.parquet": APRIL[37:]}
    (line,) = found(weeks)
    assert "broken by 3 of 23 rows, such as row 0 (as row 37 of week1.parquet), row 1 (as row 38" in line
    typed = {**weeks, "week2.parquet": APRIL[37:].astype({"size": "int64", "sold": "float64"})}
    assert found(typed) == [line], "the type of a number does not hide a copy"


def test_without_a_key_rows_of_one_file_may_be_alike(found):
    assert found(TWO | {"2013-04.parquet": pd.concat([APRIL, APRIL[:5]])}) == []


def test_without_time_and_key_rows_may_be_alike_by_chance_but_a_file_is_no_copy(found):
    timeless = settings(["size"], time=None)
    rows = {"a.parquet": MARCH.drop(columns="at"), "b.parquet": APRIL.drop(columns="at")}
    some = pd.concat([rows["a.parquet"][:20], rows["b.parquet"]])
    assert found(rows | {"b.parquet": some}, timeless) == []
    most = pd.concat([rows["a.parquet"], rows["b.parquet"][:20]])
    (line,) = found(rows | {"b.parquet": most}, timeless)
    assert "b.parquet: no row may be in two files" in line and "broken by 60 of 80 rows" in line
    few_values = {name: frame[["sold"]].assign(size=1.0) for name, frame in rows.items()}
    assert found(few_values, timeless) == []


def test_a_key_is_there_once_in_all_files_and_in_each(found):
    keyed = settings(key=["id", "town"])
    twice = pd.concat([APRIL, APRIL[4:5].assign(size=-1.0, at=APRIL["at"][59])])
    elsewhere = put(put(MARCH, "id", 0, 4007), "town", 0, APRIL["town"][7])
    rule = "id, town must tell all rows apart (take copies out, or correct data.key): broken by"
    assert found({"2013-03.parquet": elsewhere, "2013-04.parquet": twice}, keyed) == [
        f"2013-04.parquet: {rule} 2 of 61 rows, such as row 7 (as row 0 of 2013-03.parquet),"
        " row 60 (as row 4 of 2013-04.parquet)"
    ]
    assert found({"2013-03.parquet": elsewhere, "2013-04.parquet": APRIL}, settings(key=["id", "at"])) == []


def test_rows_that_are_alike_with_keys_that_differ_are_sound(found):
    alike = MARCH.assign(at=MARCH["at"][0], size=1.0, sold=[0, 1] * 30)
    assert found({"a.parquet": alike[:30], "b.parquet": alike[30:]}, settings(key=["id"])) == []


# --- files


@pytest.mark.parametrize(
    "name", ["2013-05.PARQUET", "b.pq", "old/c.parquet", "year=2013/d.parquet", "e.csv", "f.csv.gz"]
)
def test_a_table_that_no_step_reads_is_named(found, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    MARCH.to_parquet(tmp_path / name)
    with pytest.raises(UserError) as error:
        found(TWO)
    assert str(error.value) == (
        f"{tmp_path}: 1 passed over, such as {name}; only the *.parquet files in the folder itself are read:"
        " rename, move, convert or delete what is not"
    )


@pytest.mark.parametrize(
    "name", ["README.md", "notes.txt", ".cache/a.parquet", "_delta_log/b.parquet", ".c.parquet.crc"]
)
def test_what_is_no_table_or_hidden_is_nobodys_business(found, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    assert found(TWO) == []
