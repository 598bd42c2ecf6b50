"""`infra`, by the unmodified Azure CLI: from nothing to everything whatever comes between, and back to nothing.

Azure and GitHub are stand-ins. What is made is held to Microsoft's types and GitHub's description; a success here says
nothing of policies, of propagation, or of how long Azure takes.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cli
import measured
import pytest
import yaml
from looped import Looped
from subscribed import HOME, PROJECT, Done, Subscribed, serve, subscribed, workspace

from conftest import Project
from standin.cloud import CLIENT, SUBSCRIPTION
from standin.faults import refuse
from standin.limits import LOW_PRIORITY, OF_DSV2, Limits
from standin.login import TENANT

STAGES = ("staging", "production")
HOOK = "https://chat.example.com/hooks/never-shown-4711"
GROUPS = [f"{PROJECT}-{name}" for name in ("identities", "production", "registry", "staging")]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cli.installed(tmp_path_factory)


@pytest.fixture(scope="module")
def here(installed: Project, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subscribed]:
    place, python = tmp_path_factory.mktemp("subscribed"), Path(Looped(installed.folder).python)
    installed.run("uv", "pip", "install", "--quiet", measured.REQUIREMENT)
    with subscribed(installed.folder, python, programs, place) as here:
        yield here
        here.azure.check()
        if here.counts:  # none where a single test was asked for
            measured.together(measured.INFRA, here.counts)


@pytest.fixture(autouse=True)
def nothing_secret(here: Subscribed) -> Iterator[None]:
    """Neither what a command is given nor what it prints holds a token or a chat's address."""
    here.printed.clear()
    yield
    shown = "\n".join([*here.printed, here.given_to_az()])
    assert "eyJ" not in shown and HOOK not in shown and here.host.token not in shown
    assert here.azure.cloud.secret("client") not in "\n".join(here.printed)


@pytest.fixture(scope="module")
def made(here: Subscribed) -> Subscribed:
    """All is there, after an `up` whose workspace failed, one that was killed at the host, and one that ended."""
    here.azure.cloud.limits.broken = {f"workspaces/{PROJECT}-production": "No room."}
    failed = here.infra("up", "--yes", CHAT_WEBHOOK=HOOK)
    assert failed.code == 2 and here.resources("vaults")
    assert failed.error.startswith(f"error: az stack sub create: Conflict: No room. ({workspace('production')}); mend")
    here.azure.cloud.limits.broken = {}
    here.killed_at_host(7, "up", "--yes", CHAT_WEBHOOK=HOOK)
    assert here.host.environments and not here.host.variables
    done = here.counted("up", "--yes", CHAT_WEBHOOK=HOOK)
    assert done.code == 0, done.out + done.err
    return here


def test_a_plan_that_nobody_says_yes_to_shows_all_and_changes_nothing(here: Subscribed) -> None:
    said = here.infra("up", typed="no\n", CHAT_WEBHOOK=HOOK)
    assert (said.code, said.err, said.wrote, here.host.written) == (1, "", [], [])
    assert said.lines[-1].endswith("nothing was changed")
    assert [f"  resource group {name}: none -> there" in said.lines for name in GROUPS] == [True] * 4
    assert f"  workspaces {PROJECT}-staging in {PROJECT}-staging: none -> there" in said.lines
    assert "GitHub: environment production:" in said.lines and "files of the project:" in said.lines
    assert not here.azure.cloud.resources


def test_of_one_workspace_for_all_the_plan_names_no_registry(here: Subscribed) -> None:
    options = here.folder / "infra" / "parameters.yml"
    text = options.read_text(encoding="utf-8")
    options.write_text(text.replace("registry: true ", "registry: false"), encoding="utf-8")
    plan = here.infra("plan")
    options.write_text(text, encoding="utf-8")
    assert (plan.code, plan.wrote, here.host.written) == (1, [], [])
    assert f"registries {PROJECT} in" not in plan.out
    assert f"  workspaces {PROJECT} in {PROJECT}: none -> there" in plan.lines
    assert plan.lines[-1].endswith(" to do: uv run infra up")


