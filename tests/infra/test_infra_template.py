"""The project's Azure, as its own code asks for it: allowed by Microsoft's types, and as infra/README.md says."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from evaluated import HERE, SETS, azure, deploy, parameter_sets, types
from promises import broken, of_kind

from arm import problems
from arm.ids import place_of
from bicep import compile_file
from conftest import TEMPLATE, Project
from tools.compile_bicep import MADE, SOURCE, written

ROLES = "Microsoft.Authorization/roleAssignments"


@pytest.fixture(scope="module")
def sets(rendered: Project) -> dict[str, dict[str, Any]]:
    return parameter_sets(rendered.folder)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return json.loads(MADE.read_text(encoding="utf-8"))


def test_the_compiled_template_is_fresh() -> None:
    assert MADE.read_text(encoding="utf-8") == written(compile_file(SOURCE)), "uv run compile_bicep"


@pytest.mark.skipif(shutil.which("bicep") is None, reason="no compiler of Microsoft's; the hosted images of CI have it")
@pytest.mark.parametrize("name", SETS)
def test_microsofts_compiler_comes_to_the_same(name: str, sets: dict[str, Any], template: dict[str, Any]) -> None:
    """By what both make of each set of options: the texts differ. This is the only proof that our compiler is right."""
    built = subprocess.run(
        ["bicep", "build", "--stdout", str(SOURCE)], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    theirs, ours = (deploy(one, sets[name]) for one in (json.loads(built.stdout), template))
    assert {one.id: one for one in theirs.resources} == {one.id: one for one in ours.resources}
    assert theirs.outputs == ours.outputs


def test_no_part_of_it_is_cookiecutters() -> None:
    """Copied as it stands: what looks like Jinja stays."""
    assert '"infra/*"' in (TEMPLATE.parent / "cookiecutter.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETS)
def test_azure_would_take_it(name: str, sets: dict[str, Any], template: dict[str, Any]) -> None:
    values = sets[name]
    if types() is None:
        pytest.skip("no folder with Microsoft's types")
    assert list(map(str, problems(deploy(template, values), azure(values), types()))) == []


@pytest.mark.parametrize("name", SETS)
def test_it_is_as_its_readme_says(name: str, sets: dict[str, Any], template: dict[str, Any]) -> None:
    deployed = deploy(template, sets[name])
    assert list(map(str, problems(deployed, azure(sets[name]), None))) == []
    assert broken(deployed, sets[name]) == []


@pytest.mark.parametrize("name", SETS)
def test_one_role_alone_is_above_a_resource_group_and_it_only_reads(
    name: str, sets: dict[str, Any], template: dict[str, Any]
) -> None:
    above = [one for one in of_kind(deploy(template, sets[name]), ROLES) if place_of(one.id) == HERE.place]
    assert {one.body["properties"]["roleDefinitionId"][-36:] for one in above} == {
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
    }
    assert len(above) == sum(one["kind"] == "deploy" for one in sets[name]["identities"])


def test_as_generated_each_stage_has_a_workspace_and_one_place_serves_both_without_a_registry(
    sets: dict[str, Any], template: dict[str, Any]
) -> None:
    kind = "Microsoft.MachineLearningServices/workspaces"
    two, one = (deploy(template, sets[name]) for name in SETS[:2])
    assert [each.name for each in of_kind(two, kind)] == ["flight-delays-staging", "flight-delays-production"]
    assert [each.name for each in of_kind(one, kind)] == ["flight-delays"]
    assert not of_kind(one, "Microsoft.MachineLearningServices/registries")
    clients = two.outputs["clients"]["value"]
    assert [each["name"] for each in clients] == ["training", "staging", "production", "monitoring"]
    assert len({each["id"] for each in clients}) == 4


def test_the_workbook_looks_at_the_logs_of_its_place(sets: dict[str, Any], template: dict[str, Any]) -> None:
    deployed = deploy(template, sets["everything"])
    for workbook in of_kind(deployed, "Microsoft.Insights/workbooks"):
        shown = json.loads(workbook.body["properties"]["serializedData"])
        [logs] = shown["fallbackResourceIds"]
        assert logs.lower() in workbook.after and place_of(logs) == place_of(workbook.id)
        assert {item["name"] for item in shown["items"]} >= {"requests", "errors", "latency"}


def test_secrets_are_in_no_output_and_in_no_plain_parameter(sets: dict[str, Any], template: dict[str, Any]) -> None:
    secret = sets["everything"]["chatWebhook"]
    assert secret and secret not in json.dumps(deploy(template, sets["everything"]).outputs)
    taking = [
        template,
        *(one["properties"]["template"] for one in template["resources"] if "template" in one.get("properties", {})),
    ]
    kinds = {
        part["parameters"]["chatWebhook"]["type"] for part in taking if "chatWebhook" in part.get("parameters", {})
    }
    assert kinds == {"securestring"}
    for workflow in of_kind(deploy(template, sets["everything"]), "Microsoft.Logic/workflows"):
        assert secret not in json.dumps(workflow.body["properties"]["definition"])


def test_a_second_deployment_asks_for_the_same(sets: dict[str, Any], template: dict[str, Any]) -> None:
    one, again = (deploy(template, sets["everything"]) for _ in range(2))
    assert one.resources == again.resources
