"""The repository's settings on Azure DevOps, which judges what is made by golden bodies."""

import json
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from azure_devops_settings import AzureDevOpsSettings
from made_so import differences, ends_the_same_whatever_happens, make_so
from repositories import make_repository
from services import TOKEN
from trouble import KINDS

from mlops import UserError
from mlops.ci import api
from mlops.ci.setup import azure_devops_rest
from mlops.ci.setup.azure_devops import AzureDevOps
from mlops.decide.infrastructure.repository import Subject, repository_settings
from mlops.settings.reading import read_yaml

STAGES = ["staging", "production"]
IDS = {"AZURE_TENANT_ID": "tenant-1", "AZURE_SUBSCRIPTION_ID": "subscription-1"}
CLIENTS = {name: f"client-of-{name}" for name in ("training", "staging", "production", "monitoring")}
SETTINGS = repository_settings(STAGES, [], IDS)
FEW = replace(SETTINGS, environments=("production",), pipelines={"pull-request": (), "train": ("production",)})
VARIABLES = """\
# The federated service connection of each environment. Empty: no login.
variables:
  stagingConnection: ""
  productionConnection: somebody-elses
  monitoringConnection: ""
"""
GIT = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"


def serve(service, monkeypatch):
    monkeypatch.setattr(azure_devops_rest, "SERVER", service.url)
    monkeypatch.setattr(azure_devops_rest, "PEOPLE", service.url)
    monkeypatch.setenv("AZURE_DEVOPS_EXT_PAT", TOKEN)


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.setattr(api, "RETRIES", api.RETRIES.new(backoff_factor=0))
    with AzureDevOpsSettings(make_repository(tmp_path)) as running:
        serve(running, monkeypatch)
        yield running


def host():
    """As a new run of the command has it."""
    return AzureDevOps("someone", "Data Science", "flights")


def make(settings=SETTINGS, clients=CLIENTS):
    make_so(host().wanted(settings, clients))


def checks_of(service, name):
    return {each["type"]["name"]: each for each in service.checks if each["resource"]["name"] == name}


def number(service, name):
    return next(each["id"] for each in service.definitions if each["name"] == name)


def test_the_first_run_makes_everything_and_the_second_writes_nothing(service):
    make()
    assert differences(host().wanted(SETTINGS, CLIENTS)) == {}
    assert [each["name"] for each in service.environments] == ["training", "staging", "production", "monitoring"]
    assert {each["name"] for each in service.endpoints} == {f"flights-{name}" for name in CLIENTS}
    assert set(checks_of(service, "production")) == {"Approval", "Task Check", "ExclusiveLock"}
    assert set(checks_of(service, "staging")) == {"Task Check", "ExclusiveLock"}
    assert set(checks_of(service, "flights-staging")) == {"Task Check"}
    assert [(each["path"], each["name"]) for each in service.definitions] == [
        ("\\flights", name) for name in ("pull-request", "train", "deploy", "monitor")
    ]
    assert service.entries[GIT, "repoV2/project-id/7d1c"] == {"allow": 4 + 16 + 16384, "deny": 0}
    service.calm()
    for each in host().wanted(SETTINGS, CLIENTS):
        each.apply()
    assert service.written == []


def test_an_environment_of_a_longer_name_is_another_one(service):
    service.environments.append({"id": 900, "name": "staging-old"})
    make()
    assert {"id": 900, "name": "staging-old"} in service.environments and len(service.environments) == 5
    assert checks_of(service, "staging")["ExclusiveLock"]["resource"]["id"] != "900"


def test_the_approval_keeps_its_approvers(service):
    make()
    settings = checks_of(service, "production")["Approval"]["settings"]
    assert settings["approvers"] == [{"id": "ada-id"}] and settings["requesterCannotBeApprover"] is False
    make(repository_settings(STAGES, ["ada@example.org", "grace@example.org"], IDS))
    settings = checks_of(service, "production")["Approval"]["settings"]
    assert settings["approvers"] == [{"id": "ada-id"}, {"id": "grace-id"}]
    assert settings["requesterCannotBeApprover"] is True