def test_up_ends_with_everything_whatever_came_between(made: Subscribed) -> None:
    again = made.infra("plan", CHAT_WEBHOOK=HOOK)
    assert (again.code, again.lines[-1], again.wrote) == (0, "nothing to do", []), again.out
    assert made.resources("resourceGroups") == GROUPS
    outputs = made.stack()["outputs"]["clients"]["value"]
    clients = {one["name"]: {"AZURE_CLIENT_ID": one["id"]} for one in outputs}
    assert {name: one["variables"] for name, one in made.host.environments.items()} == clients
    assert made.host.variables == {"AZURE_TENANT_ID": TENANT, "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}
    assert made.given_to_az().count("stack sub create") == 2, "what the killed one had made was not made again"


def test_identities_trust_the_subjects_that_the_host_names(made: Subscribed) -> None:
    found = [one for one in made.azure.cloud.resources.values() if "federated" in one["type"].lower()]
    trusted = {one["properties"]["subject"] for one in found}
    names = ("training", *STAGES, "monitoring")
    assert trusted == {f"repo:someone/flights:environment:{name}" for name in names}


def test_up_ends_with_a_commit_that_lets_the_environments_be_there(made: Subscribed) -> None:
    assert made.git("log", "--format=%s", "-2").splitlines() == ["Let the environments be on Azure", "first"]
    assert made.git("status", "--porcelain") == ""
    removed = [
        line for line in made.git("show", "--format=", "HEAD").splitlines() if line.startswith("-") and line[1] != "-"
    ]
    assert [line.split("#")[0].strip() for line in removed] == ["-platform: local"]
    for stage in STAGES:
        said = yaml.safe_load((made.folder / "environments" / f"{stage}.yml").read_text(encoding="utf-8"))["workspace"]
        assert said == {"resource_group": f"{PROJECT}-{stage}", "name": f"{PROJECT}-{stage}", "registry": PROJECT}


def test_a_workspace_of_the_template_is_one_to_work_in(made: Subscribed) -> None:
    for stage in STAGES:
        kept = made.azure.cloud.get(workspace(stage))
        assert kept["properties"]["mlFlowTrackingUri"].endswith(workspace(stage))
        assert kept["properties"]["systemDatastoresAuthMode"] == "Identity"
        assert made.azure.cloud.find(f"{workspace(stage)}/datastores/workspaceblobstore")
        assert made.azure.cloud.find(f"{workspace(stage)}/computes/cpu-cluster")


def test_what_a_hand_has_changed_is_found(made: Subscribed) -> None:
    [storage, *_] = [
        one for one in made.azure.cloud.resources.values() if one["type"] == "Microsoft.Storage/storageAccounts"
    ]
    storage["properties"]["allowSharedKeyAccess"] = True
    group = storage["id"].split("/")[4]
    line = f"storageAccounts {storage['name']} in {group}: properties.allowSharedKeyAccess: true -> false"
    made.git("reset", "--quiet", "HEAD~1")  # as a run leaves it that is killed between writing and its commit
    status = made.infra("status", CHAT_WEBHOOK=HOOK)
    made.git("commit", "--quiet", "--all", "--message", "as it was")
    assert "no  files of the project\n      environments/base.yml: to be committed\n" in status.out
    assert status.code == 1 and f"no  Azure\n      {line}\nyes GitHub: environment training\n" in status.out
    assert status.wrote == [] and status.lines[-1] == "mend: uv run infra up"


def test_what_the_stack_did_not_make_stops_down(made: Subscribed) -> None:
    foreign = f"{HOME}/{PROJECT}-staging/providers/Microsoft.Storage/storageAccounts/somebodys"
    made.azure.cloud.put(foreign, {"location": "westeurope", "properties": {}})
    done = made.infra("down", "--yes", PROJECT)
    assert (done.code, done.wrote) == (2, [])
    assert done.error.startswith(f"error: storageAccounts somebodys in {PROJECT}-staging: not made by `infra up`")
    made.azure.cloud.remove(foreign)
    nobody = made.infra("down")
    assert (nobody.code, nobody.wrote) == (2, []) and "'' is not this project's name" in nobody.error
    wrong = made.infra("down", typed="something\n")
    assert (wrong.code, wrong.wrote) == (2, []) and "'something' is not this project's name" in wrong.error


def kinds(done: Done) -> list[str]:
    """What of what kind was written, in order."""
    found = []
    for write in done.wrote:
        method, _, path = write.partition(" ")
        parts = path.rpartition("/providers/")[2].split("/")
        found.append(f"{method} {parts[-1] if len(parts) % 2 == 0 else parts[-2]}")
    return found


def test_down_ends_what_serves_then_all_else_and_goes_on_where_it_failed(made: Subscribed) -> None:
    serve(made)
    made.azure.faults.at(5, refuse(409, "Not now."))
    failed = made.infra("down", "--yes", PROJECT)
    assert failed.code == 2 and "Azure answered 409: Conflict: Not now." in failed.error
    done = made.counted("down", "--yes", PROJECT)
    assert (done.code, done.lines[-1]) == (0, "nothing of the project is left in Azure"), done.out + done.err
    order = list(dict.fromkeys([*kinds(failed), *kinds(done)]))
    assert (
        order.index("PUT onlineEndpoints") < order.index("DELETE deployments") < order.index("DELETE onlineEndpoints")
    )
    last = ["DELETE federatedIdentityCredentials", "DELETE deploymentStacks", "POST purge"]
    assert [one for one in order if one in last] == last
    assert made.azure.cloud.resources == {} and made.azure.cloud.store["deleted"] == {}
    assert made.host.variables == {} and not any(one["variables"] for one in made.host.environments.values())


def test_down_again_finds_nothing(made: Subscribed) -> None:
    done = made.infra("down", "--yes", PROJECT)
    assert (done.code, done.wrote, done.lines) == (0, [], ["nothing of the project is left in Azure"])


@pytest.fixture
def limits(here: Subscribed) -> Iterator[Limits]:
    yield here.azure.cloud.limits
    here.azure.cloud.limits = Limits()


def test_all_that_is_missing_is_said_at_once_with_its_mend(here: Subscribed, limits: Limits) -> None:
    limits.unregistered, limits.forbidden = {"microsoft.insights"}, ["Microsoft.Authorization/*/Write"]
    limits.cores |= {LOW_PRIORITY: 4, OF_DSV2: 4}
    vault = f"{HOME}/{PROJECT}-staging/providers/Microsoft.KeyVault/vaults/kept"
    gone = {"name": "kept", "type": "microsoft.keyvault/vaults", "id": vault, "tags": {"project": PROJECT}}
    here.azure.cloud.store["deleted"] = {vault.lower(): gone}
    here.host.admin = False
    done = here.infra("up", "--yes")
    here.host.admin, here.azure.cloud.store["deleted"] = True, {}
    lines = [line.removeprefix("error: ") for line in done.err.splitlines()]
    assert done.code == 2 and done.wrote == [] and done.out == ""
    assert lines[0].startswith("resource provider Microsoft.Insights: NotRegistered; `az provider register --namespace")
    assert "you may not Microsoft.Authorization/roleAssignments/write" in lines[1]
    assert lines[2].startswith("quota of low-priority cores in westeurope: 4 free, 8 needed for 2 of Standard_DS3_v2;")
    assert lines[3].startswith("quota of cores of standardDSv2Family in westeurope: 4 free, 8 needed")
    assert lines[4] == "key vault kept is deleted, but Azure keeps its name; `az keyvault purge --name kept`"
    assert lines[5].startswith("someone/flights: its settings are its administrators' alone") and len(lines) == 6


def test_a_region_without_the_size_is_said(here: Subscribed, limits: Limits) -> None:
    limits.sizes = {"Standard_E4s_v3"}
    done = here.infra("plan")
    assert (done.code, done.error) == (
        2,
        "error: region westeurope has no Standard_DS3_v2 for machine learning; choose one that it has",
    )


def test_a_name_that_a_deleted_workspace_keeps_is_said(here: Subscribed) -> None:
    gone = {"name": "w", "type": "microsoft.machinelearningservices/workspaces", "id": workspace("staging"), "tags": {}}
    here.azure.cloud.store["deleted"] = {workspace("staging").lower(): gone}
    done = here.infra("up", "--yes")
    here.azure.cloud.store["deleted"] = {}
    assert done.code == 2 and "Soft-deleted workspace exists." in done.error
    assert done.error.endswith("purge it in the portal (Azure Machine Learning, Recently deleted), then run it again")


def too_old(place: Path) -> str:
    """A folder with an `az` of long ago."""
    program = place / "az"
    program.write_text('#!/bin/sh\necho \'{"azure-cli": "2.37.0"}\'\n', encoding="utf-8")
    program.chmod(0o755)
    return f"{place}{os.pathsep}{os.environ['PATH']}"


def test_who_is_not_logged_in_or_elsewhere_is_told_so(here: Subscribed, tmp_path: Path) -> None:
    other = "33333333-3333-3333-3333-333333333333"
    no_az = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if not (Path(one) / "az").exists())
    said = {
        "login": here.infra("plan", AZURE_CONFIG_DIR=str(tmp_path / "empty")).error,
        "tenant": here.infra("plan", AZURE_TENANT_ID=other).error,
        "subscription": here.infra("plan", AZURE_SUBSCRIPTION_ID=other).error,
        "none": here.infra("plan", PATH=no_az).error,
        "old": here.infra("plan", PATH=too_old(tmp_path)).error,
    }
    assert said["login"].startswith("error: az: Please run 'az login' to setup account")
    assert said["tenant"].endswith(f"AZURE_TENANT_ID says {other}; `az login --tenant {other}`")
    assert other in said["subscription"] and "az account set --subscription" in said["subscription"]
    assert said["none"] == "error: az was not found; install the Azure CLI: https://aka.ms/install-azure-cli"
    assert said["old"] == "error: az 2.37.0 is too old; `az upgrade`: 2.61.0 is the first that has deployment stacks"


