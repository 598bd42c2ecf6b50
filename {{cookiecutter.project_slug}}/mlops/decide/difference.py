"""What `apply` would change, and what it would not: the lines of a plan."""

from mlops.decide.observed import Deployment, Observed
from mlops.decide.rollout import fits, instances, label, live, moving, runs, stable_slot
from mlops.settings.environments import EndpointSettings, Manifest


def difference(manifest: Manifest, observed: Observed | None) -> list[str]:
    """What `apply` would change, as the lines of a diff; empty when the endpoint is as the manifest says."""
    if manifest.model.version is None:
        return []
    wanted = f"+ {label(manifest.model)} at 100 %"
    if observed is None:
        return [f"+ endpoint {manifest.endpoint.name}", wanted]
    stable, moved = stable_slot(observed), moving(observed, manifest.endpoint)
    right = stable is not None and runs(observed.deployments[stable], manifest.model)
    lines = [
        f"- {deployment.model}:{deployment.version} in {slot} at {live(observed).get(slot, 0)} % ({deployment.state})"
        for slot, deployment in sorted(observed.deployments.items())
        if not (right and slot == stable and live(observed) == {slot: 100} and deployment.state == "ready")
    ]
    if lines or stable is None:
        return [*moved, *lines, wanted]
    return [*moved, *rescaling(observed.deployments[stable], manifest.endpoint)]


def rescaling(deployment: Deployment, endpoint: EndpointSettings) -> list[str]:
    """The line that says on how many machines it would run; none when it does."""
    if deployment.instances is None or fits(deployment, endpoint):
        return []
    now, then = (
        str(least) if least == most else f"{least} to {most}"
        for least, most in (deployment.instances, instances(endpoint))
    )
    return [f"~ {deployment.slot}: instances {now} -> {then}"]


def kept(manifest: Manifest, observed: Observed | None) -> list[str]:
    """The settings that a deployment keeps as it was made with, where the manifest says otherwise: a line each.

    They are no difference: `apply` changes nothing about them while the version stays.
    """
    deployments = sorted((observed.deployments if observed else {}).items())
    lines = []
    for slot, placed in [each for each in deployments if each[1].state == "ready" and runs(each[1], manifest.model)]:
        for key, has in {"instance_type": placed.instance_type, "explain": placed.explain}.items():
            wanted = getattr(manifest.endpoint, key)
            if has is not None and as_yaml(has).lower() != as_yaml(wanted).lower():  # Azure spells sizes its own way
                told = f"! endpoint.{key}: {slot} serves with {as_yaml(has)}, and {as_yaml(wanted)} is set"
                lines.append(f"{told}; that comes with the next version (sooner: docs/rollouts.md)")
    return lines


def as_yaml(value: str | bool) -> str:
    """The value as it stands in the manifest."""
    return str(value).lower() if isinstance(value, bool) else value
