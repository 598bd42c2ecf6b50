"""What a schedule of Azure's is to do, as the project's files say; nothing is asked while none is wanted."""

import subprocess
import sys

import pytest

from conftest import ROOT, edit
from mlops.operate.infrastructure.schedules import OnAzure, retraining, schedules, watch
from mlops.settings.environments import load_manifest
from mlops.settings.infrastructure import Infrastructure, Schedules


def asked_for(stage):
    raise AssertionError(f"{stage} was asked for")


NOWHERE = OnAzure(asked_for)


@pytest.fixture
def inside(project, monkeypatch):
    monkeypatch.chdir(project)
    return project


def test_without_the_option_nothing_is_wanted_and_nothing_asked():
    assert schedules(Infrastructure(), NOWHERE) == []


def test_importing_infra_brings_neither_the_sdk_nor_tables():
    code = "import sys, mlops.commands.infra; print({'azure', 'pandas', 'pyarrow', 'sklearn'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_both_are_named_and_neither_is_asked_for_before_it_is_looked_at(inside):
    found = schedules(Infrastructure(schedules=Schedules(train="0 5 * * *")), NOWHERE)
    endpoint = load_manifest("production").endpoint.name
    assert [each.name for each in found] == ["schedules: training", f"schedules: monitor of what {endpoint} serves"]


def test_where_there_is_no_time_there_is_nothing(inside):
    assert retraining(None, NOWHERE) is None
    assert watch(None, [], NOWHERE) is None


def test_a_champion_of_this_machine_is_none_on_azure(inside):
    edit(inside / "environments" / "production.yml", "version: null", "version: 3")
    wanted = retraining("0 5 * * *", NOWHERE)
    assert wanted.inputs == {"data": str((inside / "data").resolve()), "criterion": "superiority"}


def test_an_address_stays_one(inside):
    edit(inside / "project.yml", "uri: data ", "uri: azureml://datastores/blobs/paths/flights/ ")
    assert retraining("0 5 * * *", NOWHERE).inputs["data"] == "azureml://datastores/blobs/paths/flights/"


@pytest.mark.parametrize("path", ["project.yml", "tests/behaviour.yml"])
def test_what_a_run_is_sent_is_known_by_its_content(inside, path):
    before = retraining("0 5 * * *", NOWHERE).code
    assert retraining("0 5 * * *", NOWHERE).code == before
    with (inside / path).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert retraining("0 5 * * *", NOWHERE).code != before
