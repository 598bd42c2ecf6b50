"""What keeps a subscription from taking the template: all of it at once, a line each with its mend. Writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from typing import Any

from mlops import UserError
from mlops.platform.subscription import leftovers
from mlops.platform.subscription.az import check_version
from mlops.platform.subscription.resource_manager import ResourceManager

PROVIDERS, PERMISSIONS, LEARNING = "2021-04-01", "2022-04-01", "2025-12-01"
LOW_PRIORITY = "totalclusterlowpriorityregionalvcpus"
OWNER = "Owner, or Contributor with Role Based Access Control Administrator,"


@dataclass(frozen=True)
class Needs:
    """What the project asks of its subscription.

    tenant: the one that is meant; None: any. namespaces: of resource providers. cluster, endpoints: VM sizes with how
    many of them there may be at once. actions: what has to be allowed to who is logged in.
    """

    project: str
    tenant: str | None
    region: str
    namespaces: Sequence[str]
    cluster: tuple[str, int]
    endpoints: Mapping[str, int]
    actions: Sequence[str]


def missing(azure: ResourceManager, needs: Needs, *, fresh: bool) -> list[str]:
    """All that is missing. fresh: nothing was made so far, so that what is in use is not the project's own."""
    lines: list[str] = []
    for check in (providers, rights, partial(machines, fresh=fresh), names):
        try:
            lines += check(azure, needs)
        except UserError as error:  # one that cannot be asked hides no other
            lines.append(str(error))
    return lines


def nobody(azure: ResourceManager, needs: Needs) -> list[str]:
    """Why Azure cannot be asked at all: no `az`, no login, another tenant."""
    try:
        check_version()
        who = azure.login
    except UserError as error:
        return [str(error)]
    if needs.tenant and who.tenant != needs.tenant:
        return [
            f"logged in to tenant {who.tenant}, AZURE_TENANT_ID says {needs.tenant}; `az login --tenant {needs.tenant}`"
        ]
    return []


def providers(azure: ResourceManager, needs: Needs) -> Iterator[str]:
    """Resource providers that are not registered."""
    for name in needs.namespaces:
        state = (azure.get(f"{azure.home}/providers/{name}", PROVIDERS) or {}).get("registrationState", "unknown")
        if state not in {"Registered", "Registering"}:
            yield f"resource provider {name}: {state}; `az provider register --namespace {name} --wait`"


def rights(azure: ResourceManager, needs: Needs) -> Iterator[str]:
    """Actions that who is logged in may not do. Nothing where Azure does not say what they may: it refuses in time."""
    try:
        allowed = list(azure.list(f"{azure.home}/providers/Microsoft.Authorization/permissions", PERMISSIONS))
    except UserError:
        return
    for action in needs.actions:
        if allowed and not any(
            matches(action, each["actions"]) and not matches(action, each["notActions"]) for each in allowed
        ):
            yield f"you may not {action} in {azure.home}; let its owner make you {OWNER} there for this one time"


def matches(action: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns, as `Microsoft.Authorization/*/write`, stands for the action."""
    return any(fnmatch(action.lower(), pattern.lower()) for pattern in patterns)


def machines(azure: ResourceManager, needs: Needs, *, fresh: bool) -> Iterator[str]:
    """Sizes that the region does not have, and cores that may not be used."""
    place = f"{azure.home}/providers/Microsoft.MachineLearningServices/locations/{needs.region}"
    sizes = {each["name"].lower(): each for each in azure.list(f"{place}/vmSizes", LEARNING)}
    free = {
        "".join(each["name"]["value"].lower().split()): each["limit"] - (each["currentValue"] if fresh else 0)
        for each in azure.list(f"{place}/usages", LEARNING)
    }
    for name in dict.fromkeys((needs.cluster[0], *needs.endpoints)):
        if name.lower() not in sizes:
            yield f"region {needs.region} has no {name} for machine learning; choose one that it has"
    yield from cores(sizes.get(needs.cluster[0].lower()), needs.cluster[1], free, LOW_PRIORITY, needs)
    for name, number in needs.endpoints.items():
        size = sizes.get(name.lower())
        kind = f"{str((size or {}).get('family', '')).lower()}clusterdedicatedvcpus"
        yield from cores(size, number, free, kind, needs)


def cores(
    size: Mapping[str, Any] | None, number: int, free: Mapping[str, int], kind: str, needs: Needs
) -> Iterator[str]:
    """A line when the quota does not hold so many machines of the size; none where Azure names no such quota."""
    wanted = number * int(size["vCPUs"]) if size else 0
    if size and free.get(kind, wanted) < wanted:
        what = "low-priority cores" if kind == LOW_PRIORITY else f"cores of {size['family']}"
        yield (
            f"quota of {what} in {needs.region}: {free[kind]} free, {wanted} needed for {number} of {size['name']};"
            " ask for more in the portal (Quotas, Machine learning), or let infra/parameters.yml say less"
        )


def names(azure: ResourceManager, needs: Needs) -> Iterator[str]:
    """Names that Azure keeps for something deleted."""
    for each in leftovers.deleted_vaults(azure, needs.project):
        name = each.rsplit("/", 1)[-1]
        yield f"key vault {name} is deleted, but Azure keeps its name; `az keyvault purge --name {name}`"
