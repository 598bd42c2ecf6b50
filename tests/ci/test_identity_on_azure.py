"""Both systems' pipelines against the stand-in of Azure: nothing is set for a command but what the pipeline sets.

The commands are the project's own, in the environment that the executor gives them. GitHub's repository has the
variables that docs/first-run.md has a person set, Azure DevOps its service connections.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ci.events import Run, Runner
from ci.identities import with_connections
from ci.server import Server
from ci.systems import AZURE_DEVOPS, GITHUB, System, told_of_azure
from conftest import Project
from standin import StandIn
from standin.hosts import AZURE_DEVOPS as HOST_OF_AZURE_DEVOPS
from standin.hosts import GITHUB as HOST_OF_GITHUB
from standin.hosts import PERSONS, SUBSCRIPTION

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in does not run on Windows")

BOTH = pytest.mark.parametrize("system", [GITHUB, AZURE_DEVOPS], ids=lambda system: system.name)
NAMED = ("version: null", "version: 1")
PROGRAMS = {
    "uv": '#!/bin/sh\n[ "$1" = run ] || exit 0\nshift\nexec "{bin}/$@"\n',  # what is installed already
    "python": "#!/bin/sh\nexit 0\n",  # only to install uv
    "az": '#!/bin/sh\n[ "$1 $2" = "account show" ] && echo {subscription}\n',
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with StandIn(tmp_path_factory.mktemp("standin")) as azure:
        yield azure
        azure.check()


@pytest.fixture(scope="module")
def programs(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name, text in PROGRAMS.items():
        filled = text.format(bin=installed.folder / ".venv" / "bin", subscription=SUBSCRIPTION)
        (folder / name).write_text(filled, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def server(both: Project, tmp_path: Path) -> Server:
    """A project on Azure whose production names a version that was never rolled out."""
    server = Server.of(both.folder, tmp_path)
    edits = {"environments/base.yml": ("platform: local ", "platform: azureml "), "environments/production.yml": NAMED}
    server.push({name: edited(server.clone / name, *change) for name, change in edits.items()})
    return server


def edited(file: Path, old: str, new: str) -> str:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return text.replace(old, new)


def happens(
    system: System, pipeline: str, server: Server, azure: StandIn, programs: Path, ids: Mapping[str, str] = PERSONS
) -> Run:
    """Run the pipeline. Of Azure the machine knows the way there, and nothing else."""
    azure.log.clear()
    way = {name: value for name, value in azure.environment.items() if not name.startswith("ACTIONS_")}
    event = with_connections(server, server.by_hand())
    return system.run(server.bare, pipeline, event, Runner([programs], way, **told_of_azure(system, ids)))


def asked_for(azure: StandIn) -> set[str]:
    """In whose names ID tokens were asked for."""
    queries = [each.query for each in azure.log if each.host in {HOST_OF_GITHUB, HOST_OF_AZURE_DEVOPS}]
    return {query.get("serviceConnectionId") or query["subject"].rpartition("environment:")[2] for query in queries}


def said(run: Run) -> str:
    return "\n".join(f"$ {each.script} -> {each.exit_code}\n{each.output}" for each in run.commands)


@BOTH
def test_monitor_opens_the_workspace_as_its_own_environment(system, node, server, azure, programs):
    run = happens(system, "monitor", server, azure, programs)
    assert run.result == "succeeded", said(run)
    assert "there is no endpoint yet" in said(run) and asked_for(azure) == {"monitoring"}


@BOTH
def test_deploy_opens_each_workspace_as_its_environment_and_asks_production_of_the_reader(
    system, node, server, azure, programs
):
    run = happens(system, "deploy", server, azure, programs)
    assert "nothing to roll out" in said(run) and "+ endpoint flight-delays-production" in said(run)
    assert [gate for gate, _ in run.gates] == ["staging", "monitoring", "production"]
    assert asked_for(azure) == {"staging", "monitoring", "production"}
    assert run.result == "failed" and "model flight-delays has no version 1" in said(run), "none was trained"


@BOTH
def test_train_asks_for_the_champion_as_its_own_environment(system, node, server, azure, programs):
    run = happens(system, "train", server, azure, programs)
    assert run.result == "failed" and "model flight-delays has no version 1" in said(run), "there is no champion"
    assert asked_for(azure) == {"training"}


@pytest.mark.parametrize("missing", PERSONS)
def test_without_one_of_the_ids_the_run_says_so_in_one_line(missing, node, server, azure, programs):
    ids = {name: value for name, value in PERSONS.items() if name != missing}
    run = happens(GITHUB, "monitor", server, azure, programs, ids)
    words = f"{missing} is not set" if "SUBSCRIPTION" in missing else "not signed in to Azure"
    assert run.result == "failed" and f"error: {words}" in said(run) and "Traceback" not in said(run)
