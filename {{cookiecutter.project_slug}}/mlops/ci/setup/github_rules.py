"""The rule of main on GitHub: a ruleset that is all ours, beside whatever else the repository has."""

from collections.abc import Mapping
from typing import Any

from mlops.ci import MAIN
from mlops.ci.api import Api
from mlops.ci.setup.offered import where_offered
from mlops.decide.infrastructure.repository import CHECK, RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

NAME = "main takes checked pull requests"
NOT_OFFERED = (
    "the plan has no rules for a private repository, so anybody who can push can push to main;"
    " make it public, or take a plan that has them"
)
KNOWN = {  # of the rules' parameters, those that are said here
    "required_approving_review_count",
    "require_code_owner_review",
    "dismiss_stale_reviews_on_push",
    "require_last_push_approval",
    "required_review_thread_resolution",
    "strict_required_status_checks_policy",
    "required_status_checks",
}
Ruleset = dict[str, Any]


def main_rule(api: Api, desired: RepositorySettings) -> Wanted:
    """Main takes pull requests that are checked and, where there are two people, approved; nobody goes around it."""
    wanted = ruleset(int(desired.together))

    def observe() -> list[str]:
        return differences(facts(present(api)), facts(wanted))

    def apply() -> None:
        now = present(api)
        if now is None:
            api.call("POST", "rulesets", wanted)
        elif facts(now) != facts(wanted):
            api.call("PUT", f"rulesets/{now['id']}", wanted)

    return where_offered(Wanted("GitHub: rule of main", observe, apply), NOT_OFFERED)


def ruleset(approvals: int) -> Ruleset:
    reviews = {
        "required_approving_review_count": approvals,
        "require_code_owner_review": approvals > 0,
        "dismiss_stale_reviews_on_push": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    checks: Ruleset = {"strict_required_status_checks_policy": True, "required_status_checks": [{"context": CHECK}]}
    return {
        "name": NAME,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [f"refs/heads/{MAIN}"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": reviews},
            {"type": "required_status_checks", "parameters": checks},
        ],
    }


def present(api: Api) -> Ruleset | None:
    """Ours, whole; None when there is none."""
    for each in api.pages("rulesets", {"includes_parents": "false"}):
        if each["name"] == NAME:
            return dict(api.call("GET", f"rulesets/{each['id']}"))
    return None


def facts(found: Ruleset | None) -> dict[str, Any]:
    """What it says, without what the host adds by itself."""
    if found is None:
        return {}
    branches = found["conditions"]["ref_name"]
    return {
        "enforcement": found["enforcement"],
        "branches": ", ".join(branches["include"]),
        "but not": ", ".join(branches["exclude"]),
        "go around it": len(found.get("bypass_actors") or []),
        "rules": {each["type"]: rule_of(each) for each in found["rules"]},
    }


def rule_of(each: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in (each.get("parameters") or {}).items() if key in KNOWN}
    if "required_status_checks" in said:
        said["required_status_checks"] = ", ".join(sorted(one["context"] for one in said["required_status_checks"]))
    return {"stands": "yes", **said}
