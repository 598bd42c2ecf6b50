"""Orders on this machine: killed at any moment, started twice at once, out of room, with workers that die."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from batched import answer_files, flights, write_flights
from registry import Registry
from small_model import save_model
from waiting import wait_until

from conftest import ROOT
from mlops import UserError
from mlops.platform import Order
from mlops.platform.local import processes
from mlops.platform.local.batch_output import RUN_FILE
from mlops.platform.local.batch_workers import PROCESS
from mlops.platform.local.batches import LocalBatches
from mlops.settings.environments import BatchSettings

NAME = "flights-batch"
SIZES = [40, 10, 70, 0, 25, 55]
HEAD = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from registry import Registry
from mlops.platform import Order
from mlops.platform.local import batches as module
from mlops.platform.local.batch_run import BatchRun
from mlops.platform.local.batch_workers import Worker
from mlops.settings.environments import BatchSettings

def killed_after(times, function):
    left = [times]
    def called(*arguments):
        found = function(*arguments)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    return called

settings = BatchSettings(endpoint="flights-batch", instance_count={workers}, retries=1)
batches = module.LocalBatches(Path({root!r}), Registry(Path({models!r})), settings)
order = Order(Path({source!r}), Path({output!r}), ["flight"])
"""
SCORE = 'print(batches.score("flights-batch", order, print))\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the versions 1 and 2, and a project in it whose batch endpoint scores with version 1."""
    folder = tmp_path_factory.mktemp("batches")
    for version in (1, 2):
        save_model(folder / "models" / str(version), version)
    shutil.copytree(ROOT / "serving", folder / "serving")
    batches = make(folder)
    batches.create(NAME)
    batches.deploy(NAME, "blue", "flights", 1)
    batches.make_default(NAME, "blue")
    return folder


def make(folder, **settings):
    told = BatchSettings.model_validate({"endpoint": NAME, "retries": 1, **settings})
    return LocalBatches(folder / ".mlops", Registry(folder / "models"), told)


@pytest.fixture
def batches(made):
    """That of the project, with one worker."""
    return make(made)


@pytest.fixture(scope="module")
def undisturbed(made):
    """An order that was done without any trouble: its input, what it wrote, and the run's own file."""
    source, whole = made / "in", made / "whole"
    write_flights(source, SIZES)
    flights(20_000, 7).to_parquet(source / "07.parquet", index=False)
    make(made).score(NAME, Order(source, whole, ["flight"]), print)
    return source, answer_files(whole), (whole / RUN_FILE).read_bytes()


@pytest.fixture
def order(undisturbed, tmp_path):
    """The same order for another folder."""
    shutil.copytree(undisturbed[0], tmp_path / "in")
    return Order(tmp_path / "in", tmp_path / "out", ["flight"])


@pytest.fixture
def whole(undisturbed, order):
    """What the order is to write, byte for byte, as it begins at the same second."""
    order.output.mkdir()
    (order.output / RUN_FILE).write_bytes(undisturbed[2])
    return undisturbed[1]


def code(made, order, more, workers=2):
    """A program that does the order."""
    places = {"root": made / ".mlops", "models": made / "models", "source": order.source, "output": order.output}
    paths = [str(ROOT), str(Path(__file__).parents[1] / "support")]
    return HEAD.format(paths=paths, workers=workers, **{name: str(path) for name, path in places.items()}) + more


def python(text):
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=os.environ
    )


def workers_of(made):
    """The workers that run for this project."""
    scripts = made / ".mlops" / "batch" / NAME / "deployments" / "blue"
    return processes.find_marked([[str(PROCESS), str(scripts)]])


