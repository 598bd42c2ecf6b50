"""What Azure DevOps asks before a job may use an environment or a connection: approval, the branch, one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops.ci.setup.azure_devops_rest import REF, Rest, Thing, connection_name
from mlops.decide.infrastructure.repository import RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

CHECKS = "checks/configurations"
APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
TASK = {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "name": "Task Check"}
LOCK = {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"}
BRANCH = {"id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection", "version": "0.0.1"}
TIMEOUT = 43200  # minutes: thirty days, the longest there is
Settings = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """What a check is of. number: None while it is not there."""

    kind: str
    name: str
    number: Callable[[], str | None]


def of_environment(rest: Rest, name: str) -> Resource:
    def number() -> str | None:
        found = rest.environment(name)
        return None if found is None else str(found)

    return Resource("environment", name, number)


def of_connection(rest: Rest, name: str) -> Resource:
    def number() -> str | None:
        found = rest.connection(name)
        return None if found is None else str(found["id"])

    return Resource("endpoint", connection_name(rest.repository, name), number)


def checks(rest: Rest, resource: Resource, desired: RepositorySettings) -> list[Wanted]:
    """Main alone; of an environment also one run at a time and, where jobs wait for a person, the approval."""
    found = [check(rest, resource, TASK, lambda _: branch_control(desired))]
    if resource.kind == "environment":
        found.append(check(rest, resource, LOCK, lambda _: {}))
        if resource.name == desired.waiting:
            found.append(check(rest, resource, APPROVAL, lambda now: approval(rest, desired, now)))
    return found


def check(
    rest: Rest, resource: Resource, kind: Mapping[str, str], settings: Callable[[Settings | None], Settings]
) -> Wanted:
    """The check of that kind with these settings, which may depend on those that it has."""

    def observe() -> list[str]:
        found = present(rest, resource, kind)
        now = found.get("settings") or {} if found else None
        return differences(facts(kind, now), facts(kind, settings(now)))

    def apply() -> None:
        found = present(rest, resource, kind)
        now = found.get("settings") or {} if found else None
        body = {"type": kind, "settings": {**(now or {}), **settings(now)}, "timeout": TIMEOUT}
        body["resource"] = {"type": resource.kind, "id": resource.number(), "name": resource.name}
        if found is None:
            rest.preview.call("POST", CHECKS, body)
        elif facts(kind, now) != facts(kind, settings(now)):
            rest.preview.call("PATCH", f"{CHECKS}/{found['id']}", {"id": found["id"], **body})

    return Wanted(f"Azure DevOps: {resource.kind} {resource.name}: {kind['name']}", observe, apply)


def present(rest: Rest, resource: Resource, kind: Mapping[str, str]) -> Thing | None:
    """The check of that kind, with its settings; of those that run a task, the one about branches."""
    number = resource.number()
    if number is None:
        return None
    query = {"resourceType": resource.kind, "resourceId": number, "$expand": "settings"}
    for each in rest.preview.call("GET", CHECKS, query=query)["value"]:
        task = ((each.get("settings") or {}).get("definitionRef") or {}).get("id", "")
        if each["type"]["id"].lower() == kind["id"] and (kind != TASK or task.lower() == BRANCH["id"]):
            return dict(each)
    return None


def branch_control(desired: RepositorySettings) -> Settings:
    """Main, which has to be protected where it takes pull requests only."""
    protected = "true" if desired.pulls_only else "false"
    inputs = {"allowedBranches": REF, "ensureProtectionOfBranch": protected}
    return {"displayName": "Branch control", "definitionRef": BRANCH, "inputs": inputs, "retryInterval": 5}


def approval(rest: Rest, desired: RepositorySettings, now: Settings | None) -> Settings:
    """One of the reviewers, or as many as somebody asked for. Unnamed, they may be anybody, if there is one."""
    there = [each["id"] for each in (now or {}).get("approvers", [])]
    people = rest.reviewers(desired) if desired.reviewers else there or [str(rest.me()["id"])]
    return {
        "approvers": [{"id": each} for each in people],
        "executionOrder": 1,
        "minRequiredApprovers": min((now or {}).get("minRequiredApprovers", 1), len(people)),
        "instructions": (now or {}).get("instructions", ""),
        "blockedApprovers": [],
        "requesterCannotBeApprover": desired.together,
    }


def facts(kind: Mapping[str, str], settings: Settings | None) -> dict[str, Any]:
    """What counts of it."""
    if settings is None:
        return {}
    if kind == APPROVAL:
        return {
            "approvers": ", ".join(sorted(each["id"] for each in settings.get("approvers", []))) or None,
            "may approve their own": not settings.get("requesterCannotBeApprover"),
        }
    if kind == TASK:
        inputs = settings["inputs"]
        protected = str(inputs.get("ensureProtectionOfBranch", "false")).lower()
        return {"branches": inputs.get("allowedBranches"), "protected": protected}
    return {"one at a time": "yes"}
