"""The pipelines in .github/ and azure-pipelines/: what can be said of them without running them."""

import re
import tomllib

import pytest
import yaml

from conftest import ROOT
from mlops.settings.environments import environments

GITHUB = sorted((ROOT / ".github").rglob("*.yml"))
AZURE = sorted((ROOT / "azure-pipelines").rglob("*.yml"))
DEPLOY = [path for path in GITHUB + AZURE if path.name == "deploy.yml"]
COMMANDS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
SCRIPTS = ("run", "script", "inlineScript")


def walk(node):
    """Every mapping in the file."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from walk(child)


def mappings(path):
    return list(walk(yaml.safe_load(path.read_text(encoding="utf-8"))))


def scripts(path):
    """The shell scripts of the file."""
    return [each[key] for each in mappings(path) for key in SCRIPTS if isinstance(each.get(key), str)]


def test_there_are_pipelines():
    assert GITHUB or AZURE


@pytest.mark.parametrize("path", GITHUB + AZURE, ids=lambda path: path.name)
def test_every_command_is_one_of_the_projects(path):
    named = re.findall(r"uv run (\w+)", "\n".join(scripts(path)))
    assert set(named) <= set(COMMANDS)


@pytest.mark.parametrize("path", GITHUB + AZURE, ids=lambda path: path.name)
def test_a_pipeline_is_thin_and_swallows_no_failure(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 70, "logic belongs into steps/"
    assert "continue-on-error" not in text and "continueOnError" not in text and "|| true" not in text
    assert all(len(script.strip().splitlines()) <= 4 for script in scripts(path)), "logic belongs into steps/"


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_no_expression_reaches_a_shell(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line:
            assert "uses: ./" in line or PINNED.search(line), line
    assert not any("${{" in script for script in scripts(path)), "pass it by env"


@pytest.mark.parametrize(
    "path", [path for path in GITHUB if path.parent.name == "workflows"], ids=lambda path: path.name
)
def test_a_workflow_may_do_nothing_that_a_job_does_not_ask_for(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_what_one_run_has_cached_is_installed_by_no_other(path):
    installs = [each for each in mappings(path) if str(each.get("uses")).startswith("astral-sh/setup-uv@")]
    assert all(each.get("with", {}).get("enable-cache") is False for each in installs)


@pytest.mark.parametrize("path", AZURE, ids=lambda path: path.name)
def test_a_version_of_python_is_text(path):
    versions = [each["versionSpec"] for each in mappings(path) if "versionSpec" in each]
    assert all(isinstance(version, str) for version in versions), "3.10 without quotation marks is the number 3.1"


@pytest.mark.parametrize("path", AZURE, ids=lambda path: path.name)
def test_an_environment_is_changed_by_its_own_connection(path):
    for each in mappings(path):
        environment = str(each.get("environment", "${{"))
        if "${{" not in environment:
            connections = {inner["connection"] for inner in walk(each) if "connection" in inner}
            assert connections == {f"${{{{ variables.{environment}Connection }}}}"}


@pytest.mark.parametrize("path", AZURE, ids=lambda path: path.name)
def test_no_text_of_a_person_reaches_a_shell(path):
    assert not any("${{" in script or "$(Build.Source" in script for script in scripts(path)), "pass it by env"


@pytest.mark.parametrize("path", DEPLOY, ids=lambda path: path.parent.name)
def test_deploy_rolls_out_the_environments_that_the_set_up_guide_makes(path):
    guide = (ROOT / "docs" / "first-run.md").read_text(encoding="utf-8")
    (sentence,) = [line for line in guide.splitlines() if line.startswith("The environments are")]
    used = {each["environment"] for each in mappings(path) if "environment" in each}
    assert used == set(re.findall(r"`(\w+)`", sentence)) - {"training"}
    assert used - {"monitoring"} <= set(environments(ROOT / "environments"))