def test_each_pipeline_may_use_what_is_its_own(service):
    make()
    let = {
        (each["name"], pipeline["id"])
        for each in [*service.environments, *service.endpoints]
        for kind in ("environment", "endpoint")
        for pipeline in service.lets.get(f"{kind}/{each['id']}", {"pipelines": []})["pipelines"]
    }
    uses = {"train": ["training"], "deploy": ["staging", "production", "monitoring"], "monitor": ["monitoring"]}
    assert let == {
        (f"{prefix}{name}", number(service, pipeline))
        for pipeline, names in uses.items()
        for name in names
        for prefix in ("", "flights-")
    }


def test_before_there_are_identities_there_are_no_connections(service):
    make(clients={})
    assert service.endpoints == [] and host().subjects(["staging"]) == {}


def test_subjects_are_what_the_connections_say(service):
    make()
    assert host().subjects(["staging", "elsewhere"]) == {
        "staging": Subject(
            "https://login.microsoftonline.com/tenant-1/v2.0", "/eid1/c/pub/t/abc/a/def/sc/flights-staging"
        )
    }
    service.endpoints[0]["authorization"]["parameters"].pop("workloadIdentityFederationSubject")
    assert host().subjects(["training"]) == {}


def test_two_people_approve_each_other_and_own_the_environments(service):
    make(repository_settings(STAGES, ["ada@example.org", "grace@example.org"], IDS))
    said = {each["type"]["id"][:8]: each["settings"] for each in service.policies}
    assert said["fa4e907d"]["creatorVoteCounts"] is False
    assert said["fd2167ab"]["requiredReviewerIds"] == ["ada-id", "grace-id"]
    assert said["0609b952"]["buildDefinitionId"] == number(service, "pull-request")


def test_more_approvals_than_asked_for_stay(service):
    both = repository_settings(STAGES, ["ada@example.org", "grace@example.org"], IDS)
    make(both)
    approval = checks_of(service, "production")["Approval"]["settings"]
    approval.update(minRequiredApprovers=2, requesterCannotBeApprover=False)
    service.policies[1]["settings"].update(minimumApproverCount=2, allowDownvotes=True)
    make(both)
    settings = checks_of(service, "production")["Approval"]["settings"]
    assert (settings["minRequiredApprovers"], settings["requesterCannotBeApprover"]) == (2, True)
    settings = service.policies[1]["settings"]
    assert (settings["minimumApproverCount"], settings["allowDownvotes"]) == (2, False)


def test_where_pipelines_commit_to_main_it_has_no_policies(service):
    make(repository_settings(STAGES, [], IDS, open_main=True))
    assert service.policies == []
    assert checks_of(service, "staging")["Task Check"]["settings"]["inputs"]["ensureProtectionOfBranch"] == "false"


def nobody_approves(service):
    checks_of(service, "production")["Approval"]["settings"]["approvers"] = []


def every_branch(service):
    checks_of(service, "flights-staging")["Task Check"]["settings"]["inputs"]["allowedBranches"] = "*"


def no_lock(service):
    service.checks.remove(checks_of(service, "monitoring")["ExclusiveLock"])


def other_client(service):
    service.endpoints[1]["authorization"]["parameters"]["serviceprincipalid"] = "client-of-production"


def every_pipeline(service):
    service.lets["environment/1"]["allPipelines"] = {"authorized": True}


def not_let_in(service):
    service.lets["environment/1"]["pipelines"] = []


def not_blocking(service):
    service.policies[0]["isBlocking"] = False


def downvotes(service):
    service.policies[1]["settings"]["allowDownvotes"] = True


def paused(service):
    service.definitions[1]["queueStatus"] = "paused"


def other_file(service):
    service.definitions[2]["process"]["yamlFilename"] = "other.yml"


def denied(service):
    service.entries[GIT, "repoV2/project-id/7d1c"] = {"allow": 4, "deny": 16384}


