"""Environments of CI on Azure DevOps, their pipelines, and the connections through which they log in to Azure."""

from collections.abc import Mapping
from typing import Any

from mlops.ci.setup.azure_devops_rest import Rest, Thing, connection_name
from mlops.decide.infrastructure.repository import SUBSCRIPTION, TENANT, RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

SCHEME = "WorkloadIdentityFederation"
AZURE = "https://management.azure.com/"


def environment(rest: Rest, name: str) -> Wanted:
    """An environment of that name; what it asks of a job are its checks."""

    def observe() -> list[str]:
        return [] if rest.environment(name) is not None else ["it is not there"]

    def apply() -> None:
        if observe():
            rest.preview.call("POST", "environments", {"name": name, "description": ""})

    return Wanted(f"Azure DevOps: environment {name}", observe, apply)


def pipeline(rest: Rest, name: str) -> Wanted:
    """The pipeline of azure-pipelines/<name>.yml, in the folder that is named like the repository."""
    wanted = {"file": f"/azure-pipelines/{name}.yml", "queue": "enabled"}

    def present() -> tuple[Thing | None, Mapping[str, Any]]:
        number = rest.pipelines().get(name)
        if number is None:
            return None, {}
        found = dict(rest.api.call("GET", f"build/definitions/{number}"))
        file = "/" + str(found["process"].get("yamlFilename")).removeprefix("/")
        return found, {"file": file, "queue": found.get("queueStatus", "enabled")}

    def apply() -> None:
        found, said = present()
        if found is None:
            repository = {"id": rest.repository_id, "name": rest.repository, "type": "azureReposGit"}
            made_of = {"type": "yaml", "path": wanted["file"], "repository": repository}
            rest.api.call("POST", "pipelines", {"name": name, "folder": rest.folder, "configuration": made_of})
        elif said != wanted:
            process = {**found["process"], "yamlFilename": wanted["file"]}
            body = {**found, "process": process, "queueStatus": "enabled"}
            rest.api.call("PUT", f"build/definitions/{found['id']}", body)

    return Wanted(f"Azure DevOps: pipeline {name}", lambda: differences(present()[1], wanted), apply)


def connection(rest: Rest, name: str, client: str, desired: RepositorySettings) -> Wanted:
    """The service connection of the environment: the client's, without any secret."""
    wanted = {
        "scheme": SCHEME,
        "client": client,
        "tenant": desired.variables.get(TENANT),
        "subscription": desired.variables.get(SUBSCRIPTION),
    }

    def apply() -> None:
        found = rest.connection(name)
        if found is None:
            rest.whole.call("POST", "serviceendpoint/endpoints", endpoint(rest, name, wanted))
        elif facts(found) != wanted:
            rest.whole.call(
                "PUT", f"serviceendpoint/endpoints/{found['id']}", merged(found, endpoint(rest, name, wanted))
            )

    def observe() -> list[str]:
        found = rest.connection(name)
        return differences(facts(found) if found else {}, wanted)

    return Wanted(f"Azure DevOps: connection {connection_name(rest.repository, name)}", observe, apply)


def facts(found: Thing) -> Mapping[str, Any]:
    """What a connection says of itself."""
    parameters = found["authorization"].get("parameters") or {}
    return {
        "scheme": found["authorization"]["scheme"],
        "client": parameters.get("serviceprincipalid"),
        "tenant": parameters.get("tenantid"),
        "subscription": found["data"].get("subscriptionId"),
    }


def endpoint(rest: Rest, name: str, wanted: Mapping[str, Any]) -> Thing:
    """The connection as Azure DevOps takes it."""
    title = connection_name(rest.repository, name)
    project = {"id": rest.project_id, "name": rest.project}
    return {
        "name": title,
        "type": "azurerm",
        "url": AZURE,
        "isShared": False,
        "isReady": True,
        "data": {
            "environment": "AzureCloud",
            "scopeLevel": "Subscription",
            "creationMode": "Manual",
            "subscriptionId": wanted["subscription"],
            "subscriptionName": wanted["subscription"],  # only shown, and refused when it is empty
        },
        "authorization": {
            "scheme": SCHEME,
            "parameters": {"serviceprincipalid": wanted["client"], "tenantid": wanted["tenant"]},
        },
        "serviceEndpointProjectReferences": [{"name": title, "description": "", "projectReference": project}],
    }


def merged(found: Thing, wanted: Thing) -> Thing:
    """The connection with what is wanted of it; its issuer and subject stay, and so do the projects that share it."""
    said = found["authorization"].get("parameters") or {}
    authorization = {"scheme": SCHEME, "parameters": {**said, **wanted["authorization"]["parameters"]}}
    return {**found, "data": {**found["data"], **wanted["data"]}, "authorization": authorization}


def no_connection(rest: Rest, name: str) -> Wanted:
    """No connection of the environment."""

    def observe() -> list[str]:
        return ["it is still there"] if rest.connection(name) else []

    def apply() -> None:
        if found := rest.connection(name):
            query = {"projectIds": rest.project_id}
            rest.whole.call("DELETE", f"serviceendpoint/endpoints/{found['id']}", query=query)

    return Wanted(f"Azure DevOps: connection {connection_name(rest.repository, name)}", observe, apply)
