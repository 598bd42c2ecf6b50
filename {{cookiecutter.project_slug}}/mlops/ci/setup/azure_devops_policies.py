"""What Azure Repos asks of a pull request to main: the checks, an approval, the owners of what runs where."""

from collections.abc import Callable, Mapping
from typing import Any

from mlops.ci.setup.azure_devops_rest import REF, Rest, Thing
from mlops.decide.infrastructure.repository import CHECK, RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

POLICIES = "policy/configurations"
BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
APPROVALS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
OWNERS = "fd2167ab-b0be-447a-8ec8-39368250530e"
COUNT = "minimumApproverCount"
PATHS = ["/environments/*"]
Settings = dict[str, Any]


def policies(rest: Rest, desired: RepositorySettings) -> list[Wanted]:
    """Those of main; none where pipelines commit to it, as each of them keeps everybody from that."""
    if not desired.pulls_only:
        return []
    always = [
        policy(rest, "checks of main", BUILD, lambda: build(rest)),
        policy(rest, "approvals of main", APPROVALS, lambda: approvals(desired)),
    ]
    owners = policy(rest, "owners of environments/", OWNERS, lambda: of_owners(rest, desired))
    return [*always, owners] if desired.together else always


def build(rest: Rest) -> Settings:
    """The pipeline that checks pull requests; Azure Repos does not read what its file says of them."""
    return {
        "buildDefinitionId": rest.pipelines().get("pull-request"),
        "displayName": CHECK,
        "queueOnSourceUpdateOnly": True,
        "manualQueueOnly": False,
        "validDuration": 0,
    }


def approvals(desired: RepositorySettings) -> Settings:
    return {
        COUNT: 1,
        "creatorVoteCounts": not desired.together,
        "allowDownvotes": False,
        "resetOnSourcePush": True,
    }


def of_owners(rest: Rest, desired: RepositorySettings) -> Settings:
    return {
        "requiredReviewerIds": rest.reviewers(desired),
        COUNT: 1,
        "creatorVoteCounts": False,
        "filenamePatterns": PATHS,
        "message": "environments/",
    }


def policy(rest: Rest, title: str, kind: str, settings: Callable[[], Settings]) -> Wanted:
    """The policy of that kind on main; settings that are not ours stay as they are."""

    def compared() -> tuple[Thing | None, Thing]:
        wanted = settings()
        now = present(rest, kind, wanted)
        return now, shape(rest, kind, at_least(now, wanted))

    def observe() -> list[str]:
        now, body = compared()
        return differences(facts(now, body), facts(body, body))

    def apply() -> None:
        now, body = compared()
        if now is None:
            rest.api.call("POST", POLICIES, body)
        elif facts(now, body) != facts(body, body):
            kept = {**now["settings"], **body["settings"]}
            rest.api.call("PUT", f"{POLICIES}/{now['id']}", {**body, "settings": kept})

    return Wanted(f"Azure DevOps: {title}", observe, apply)


def at_least(now: Thing | None, wanted: Settings) -> Settings:
    """The same, with as many approvers as somebody asked for, where those are more."""
    there = now["settings"].get(COUNT, 0) if now else 0
    return {**wanted, COUNT: max(there, wanted[COUNT])} if COUNT in wanted else wanted


def shape(rest: Rest, kind: str, settings: Settings) -> Thing:
    """The policy as Azure DevOps takes it."""
    scope = {"repositoryId": rest.repository_id, "refName": REF, "matchKind": "Exact"}
    return {"isEnabled": True, "isBlocking": True, "type": {"id": kind}, "settings": {**settings, "scope": [scope]}}


def present(rest: Rest, kind: str, wanted: Settings) -> Thing | None:
    """The one of main alone. Of those about files or a pipeline, the one of ours."""
    for each in rest.api.call("GET", POLICIES, query={"policyType": kind})["value"]:
        said = each["settings"]
        scopes = [(one.get("repositoryId"), one.get("refName")) for one in said.get("scope", [])]
        ours = all(said.get(key) == wanted.get(key) for key in ("buildDefinitionId", "filenamePatterns"))
        if scopes == [(rest.repository_id, REF)] and ours:
            return dict(each)
    return None


def facts(found: Thing | None, body: Thing) -> Mapping[str, Any]:
    """What it says of all that is wanted."""
    if found is None:
        return {}
    said = {key: found["settings"].get(key) for key in body["settings"] if key != "scope"}
    said = {
        key: ", ".join(map(str, sorted(value))) if isinstance(value, list) else value for key, value in said.items()
    }
    return {"enabled": found.get("isEnabled"), "blocking": found.get("isBlocking"), **said}
