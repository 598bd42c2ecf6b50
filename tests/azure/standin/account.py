"""The subscription itself: who may do what in it, what is registered, what its region has and how much is left."""

import re
from collections.abc import Callable
from typing import Any

from standin.cloud import SUBSCRIPTION, Cloud
from standin.limits import SIZES, Limits
from standin.login import TENANT
from standin.messages import AzureError, Reply, Request, not_played

ROOT = re.compile(r"/(?:tenants|subscriptions(?:/[^/]+)?)", re.IGNORECASE)
PROVIDER = re.compile(r"/subscriptions/[^/]+/providers/([^/]+)(?:/(register))?", re.IGNORECASE)
PERMISSIONS = re.compile(r"/subscriptions/[^/]+/providers/Microsoft\.Authorization/permissions", re.IGNORECASE)
LOCATION = re.compile(
    r"/subscriptions/[^/]+/providers/Microsoft\.MachineLearningServices/locations/([^/]+)/(vmSizes|usages)",
    re.IGNORECASE,
)


def answers(request: Request) -> bool:
    """Whether the request is about the subscription itself."""
    return any(pattern.fullmatch(request.path.rstrip("/")) for pattern in (ROOT, PROVIDER, PERMISSIONS, LOCATION))


def answer(cloud: Cloud, request: Request) -> Reply:
    """What is said of the subscription. Registering a provider is the one thing that can be done."""
    path = request.path.rstrip("/")
    if match := PROVIDER.fullmatch(path):
        return provider(cloud.limits, request, *match.groups())
    if request.method != "GET":
        raise not_played(request)
    if match := LOCATION.fullmatch(path):
        return Reply(200, {"value": LISTS[match[2].lower()](cloud.limits, match[1])})
    if PERMISSIONS.fullmatch(path):
        return Reply(200, {"value": [{"actions": ["*"], "notActions": cloud.limits.forbidden}]})
    return root(path)


def root(path: str) -> Reply:
    """The tenants and subscriptions that there are: one of each."""
    home = f"/subscriptions/{SUBSCRIPTION}"
    own = {
        "id": home,
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "stand-in",
        "state": "Enabled",
    }
    if path.lower() == "/tenants":
        return Reply(200, {"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT}]})
    if path.lower() == "/subscriptions":
        return Reply(200, {"value": [own]})
    if path != home:
        raise AzureError(404, "SubscriptionNotFound", f"The subscription '{path.split('/')[2]}' could not be found.")
    return Reply(200, own)


def provider(limits: Limits, request: Request, name: str, action: str | None) -> Reply:
    """Whether a resource provider is registered, once it is asked to be."""
    if action and request.method == "POST":
        limits.unregistered.discard(name.lower())
    elif request.method != "GET":
        raise not_played(request)
    state = "NotRegistered" if name.lower() in limits.unregistered else "Registered"
    return Reply(200, {"namespace": name, "registrationState": state})


def vm_sizes(limits: Limits, region: str) -> list[dict[str, Any]]:
    """The sizes of the region."""
    compute = {"lowPriorityCapable": True, "supportedComputeTypes": ["AmlCompute", "ComputeInstance", "MIR"]}
    known = {name: SIZES[name] for name in SIZES if name in limits.sizes}
    return [{"name": name, "family": family, "vCPUs": cores, **compute} for name, (family, cores) in known.items()]


def usages(limits: Limits, region: str) -> list[dict[str, Any]]:
    """How many cores of each kind may be used, and how many are."""
    named = {name: {"value": name, "localizedValue": name} for name in limits.cores}
    return [
        {"name": named[name], "currentValue": 0, "limit": limit, "unit": "Count"}
        for name, limit in limits.cores.items()
    ]


LISTS: dict[str, Callable[[Limits, str], list[dict[str, Any]]]] = {"vmsizes": vm_sizes, "usages": usages}
