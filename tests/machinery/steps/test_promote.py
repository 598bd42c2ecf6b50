"""A promotion is one changed line: a commit on a terminal, a pull request in CI; anything wrong changes nothing."""

import pytest
from hosted import (
    PASSED,
    PRODUCTION,
    STAGING,
    SYSTEMS,
    FolderModels,
    GitHubService,
    clone_project,
    commit,
    git,
    person,
    register,
    run_of,
    started,
    write,
)

from conftest import edit
from mlops.data.files import hash_folder, write_json
from mlops.operate.trust import REGISTERED
from mlops.platform.local import ROOT
from mlops.platform.local.rehearsal import RESTORED
from mlops.repo.lineage import commit_facts
from mlops.settings.environments import load_manifest
from steps import promote

LINEAGE = {**PASSED, "test_auc": "0.71"}


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """The current folder is a clone of the project, with versions 1 to 12 registered; its remote."""
    bare = clone_project(tmp_path, monkeypatch)
    for version in range(1, 13):
        register(version, **LINEAGE)
    return bare


@pytest.fixture
def terminal(remote):
    """The clone is a person's."""
    person()
    return remote


@pytest.fixture(params=SYSTEMS)
def service(request, remote, monkeypatch):
    """The clone is the checkout of a run on main."""
    with run_of(request.param, remote, monkeypatch) as running:
        yield running


def version(path):
    (line,) = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("  version: ")]
    return line.split()[1]


def test_it_changes_version_and_hash_and_commits_that_file_alone(terminal):
    PRODUCTION.with_name("README.md").write_text("work in progress", encoding="utf-8")
    git("add", "environments/README.md")
    assert promote.main(["production", "--version", "7"]) == 0
    assert git("show", "--name-only", "--format=%s") == f"Promote flights:7 to production\n\n{PRODUCTION.as_posix()}"
    diff = git("show", "--unified=0", "--format=").splitlines()
    assert [line for line in diff if line.startswith(("-  ", "+  "))] == [
        "-  version: null  # written by `promote`; null: none yet",
        "+  version: 7  # written by `promote`; null: none yet",
        f'+  hash: "{PASSED["model_hash"]}"',
    ]
    assert git("status", "--porcelain") == "A  environments/README.md", "what was staged before stays staged"


