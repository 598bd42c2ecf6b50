"""`infra` in a repository of Azure Repos, by the unmodified Azure CLI: from nothing to everything, and back to nothing.

Whoever sets it up has typed `az login` and nothing else. Azure and Azure DevOps are stand-ins; what the latter is sent
is compared with its documentation's examples, so a success here says nothing of what it would make of them.
"""

from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import cli
import pytest
import yaml
from looped import Looped
from subscribed import AZURE_DEVOPS, HOME, PROJECT, Done, Subscribed, serve, subscribed

from conftest import Project
from standin.faults import AFTER, BEFORE

NAMES = ("training", "staging", "production", "monitoring")
ELSEWHERE = f"{HOME}/somebody-elses"
STORES = "providers/Microsoft.Storage/storageAccounts"


@pytest.fixture(scope="module")
def here(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subscribed]:
    place, python = tmp_path_factory.mktemp("subscribed"), Path(Looped(installed.folder).python)
    with subscribed(installed.folder, python, cli.installed(tmp_path_factory), place, AZURE_DEVOPS) as here:
        here.host.has_run = False  # no pipeline has, so that nobody knows yet who they run as
        yield here
        here.azure.check()


@pytest.fixture(autouse=True)
def nothing_secret(here: Subscribed) -> Iterator[None]:
    """Neither what the commands so far were given nor what they printed holds a token."""
    yield
    assert "eyJ" not in "\n".join([*here.printed, here.given_to_az()])


@pytest.fixture(scope="module")
def made(here: Subscribed) -> tuple[Done, Done]:
    """The first `up`, and one after main was pushed and a pipeline has run. All is there afterwards."""
    first = here.infra("up", "--yes")
    assert first.code == 0, first.out + first.err
    assert not here.host.policies and not here.host.entries, "nobody could push main any more, and nobody has rights"
    here.git("push", "--quiet", str(here.host.repository), "HEAD:main")
    here.git("update-ref", "refs/remotes/origin/main", "HEAD")  # as a push to its address leaves it
    here.host.has_run = True
    second = here.infra("up", "--yes")
    assert second.code == 0, second.out + second.err
    return first, second


def test_a_plan_of_nothing_names_all_of_it_and_writes_nothing(here: Subscribed) -> None:
    plan = here.infra("plan")
    assert (plan.code, plan.err, plan.wrote, here.host.written) == (1, "", [], []), plan.err
    assert f"  workspaces {PROJECT}-staging in {PROJECT}-staging: none -> there" in plan.lines
    for name in NAMES:
        assert f"Azure DevOps: environment {name}:\n  it is not there\n" in plan.out
        assert f"Azure DevOps: connection flights-{name}:\n" in plan.out
    assert "  client: none -> the id of its identity" in plan.lines
    assert "Azure DevOps: environment production: Approval:" in plan.lines
    assert "  azure-pipelines/variables.yml: to be committed" in plan.lines
    assert plan.lines[-1].endswith(" to do: uv run infra up") and not here.azure.cloud.resources


def test_up_makes_both_and_the_second_one_what_main_had_to_be_there_for(
    here: Subscribed, made: tuple[Done, Done]
) -> None:
    first, second = made
    assert first.lines[-1].endswith("up` again: main gets its rules, and the pipelines the right to propose, then")
    assert here.given_to_az().count("stack sub create") == 2, "once more for what the connections call themselves"
    assert second.wrote == [] and len(here.host.policies) == 2 and len(here.host.entries) == 3
    assert second.lines[-1] == "all is as it should be", "there is nothing to push"


def test_identities_trust_the_connections_and_those_name_the_identities(
    here: Subscribed, made: tuple[Done, Done]
) -> None:
    clients = {one["name"]: one["id"] for one in here.stack()["outputs"]["clients"]["value"]}
    said = {each["name"]: each["authorization"]["parameters"] for each in here.host.endpoints}
    assert {name: each["serviceprincipalid"] for name, each in said.items()} == {
        f"flights-{name}": clients[name] for name in NAMES
    }
    found = [one for one in here.azure.cloud.resources.values() if "federated" in one["type"].lower()]
    assert {(one["properties"]["issuer"], one["properties"]["subject"]) for one in found} == {
        (each["workloadIdentityFederationIssuer"], each["workloadIdentityFederationSubject"]) for each in said.values()
    }


def test_up_ends_with_a_commit_in_which_the_pipelines_and_their_table_name_the_connections(
    here: Subscribed, made: tuple[Done, Done]
) -> None:
    """Or the project's own test of its pipelines would be red after `up`."""
    assert here.git("log", "--format=%s").splitlines() == ["Let the environments be on Azure", "first"]
    assert here.git("status", "--porcelain") == ""
    folder = here.folder / "azure-pipelines"
    named = yaml.safe_load((folder / "variables.yml").read_text(encoding="utf-8"))["variables"]
    assert named == {f"{name}Connection": f"flights-{name}" for name in NAMES}
    assert run_path(str(here.folder / "tests" / "pipeline_table.py"))["changes"](folder) == []


