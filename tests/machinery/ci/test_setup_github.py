"""The repository's settings on GitHub, which judges every request by its own description."""

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from github_settings import ROOT, GitHubSettings
from made_so import differences, ends_the_same_whatever_happens, interrupted, make_so
from repositories import make_repository
from services import TOKEN, Fault
from trouble import KINDS

from mlops import UserError
from mlops.ci import api
from mlops.ci.setup import github
from mlops.ci.setup.github import GitHub
from mlops.decide.infrastructure.repository import Subject, repository_settings

STAGES = ["staging", "production"]
IDS = {"AZURE_TENANT_ID": "tenant-1", "AZURE_SUBSCRIPTION_ID": "subscription-1"}
CLIENTS = {name: f"client-of-{name}" for name in ("training", "staging", "production", "monitoring")}
CLIENTS_OF_FEW = {name: CLIENTS[name] for name in STAGES}
SETTINGS = repository_settings(STAGES, [], IDS)


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.setattr(api, "RETRIES", api.RETRIES.new(backoff_factor=0))
    with GitHubSettings(make_repository(tmp_path)) as running:
        monkeypatch.setattr(github, "SERVER", running.url + ROOT)
        monkeypatch.setenv("GH_TOKEN", running.token)
        yield running


def host():
    """As a new run of the command has it."""
    return GitHub("someone", "flights")


def make(settings=SETTINGS, clients=CLIENTS):
    make_so(host().wanted(settings, clients))


def reviewers(service, name="production"):
    rules = service.environments[name]["protection_rules"]
    return [each for each in rules if each["type"] == "required_reviewers"]


def test_the_first_run_makes_everything(service):
    make()
    assert differences(host().wanted(SETTINGS, CLIENTS)) == {}
    assert list(service.environments) == ["training", "staging", "production", "monitoring"]
    for name, each in service.environments.items():
        assert [policy["name"] for policy in each["policies"]] == ["main"]
        assert each["variables"] == {"AZURE_CLIENT_ID": f"client-of-{name}"}
    assert service.variables == IDS
    assert [each["reviewer"]["login"] for each in reviewers(service)[0]["reviewers"]] == ["ada"]
    assert not any(reviewers(service, name) for name in ("training", "staging", "monitoring"))
    assert service.runs_actions == {"enabled": True, "allowed_actions": "all"}
    assert service.tokens == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}
    assert len(service.rulesets) == 1


def test_the_second_run_writes_nothing(service):
    make()
    service.calm()
    for each in host().wanted(SETTINGS, CLIENTS):
        each.apply()  # also where nothing differs
    assert service.written == []


def test_to_look_writes_nothing_and_says_what_differs(service):
    lines = differences(host().wanted(SETTINGS, CLIENTS))
    assert service.written == []
    assert lines["GitHub: environment production"] == [
        "deployed from: none -> main",
        "reviewers: none -> ada",
        "may approve their own: none -> True",
    ]
    assert lines["GitHub: variable AZURE_CLIENT_ID of staging"] == ["value: none -> client-of-staging"]
    assert lines["GitHub: actions"] == ["enabled: False -> True", "allowed_actions: none -> all"]


def test_nothing_runs_before_all_is_set_up(service):
    make()
    assert service.written[-1] == ("PUT", f"{ROOT}/repos/someone/flights/actions/permissions")


def test_without_identities_there_are_no_variables_of_theirs(service):
    make(clients={})
    assert not any(each["variables"] for each in service.environments.values())


def test_one_person_alone_is_not_locked_out(service):
    make()
    rules = {each["type"]: each.get("parameters") for each in service.rulesets[0]["rules"]}
    assert rules["pull_request"]["required_approving_review_count"] == 0
    assert rules["required_status_checks"]["required_status_checks"] == [{"context": "checks"}]
    assert service.rulesets[0]["bypass_actors"] == []
    assert reviewers(service)[0]["prevent_self_review"] is False


