"""Processes of ours: recognised, ended as a family, and what they say last."""

import sys

import psutil
import pytest
from waiting import wait_until

from mlops.platform.local import processes
from mlops.platform.local.endpoint_state import Started


def test_a_process_that_got_an_old_pid_is_let_alone():
    me = psutil.Process()
    assert processes.find(Started(pid=me.pid, created=me.create_time())) == me
    assert processes.find(Started(pid=me.pid, created=me.create_time() - 60)) is None
    assert processes.find(None) is None


@pytest.mark.parametrize("by", [-3600.0, 3600.0])
def test_a_process_is_found_again_after_the_clock_was_set(monkeypatch, by):
    """The kernel tells a process's creation and the boot by the clock as it is now."""
    me, boot = psutil.Process(), psutil.boot_time()
    before = Started(pid=me.pid, created=me.create_time() + by, boot=boot + by)
    assert processes.find(before) == me
    assert processes.find(Started(pid=me.pid, created=me.create_time() + by / 2, boot=boot)) is None
    monkeypatch.setattr(processes, "of_that_pid", lambda _: None)
    assert processes.find(before) == me, "once found, it is known"


def test_what_was_started_before_the_machine_was_is_no_crash():
    boot = psutil.boot_time()
    assert processes.of_another_boot(Started(pid=1, created=boot - 3600))
    assert not processes.of_another_boot(Started(pid=1, created=boot + 3600))


def test_a_process_gets_none_of_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("RUNNER_TRACKING_ID", "of the job")
    said = "import os; print(sorted(os.environ), os.environ['LANG'], os.environ['OURS'])"
    started = processes.start([sys.executable, "-c", said], tmp_path, tmp_path / "log", {"OURS": "told"})
    wait_until(lambda: processes.find(started) is None)
    (line,) = processes.last_lines(tmp_path / "log", 10)
    assert "ACTIONS" not in line and "'PATH'" in line and line.endswith("C.UTF-8 told")
    assert "'RUNNER_TRACKING_ID'" in line, "or the runner could not end what a job has left behind"


def test_a_process_is_ended_with_all_that_it_started(tmp_path):
    parent = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1).wait()"
    started = processes.start([sys.executable, "-c", parent], tmp_path, tmp_path / "log")
    process = processes.find(started)
    wait_until(process.children)
    family = [process, *process.children()]
    processes.end([process])
    assert not any(processes.runs(each) for each in family)


@pytest.mark.parametrize(
    ("marker", "there"),
    [
        (["--entry_script", "a/score.py"], True),
        (["--entry_script", "a/score"], False),
        (["score.py", "--port"], False),
        (["--entry_script", "--port"], False),
        (["--port", "1", "2"], False),
    ],
)
def test_a_marker_is_whole_arguments_in_one_piece(marker, there):
    arguments = ["python", "-c", "run()", "--entry_script", "a/score.py", "--port", "1"]
    assert processes.contains(arguments, marker) is there


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "it left no message"),
        ("starting\nstopped\n\n", "stopped"),
        ("Traceback:\n  File x\nKeyError: 'signature'\nWorker exiting\n", "KeyError: 'signature'"),
        ("my.own.OddError\nbye\n", "my.own.OddError"),
        ("ValueError: no\nazureml_inference_server_http.server.user_script.UserScriptException: x\n", "ValueError: no"),
        ("usage: x\n-c: error: unrecognized\n", "-c: error: unrecognized"),
        ("error: Failed to fetch\n  cause: x\n", "error: Failed to fetch"),
    ],
)
def test_a_dead_process_cause_of_death(tmp_path, log, words):
    path = tmp_path / "log"
    path.write_text(log, encoding="utf-8")
    assert processes.cause_of_death(path) == words
