"""Records that grow at the end: nothing readable is skipped, and what is broken is counted."""

import json
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.platform.local import journal
from mlops.platform.local.journal import Journal, lines_since

FULL_DISK = Path("/dev/full")
TIMES = st.lists(st.integers(0, 50).map(float), max_size=60).map(sorted)


@given(times=TIMES, since=st.integers(-1, 51), width=st.integers(0, 30), block=st.integers(1, 200))
def test_the_lines_from_a_moment_on_are_found(times, since, width, block):
    lines = [{"time": time, "number": number, "text": "x" * width} for number, time in enumerate(times)]
    with tempfile.TemporaryDirectory() as folder, patch.object(journal, "BLOCK", block):
        path = Path(folder, "lines.jsonl")
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8", newline="\n")
        assert lines_since(path, since) == ([line for line in lines if line["time"] >= since], 0)


def test_broken_lines_count_from_the_moment_on(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"time": 1}\n{"ti\n{"time": 2}\n[3]\n\xff\xfe\n{"time": 3}\n{"time": "4"}\n{"time": 4')
    assert lines_since(path, 1) == ([{"time": 1}, {"time": 2}, {"time": 3}], 4)
    assert lines_since(path, 2) == ([{"time": 2}, {"time": 3}], 4)  # the one before may be of then
    assert lines_since(path, 3) == ([{"time": 3}], 3)
    assert lines_since(path, 4) == ([], 1)


def test_a_record_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError, match=r"lines\.jsonl"):
        lines_since(tmp_path / "lines.jsonl", 0)


def test_a_half_line_of_a_killed_writer_spoils_no_other(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"time": 1}\n{"time": 2, "te')
    record = Journal(path)
    record.add(b'{"time": 3}')
    record.close(timeout=5)
    assert lines_since(path, 0) == ([{"time": 1}, {"time": 3}], 1)


def test_what_does_not_fit_is_lost_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "MAX_WAITING", 10)
    record = Journal(tmp_path / "lines.jsonl")
    record.add(b"x" * 11)
    record.add(b'{"time":1}')
    record.close(timeout=5)
    assert (record.lost, record.last_loss is not None) == (1, True)
    assert lines_since(record.path, 0) == ([{"time": 1}], 0)


def test_a_disk_that_comes_back_is_used_again(tmp_path):
    path = tmp_path / "folder" / "lines.jsonl"
    record = Journal(path)
    record.add(b'{"time": 1}')
    assert record.flush(timeout=5)
    path.parent.mkdir()
    record.add(b'{"time": 2}')
    record.close(timeout=5)
    assert record.lost == 1
    assert lines_since(path, 0) == ([{"time": 2}], 0)


@pytest.mark.skipif(not FULL_DISK.exists(), reason="this system has no device that is always full")
def test_a_full_disk_loses_lines_until_there_is_room_again(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.symlink_to(FULL_DISK)
    record = Journal(path)
    record.add(b'{"time": 1}')
    assert record.flush(timeout=5)
    path.unlink()
    record.add(b'{"time": 2}')
    record.close(timeout=5)
    assert record.lost == 1
    assert lines_since(path, 0) == ([{"time": 2}], 0)