def test_of_two_people_none_approves_their_own(service):
    make(repository_settings(STAGES, ["Ada", "grace"], IDS))
    rules = {each["type"]: each.get("parameters") for each in service.rulesets[0]["rules"]}
    assert rules["pull_request"]["required_approving_review_count"] == 1
    assert rules["pull_request"]["require_code_owner_review"] is True
    assert reviewers(service)[0]["prevent_self_review"] is True
    assert [each["reviewer"]["login"] for each in reviewers(service)[0]["reviewers"]] == ["ada", "grace"]


def test_two_people_own_the_files_unless_somebody_has_said_who(service, tmp_path):
    (tmp_path / ".github").mkdir()
    owners = tmp_path / ".github" / "CODEOWNERS"
    owners.write_text("# Who has to approve\n# * @organisation/team\n", "utf-8")
    together = repository_settings(STAGES, ["ada", "grace"], IDS)
    text = "# Who has to approve\n# * @organisation/team\n* @ada @grace\n"
    assert host().files(together, Path.read_text) == {Path(".github/CODEOWNERS"): text}
    assert host().files(SETTINGS, Path.read_text) == {}
    was = owners.read_text("utf-8")
    owners.write_text(text, "utf-8")
    assert host().files(repository_settings(STAGES, ["grace", "ada"], IDS), Path.read_text) == {}
    assert host().files(together, lambda path: was) == {Path(".github/CODEOWNERS"): text}, "written, not yet committed"


def test_where_pipelines_commit_to_main_it_has_no_rule(service):
    make(repository_settings(STAGES, [], IDS, open_main=True))
    assert service.rulesets == []


def test_a_reviewer_whom_a_colleague_put_there_is_enough(service):
    make()
    service.me = "grace"
    assert differences(host().wanted(SETTINGS, CLIENTS)) == {}


def test_what_a_person_set_besides_is_kept(service):
    make()
    service.environments["staging"]["protection_rules"].append({"type": "wait_timer", "wait_timer": 5})
    service.environments["production"]["protection_rules"] = [{"type": "wait_timer", "wait_timer": 30}]
    service.runs_actions = {"enabled": True, "allowed_actions": "selected"}
    make()
    waits = [rule for rule in service.environments["production"]["protection_rules"] if rule["type"] == "wait_timer"]
    assert waits[0]["wait_timer"] == 30 and reviewers(service)
    assert service.environments["staging"]["protection_rules"][-1] == {"type": "wait_timer", "wait_timer": 5}
    assert service.runs_actions["allowed_actions"] == "selected"


def open_to_every_branch(service):
    service.environments["monitoring"]["policies"].append({"id": 900, "name": "*"})


def without_a_reviewer(service):
    service.environments["production"]["protection_rules"] = [{"type": "branch_policy"}]


def any_branch(service):
    service.environments["staging"].update(deployment_branch_policy=None, policies=[])


def other_identity(service):
    service.environments["staging"]["variables"]["AZURE_CLIENT_ID"] = "client-of-production"


def rule_off(service):
    service.rulesets[0]["enforcement"] = "disabled"


