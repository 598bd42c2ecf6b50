"""The parameters of infra/main.bicep, from environments/, infra/parameters.yml and what the hosts say."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops.decide.infrastructure.places import Place, places, short_name
from mlops.decide.infrastructure.repository import MONITORING, TRAINING, Subject
from mlops.decide.infrastructure.starting import Start
from mlops.settings.environments import Manifest
from mlops.settings.infrastructure import Infrastructure

REGISTRY = "registry"  # the group that belongs to no place
TRAINS = (TRAINING, "train", 0, False)  # in the first place


@dataclass(frozen=True)
class Known:
    """What is found out before the template is deployed. Nothing of it is needed the first time.

    subjects: of CI environments. endpoints: the names of those that there are. budgets: when each resource group's was
    made, by its name. webhook: a chat's address, a secret. start: where new data starts the training.
    """

    month: str  # the first day of this one, as 2026-11-01
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    endpoints: Collection[str] = ()
    budgets: Mapping[str, str] = field(default_factory=dict)
    webhook: str = ""
    start: Start | None = None


def template_parameters(
    project: str, manifests: Mapping[str, Manifest], options: Infrastructure, cooldown_days: float, known: Known
) -> dict[str, Any]:
    """The values by name. manifests: of the stages, in order. UserError when the settings contradict each other."""
    found = places(manifests, options.registry)
    short = short_name(project)
    shared = registry_of(short, manifests, found)
    return {
        "project": short,
        "location": next(iter(manifests.values())).workspace.region,
        "places": [place_of(each, manifests, known) for each in found],
        "identities": identities(manifests, found, known.subjects),
        "registry": shared,
        "registryBudgetStart": budget_start(f"{short}-{REGISTRY}", known) if shared else "",
        "customRoles": options.custom_roles,
        "privateNetwork": options.private_network,
        "computeSize": options.compute.size,
        "computeNodes": options.compute.max_nodes,
        "budget": options.budget,
        "mails": list(options.alarms.mail),
        "chatWebhook": known.webhook,
        "trigger": trigger(options, cooldown_days, known),
    }


def registry_of(short: str, manifests: Mapping[str, Manifest], found: Collection[Place]) -> str:
    """The name of the registry; empty where there is one workspace alone."""
    named = next((each.workspace.registry for each in manifests.values() if each.workspace.registry), None)
    return (named or short) if len(found) > 1 else ""


def place_of(place: Place, manifests: Mapping[str, Manifest], known: Known) -> dict[str, Any]:
    """A place with the endpoints that it has already: an alarm cannot be about one that is not there."""
    *_, last = manifests
    there = [stage for stage in place.stages if manifests[stage].endpoint.name in known.endpoints]
    return {
        "name": place.name,
        "group": place.group,
        "workspace": place.workspace,
        "budgetStart": budget_start(place.group, known),
        "endpoints": [endpoint_of(manifests[stage], users=stage == last) for stage in there],
    }


def endpoint_of(manifest: Manifest, users: bool) -> dict[str, Any]:
    """An endpoint as alarms look at it. users: whether it is one that has some, so that silence means something."""
    latency = math.ceil(manifest.rollout.max_p95_latency_ms)
    return {"name": manifest.endpoint.name, "latency": latency, "users": users}


def budget_start(group: str, known: Known) -> str:
    """When the budget of a resource group was made, which cannot change; else this month."""
    return known.budgets.get(group, f"{known.month}T00:00:00Z")


def identities(
    manifests: Mapping[str, Manifest], found: Collection[Place], subjects: Mapping[str, Subject]
) -> list[dict[str, Any]]:
    """Who works in CI: one that trains, one a stage that deploys, one that monitors what the last stage serves."""
    home = {stage: number for number, place in enumerate(found) for stage in place.stages}
    *_, last = manifests
    deploying = [
        (stage, "deploy", home[stage], each.endpoint.max_instances > each.endpoint.instance_count)
        for stage, each in manifests.items()
    ]
    return [
        {"name": name, "kind": kind, "place": place, "autoscale": scales, "credentials": credentials(name, subjects)}
        for name, kind, place, scales in [TRAINS, *deploying, (MONITORING, "monitor", home[last], False)]
    ]


def credentials(name: str, subjects: Mapping[str, Subject]) -> list[dict[str, str]]:
    """Whom the identity of this CI environment trusts; nobody, until the host of the repository has said it."""
    if name not in subjects:
        return []
    its = subjects[name]
    host = "github" if "github" in its.issuer else "azure-devops"
    return [{"name": host, "issuer": its.issuer, "subject": its.subject}]


def trigger(options: Infrastructure, cooldown_days: float, known: Known) -> dict[str, Any]:
    """What new data starts; nothing while it is not wanted, or the pipeline is not there yet."""
    if not options.trigger or known.start is None:
        return {}
    start = known.start
    return {"host": start.host, "start": start.start, "runs": start.runs, "cooldownDays": math.ceil(cooldown_days)}