def test_plan_again_finds_nothing_and_writes_nothing(here: Subscribed, made: tuple[Done, Done]) -> None:
    here.host.calm()
    again = here.infra("plan")
    assert (again.code, again.err, again.lines[-1]) == (0, "", "nothing to do"), again.out
    assert again.wrote == [] and here.host.written == []


def test_what_a_hand_has_changed_and_what_was_never_committed_is_found(
    here: Subscribed, made: tuple[Done, Done]
) -> None:
    here.host.calm()
    connection = next(each for each in here.host.endpoints if each["name"] == "flights-staging")
    right = connection["authorization"]["parameters"]["serviceprincipalid"]
    connection["authorization"]["parameters"]["serviceprincipalid"] = "somebody-elses"
    lock = next(
        each
        for each in here.host.checks
        if (each["resource"]["name"], each["type"]["name"]) == ("production", "ExclusiveLock")
    )
    here.host.checks.remove(lock)
    here.git("reset", "--quiet", "HEAD~1")  # as a run leaves it that is killed between writing and its commit
    status = here.infra("status")
    here.git("commit", "--quiet", "--all", "--message", "as it was")
    assert (status.code, status.wrote, here.host.written) == (1, [], [])
    assert [line for line in status.lines if not line.startswith("yes ")] == [
        "no  Azure DevOps: environment production: ExclusiveLock",
        "      one at a time: none -> yes",
        "no  Azure DevOps: connection flights-staging",
        f"      client: somebody-elses -> {right}",
        "no  files of the project",
        *(f"      environments/{name}.yml: to be committed" for name in ("base", "staging", "production")),
        *(f"      azure-pipelines/{name}: to be committed" for name in ("variables.yml", "pipelines.txt")),
        "mend: uv run infra up",
    ]


def what_is_not_ours(here: Subscribed) -> set[str]:
    """In the subscription, beside the project: a group with a store, and a deleted vault whose name is kept."""
    put, tags = here.azure.cloud.put, {"project": "another"}
    for name, body in ((ELSEWHERE, {}), (f"{ELSEWHERE}/{STORES}/theirs", {"properties": {}})):
        put(name, {"location": "westeurope", "tags": tags, **body})
    vault = f"{ELSEWHERE}/providers/Microsoft.KeyVault/vaults/theirs"
    gone = {"name": "theirs", "type": "microsoft.keyvault/vaults", "id": vault, "tags": tags}
    here.azure.cloud.store.setdefault("deleted", {})[vault.lower()] = gone
    here.host.endpoints.append({**here.host.endpoints[0], "id": 901, "name": "somebody-elses"})
    return {ELSEWHERE.lower(), f"{ELSEWHERE}/{STORES}/theirs".lower(), vault.lower()}


def test_down_that_is_killed_goes_on_and_ends_with_nothing_but_what_is_not_ours(
    here: Subscribed, made: tuple[Done, Done]
) -> None:
    """Killed while an endpoint still has its deployment, between two workspaces, at the host, and around the end."""
    serve(here)
    kept, gone = what_is_not_ours(here), ("down", "--yes", PROJECT)
    here.killed_at("PUT .*/onlineEndpoints/", AFTER, *gone)
    foreign = f"{HOME}/{PROJECT}-staging/{STORES}/somebodys"
    here.azure.cloud.put(foreign, {"location": "westeurope", "properties": {}})
    refused = here.infra(*gone)
    assert (refused.code, refused.wrote) == (2, []) and "storageAccounts somebodys" in refused.error
    here.azure.cloud.remove(foreign)
    here.killed_at("DELETE .*/workspaces/[^/]+$", AFTER, *gone)
    here.killed_at_host(6, *gone)
    assert len(here.host.endpoints) == 3 and here.stack()
    here.killed_at("DELETE .*/deploymentStacks/", AFTER, *gone)
    here.killed_at("POST .*/purge$", BEFORE, *gone)
    done = here.infra(*gone)
    assert (done.code, done.lines[-1]) == (0, "nothing of the project is left in Azure"), done.out + done.err
    assert {*here.azure.cloud.resources, *here.azure.cloud.store["deleted"]} == kept
    assert [each["name"] for each in here.host.endpoints] == ["somebody-elses"]
    assert not [of for of, said in here.host.lets.items() if of.startswith("environment/") and said["pipelines"]]
    assert not any(each["allow"] for each in here.host.entries.values())