def a_way_around(service):
    service.rulesets[0]["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]


def no_check(service):
    service.rulesets[0]["rules"].pop()


def other_branch(service):
    service.rulesets[0]["conditions"]["ref_name"]["exclude"] = ["refs/heads/main"]


def strong_tokens(service):
    service.tokens["default_workflow_permissions"] = "write"


def actions_off(service):
    service.runs_actions = {"enabled": False}


def other_tenant(service):
    service.variables["AZURE_TENANT_ID"] = "tenant-2"


EDITS = {
    open_to_every_branch: ("environment monitoring", "deployed from: main, * -> main"),
    without_a_reviewer: ("environment production", "reviewers: none -> ada"),
    any_branch: ("environment staging", "deployed from: branches that it does not name -> main"),
    other_identity: ("variable AZURE_CLIENT_ID of staging", "value: client-of-production -> client-of-staging"),
    rule_off: ("rule of main", "enforcement: disabled -> active"),
    a_way_around: ("rule of main", "go around it: 1 -> 0"),
    no_check: ("rule of main", "rules.required_status_checks.stands: none -> yes"),
    other_branch: ("rule of main", "but not: refs/heads/main -> "),
    strong_tokens: ("what pipelines may do", "default_workflow_permissions: write -> read"),
    actions_off: ("actions", "enabled: False -> True"),
    other_tenant: ("variable AZURE_TENANT_ID", "value: tenant-2 -> tenant-1"),
}


def test_hand_edits_are_found_and_mended(service):
    make()
    whole = service.state()
    for edit in EDITS:
        edit(service)
    found = differences(host().wanted(SETTINGS, CLIENTS))
    assert {each.removeprefix("GitHub: ") for each in found} == {name for name, _ in EDITS.values()}
    for name, line in EDITS.values():
        assert line in found[f"GitHub: {name}"]
    make()
    assert service.state() == whole


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_becomes_of_a_write_one_more_run_ends_the_same(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    monkeypatch.setattr(api, "RETRIES", api.RETRIES.new(backoff_factor=0, total=1))
    bare = make_repository(tmp_path)

    def make_few():
        for each in host().wanted(replace(SETTINGS, environments=("staging", "production")), CLIENTS_OF_FEW):
            each.apply()

    @contextmanager
    def served():
        with GitHubSettings(bare) as service:
            monkeypatch.setattr(github, "SERVER", service.url + ROOT)
            yield service

    ends_the_same_whatever_happens(served, kind, make_few, expected=11)


def test_subjects_are_read_in_every_form(service):
    begins = {
        "repo:someone@99/flights@4711": {"use_default": True, "sub_claim_prefix": "repo:someone@99/flights@4711"},
        "repo:else/where": {"use_default": True, "use_immutable_subject": True, "sub_claim_prefix": "repo:else/where"},
        "repo:someone@99/flights@4711 ": {"use_default": True, "use_immutable_subject": True},
        "repo:someone/flights": {"use_default": True, "use_immutable_subject": False},
        "repo:someone/flights ": {"use_default": False, "include_claim_keys": ["repo", "context"]},
    }
    for begin, said in begins.items():
        service.subject = said
        subject = f"{begin.strip()}:environment:staging"
        assert host().subjects(["staging"]) == {
            "staging": Subject("https://token.actions.githubusercontent.com", subject)
        }
    assert service.written == []


def test_claims_of_ones_own_are_one_line(service):
    service.subject = {"use_default": False, "include_claim_keys": ["repository_owner"]}
    assert host().missing() == [
        "GitHub: the subject of this repository's jobs has claims that somebody chose; put the default back: `gh api"
        " -X PUT repos/someone/flights/actions/oidc/customization/sub -F use_default=true`"
    ]
    with pytest.raises(UserError, match="claims that somebody chose"):
        host().subjects(["staging"])


def test_all_that_is_missing_is_said_at_once(service):
    service.admin, service.subject = False, None
    first, second = host().missing()
    assert first.startswith("someone/flights: its settings are its administrators' alone; log in as")
    assert second.startswith("GitHub does not say how the subject of this repository's jobs begins; ")


def test_nothing_is_missing(service):
    assert host().missing() == []


def test_an_unknown_token_and_an_unknown_repository_are_one_line_without_the_token(service, monkeypatch):
    assert "shows no repository someone/other; make it" in GitHub("someone", "other").missing()[0]
    monkeypatch.setenv("GH_TOKEN", "not-this-one")
    (line,) = host().missing()
    assert "the server answered 401: Bad credentials; log in as" in line and "not-this-one" not in line


@pytest.mark.skipif(os.name == "nt", reason="gh is played by a script of the shell")
@pytest.mark.parametrize(
    ("program", "line"),
    [
        (None, "gh cannot be started; install it"),
        ("exit 4", "gh is not logged in to github.com"),
        ("echo token-of-this-run", ""),
    ],
)
def test_without_the_variable_gh_is_asked(service, monkeypatch, tmp_path, program, line):
    monkeypatch.delenv("GH_TOKEN")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    if program:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "gh").write_text(f"#!/bin/sh\n{program}\n", "utf-8")
        (tmp_path / "bin" / "gh").chmod(0o755)
    lines = host().missing()
    assert lines == [] if not line else lines[0].startswith(line)


def test_a_private_repository_without_the_plan_is_told_and_gets_the_rest(service, capsys):
    service.plan = False
    make()
    said = capsys.readouterr().out
    assert "environments/production: the plan has no required reviewers for a private repository" in said
    assert "GitHub: rule of main: the plan has no rules for a private repository" in said
    assert service.environments["production"]["policies"] and not reviewers(service)
    assert service.runs_actions["enabled"] and service.variables == IDS
    service.calm()
    make()
    assert [method for method, _ in service.written] == ["PUT"]  # asked again, in case the plan is another one
    found = differences(host().wanted(SETTINGS, CLIENTS))
    assert set(found) == {"GitHub: environment production", "GitHub: rule of main"}


def test_a_refusal_that_is_about_no_plan_is_none(service, monkeypatch):
    monkeypatch.setattr(service, "name", "enterprise/plan")
    service.faults = [Fault("PUT", "/environments/production", 422)]
    with pytest.raises(UserError, match="the server answered 422: planned"):
        make_so(GitHub("enterprise", "plan").wanted(SETTINGS, CLIENTS))


def test_a_reviewer_whom_nobody_knows_is_one_line(service):
    with pytest.raises(UserError, match="reviewers: GitHub knows nobody called lovelace; write their login"):
        make(repository_settings(STAGES, ["lovelace"], IDS))


def test_down_takes_what_is_ours_and_nothing_else(service):
    make()
    service.variables["OTHER"] = "kept"
    service.environments["staging"]["variables"]["OTHER"] = "kept"
    unwanted = host().unwanted(SETTINGS)
    assert len(differences(unwanted)) == 7
    make_so(unwanted)
    assert service.variables == {"OTHER": "kept"}
    assert {name: each["variables"] for name, each in service.environments.items()} == {
        "training": {}, "staging": {"OTHER": "kept"}, "production": {}, "monitoring": {},
    }  # fmt: skip
    assert service.tokens["can_approve_pull_request_reviews"] is False
    assert differences(host().unwanted(SETTINGS)) == {}
    service.calm()
    for each in host().unwanted(SETTINGS):
        each.apply()
    assert service.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_becomes_of_down_one_more_run_ends_the_same(service, kind):
    make()
    kept, settings = service.state(), replace(SETTINGS, environments=("staging",))

    def take():
        for each in host().unwanted(settings):
            each.apply()

    take()
    whole = service.state()
    for at in range(1, 5):
        service.environments["staging"]["variables"]["AZURE_CLIENT_ID"] = "client-of-staging"
        service.variables, service.tokens = dict(IDS), dict(kept[-1])
        interrupted(service, kind, at, take)
        service.calm()
        take()
        assert service.state() == whole


def test_no_request_or_line_holds_the_token(service, capsys):
    service.plan = False
    make()
    lines = [line for each in host().wanted(SETTINGS, CLIENTS) for line in each.observe()]
    service.faults = []
    assert service.token not in capsys.readouterr().out + "".join(lines)
    for each in service.requests:
        assert service.token not in f"{each.path}{each.query}{each.body}"


def test_main_is_there_once_it_was_pushed(service):
    assert host().has_main()
    service.git("branch", "--move", "main", "maintenance")
    assert not host().has_main()
