"""Schedules of a workspace: held to what they name, kept, and shown as each version of the API has them.

Nothing starts by itself here. The SDK writes monitors in an old version's words, which newer ones call otherwise.
"""

import re
from typing import Any

from standin import jobs, operations
from standin.cloud import Cloud, Resource, workspace_of
from standin.messages import AzureError, Reply, Request

CRON = re.compile(r"\S+( \S+){4}")
RENAMED_SINCE = "2024"  # the first year of an API version that has the new words
SHOWN = {"EnabledOnly": (True,), "DisabledOnly": (False,), "All": (True, False)}


def write(cloud: Cloud, request: Request, name: str) -> Reply:
    """Create or change a schedule. AzureError 400 or 404 when it is none, or when it names what is not there."""
    body = request.json()
    operations.refuse_while_under_way(cloud, name)
    properties = body["properties"] = {"isEnabled": True, **body["properties"]}
    trigger, action = properties["trigger"], properties["action"]
    if trigger["triggerType"] == "Cron" and not CRON.fullmatch(trigger["expression"]):
        raise AzureError(400, "UserError", f"The cron expression '{trigger['expression']}' is invalid.")
    for part in named(action):
        if cloud.find(whole(part, name)) is None:
            raise AzureError(404, "UserError", f"The schedule names '{part}', which was not found.")
    return operations.write(cloud, name, body, lambda _: None)


def whole(part: str, name: str) -> str:
    """The id of what a schedule names by its id, or in short as `azureml:name:1`, which is data of its workspace."""
    short = re.fullmatch(r"azureml:([^/:]+):([^/:]+)", part)
    return f"{workspace_of(name)}/data/{short[1]}/versions/{short[2]}" if short else part.removeprefix("azureml:")


def named(action: dict[str, Any]) -> set[str]:
    """What has to be there: machines and components of a job, the deployment and the data of a monitor."""
    if action["actionType"] == "CreateJob":
        job = action["jobDefinition"]
        components = {node["componentId"] for node in (job.get("jobs") or {}).values()}
        given = {one["uri"] for one in (job.get("inputs") or {}).values() if "uri" in one}
        return jobs.computes(job) | components | {one for one in given if "/data/" in one}
    if action["actionType"] != "CreateMonitor":
        return set()
    monitor = action["monitorDefinition"]
    sides = [signal[side] for signal in monitor["signals"].values() for side in ("productionData", "referenceData")]
    return {(monitor.get("monitoringTarget") or {})["deploymentId"], *(side["uri"] for side in sides)}


def delete(cloud: Cloud, name: str) -> Reply:
    """Delete a schedule."""
    operations.refuse_while_under_way(cloud, name)
    return operations.delete(cloud, name, lambda: None)


def shown(found: list[Resource], view: str) -> list[Resource]:
    """Of these, the enabled ones, the disabled ones, or all."""
    return [one for one in found if one["properties"].get("isEnabled", True) in SHOWN[view]]


def as_of(version: str, schedule: Resource) -> Resource:
    """The schedule as that version of the API has it."""
    action = schedule["properties"].get("action") or {}
    if "monitorDefinition" not in action or version < RENAMED_SINCE:
        return schedule
    action = {**action, "monitorDefinition": renamed(action["monitorDefinition"])}
    return {**schedule, "properties": {**schedule["properties"], "action": action}}


def renamed(monitor: dict[str, Any]) -> dict[str, Any]:
    """The monitor in the words of the newer versions."""
    rest = {key: part for key, part in monitor.items() if key != "alertNotificationSetting"}
    told = (monitor.get("alertNotificationSetting") or {}).get("emailNotificationSetting")
    mails = {key: part for key, part in (told or {}).items() if key != "emailOn"}
    alert = {"alertNotificationSettings": {"emailNotificationSettings": mails}} if mails else {}
    return {**rest, **alert, "signals": {name: renamed_signal(one) for name, one in monitor["signals"].items()}}


def renamed_signal(signal: dict[str, Any]) -> dict[str, Any]:
    """One of its signals."""
    rest = {key: part for key, part in signal.items() if key != "mode"}
    told = ["AmlNotification"] if signal.get("mode") == "Enabled" else []
    sides = {key: renamed_data(part) for key, part in rest.items() if key.endswith("Data")}
    return {**rest, **sides, "notificationTypes": told}


def renamed_data(data: dict[str, Any]) -> dict[str, Any]:
    """What it looks at."""
    return {**data, "inputDataType": "Rolling"} if data["inputDataType"] == "Trailing" else data
