"""What of the present state the template has to be told, as it cannot be read by it."""

from collections.abc import Sequence

from mlops.platform.subscription.resource_manager import ResourceManager

BUDGETS, LEARNING = "2023-11-01", "2025-12-01"


def budget_starts(azure: ResourceManager, groups: Sequence[str]) -> dict[str, str]:
    """The day that each group's budget starts on, which cannot be changed later; without those that have none."""
    found = {}
    for group in groups:
        place = f"{azure.home}/resourceGroups/{group}/providers/Microsoft.Consumption/budgets"
        for each in azure.list(place, BUDGETS):
            found[group] = str(each["properties"]["timePeriod"]["startDate"])
    return found


def endpoints(azure: ResourceManager, group: str, workspace: str) -> list[str]:
    """The names of the endpoints in a workspace; alarms are about those that exist."""
    place = f"{azure.home}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
    return sorted(each["name"] for each in azure.list(f"{place}/onlineEndpoints", LEARNING))