@pytest.mark.parametrize("missing", ["verdict", "run_id", "commit", "data_hash", "model_hash"])
def test_a_version_without_a_verdict_or_lineage_is_not_promoted(terminal, capsys, missing):
    register(13, **{missing: ""})
    assert promote.main(["staging"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: model flights:13: it") and "--unverified" in error and error.count("\n") == 1
    assert version(STAGING) == "null" and git("status", "--porcelain") == ""


def test_what_only_the_rehearsals_branch_knows_is_not_promoted_until_this_run_has_registered_it(terminal, capsys):
    write(ROOT / RESTORED, "")
    assert promote.main(["staging"]) == 2
    assert "it came with the rehearsal's branch" in capsys.readouterr().err
    assert version(STAGING) == "null" and git("status", "--porcelain") == ""
    write_json(REGISTERED, {"model": "flights", "version": 12, "model_hash": PASSED["model_hash"]})
    assert promote.main(["staging"]) == 0
    assert version(STAGING) == "12"


def test_the_way_round_is_in_the_commit_the_manifest_and_the_next_stage(terminal):
    folder = register(13, verdict="", model_hash="")
    assert promote.main(["staging", "--unverified", "the vendor's hotfix"]) == 0
    assert git("log", "-1", "--format=%s") == "Promote flights:13 to staging, unverified: the vendor's hotfix"
    named = load_manifest("staging").model
    assert (named.version, named.unverified) == (13, "the vendor's hotfix")
    assert named.hash == hash_folder(folder), "what it is now is what may serve"
    assert promote.main(["production"]) == 0
    assert load_manifest("production").model == named
    assert promote.main(["staging", "--version", "12"]) == 0
    assert load_manifest("staging").model.unverified is None


def test_production_takes_the_hash_that_staging_names_whatever_the_registry_says_now(terminal, capsys):
    assert promote.main(["staging"]) == 0
    register(12, model_hash="b" * 64)
    assert promote.main(["production"]) == 2
    assert "another content than model.hash of the manifest" in capsys.readouterr().err
    register(12)
    assert promote.main(["production"]) == 0
    assert load_manifest("production").model.hash == PASSED["model_hash"]


def test_a_version_that_stands_there_by_hand_gets_its_hash(terminal):
    edit(STAGING, "version: null", "version: 12")
    commit("by hand")
    assert promote.main(["staging"]) == 0
    assert load_manifest("staging").model.hash == PASSED["model_hash"]


def test_staging_takes_the_newest_by_number_and_production_what_staging_has(terminal):
    assert promote.main(["staging"]) == 0
    assert version(STAGING) == "12"
    assert promote.main(["production"]) == 0
    assert version(PRODUCTION) == "12"


def test_a_version_that_the_environment_cannot_have_is_not_promoted(terminal, capsys):
    edit(PRODUCTION, "endpoint:", "platform: azureml\nendpoint:")
    assert promote.main(["production", "--version", "7"]) == 2
    assert capsys.readouterr().err == (
        f"error: {PRODUCTION}: its models come from workspace flight-delays/flight-delays, but are registered in this"
        f" machine's .mlops; let {PRODUCTION.with_name('base.yml')} name one platform with one workspace, or with a"
        " workspace.registry\n"
    )
    assert version(PRODUCTION) == "null"


@pytest.mark.parametrize(
    ("environment", "line"),
    [("staging", "version 12 already"), ("production", "there is no version to promote yet")],
)
def test_nothing_to_promote_is_one_line_and_no_commit(terminal, capsys, environment, line):
    promote.main(["staging"])
    edit(STAGING, "version: 12", "version: null" if environment == "production" else "version: 12")
    before = git("rev-parse", "HEAD")
    capsys.readouterr()
    assert promote.main([environment]) == 0
    assert capsys.readouterr().out == f"environments/{environment}.yml: {line}\n"
    assert git("rev-parse", "HEAD") == before


def test_a_version_that_was_taken_back_comes_again_only_by_name(terminal, capsys):
    promote.main(["staging"])
    git("revert", "--no-edit", "HEAD")
    before = git("rev-parse", "HEAD")
    assert promote.main(["staging"]) == 0
    assert "version 12 was here and was taken back" in capsys.readouterr().out
    assert (git("rev-parse", "HEAD"), version(STAGING)) == (before, "null")
    assert promote.main(["staging", "--version", "12"]) == 0
    assert version(STAGING) == "12"


def test_a_revert_brings_the_version_before(terminal):
    promote.main(["production", "--version", "3"])
    promote.main(["production", "--version", "4"])
    git("revert", "--no-edit", "HEAD")
    assert version(PRODUCTION) == "3"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["production", "--version", "99"], "model flights has no version 99; there is 1, 2, 3"),
        (["production", "--version", "0"], "model flights has no version 0; there is 1, 2, 3"),
        (["prod"], "no environment 'prod'; there is production, staging"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(terminal, capsys, arguments, line):
    assert promote.main(arguments) == 2
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1
    assert git("status", "--porcelain") == ""


def test_a_manifest_that_takes_its_version_from_base_is_refused_in_one_line(terminal, capsys):
    edit(STAGING, "  version: null  # written by `promote`; null: none yet\n", "")
    edit(STAGING.with_name("base.yml"), "platform: local ", "model: {version: null}\nplatform: local ")
    assert promote.main(["staging"]) == 2
    error = capsys.readouterr().err
    assert "environments/staging.yml: has no model.version of its own" in error and error.count("\n") == 1


def test_outside_a_git_repository_nothing_is_changed(project, monkeypatch, capsys):
    monkeypatch.setattr("mlops.platform.local.models.LocalModels", FolderModels)
    register(3)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    before = PRODUCTION.read_text(encoding="utf-8")
    assert promote.main(["production", "--version", "3"]) == 2
    assert "not a Git repository; run `git init` first" in capsys.readouterr().err
    assert PRODUCTION.read_text(encoding="utf-8") == before
    assert commit_facts() == {"commit": "unknown", "dirty": "unknown"}


def test_a_refused_commit_leaves_the_file_as_it_was(terminal, tmp_path, capsys):
    hook = tmp_path / "work/.git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no promotions on Friday\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    assert promote.main(["production", "--version", "3"]) == 2
    assert "git refused the commit: no promotions on Friday" in capsys.readouterr().err
    assert version(PRODUCTION) == "null"


def test_a_dirty_tree_is_recorded(terminal, tmp_path):
    assert commit_facts()["dirty"] == "false"
    (tmp_path / "work/new.txt").write_text("x", encoding="utf-8")
    assert commit_facts() == {"commit": git("rev-parse", "HEAD"), "dirty": "true"}


def test_in_ci_it_is_a_pull_request_that_says_what_the_version_was_made_from(service, capsys):
    assert promote.main(["staging"]) == 0
    (pull,) = service.pulls.values()
    assert (pull["source"], pull["title"]) == ("promote/flights-staging-12", "Promote flights:12 to staging")
    rows = {f"| {key} | {value} |" for key, value in LINEAGE.items()}
    assert rows - set(pull["body"].splitlines()) == {f"| model_hash | {PASSED['model_hash']} |"}
    assert git("status", "--porcelain") == "" and version(STAGING) == "null", "the working folder is as before"
    assert f"environments/staging.yml: version None -> 12, {service.url}" in capsys.readouterr().out
    service.merge(pull["number"])
    assert "  version: 12 " in git("show", f"main:{STAGING.as_posix()}", folder=service.repository)
    assert started(service) == []


CARD = "Its model card: `runs:/r1/card`"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({}, None),
        ({"card": "runs:/r1/card"}, f"{CARD}."),
        (
            {"card": "runs:/r1/card", "ci_run": "https://ci/7"},
            f"{CARD}, and as `card/model_card.html` among the reports of [the run that made it](https://ci/7).",
        ),
    ],
    ids=["older", "of a laptop", "of a run"],
)
def test_the_pull_request_says_where_the_model_card_is(service, told, line):
    register(12, **LINEAGE, **told)
    assert promote.main(["staging"]) == 0
    (pull,) = service.pulls.values()
    assert [each for each in pull["body"].splitlines() if "model card" in each] == ([line] if line else [])


