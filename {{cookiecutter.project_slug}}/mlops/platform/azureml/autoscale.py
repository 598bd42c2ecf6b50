"""Autoscale: Azure Monitor adds and takes away instances of a deployment by its CPU."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlops.platform.azureml.workspace import AzureWorkspace
from mlops.settings.environments import EndpointSettings

if TYPE_CHECKING:
    from azure.mgmt.monitor import MonitorManagementClient

METRIC = "CpuUtilizationPercentage"
BUSY, IDLE = 70, 30  # percent of CPU, over five minutes


class Autoscale:
    """One autoscale setting a deployment, where the manifest gives it room above instance_count."""

    def __init__(self, workspace: AzureWorkspace, settings: EndpointSettings) -> None:
        self._workspace = workspace
        self._settings = settings
        self._wanted = settings.max_instances > settings.instance_count

    def watch(self, endpoint: str, slot: str) -> None:
        """Set it for the deployment."""
        if self._wanted:
            group = self._workspace.settings.resource_group
            self._client.autoscale_settings.create_or_update(group, name(endpoint, slot), self._body(endpoint, slot))

    def adjust(self, endpoint: str, slot: str) -> bool:
        """Set it or take it away, as the manifest is now; whether it is there, and moves the instances itself."""
        if self._wanted:
            self.watch(endpoint, slot)
        else:
            self.forget(endpoint, slot)
        return self._wanted

    def forget(self, endpoint: str, slot: str) -> None:
        """Take it away; that there is none is fine."""
        from azure.core.exceptions import HttpResponseError

        try:
            self._client.autoscale_settings.delete(self._workspace.settings.resource_group, name(endpoint, slot))
        except HttpResponseError as error:
            if self._wanted or error.status_code != 403:  # who never scales needs no role for it
                raise

    def range(self, endpoint: str, slot: str) -> tuple[int, int] | None:
        """Between how many machines it moves; None when there is no setting, or none that may be seen."""
        from azure.core.exceptions import HttpResponseError

        try:
            group = self._workspace.settings.resource_group
            setting = self._client.autoscale_settings.get(group, name(endpoint, slot))
        except HttpResponseError as error:
            if error.status_code not in {403, 404}:
                raise
            return None
        capacity = setting.profiles[0].capacity
        return int(capacity.minimum), int(capacity.maximum)

    @cached_property
    def _client(self) -> "MonitorManagementClient":
        from azure.mgmt.monitor import MonitorManagementClient

        return MonitorManagementClient(self._workspace.identity, self._workspace.subscription)

    def _body(self, endpoint: str, slot: str) -> dict[str, Any]:
        settings, resource = self._settings, f"{self._workspace.endpoint_id(endpoint)}/deployments/{slot}"
        least, most = str(settings.instance_count), str(settings.max_instances)
        rules = [rule(resource, "GreaterThan", BUSY, "Increase"), rule(resource, "LessThan", IDLE, "Decrease")]
        profile = {
            "name": "cpu",
            "capacity": {"minimum": least, "maximum": most, "default": least},
            "rules": rules,
        }
        return {
            "location": self._workspace.region,
            "properties": {"enabled": True, "targetResourceUri": resource, "profiles": [profile]},
        }


def name(endpoint: str, slot: str) -> str:
    """The setting's name."""
    return f"{endpoint}-{slot}"


def rule(resource: str, operator: str, percent: int, direction: str) -> dict[str, Any]:
    """One instance more or fewer when the average CPU of five minutes is beyond the percentage."""
    return {
        "metricTrigger": {
            "metricName": METRIC,
            "metricResourceUri": resource,
            "timeGrain": "PT1M",
            "statistic": "Average",
            "timeWindow": "PT5M",
            "timeAggregation": "Average",
            "operator": operator,
            "threshold": percent,
        },
        "scaleAction": {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
    }
