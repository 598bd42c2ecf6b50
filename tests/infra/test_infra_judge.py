"""What the services would refuse of a deployment: the rules, and Microsoft's types where they are at hand."""

from typing import Any

import pytest
from evaluated import types

from arm import Deployed, Problem, Resource, become, problems

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
ROLE = "/providers/Microsoft.Authorization/roleDefinitions/"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store"
ML = "Microsoft.MachineLearningServices/workspaces"
READER = f"{SUBSCRIPTION}{ROLE}acdd72a7-3385-48ef-bd42-f606fba81ae7"
MONITORING = f"{SUBSCRIPTION}{ROLE}43d0d8ad-25c7-4714-9337-8ba259a9fe05"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"


def resource(kind: str, body: dict[str, Any], place: str = GROUP, name: str = "one", *after: str) -> Resource:
    provider, *parts = kind.split("/")
    way = "/".join(f"{part}/{each}" for part, each in zip(parts, name.split("/"), strict=True))
    return Resource(f"{place}/providers/{provider}/{way}", kind, "2022-04-01", body, frozenset(map(str.lower, after)))


def found(*resources: Resource, live: tuple[str, ...] = (GROUP, STORE)) -> list[str]:
    known = {id_.lower() for id_ in live}
    return [
        one.what for one in problems(Deployed([*resources]), lambda id_: {} if id_.lower() in known else None, None)
    ]


def properties(**parts: Any) -> dict[str, Any]:
    return {"properties": parts}


def role(definition: str, kind: str = "ServicePrincipal") -> dict[str, Any]:
    return properties(principalId="p", roleDefinitionId=definition, principalType=kind)


ALERT = {"scopes": [STORE], "evaluationFrequency": "PT5M", "windowSize": "PT15M"}
CRITERIA = {"allOf": [{"metricNamespace": "Microsoft.Storage/storageAccounts"}]}

RIGHT = [
    resource(ASSIGNMENT, role(READER)),
    resource(ASSIGNMENT, role(READER), STORE),
    resource(ASSIGNMENT, role(MONITORING), SUBSCRIPTION),
    resource("Microsoft.Consumption/budgets", properties(timePeriod={"startDate": "2026-11-01T00:00:00Z"})),
    resource("Microsoft.Insights/metricAlerts", properties(**ALERT, criteria=CRITERIA)),
    resource("Microsoft.Insights/diagnosticSettings", properties(logs=[{"category": "a"}]), STORE),
    resource("Microsoft.ContainerRegistry/registries", {"sku": {"name": "Basic"}}),
    resource("Microsoft.Authorization/roleDefinitions", properties(assignableScopes=[GROUP])),
]
WRONG = [
    (resource(ASSIGNMENT, role(READER.replace("acdd", "acde"))), "is not known"),
    (resource(ASSIGNMENT, properties(roleDefinitionId=READER)), "no principalType"),
    (resource(ASSIGNMENT, role(READER), SUBSCRIPTION), "above a resource group"),
    (
        resource("Microsoft.Authorization/roleDefinitions", properties(assignableScopes=[SUBSCRIPTION])),
        "above a resource",
    ),
    (
        resource("Microsoft.Consumption/budgets", properties(timePeriod={"startDate": "2026-11-15T00:00:00Z"})),
        "the first",
    ),
    (resource("Microsoft.Consumption/budgets", properties(timePeriod={"startDate": "soon"})), "not on the first"),
    (resource("Microsoft.Insights/metricAlerts", properties(**ALERT | {"scopes": []})), "looks at nothing"),
    (resource("Microsoft.Insights/metricAlerts", properties(**ALERT | {"windowSize": "PT1M"})), "more seldom"),
    (
        resource("Microsoft.Insights/metricAlerts", properties(scopes=[GROUP], criteria=CRITERIA)),
        "looks for metrics of",
    ),
    (resource("Microsoft.Insights/diagnosticSettings", properties(logs=[{"enabled": True}]), STORE), "no category"),
    (resource("Microsoft.ContainerRegistry/registries", {"sku": {"name": "Cheap"}}), "SKU 'Cheap'"),
    (resource("Microsoft.KeyVault/vaults", properties(sku={"name": "gold"})), "SKU 'gold'"),
    (resource(ML, properties(storageAccount=STORE + "2")), "store2, which is not there"),
    (resource(ML, {}, f"{GROUP}2"), "lies in"),
    (resource(f"{ML}/computes", {}, GROUP, "none/cpu"), "lies in"),
]


