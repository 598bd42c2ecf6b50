"""What pipelines may do on GitHub: run at all, and open pull requests, which a person merges."""

from collections.abc import Mapping
from typing import Any

from mlops.ci.api import Api
from mlops.ci.setup.offered import where_offered
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

RUNS, TOKENS = "actions/permissions", "actions/permissions/workflow"
PROPOSE = "can_approve_pull_request_reviews"  # one setting for opening and approving
NOT_ALLOWED = (
    "the organisation does not let this repository say it; ask an owner to, under Settings > Actions > General"
)


def on(api: Api) -> Wanted:
    """Actions run, those of others too: a selection of them stays as it is."""

    def observe() -> list[str]:
        return differences(present(api), wanted_of(present(api)))

    def apply() -> None:
        now = present(api)
        if now != wanted_of(now):
            api.call("PUT", RUNS, wanted_of(now))

    return where_offered(Wanted("GitHub: actions", observe, apply), NOT_ALLOWED)


def present(api: Api) -> dict[str, Any]:
    found = api.call("GET", RUNS)
    return {key: found.get(key) for key in ("enabled", "allowed_actions")}


def wanted_of(now: Mapping[str, Any]) -> dict[str, Any]:
    selected = now["enabled"] and now["allowed_actions"] == "selected"
    return {"enabled": True, "allowed_actions": "selected" if selected else "all"}


def may_propose(api: Api) -> Wanted:
    """Pipelines may open pull requests; their tokens can otherwise do what each job says."""
    return tokens(api, {"default_workflow_permissions": "read", PROPOSE: True})


def may_not_propose(api: Api) -> Wanted:
    """As a new repository has it."""
    return tokens(api, {PROPOSE: False})


def tokens(api: Api, wanted: Mapping[str, Any]) -> Wanted:
    def now() -> dict[str, Any]:
        found = api.call("GET", TOKENS)
        return {key: found.get(key) for key in wanted}

    def apply() -> None:
        if now() != wanted:
            api.call("PUT", TOKENS, dict(wanted))

    what = Wanted("GitHub: what pipelines may do", lambda: differences(now(), wanted), apply)
    return where_offered(what, NOT_ALLOWED)
