"""Whatever bytes a settings or state file holds: an answer, or one line that says what is wrong and how to mend it."""

import random
import shutil

import pytest
from damage import damage, put_back
from fuzz import ENDPOINT, READERS, attack, fault_of, make_project

from mlops.commands import stop
from mlops.platform.local import hosting, processes
from mlops.platform.local.endpoint_state import log_file, read_state
from steps import apply, monitor, plan, promote, register, smoke

CASES = 400  # a sample of what fuzz.py does


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project after a run and in the middle of a rollout."""
    folder = tmp_path_factory.mktemp("made")
    make_project(folder)
    return folder


@pytest.fixture
def whole(made, tmp_path, monkeypatch):
    """The current folder is a copy of it, in no repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "whole"))
    return tmp_path / "whole"


def test_every_reader_is_content_with_what_is_whole(whole):
    for name, calls in READERS.items():
        for call in calls:
            assert fault_of(call) == "", name
            found = call()
            assert not isinstance(found, int) or found in {0, 1}, name


def test_a_damaged_file_is_one_line_or_no_matter(whole):
    counts, faults = attack(CASES, seed=12)
    assert counts.total() == CASES and counts.keys() == READERS.keys()
    assert not faults, "\n".join(f"{where}: {fault}" for where, fault in faults[:3])


def test_damage_that_nobody_catches_is_noticed(whole, monkeypatch):
    monkeypatch.setattr("mlops.settings.reading.yaml.YAMLError", KeyError)  # so that none is caught
    _, faults = attack(100, seed=12)
    assert any("ParserError" in fault or "ScannerError" in fault for _, fault in faults)


HALF = {"empty": lambda content: b"", "garbage": lambda content: b"x" * 5000, "half": lambda content: content[:9000]}


@pytest.mark.parametrize("how", HALF)
@pytest.mark.parametrize(
    "command", [register, promote, plan, monitor, smoke, apply], ids=lambda module: module.__name__
)
def test_a_damaged_registry_is_one_line(whole, capsys, how, command):
    path = whole / ".mlops/mlflow.db"
    path.write_bytes(HALF[how](path.read_bytes()))
    if command in (plan, apply):  # else there is nothing to change, and the registry is not asked
        (ENDPOINT / "endpoint.json").unlink()
    code = command.main([] if command is register else ["staging"])
    said = capsys.readouterr().err
    assert (code, said.count("error: ")) == (2, 1), said
    assert "mlflow.db: not a whole database of MLflow's (" in said and "put back a copy, or delete .mlops" in said


def test_stop_ends_a_router_whatever_its_state_says(whole):
    """The process is found by its command line, so that a damaged file cannot keep it alive."""
    path, rng = ENDPOINT / "endpoint.json", random.Random(3)
    content = path.read_bytes()
    for _ in range(5):
        put_back(path, content)
        state = read_state(ENDPOINT).changed(port=processes.free_port(), deployments={}, traffic={}, router=None)
        router = processes.find(hosting.with_router(ENDPOINT.absolute(), state).router)
        damage(path, rng)
        assert stop.main([]) == 0
        assert not processes.runs(router), log_file(ENDPOINT, "router").read_text(encoding="utf-8")


def test_stop_copes_with_a_folder_in_the_place_of_the_state(whole, capsys):
    (ENDPOINT / "endpoint.json").unlink()
    (ENDPOINT / "endpoint.json").mkdir()
    assert stop.main([]) == 0
    assert plan.main(["staging"]) == 2
    assert "endpoint.json: not a file; run `stop`, delete " in capsys.readouterr().err
