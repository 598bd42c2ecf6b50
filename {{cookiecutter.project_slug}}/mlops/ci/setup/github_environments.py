"""An environment of CI on GitHub: which branch deploys to it, and who is waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from mlops import UserError
from mlops.ci import MAIN
from mlops.ci.api import Api
from mlops.ci.setup.offered import unless_limited, where_offered
from mlops.decide.infrastructure.repository import RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

NO_REVIEWERS = (
    "the plan has no required reviewers for a private repository, so no job waits for a person;"
    " make it public, or take GitHub Enterprise"
)
NO_ENVIRONMENTS = (
    "the plan has no environments for a private repository, so no job can log in to Azure;"
    " make it public, or take a plan that has them"
)


@dataclass(frozen=True)
class Reviewer:
    """A person, or a team that somebody put there by hand."""

    kind: str
    number: int
    name: str


@dataclass(frozen=True)
class Protection:
    """What an environment asks of a job. named: only branches that it names deploy to it.

    minutes: how long a job waits before it begins; a person's own choice, which stays.
    """

    named: bool
    reviewers: tuple[Reviewer, ...] = ()
    not_their_own: bool = False
    minutes: int = 0

    def body(self) -> dict[str, Any]:
        """As GitHub takes it. What is not asked for is not named: a plan that lacks it would refuse the whole."""
        body: dict[str, Any] = {
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}
        }
        if self.reviewers:
            body["reviewers"] = [{"type": each.kind, "id": each.number} for each in self.reviewers]
            body["prevent_self_review"] = self.not_their_own
        return body | ({"wait_timer": self.minutes} if self.minutes else {})

    def facts(self, branches: Sequence[str]) -> dict[str, Any]:
        return {
            "deployed from": (", ".join(branches) or "no branch") if self.named else "branches that it does not name",
            "reviewers": ", ".join(sorted(each.name for each in self.reviewers)) or None,
            "may approve their own": not self.not_their_own if self.reviewers else None,
        }


def environment(api: Api, people: Api, name: str, desired: RepositorySettings) -> Wanted:
    """The environment, which main alone deploys to."""
    path = f"environments/{quote(name, safe='')}"

    def observe() -> list[str]:
        now = present(api, path)
        before = now.facts([each["name"] for each in policies(api, path)]) if now else {}
        return differences(before, goal(people, name, desired, now).facts([MAIN]))

    def apply() -> None:
        now = present(api, path)
        protect(api, path, now, goal(people, name, desired, now))
        set_branches(api, path)

    return where_offered(Wanted(f"GitHub: environment {name}", observe, apply), NO_ENVIRONMENTS)


def present(api: Api, path: str) -> Protection | None:
    """The environment as it is; None when there is none."""
    found = api.find(path)
    if found is None:
        return None
    rules = {each["type"]: each for each in found.get("protection_rules") or []}
    waits = rules.get("required_reviewers", {})
    people = [(each["type"], each["reviewer"]) for each in waits.get("reviewers", [])]
    return Protection(
        named=bool((found.get("deployment_branch_policy") or {}).get("custom_branch_policies")),
        reviewers=tuple(Reviewer(kind, each["id"], each.get("login") or each["name"]) for kind, each in people),
        not_their_own=bool(waits.get("prevent_self_review")),
        minutes=int(rules.get("wait_timer", {}).get("wait_timer", 0)),
    )


def goal(people: Api, name: str, desired: RepositorySettings, now: Protection | None) -> Protection:
    """The environment as it should be. Reviewers whom the project does not name may be anybody, if there is one."""
    kept = replace(now, named=True) if now else Protection(named=True)
    if name != desired.waiting:
        return kept
    if desired.reviewers:
        reviewers = tuple(reviewer(people, login) for login in desired.reviewers)
    else:
        reviewers = kept.reviewers or (person(people.call("GET", "user")),)
    return replace(kept, reviewers=reviewers, not_their_own=desired.together)


def reviewer(people: Api, login: str) -> Reviewer:
    """The person. UserError when GitHub knows nobody of that name."""
    found = people.find(f"users/{quote(login, safe='')}")
    if found is None:
        raise UserError(f"infra/parameters.yml: reviewers: GitHub knows nobody called {login}; write their login")
    return person(found)


def person(found: Mapping[str, Any]) -> Reviewer:
    return Reviewer("User", int(found["id"]), str(found["login"]))


def protect(api: Api, path: str, now: Protection | None, wanted: Protection) -> None:
    """Make it so; without the reviewers, and with a sentence, where the plan has none."""
    if same(now, wanted):
        return
    if wanted.reviewers:
        limit = unless_limited(lambda: api.call("PUT", path, wanted.body()), NO_REVIEWERS)
        if not limit:
            return
        print(f"GitHub: {unquote(path)}: {limit}")
        wanted = replace(wanted, reviewers=(), not_their_own=False)
    if not same(now, wanted):
        api.call("PUT", path, wanted.body())


def same(now: Protection | None, wanted: Protection) -> bool:
    """Whether they ask for the same, in whatever order the people stand."""
    return (
        now is not None
        and replace(now, reviewers=()) == replace(wanted, reviewers=())
        and (set(now.reviewers) == set(wanted.reviewers))
    )


def policies(api: Api, path: str) -> list[dict[str, Any]]:
    """The branches that the environment names; none when it is not there, or names none."""
    found = api.find(f"{path}/deployment-branch-policies", {"per_page": 100})
    return list(found["branch_policies"]) if found else []


def set_branches(api: Api, path: str) -> None:
    """Main deploys to it, and no other branch."""
    there = policies(api, path)
    if MAIN not in [each["name"] for each in there]:
        api.call("POST", f"{path}/deployment-branch-policies", {"name": MAIN, "type": "branch"})
    for each in there:
        if each["name"] != MAIN:
            api.call("DELETE", f"{path}/deployment-branch-policies/{each['id']}")
