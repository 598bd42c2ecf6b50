"""Records of requests: none is lost in silence, whatever happens to the disk or to the router."""

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from this_process import NOBODYS

from mlops.platform.local import records
from mlops.platform.local.endpoint_state import EndpointState
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request, rows_since
from mlops.platform.local.traffic import samples_since, summary

ROW = Request(1.0, "blue", 7, "live", 200, 2.5, b'{"a": 1}', b"[0.5]")
WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from mlops.platform.local.records import Recorder, Request
recorder = Recorder(Path(sys.argv[1]))
for number in range(1_000_000):
    for _ in range(3):
        recorder.add(Request(number, "blue", 7, "live", 200, 2.5, b"x" * 2000, None))
    recorder.flush().result()
    print(number, flush=True)
"""
FULL_FOR_A_WHILE = """
import resource, sys
from pathlib import Path
from mlops.platform.local.records import Recorder, Request
recorder = Recorder(Path(sys.argv[1]))
def add(number):
    recorder.add(Request(number, "blue", 7, "live", 200, 2.5, b"x" * 100_000, None))
    recorder.flush().result()
    print(recorder.last_loss is not None)
add(1)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, most))
add(2)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
add(3)
recorder.close()
"""


def times(path):
    return [time for (time,) in rows_since(path, "time", 0, "TRUE")]


def written(path, *rows):
    recorder = Recorder(path)
    for row in rows:
        recorder.add(row)
    recorder.close()
    return recorder


def start(code, path):
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, encoding="utf-8")


@settings(max_examples=20, deadline=None)
@given(moments=st.lists(st.integers(0, 50).map(float), max_size=60), since=st.integers(-1, 51))
def test_the_rows_from_a_moment_on_are_found(moments, since):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "#1 %20?.db")
        written(path, *(ROW._replace(time=moment, status=index) for index, moment in enumerate(moments)))
        found = rows_since(path, "time, status", since, "status % 2")
    expected = [(moment, index) for index, moment in enumerate(moments) if moment >= since and index % 2]
    assert sorted(found) == sorted(expected)
    assert [moment for moment, _ in found] == sorted(moment for moment, _ in expected)


@pytest.mark.parametrize("harm", ["deleted", "garbage"])
def test_a_database_that_was_lost_is_made_anew_and_the_loss_is_known(tmp_path, harm):
    path = tmp_path / RECORDS_FILE
    recorder = Recorder(path)
    recorder.add(ROW)
    recorder.flush().result()
    assert recorder.last_loss is None
    if harm == "deleted":
        path.unlink()
    else:
        recorder.close()
        path.write_bytes(b"not a database" * 1000)
        recorder = Recorder(path)
        recorder.flush().result()
    recorder.add(ROW._replace(time=2.0))
    recorder.flush().result()
    assert recorder.last_loss is not None
    recorder.add(ROW._replace(time=3.0))
    recorder.close()
    assert times(path)[-1] == 3.0 and 1.0 not in times(path)
    assert (tmp_path / f"{RECORDS_FILE}-damaged").exists() == (harm == "garbage")


def test_what_is_yet_to_come_is_of_before_the_clock_was_set_back(tmp_path):
    recorder, now = Recorder(tmp_path / RECORDS_FILE), time.time()
    for moment in (now - 5, now + 3600):
        recorder.add(Request(moment, "blue", 1, "live", 500, 1.0, None, None))
    recorder.close()
    assert [moment for (moment,) in rows_since(tmp_path / RECORDS_FILE, "time", now - 60, "TRUE")] == [now - 5]


def test_what_is_too_old_or_too_much_is_forgotten(tmp_path, monkeypatch):
    path, now = tmp_path / RECORDS_FILE, time.time()
    written(path, *(ROW._replace(time=now - days * 24 * 3600) for days in (40, 31, 29, 1, 0)))
    monkeypatch.setattr(records, "FORGET_EVERY", 0)
    written(path, ROW._replace(time=now))
    assert [round((now - each) / 24 / 3600) for each in times(path)] == [29, 1, 0, 0]
    monkeypatch.setattr(records, "LARGEST", 100_000)
    for batch in range(20):
        written(path, *(ROW._replace(time=now - 1 + batch / 32, request=bytes(10_000)) for _ in range(20)))
    assert path.stat().st_size < 1_500_000, "of 4 MB that were written"
    assert now - 1 + 19 / 32 in times(path), "the newest stay"


def test_nobody_else_reads_what_clients_have_sent(tmp_path):
    written(tmp_path / RECORDS_FILE, ROW)
    assert (tmp_path / RECORDS_FILE).stat().st_mode & 0o777 == 0o600


def test_a_row_comes_back_as_it_was(tmp_path):
    rows = [ROW, ROW._replace(request=None, answer=None), ROW._replace(request=b"\xff\x00", answer=b"")]
    recorder = written(tmp_path / "a.db", *rows)
    assert (rows_since(recorder.path, "*", 0, "TRUE"), recorder.last_loss) == (rows, None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"], "nothing beside it: it was closed in order"


def test_before_the_first_request_there_are_records_and_none_in_them(tmp_path):
    assert times(written(tmp_path / "a.db").path) == []


@pytest.mark.parametrize("what", ["nothing", "a folder", "no database"])
def test_records_that_cannot_be_read_are_an_error(tmp_path, what):
    path = tmp_path / "a.db"
    if what == "a folder":
        path.mkdir()
    if what == "no database":
        path.write_bytes(b"x" * 5000)
    with pytest.raises(OSError, match=r"a\.db: "):
        times(path)
    assert path.exists() == (what != "nothing")


def test_what_a_killed_router_has_on_disk_stays_and_the_next_one_goes_on(tmp_path):
    path = tmp_path / "a.db"
    with start(WRITE_UNTIL_KILLED, path) as router:
        said = [int(router.stdout.readline()) for _ in range(20)]
        router.kill()
    assert set(said) <= set(times(path))
    before = len(times(path))
    written(path, ROW)
    assert len(times(path)) == before + 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file")
def test_a_full_disk_loses_rows_until_there_is_room_again(tmp_path):
    with start(FULL_FOR_A_WHILE, tmp_path / "a.db") as router:
        assert router.stdout.read().split() == ["False", "True", "True"]
    assert times(tmp_path / "a.db") == [1, 3]


def test_a_disk_that_comes_back_is_used_again(tmp_path):
    path = tmp_path / "folder" / "a.db"
    recorder = Recorder(path)
    recorder.add(ROW)
    recorder.flush().result()
    path.parent.mkdir()
    recorder.add(ROW._replace(time=2.0))
    recorder.close()
    assert recorder.last_loss is not None
    assert times(path) == [2.0]


def test_what_does_not_fit_is_lost_and_said_so(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MAX_WAITING", records.OVERHEAD + 10)
    recorder = Recorder(tmp_path / "a.db")
    recorder.add(ROW._replace(request=b"x" * 6, answer=b"x" * 5))
    assert recorder.last_loss is not None
    for moment in (2.0, 3.0):
        recorder.add(ROW._replace(time=moment, request=b"x" * 5, answer=b"x" * 5))
        recorder.flush().result()
    recorder.close()
    assert times(recorder.path) == [2.0, 3.0]


def test_a_reader_keeps_no_row_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LOCK_LIMIT", 0.0)
    recorder = Recorder(tmp_path / "a.db")
    recorder.add(ROW)
    recorder.flush().result()
    with closing(sqlite3.connect(recorder.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM requests").fetchone() == (1,)
        recorder.add(ROW)
        recorder.flush().result()
    recorder.close()
    assert (len(times(recorder.path)), recorder.last_loss) == (2, None)


def test_what_is_collected_are_scoring_requests(tmp_path):
    table = b'{"input_data": {"columns": ["a"], "data": [[1]], "index": [0]}, "params": {}}'
    odd = [b"", b"\xff", b"[]", b'"input_data"', b'{"input_data": [1]}', b'{"input_data": {"columns": []}}']
    forms = [b'{"dataframe_split": {"columns": ["a"], "data": [[1]]}}', b'{"inputs": {"a": [1]}}', b'{"a": 1}']
    forms += [b'{"dataframe_records": [{"a": 1}]}', b'{"inputs": [{"a": 1}]}']
    rows = [ROW._replace(request=request) for request in [table, *odd, *forms]]
    rows += [ROW._replace(request=table, answer=b"<html>"), ROW._replace(request=None, answer=None)]
    written(tmp_path / RECORDS_FILE, *rows)
    assert list(samples_since(tmp_path, EndpointState(port=NOBODYS, key="key"), 0)) == [
        {"time": 1.0, "slot": "blue", "version": 7, "inputs": {"columns": ["a"], "data": [[1]]}, "outputs": [0.5]}
    ] * (1 + len(forms))


@given(st.lists(st.tuples(st.sampled_from([200, 400, 499, 500, 502]), st.floats(0, 1e6)), min_size=1))
def test_traffic_is_summed_up(answers):
    traffic = summary(answers, 250.0)
    statuses, latencies = zip(*answers, strict=True)
    assert (traffic.requests, traffic.errors) == (len(answers), sum(map((500, 502).count, statuses)))
    assert traffic.p95_ms == np.percentile(latencies, 95, method="inverted_cdf")
    assert (traffic.timed, traffic.slow) == (len(answers), sum(each > 250 for each in latencies))
