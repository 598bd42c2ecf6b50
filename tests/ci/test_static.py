"""Nothing is wrong with the pipelines, here and in the generated project, that can be seen without running them."""

import re
import shutil
import statistics
from runpy import run_path

import pytest

from ci.identities import VARIABLES
from ci.static import (
    NOTHING_SERVED,
    azure_files,
    azure_findings,
    clock_findings,
    connection_findings,
    environments_named,
    github_files,
    github_findings,
    mappings,
    parsed,
    python_findings,
    rights_findings,
    script_findings,
    serial_findings,
    text_of,
    thin,
    zizmor_findings,
)
from conftest import ROOT, TEMPLATE

BOTH = pytest.mark.parametrize("root", [ROOT, TEMPLATE], ids=["template", "project"])


@BOTH
def test_there_are_pipelines_to_look_at(root):
    assert len(github_files(root)) >= 2 and len(azure_files(root)) >= 2


@BOTH
def test_githubs_own_language_service_and_our_rules_find_nothing(root, node):
    assert github_findings(root) == []


@BOTH
def test_microsofts_schema_and_our_rules_find_nothing(root):
    assert azure_findings(root) == []


@BOTH
def test_zizmor_finds_nothing(root):
    assert zizmor_findings(root) == []


@BOTH
def test_shellcheck_finds_nothing(root):
    assert script_findings(root) == []


@BOTH
def test_pipelines_are_thin(root):
    assert thin(root) == []
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in [*github_files(root), *azure_files(root)]]
    assert statistics.median(lengths) <= 45


@BOTH
def test_both_systems_have_the_same_clocks_and_limits(root):
    assert clock_findings(root) == []


@BOTH
def test_azure_devops_takes_a_python_that_projects_can_have(root):
    assert python_findings(root) == []


def test_each_environment_is_changed_by_its_own_connection():
    assert connection_findings(TEMPLATE) == []


TRAIN_CONNECTION = '            parameters: {connection: "${{ variables.trainingConnection }}"}\n'


@pytest.mark.parametrize(
    ("file", "right", "wrong", "check"),
    [
        ("templates/setup.yml", 'versionSpec: "3.12"', "versionSpec: 3.12", python_findings),
        ("templates/setup.yml", 'versionSpec: "3.12"', 'versionSpec: "3.9"', python_findings),
        ("deploy.yml", "productionConnection", "stagingConnection", connection_findings),
        ("deploy.yml", "${{ variables.productionConnection }}", "azure", connection_findings),
        ("train.yml", "trainingConnection", "productionConnection", connection_findings),
        ("train.yml", TRAIN_CONNECTION, "", connection_findings),
    ],
)
def test_another_python_or_connection_on_azure_devops_is_found(tmp_path, file, right, wrong, check):
    path = shutil.copytree(TEMPLATE / "azure-pipelines", tmp_path / "azure-pipelines") / file
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    assert len(check(tmp_path)) == 1


def test_no_rollout_or_training_is_cancelled_or_doubled():
    assert serial_findings(TEMPLATE) == []


@BOTH
def test_a_job_may_do_what_its_commands_need_and_no_more(root):
    assert rights_findings(root) == []


GUIDE = (TEMPLATE / "docs" / "first-run.md").read_text(encoding="utf-8")
MADE = run_path(str(TEMPLATE / "mlops" / "decide" / "infrastructure" / "repository.py"))  # by `infra up`
SETTINGS = MADE["repository_settings"](["staging", "production"], [], {})


def test_infra_sets_every_variable_that_a_workflow_reads():
    read = set(re.findall(r"vars\.(\w+)", text_of(github_files(TEMPLATE))))
    assert read == {MADE[name] for name in ("CLIENT", "TENANT", "SUBSCRIPTION")} == set(VARIABLES)


def test_the_guide_has_a_person_keep_the_one_secret_which_the_step_that_monitors_alone_is_told():
    assert set(re.findall(r"secrets\.(\w+)", text_of(github_files(TEMPLATE)))) == {"CHAT_WEBHOOK"}
    assert re.findall(r"gh secret set (\w+) --env monitoring|--name (\w+) --secret true", GUIDE) == [
        ("CHAT_WEBHOOK", ""),
        ("", "CHAT_WEBHOOK"),
    ]
    for files in (github_files(TEMPLATE), azure_files(TEMPLATE)):
        given = [each for path in files for each in mappings(parsed(path)) if "CHAT_WEBHOOK" in each.get("env", ())]
        assert [each.get("run", each.get("script")) for each in given] == ["uv run monitor production --respond"]


def test_infra_makes_the_environments_that_the_pipelines_have():
    assert set(SETTINGS.environments) == environments_named(TEMPLATE)


def test_infra_lets_each_pipeline_use_the_environments_that_it_has():
    for name, used in SETTINGS.pipelines.items():
        workflow = parsed(TEMPLATE / ".github" / "workflows" / f"{name}.yml")
        ours = {value for each in mappings(workflow) for key, value in each.items() if key == "environment"}
        assert {one for one in ours if isinstance(one, str)} == set(used)
        file = parsed(TEMPLATE / "azure-pipelines" / f"{name}.yml")
        assert {each["environment"] for each in mappings(file) if "environment" in each} == set(used)


def test_pipelines_manifests_and_guide_name_the_same_environments():
    manifests = {path.stem for path in (TEMPLATE / "environments").glob("*.yml")} - {"base"}
    (sentence,) = [line for line in GUIDE.splitlines() if line.startswith("The environments are")]
    assert environments_named(TEMPLATE) == manifests | NOTHING_SERVED == set(re.findall(r"`(\w+)`", sentence))
