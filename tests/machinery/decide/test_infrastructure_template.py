"""The template's parameters, from the manifests, the options and what the hosts say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.decide.infrastructure.places import places, short_name
from mlops.decide.infrastructure.repository import Subject
from mlops.decide.infrastructure.starting import on_azure_devops, on_github
from mlops.decide.infrastructure.template import Known, template_parameters
from mlops.settings.environments import load_manifest
from mlops.settings.infrastructure import Infrastructure

MONTH = Known("2026-11-01")
SAME = {"resource_group": "flights", "name": "flights", "region": "eastus"}
GITHUB = Subject("https://token.actions.githubusercontent.com", "repo:owner@1/name@2:environment:training")
ENTRA = Subject("https://login.microsoftonline.com/t/v2.0", "/eid1/c/pub/t/a/b")


@pytest.fixture
def manifests(project):
    """Two stages with one workspace, as a project is generated."""
    return {stage: manifest(stage) for stage in ("staging", "production")}


def manifest(stage, endpoint=None, **workspace):
    own = load_manifest(stage)
    at = own.workspace.model_copy(update={**SAME, **workspace})
    return own.model_copy(update={"workspace": at, "endpoint": own.endpoint.model_copy(update=endpoint or {})})


def parameters(manifests, known=MONTH, **options):
    return template_parameters("Flight Delays", manifests, Infrastructure(**options), 7.5, known)


def test_each_stage_has_a_place_named_after_it(manifests):
    found = parameters(manifests)
    assert [(each["name"], each["group"], each["workspace"]) for each in found["places"]] == [
        ("staging", "flights-staging", "flights-staging"),
        ("production", "flights-production", "flights-production"),
    ]
    assert (found["project"], found["location"], found["registry"]) == ("flight-delays", "eastus", "flight-delays")


def test_workspaces_that_environments_tells_apart_are_kept(project):
    own = {"staging": manifest("staging", name="a", resource_group="ga", registry="shared")}
    own["production"] = manifest("production", name="b", resource_group="gb")
    found = parameters(own)
    assert [(each["group"], each["workspace"]) for each in found["places"]] == [("ga", "a"), ("gb", "b")]
    assert found["registry"] == "shared"


def test_three_stages_may_share_two_places(project):
    own = {"staging": manifest("staging"), "canary": manifest("staging", name="b", resource_group="gb")}
    own["production"] = own["canary"]
    found = parameters(own)
    assert [each["name"] for each in found["places"]] == ["staging", "canary"]
    assert [(each["name"], each["place"]) for each in found["identities"]] == [
        ("training", 0),
        ("staging", 0),
        ("canary", 1),
        ("production", 1),
        ("monitoring", 1),
    ]


def test_without_a_registry_there_is_one_place(manifests):
    found = parameters(manifests, registry=False)
    assert [(each["group"], each["workspace"]) for each in found["places"]] == [("flights", "flights")]
    assert (found["registry"], found["registryBudgetStart"]) == ("", "")
    assert {each["place"] for each in found["identities"]} == {0}


def test_one_stage_alone_needs_no_registry(manifests):
    found = parameters({"production": manifests["production"]})
    assert found["registry"] == "" and [each["workspace"] for each in found["places"]] == ["flights"]


@pytest.mark.parametrize(
    ("registry", "production", "line"),
    [
        (False, {"name": "other"}, "registry: false, but environments/ names several workspaces"),
        (True, {"name": "other"}, "resource group flights is named for two workspaces"),
        (True, {"name": "other", "resource_group": "FLIGHTS"}, "is named for two workspaces"),
        (True, {"name": "x" * 33, "resource_group": "g"}, None),
    ],
)
def test_settings_that_contradict_each_other_are_one_line(project, registry, production, line):
    own = {"staging": manifest("staging"), "production": manifest("production", **production)}
    if line is None:
        assert len(places(own, registry)) == 2
        return
    with pytest.raises(UserError) as error:
        places(own, registry)
    assert line in str(error.value) and "\n" not in str(error.value)


def test_a_name_that_grows_too_long_is_one_line(project):
    own = {stage: manifest(stage, name="x" * 26) for stage in ("staging", "production")}
    with pytest.raises(UserError, match=r"workspace name x+-staging has more than 33 letters"):
        places(own, True)


def test_who_works_in_ci(manifests):
    scaling = {**manifests, "production": manifest("production", {"max_instances": 3})}
    found = {each["name"]: (each["kind"], each["autoscale"]) for each in parameters(scaling)["identities"]}
    assert found == {
        "training": ("train", False),
        "staging": ("deploy", False),
        "production": ("deploy", True),
        "monitoring": ("monitor", False),
    }


def test_an_identity_trusts_what_the_host_says_and_nobody_before(manifests):
    known = Known("2026-11-01", subjects={"training": GITHUB, "staging": ENTRA})
    found = {each["name"]: each["credentials"] for each in parameters(manifests, known)["identities"]}
    assert found["training"] == [{"name": "github", "issuer": GITHUB.issuer, "subject": GITHUB.subject}]
    assert found["staging"] == [{"name": "azure-devops", "issuer": ENTRA.issuer, "subject": ENTRA.subject}]
    assert found["production"] == found["monitoring"] == []


def test_alarms_are_about_endpoints_that_there_are(manifests):
    name = manifests["production"].endpoint.name
    found = parameters(manifests, Known("2026-11-01", endpoints={name, "another"}))["places"]
    assert [each["endpoints"] for each in found] == [[], [{"name": name, "latency": 100, "users": True}]]
    both = {each.endpoint.name for each in manifests.values()}
    [together] = parameters(manifests, Known("2026-11-01", endpoints=both), registry=False)["places"]
    assert [one["users"] for one in together["endpoints"]] == [False, True], "the last stage's alone"


def test_a_budget_keeps_its_start_and_a_new_one_has_this_month(manifests):
    known = Known("2026-11-01", budgets={"flights-staging": "2026-02-01T00:00:00Z"})
    found = parameters(manifests, known)
    starts = [each["budgetStart"] for each in found["places"]]
    assert [*starts, found["registryBudgetStart"]] == [
        "2026-02-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    ]


def test_new_data_starts_training_where_that_is_wanted_and_known(manifests):
    known = Known("2026-11-01", start=on_github("owner", "name"))
    assert parameters(manifests, known)["trigger"] == {}
    assert parameters(manifests, trigger=True)["trigger"] == {}
    found = parameters(manifests, known, trigger=True)["trigger"]
    assert (found["host"], found["cooldownDays"]) == ("github", 8)
    assert found["start"] == "https://api.github.com/repos/owner/name/actions/workflows/train.yml/dispatches"
    assert found["runs"].endswith("created=%3E%3D")


def test_azure_devops_names_its_pipeline_by_number():
    found = on_azure_devops("our org", "our project", 12)
    assert found.start == "https://dev.azure.com/our%20org/our%20project/_apis/pipelines/12/runs?api-version=7.1"
    assert "definitions=12&" in found.runs and found.runs.endswith("minTime=")


def test_the_options_are_passed_on(manifests):
    known = Known("2026-11-01", webhook="https://chat.example/secret")
    options = {"custom_roles": True, "private_network": True, "budget": 7, "alarms": {"mail": ["a@b.example"]}}
    found = parameters(manifests, known, **options, compute={"size": "Standard_D4s_v5", "max_nodes": 5})
    wanted = {
        "customRoles": True,
        "privateNetwork": True,
        "budget": 7,
        "mails": ["a@b.example"],
        "computeSize": "Standard_D4s_v5",
        "computeNodes": 5,
        "chatWebhook": "https://chat.example/secret",
    }
    assert {key: found[key] for key in wanted} == wanted


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True))
def test_a_short_name_is_one_that_azure_takes(name):
    short = short_name(name)
    assert 1 <= len(short) <= 24 and set(short) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not short.startswith("-") and not short.endswith("-")
