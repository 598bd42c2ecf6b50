"""Files are written whole or not at all, and hashed by name and content."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json, without_nan, write_json, write_text


def test_a_number_that_json_lacks_becomes_null(tmp_path):
    write_json(tmp_path / "a.json", {"x": [float("nan"), (float("inf"), 1.5)], "y": {"z": -float("inf")}})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"x": [None, [None, 1.5]], "y": {"z": None}}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_nothing_else_is_changed(value):
    assert without_nan(value) == value


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_that_is_written_again_keeps_its_mode(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    write_text(path, "new")
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("content", "line"), [(None, "no such file"), ("{", "not valid JSON"), ("\xff", "not text in UTF-8, from line 1")]
)
def test_an_unreadable_json_file_is_one_line(tmp_path, content, line):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match=line) as error:
        read_json(path, Artefact)
    assert "\n" not in str(error.value)


def test_the_hash_tells_names_contents_and_places_apart(tmp_path):
    def hashed(files):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return hash_folder(folder)

    folders = [{"a": "1"}, {"a": "2"}, {"b": "1"}, {"c/a": "1"}, {"a": "1", "b": ""}, {"a": "", "b": "1"}]
    assert len({hashed(files) for files in folders}) == len(folders)
    assert hashed({"a": "1", "b": "2"}) == hashed({"b": "2", "a": "1"})