def test_staging_is_a_commit_where_the_project_says_so(service, capsys):
    edit(STAGING.parent.parent / "project.yml", "staging: pull-request ", "staging: commit ")
    commit("commit")
    git("push", "--quiet", str(service.repository), "HEAD:main")
    assert promote.main(["staging"]) == 0
    shown = git("show", "--name-only", "--format=%s", "main", folder=service.repository)
    assert shown == f"Promote flights:12 to staging\n\n{STAGING.as_posix()}"
    assert service.pulls == {}
    assert started(service) == (["deploy"] if isinstance(service, GitHubService) else []), (
        "on GitHub a push by a run starts nothing; on Azure DevOps it does"
    )
    assert promote.main(["production"]) == 0
    assert [each["source"] for each in service.pulls.values()] == ["promote/flights-production-12"], "production: never"


def test_a_version_that_a_merged_revert_took_back_is_not_proposed_again(service):
    for number in ("12", "11"):
        edit(STAGING, f"version: {version(STAGING)} ", f"version: {number} ")
        commit(number)
    git("push", "--quiet", str(service.repository), "HEAD:main")
    assert promote.main(["staging"]) == 0
    assert service.pulls == {} and not [each for each in service.requests if each.method != "GET"]


def test_a_refused_proposal_leaves_the_file_as_it_was(service, capsys):
    service.read_only = True
    assert promote.main(["staging"]) == 2
    error = capsys.readouterr().err
    assert "403" in error and error.count("\n") == 1
    assert version(STAGING) == "null" and git("status", "--porcelain") == ""