def test_az_itself_logs_in_with_a_job_token_and_validates(here: Subscribed, programs: Path, tmp_path: Path) -> None:
    """As a pipeline would; a mistake in the template is found before anything is made."""
    environment = {**os.environ, **here.environment(), **cli.variables(here.azure, programs, tmp_path)}
    environment[cli.CALLS] = os.devnull  # a token is among what it is given here

    def az(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["az", *arguments], env=environment, input=given, capture_output=True, text=True, check=False
        )

    token = here.id_token()
    done = az(
        "login", "--service-principal", "-u", CLIENT, "--tenant", TENANT, "--federated-token", token, "-o", "none"
    )
    assert done.returncode == 0, done.stderr
    template = json.loads((here.folder / "infra" / "main.json").read_text(encoding="utf-8"))
    template["resources"][0 if isinstance(template["resources"], list) else "groups"]["misspelt"] = 1
    (tmp_path / "wrong.json").write_text(json.dumps(template), encoding="utf-8")
    where = ("--name", "x", "--location", "westeurope", "--parameters", "@-")
    given = json.dumps(here.parameters())
    for file, code in ((here.folder / "infra" / "main.json", 0), (tmp_path / "wrong.json", 1)):
        done = az("deployment", "sub", "validate", "--template-file", str(file), *where, given=given)
        assert done.returncode == code, done.stderr
    assert "unknown property 'misspelt'" in done.stderr
