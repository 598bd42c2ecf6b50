"""Reading the data: the right rows in the right order, and one line for whatever cannot be read."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops import UserError
from mlops.data.tables import data_files, extent, hash_data, read_data, read_file

FEBRUARY = pd.DataFrame({"temp": [3.0, 4.0], "origin": ["JFK", "LGA"], "late": [0, 1]})
JANUARY = pd.DataFrame({"temp": [1.0, 2.0], "origin": ["EWR", "JFK"], "late": [1, 0]})


@pytest.fixture
def folder(tmp_path):
    """Two months, the later one written first."""
    FEBRUARY.to_parquet(tmp_path / "02.parquet", index=False)
    JANUARY.to_parquet(tmp_path / "01.parquet", index=False)
    (tmp_path / "README.md").write_text("no data", encoding="utf-8")
    return tmp_path


def refusal(call, *arguments):
    """The one line that the call is refused with."""
    with pytest.raises(UserError) as caught:
        call(*arguments)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_files_are_the_parquet_files_in_name_order(folder):
    assert [path.name for path in data_files(folder)] == ["01.parquet", "02.parquet"]


def test_data_is_all_files_in_name_order(folder):
    expected = pd.concat([JANUARY, FEBRUARY], ignore_index=True)
    pd.testing.assert_frame_equal(read_data(folder), expected)
    pd.testing.assert_frame_equal(read_data(folder, ["late", "temp"]), expected[["late", "temp"]])


def test_files_whose_types_go_together_have_one_type_and_others_are_one_line(folder):
    JANUARY.assign(temp=None).to_parquet(folder / "01.parquet", index=False)
    FEBRUARY.astype({"temp": "int32", "late": "uint8"}).to_parquet(folder / "02.parquet", index=False)
    rows = read_data(folder)
    assert rows["temp"].tolist()[2:] == [3, 4] and rows["temp"].isna().tolist() == [True, True, False, False]
    assert (rows["temp"].dtype, rows["late"].dtype) == ("float64", "int64")
    FEBRUARY.astype({"temp": "str"}).to_parquet(folder / "02.parquet", index=False)
    JANUARY.to_parquet(folder / "01.parquet", index=False)
    assert refusal(read_data, folder).startswith(f"{folder}: the files differ in type (")


def test_only_the_columns_asked_for_are_read(folder):
    path = folder / "01.parquet"
    with pq.ParquetFile(path) as file:
        spoilt = file.metadata.row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[spoilt.data_page_offset : spoilt.data_page_offset + 20] = b"\xff" * 20
    path.write_bytes(content)
    assert "01.parquet: not a readable Parquet file" in refusal(read_file, path)
    assert list(read_file(path, ["origin", "late"])["late"]) == [1, 0]


def test_a_missing_column_is_named_with_its_file(folder):
    FEBRUARY.rename(columns={"late": "Late"}).to_parquet(folder / "02.parquet", index=False)
    line = refusal(read_data, folder, ["temp", "late"])
    assert line == f"{folder / '02.parquet'}: no column late; correct the file, or the name in project.yml"


@pytest.mark.parametrize("content", [b"", b"origin,late\nJFK,1\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_file_that_is_not_parquet_is_refused(folder, content):
    (folder / "02.parquet").write_bytes(content)
    assert refusal(read_data, folder).startswith(f"{folder / '02.parquet'}: not a readable Parquet file (")


def test_a_cut_file_is_refused(folder):
    path = folder / "02.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    assert "02.parquet: not a readable Parquet file" in refusal(read_file, path)


def test_a_file_without_rows_is_refused(folder):
    FEBRUARY[:0].to_parquet(folder / "02.parquet", index=False)
    assert "02.parquet: no rows" in refusal(read_data, folder)


def test_a_column_that_comes_twice_is_refused(tmp_path):
    path = tmp_path / "01.parquet"
    pq.write_table(pa.table([[1.0], [2.0], [3]], names=["temp", "temp", "late"]), path)
    assert "more than one column temp; keep one of them" in refusal(read_file, path)


def test_what_another_tool_noted_about_types_does_not_matter(tmp_path):
    notes = {"pandas": '{"index_columns": [], "columns": [{"name": "temp", "pandas_type": "no", "numpy_type": "no"}]}'}
    pq.write_table(pa.table({"temp": [1.0]}).replace_schema_metadata(notes), tmp_path / "01.parquet")
    assert list(read_file(tmp_path / "01.parquet")["temp"]) == [1.0]


def test_a_missing_file_a_missing_folder_and_an_empty_one_are_refused(tmp_path):
    assert "none.parquet: no such file" in refusal(read_file, tmp_path / "none.parquet")
    assert "none: no such folder" in refusal(read_data, tmp_path / "none")
    assert "no *.parquet file" in refusal(read_data, tmp_path)


def test_the_hash_changes_with_content_and_names_of_the_data_and_with_nothing_else(folder):
    before = hash_data(folder)
    (folder / "README.md").write_text("changed", encoding="utf-8")
    assert hash_data(folder) == before
    (folder / "02.parquet").rename(folder / "03.parquet")
    renamed = hash_data(folder)
    FEBRUARY.assign(late=1).to_parquet(folder / "03.parquet", index=False)
    assert len({before, renamed, hash_data(folder)}) == 3


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(spoilt=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_spoilt_bytes_end_in_rows_or_in_one_line_never_in_a_traceback(folder, spoilt):
    path = folder / "spoilt.parquet"
    JANUARY.to_parquet(path, index=False)
    content = bytearray(path.read_bytes())
    for place, value in spoilt:
        content[int(place * len(content))] = value
    path.write_bytes(content)
    try:
        assert not read_file(path).empty
    except UserError as error:
        assert "\n" not in str(error)


def test_the_extent_of_the_data_whatever_the_times_are(tmp_path):
    times = pd.to_datetime(["2013-02-01 05:00", None, "2013-01-31 23:59"])
    for name, column in {"a": times, "b": times.tz_localize("UTC"), "c": times.astype("datetime64[s]")}.items():
        pd.DataFrame({"time": column, "other": 1}).to_parquet(tmp_path / f"{name}.parquet")
    assert extent(tmp_path, "time") == (3, 9, "2013-02-01 05:00")
    pd.DataFrame({"time": [None, "2013-03-01T07"]}).to_parquet(tmp_path / "d.parquet")
    pd.DataFrame({"time": [None]}).to_parquet(tmp_path / "e.parquet")
    assert extent(tmp_path, "time") == (5, 12, "2013-03-01T07")
    pd.DataFrame({"time": [[1]]}).to_parquet(tmp_path / "f.parquet")
    assert extent(tmp_path, None)[1:] == (13, "")
    with pytest.raises(UserError, match=r"f\.parquet: not a readable"):
        extent(tmp_path, "time")
    with pytest.raises(UserError, match=r"d\.parquet: no column other; correct the file, or the name in project\.yml$"):
        extent(tmp_path, "other")
