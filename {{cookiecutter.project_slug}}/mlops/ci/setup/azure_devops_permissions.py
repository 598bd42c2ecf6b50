"""Who may do what on Azure DevOps: pipelines with environments and connections, and the build service by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlops.ci.setup.azure_devops_checks import Resource
from mlops.ci.setup.azure_devops_rest import Rest
from mlops.decide.infrastructure.repository import RepositorySettings
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences

GIT, BUILD, AREAS = (
    "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87",
    "33344d9c-fc72-4d6f-aba5-fa317101a7e9",
    "83e28ad4-2d72-4ceb-97b0-c7726d5502c3",
)
EVERY = "every pipeline"


def use(rest: Rest, resource: Resource, environment: str, desired: RepositorySettings) -> Wanted:
    """The pipelines of the environment may use what is theirs, without a click; all others ask first."""
    users = [name for name, uses in desired.pipelines.items() if environment in uses]
    return permission(rest, resource, list(desired.pipelines), users)


def no_use(rest: Rest, resource: Resource, desired: RepositorySettings) -> Wanted:
    """None of our pipelines may use it any more; others that a person let in stay."""
    return permission(rest, resource, list(desired.pipelines), [])


def permission(rest: Rest, resource: Resource, ours: Sequence[str], users: Sequence[str]) -> Wanted:
    """Of our pipelines, these may use the resource."""
    wanted = {EVERY: False, **{name: name in users for name in ours}}

    def apply() -> None:
        now = let_in(rest, resource, ours)
        if now == wanted:
            return
        known, changed = rest.pipelines(), [name for name in ours if now[name] != wanted[name]]
        said = [{"id": known[name], "authorized": wanted[name]} for name in changed]
        every = {"allPipelines": {"authorized": False}} if now[EVERY] else {}
        rest.preview.call("PATCH", permissions_of(resource), {"pipelines": said, **every})

    title = f"Azure DevOps: {resource.kind} {resource.name}: who uses it"
    return Wanted(title, lambda: differences(let_in(rest, resource, ours), wanted), apply)


def let_in(rest: Rest, resource: Resource, ours: Sequence[str]) -> Mapping[str, bool]:
    """Which of our pipelines may use it, and whether every pipeline may; none while it is not there."""
    if resource.number() is None:
        return dict.fromkeys((EVERY, *ours), False)
    found, known = rest.preview.call("GET", permissions_of(resource)), rest.pipelines()
    let = {each["id"] for each in found.get("pipelines", []) if each["authorized"]}
    every = bool((found.get("allPipelines") or {}).get("authorized"))
    return {EVERY: every, **{name: known.get(name) in let for name in ours}}


def permissions_of(resource: Resource) -> str:
    """Where its permissions are."""
    return f"pipelinePermissions/{resource.kind}/{resource.number()}"


@dataclass(frozen=True)
class Right:
    """What the build service may do to one thing. token: what permissions call it; None while it is not there."""

    title: str
    namespace: str
    actions: tuple[str, ...]
    token: Callable[[], str | None]


def rights(rest: Rest) -> list[Right]:
    """All that the pipelines do besides reading: proposals, a new training, the one task that `monitor` keeps."""

    def train() -> str | None:
        number = rest.pipelines().get("train")
        return None if number is None else f"{rest.project_id}/{rest.repository}/{number}"

    def area() -> str:
        root = rest.api.call("GET", "wit/classificationnodes/areas")
        return f"vstfs:///Classification/Node/{root['identifier']}"

    git = ("GenericContribute", "CreateBranch", "PullRequestContribute")
    return [
        Right("may push proposals", GIT, git, lambda: f"repoV2/{rest.project_id}/{rest.repository_id}"),
        Right("may start train", BUILD, ("QueueBuilds", "EditPipelineQueueConfigurationPermission"), train),
        Right("may keep a task", AREAS, ("WORK_ITEM_WRITE",), area),
    ]


def may(rest: Rest, right: Right) -> Wanted:
    """The build service has the right."""
    return grant(rest, right, True)


def may_not(rest: Rest, right: Right) -> Wanted:
    """It has not; what else it may do to the thing stays."""
    return grant(rest, right, False)


def grant(rest: Rest, right: Right, wanted: bool) -> Wanted:
    title = f"Azure DevOps: the build service {right.title}"

    def observe() -> list[str]:
        allowed = entry(rest, right, build_service(rest))[0]
        now = {name: bool(allowed & bit) for name, bit in bits(rest, right).items()}
        return differences(now, dict.fromkeys(right.actions, wanted))

    def apply() -> None:
        service, ours = build_service(rest), sum(bits(rest, right).values())
        allow, deny = entry(rest, right, service)
        goal = (allow | ours, deny & ~ours) if wanted else (allow & ~ours, deny)
        if goal == (allow, deny):
            return
        if service is None:
            print(f"{title}: it is not known before a pipeline of the project has run; run one, then this again")
            return
        who = {"descriptor": service, "allow": goal[0], "deny": goal[1]}
        body = {"token": right.token(), "merge": False, "accessControlEntries": [who]}
        rest.whole.call("POST", f"accesscontrolentries/{right.namespace}", body)

    return Wanted(title, observe, apply)


def bits(rest: Rest, right: Right) -> Mapping[str, int]:
    """The numbers of the actions, as this organisation has them."""
    found = rest.whole.call("GET", f"securitynamespaces/{right.namespace}")["value"][0]["actions"]
    known = {each["name"]: int(each["bit"]) for each in found}
    return {name: known[name] for name in right.actions}


def entry(rest: Rest, right: Right, who: str | None) -> tuple[int, int]:
    """What it is allowed and denied there, as bits."""
    token = right.token()
    if token is None or who is None:
        return 0, 0
    query = {"token": token, "descriptors": who, "includeExtendedInfo": "false", "recurse": "false"}
    for each in rest.whole.call("GET", f"accesscontrollists/{right.namespace}", query=query)["value"]:
        for name, said in each.get("acesDictionary", {}).items():
            if name == who and each.get("token", token) == token:
                return int(said.get("allow", 0)), int(said.get("deny", 0))
    return 0, 0


def build_service(rest: Rest) -> str | None:
    """Who the pipelines of this project are; None before the first of them has run."""
    name = f"{rest.project} Build Service ({rest.organisation})"
    query = {"searchFilter": "General", "filterValue": name}
    for each in rest.people.call("GET", "identities", query=query)["value"]:
        if each.get("providerDisplayName") == name:
            return str(each["descriptor"])
    return None