EDITS = {
    nobody_approves: ("environment production: Approval", "approvers: none -> ada-id"),
    every_branch: ("endpoint flights-staging: Task Check", "branches: * -> refs/heads/main"),
    no_lock: ("environment monitoring: ExclusiveLock", "one at a time: none -> yes"),
    other_client: ("connection flights-staging", "client: client-of-production -> client-of-staging"),
    every_pipeline: ("environment training: who uses it", "every pipeline: True -> False"),
    not_let_in: ("environment training: who uses it", "train: False -> True"),
    not_blocking: ("checks of main", "blocking: False -> True"),
    downvotes: ("approvals of main", "allowDownvotes: True -> False"),
    paused: ("pipeline train", "queue: paused -> enabled"),
    other_file: ("pipeline deploy", "file: /other.yml -> /azure-pipelines/deploy.yml"),
    denied: ("the build service may push proposals", "PullRequestContribute: False -> True"),
}


def test_hand_edits_are_found_and_mended(service):
    make()
    subjects = host().subjects(list(CLIENTS))
    for edit in EDITS:
        edit(service)
    found = differences(host().wanted(SETTINGS, CLIENTS))
    assert {each.removeprefix("Azure DevOps: ") for each in found} == {name for name, _ in EDITS.values()}
    for name, line in EDITS.values():
        assert line in found[f"Azure DevOps: {name}"]
    make()
    assert differences(host().wanted(SETTINGS, CLIENTS)) == {}
    assert host().subjects(list(CLIENTS)) == subjects
    assert service.entries[GIT, "repoV2/project-id/7d1c"] == {"allow": 4 + 16 + 16384, "deny": 0}
    assert len(service.policies) == 2 and len(service.definitions) == 4 and len(service.endpoints) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_becomes_of_a_write_one_more_run_ends_the_same(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(api, "RETRIES", api.RETRIES.new(backoff_factor=0, total=1))
    bare = make_repository(tmp_path)

    def make_few():
        for each in host().wanted(FEW, {"production": "client-1"}):
            each.apply()

    @contextmanager
    def served():
        with AzureDevOpsSettings(bare) as service:
            serve(service, monkeypatch)
            yield service

    ends_the_same_whatever_happens(served, kind, make_few, expected=15)


def test_the_names_of_the_connections_are_files_to_write(service, tmp_path):
    (tmp_path / "azure-pipelines").mkdir()
    path = tmp_path / "azure-pipelines" / "variables.yml"
    path.write_text(VARIABLES, "utf-8")
    table = path.with_name("pipelines.txt")
    table.write_text("azure-pipelines/variables.yml\n  variables.stagingConnection:\n", "utf-8")
    before = {each.relative_to(tmp_path): each.read_text("utf-8") for each in (path, table)}
    found = host().files(SETTINGS, Path.read_text)
    assert found[Path("azure-pipelines/variables.yml")].startswith(VARIABLES.partition("\n")[0])
    for name, text in found.items():
        (tmp_path / name).write_text(text, "utf-8")
    said = table.read_text("utf-8").splitlines()[1:]
    assert sorted(said) == sorted(f"  variables.{each}Connection: flights-{each}" for each in CLIENTS)
    assert read_yaml(path)["variables"] == {f"{each}Connection": f"flights-{each}" for each in CLIENTS}
    assert host().files(SETTINGS, Path.read_text) == {}
    assert host().files(SETTINGS, before.__getitem__) == found, "written, not yet committed"


def test_all_that_is_missing_is_said_at_once(service):
    assert host().missing() == []
    service.admin = False
    first, second = AzureDevOps("someone", "Data Science", "other").missing()
    assert first == "someone/Data Science: no repository other; `az repos create --name other`"
    assert second.startswith("someone/Data Science: its settings are its administrators' alone; log in as")
    (line,) = AzureDevOps("someone", "Nothing", "flights").missing()
    assert line.startswith("Azure DevOps shows no project someone/Nothing; make it, or log in as")


def test_without_a_login_there_is_one_line(service, monkeypatch, tmp_path):
    monkeypatch.setenv("AZURE_DEVOPS_EXT_PAT", "not-this-one")
    (line,) = host().missing()
    assert "the server answered 302" in line and line.endswith("full access") and "not-this-one" not in line
    monkeypatch.delenv("AZURE_DEVOPS_EXT_PAT")
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = host().missing()
    assert line.startswith("no token for Azure DevOps (az was not found") and "`az login`" in line


def az_that_gives(tmp_path, monkeypatch, seconds):
    """An `az` whose login gives that token, which ends then, and notes each call; the notes."""
    said = json.dumps({"accessToken": TOKEN, "expires_on": int(time.time()) + seconds})
    program, calls = tmp_path / "az", tmp_path / "calls"
    program.write_text(f"#!/bin/sh\necho $@ >> {calls}\necho '{said}'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("AZURE_DEVOPS_EXT_PAT")
    return calls


@pytest.mark.skipif(os.name == "nt", reason="the program is a script of the shell")
@pytest.mark.parametrize(("seconds", "asked"), [(3600, 1), (100, 2)])
def test_the_login_of_az_is_enough_and_renewed_before_it_ends(service, tmp_path, monkeypatch, seconds, asked):
    """What Azure makes in between may take longer than a token is good for."""
    calls = az_that_gives(tmp_path, monkeypatch, seconds)
    here = host()
    assert here.missing() == [] and here.has_main()
    assert calls.read_text("utf-8").count("--resource 499b84ac-1321-427f-aa17-267ca6975798\n") == asked


def test_a_reviewer_whom_nobody_knows_is_one_line(service):
    with pytest.raises(UserError, match=r"Azure DevOps knows 0 people with the address lovelace@example\.org"):
        make(repository_settings(STAGES, ["lovelace@example.org"], IDS))


def test_before_main_is_there_the_pipelines_are_nobody_yet(service):
    service.git("branch", "--move", "main", "maintenance")
    service.has_run = False
    make()
    assert service.entries == {} and differences(host().wanted(SETTINGS, CLIENTS)) == {}
    service.has_run = True  # one of another repository has
    assert len(differences(host().wanted(SETTINGS, CLIENTS))) == 3


@pytest.mark.parametrize(("project", "name"), [("Data Science", "other"), ("Nothing", "flights")])
def test_a_remote_that_names_nothing_is_one_line_with_its_mend(service, project, name):
    with pytest.raises(UserError) as caught:
        AzureDevOps("someone", project, name).has_main()
    said = f"Azure DevOps shows no repository {name} in someone/{project}; let the remote origin name one that is there"
    assert str(caught.value).startswith(said) and str(caught.value).endswith("with full access")


def test_before_a_pipeline_has_run_the_rest_is_done(service, capsys):
    service.has_run = False
    make()
    assert "may push proposals: it is not known before a pipeline of the project has run" in capsys.readouterr().out
    assert len(differences(host().wanted(SETTINGS, CLIENTS))) == 3 and service.entries == {}


def test_down_takes_what_is_ours_and_nothing_else(service):
    make()
    service.entries[GIT, "repoV2/project-id/7d1c"]["allow"] += 2
    service.lets["environment/1"]["pipelines"].append({"id": 900, "authorized": True})
    service.endpoints.append({**service.endpoints[0], "id": 901, "name": "somebody-elses"})
    unwanted = host().unwanted(SETTINGS)
    assert len(differences(unwanted)) == 4 + 4 + 3
    make_so(unwanted)
    assert [each["name"] for each in service.endpoints] == ["somebody-elses"]
    assert service.lets["environment/1"]["pipelines"] == [{"id": 900, "authorized": True}]
    assert service.entries[GIT, "repoV2/project-id/7d1c"]["allow"] == 2
    assert differences(host().unwanted(SETTINGS)) == {}
    service.calm()
    for each in host().unwanted(SETTINGS):
        each.apply()
    assert service.written == []


def test_no_request_or_line_holds_the_token(service, capsys):
    lines = [line for each in host().wanted(SETTINGS, CLIENTS) for line in each.observe()]
    make()
    assert service.token not in capsys.readouterr().out + "".join(lines)
    for each in service.requests:
        assert service.token not in f"{each.path}{each.query}{each.body}"


def test_main_is_there_once_it_was_pushed(service):
    assert host().has_main()
    service.git("branch", "--move", "main", "maintenance")
    assert not host().has_main()