@pytest.mark.parametrize("one", RIGHT, ids=lambda one: one.type)
def test_what_is_right_passes(one: Resource) -> None:
    assert found(one) == []


@pytest.mark.parametrize(("one", "why"), WRONG)
def test_what_a_service_would_refuse_is_found(one: Resource, why: str) -> None:
    assert [line for line in found(one) if why in line]


@pytest.mark.parametrize(
    ("size", "least", "right"),
    [
        ("Standard_DS3_v2", 0, True),
        ("Standard_D4s_v5", 0, True),
        ("Standard_Nope", 0, False),
        ("Standard_DS3_v2", 3, False),
    ],
)
def test_a_cluster_is_of_a_size_that_there_is(size: str, least: int, right: bool) -> None:
    scale = {"minNodeCount": least, "maxNodeCount": 2}
    home = f"{GROUP}/providers/{ML}/home"
    body = properties(properties={"vmSize": size, "scaleSettings": scale})
    assert (found(resource(f"{ML}/computes", body, GROUP, "home/cpu"), live=(home,)) == []) == right


def test_what_is_named_has_to_be_waited_for() -> None:
    store = resource("Microsoft.Storage/storageAccounts", {}, GROUP, "new")
    using = properties(storageAccount=store.id)
    assert found(store, resource(ML, using, GROUP, "one", store.id, GROUP)) == []
    assert found(store, resource(ML, using)) == [f"names {store.id} and does not wait for it (dependsOn)"]


def test_a_subnet_is_there_with_its_network() -> None:
    network = resource("Microsoft.Network/virtualNetworks", properties(subnets=[{"name": "inner"}]))
    for name, right in (("inner", True), ("outer", False)):
        body = properties(subnet={"id": f"{network.id}/subnets/{name}"})
        way = resource("Microsoft.Network/privateEndpoints", body, GROUP, "way", network.id)
        assert (found(network, way) == []) == right


def test_a_live_identity_has_ids_that_stay() -> None:
    identity = resource("Microsoft.ManagedIdentity/userAssignedIdentities", {"location": "here"})
    one, again = become(identity, "tenant"), become(identity, "tenant")
    assert one == again and len({one["properties"][key] for key in ("principalId", "clientId", "tenantId")}) == 3


@pytest.mark.skipif(types() is None, reason="no folder with Microsoft's types")
@pytest.mark.parametrize(
    ("kind", "version", "change", "why"),
    [
        ("Microsoft.Storage/storageAccounts", "2024-01-01", {}, None),
        ("microsoft.storage/storageaccounts", "2024-01-01", {}, None),
        ("Microsoft.Storage/storageAccounts", "1999-01-01", {}, "no types of"),
        ("Microsoft.Storage/storageAccounts", "2024-01-01", {"kind": "StorageV3"}, "is none of"),
        ("Microsoft.Storage/storageAccounts", "2024-01-01", {"properties": {"x": 1}}, "unknown property"),
        ("Microsoft.Storage/storageAccounts", "2024-01-01", {"location": None}, "has no location"),
    ],
)
def test_microsofts_types_judge_each_of_its_own_version(kind: str, version: str, change: Any, why: str | None) -> None:
    body = {"location": "here", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}} | change
    body = {key: part for key, part in body.items() if part is not None}
    one = Resource(f"{GROUP}/providers/{kind}/store", kind, version, body)
    lines = [str(each) for each in problems(Deployed([one]), lambda _: {}, types())]
    assert any(why in line for line in lines) if why else lines == []


@pytest.mark.skipif(types() is None, reason="no folder with Microsoft's types")
def test_a_type_has_its_place() -> None:
    group = Resource(f"{GROUP}", "Microsoft.Resources/resourceGroups", "2024-03-01", {"location": "here"})
    astray = resource("Microsoft.KeyVault/vaults", {}, SUBSCRIPTION)
    assert problems(Deployed([group]), lambda _: None, types()) == []
    assert Problem(astray.id, f"no types of {astray.type}@2022-04-01") in problems(
        Deployed([astray]), lambda _: {}, types()
    )
    moved = Resource(astray.id, astray.type, "2024-11-01", {})
    lines = [one.what for one in problems(Deployed([moved]), lambda _: {}, types())]
    assert f"{moved.type} cannot lie in {SUBSCRIPTION}" in lines
