"""The template's own pipelines run the whole suite, everywhere, when they should, in both systems alike."""

import pytest

from ci.guard import tables
from ci.own import EVENTS, WANTED, azure_devops, github
from conftest import ROOT

BOTH = pytest.mark.parametrize("system", [github, azure_devops], ids=["github", "azure-devops"])


@BOTH
def test_they_run_when_they_should(system):
    when, _ = system(ROOT)
    assert when == {name: {**EVENTS, "workflow_dispatch": ""} for name in ("tests", "projects")}


@BOTH
def test_they_run_everything_on_every_machine_with_every_python_and_system(system):
    assert system(ROOT)[1] == WANTED


def test_the_suite_sees_the_history_that_its_tests_upgrade():
    ours = tables.pipelines(ROOT / ".github")[".github/workflows/tests.yml"]["jobs"]["tests"]["steps"][0]["with"]
    theirs = tables.pipelines(ROOT / "azure-pipelines")["azure-pipelines/templates/setup.yml"]["steps"][0]
    assert ours["fetch-depth"] == theirs["fetchDepth"] == "0"