MOMENTS = {
    "it has begun": "module.begun = killed_after(1, module.begun)",
    "a worker has started": "Worker.__init__ = killed_after(1, Worker.__init__)",
    "a worker is ready": "Worker.wait_until_ready = killed_after(1, Worker.wait_until_ready)",
    "a file is dealt": "BatchRun.take = killed_after(1, BatchRun.take)",
    "rows are scored": "BatchRun.told = killed_after(1, BatchRun.told)",
    "a file is over": "BatchRun.over = killed_after(1, BatchRun.over)",
    "more rows are scored": "BatchRun.told = killed_after(4, BatchRun.told)",
    "half is over": "BatchRun.over = killed_after(3, BatchRun.over)",
    "the last file is dealt": "BatchRun.take = killed_after(7, BatchRun.take)",
    "all is over": "BatchRun.over = killed_after(7, BatchRun.over)",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_goes_on_and_ends_with_the_same_bytes(made, batches, order, whole, moment):
    process = python(code(made, order, f"{MOMENTS[moment]}\n{SCORE}"))
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -9, errors
    wait_until(lambda: not workers_of(made))
    left = answer_files(order.output)
    assert left == {name: whole[name] for name in left}, "what is there is whole"
    (order.output / "01.parquet.1.part").write_bytes(b"of a worker that was killed in the middle")
    done = batches.score(NAME, order, print)
    assert answer_files(order.output) == whole and done.before == len(left)
    assert list(order.output.glob("*.part")) == []


def test_the_time_of_a_run_is_that_of_its_beginning_however_often_it_is_killed(made, batches, order):
    process = python(code(made, order, f"{MOMENTS['it has begun']}\n{SCORE}"))
    process.communicate(timeout=300)
    told = json.loads((order.output / RUN_FILE).read_text(encoding="utf-8"))
    told["time"] = "2001-01-01T00:00:00+00:00"
    (order.output / RUN_FILE).write_text(json.dumps(told), encoding="utf-8")
    batches.score(NAME, order, print)
    assert {str(time) for time in pq.read_table(order.output / "00.parquet")["time"].to_pylist()} == {
        "2001-01-01 00:00:00+00:00"
    }


def test_of_two_at_once_one_writes_and_the_files_are_whole(made, order, whole):
    both = [python(code(made, order, SCORE)) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes, said
    refused = [errors for (_, errors), code in zip(said, codes, strict=True) if code]
    assert all("writes answers there; try again when that has ended" in errors for errors in refused)
    assert answer_files(order.output) == whole


def test_a_worker_that_is_killed_costs_nothing_but_time(made, order, whole):
    killing = """
ask, left = Worker.ask, [2]
def killed(self, files, tell):
    left[0] -= 1
    if left[0] == 0:
        self.process.kill()
    return ask(self, files, tell)
Worker.ask = killed
"""
    process = python(code(made, order, killing + SCORE))
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0 and "failed={}" in said, said + errors
    assert answer_files(order.output) == whole


def test_a_file_that_ends_every_worker_is_named_and_those_dealt_with_it_are_done(made, order):
    path = made / ".mlops" / "batch" / NAME / "deployments" / "blue" / "batch_score.py"
    kept = path.read_text(encoding="utf-8")
    dies = "def score_file(source: Path, folder: Path) -> int:\n"
    text = kept.replace(dies, f'{dies}    if source.stem == "02":\n        os.kill(os.getpid(), 9)\n')
    assert text != kept
    path.write_text(text, encoding="utf-8")
    try:
        done = make(made, mini_batch=3, instance_count=2).score(NAME, order, print)
    finally:
        path.write_text(kept, encoding="utf-8")
    assert done.failed == {"02.parquet": "its worker ended: signal 9"}
    assert sorted(answer_files(order.output)) == [f"{number:02}.parquet" for number in (0, 1, 3, 4, 5, 7)]


@pytest.mark.parametrize("retries", [0, 2])
def test_a_damaged_file_is_tried_as_often_as_was_asked(made, order, retries):
    (order.source / "04.parquet").write_bytes(b"PAR1")
    scripts = made / ".mlops" / "batch" / NAME / "deployments" / "blue"
    kept = (scripts / "batch_score.py").read_text(encoding="utf-8")
    counted = "def score_file(source: Path, folder: Path) -> int:\n"
    text = kept.replace(counted, f'{counted}    print("tried", source.name, flush=True)\n')
    (scripts / "batch_score.py").write_text(text, encoding="utf-8")
    try:
        done = make(made, retries=retries).score(NAME, order, print)
    finally:
        (scripts / "batch_score.py").write_text(kept, encoding="utf-8")
    log = (made / ".mlops/batch" / NAME / "logs/worker-1.log").read_text(encoding="utf-8")
    assert [*done.failed] == ["04.parquet"] and log.count("tried 04.parquet") == 1 + retries
    assert log.count("tried") == len(SIZES) + 1 + retries


def test_without_room_it_stops_with_nothing_half_written_and_goes_on_later(made, batches, order, whole):
    limit = len(whole["07.parquet"]) // 2
    assert max(len(value) for name, value in whole.items() if name != "07.parquet") < limit
    small = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    process = python(code(made, order, small + SCORE))
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1 and "File too large; make room and run this again: it goes on" in errors
    left = answer_files(order.output)
    assert "07.parquet" not in left and left == {name: whole[name] for name in left}
    assert list(order.output.glob("*.part")) == [] and workers_of(made) == []
    batches.score(NAME, order, print)
    assert answer_files(order.output) == whole


def test_interrupted_it_ends_its_workers_and_goes_on_later(made, batches, order, whole):
    interrupt = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell that runs the tests has made of it
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
BatchRun.told = interrupted
"""
    process = python(code(made, order, interrupt + SCORE))
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0 and "KeyboardInterrupt" in errors
    assert workers_of(made) == [] and list(order.output.glob("*.part")) == []
    batches.score(NAME, order, print)
    assert answer_files(order.output) == whole


def test_several_workers_write_what_one_writes(made, order, whole):
    make(made, instance_count=3, mini_batch=2).score(NAME, order, print)
    assert answer_files(order.output) == whole


def test_what_a_worker_is_given_of_this_process_holds_no_secret(made, batches, order, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hush")
    scripts = made / ".mlops" / "batch" / NAME / "deployments" / "blue"
    kept = (scripts / "batch_score.py").read_text(encoding="utf-8")
    told = 'def init() -> None:\n    """Load the model. Called once a process."""\n'
    text = kept.replace(told, f"{told}    print(sorted(os.environ), flush=True)\n")
    assert text != kept
    (scripts / "batch_score.py").write_text(text, encoding="utf-8")
    try:
        batches.score(NAME, order, print)
    finally:
        (scripts / "batch_score.py").write_text(kept, encoding="utf-8")
    log = (made / ".mlops/batch" / NAME / "logs/worker-1.log").read_text(encoding="utf-8")
    assert "BATCH_TIME" in log and "AZURE_CLIENT_SECRET" not in log


def test_a_deployment_whose_files_are_gone_says_so_and_is_made_anew(made, tmp_path, order):
    batches = make(made)
    batches.deploy(NAME, "green", "flights", 2)
    shutil.rmtree(made / ".mlops/batch" / NAME / "deployments/green")
    there = batches.observe(NAME).deployments["green"]
    assert (there.state, there.reason) == ("failed", "its files are gone")
    with pytest.raises(UserError, match="green cannot score, as its files are gone; apply again"):
        batches.score(NAME, replace(order, slot="green"), print)
    assert batches.deploy(NAME, "green", "flights", 2).state == "ready"
    batches.delete_deployment(NAME, "green")


def test_a_damaged_state_is_one_line(tmp_path):
    folder = tmp_path / ".mlops/batch" / NAME
    folder.mkdir(parents=True)
    (folder / "batch.json").write_text('{"default": "blue"}', encoding="utf-8")
    batches = LocalBatches(tmp_path / ".mlops", Registry(tmp_path), BatchSettings(endpoint=NAME))
    with pytest.raises(UserError, match=r"default: blue is no deployment.*delete .* and apply again"):
        batches.observe(NAME)


def test_what_a_command_that_was_killed_was_writing_is_taken_away(made, batches):
    left = made / ".mlops" / "batch" / NAME / ".batch.json.half"
    left.write_text("{", encoding="utf-8")
    batches.create(NAME)
    assert not left.exists()
