"""Where models are trained and served: one place for all environments, or one each with a registry between them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlops import UserError
from mlops.settings.environments import Manifest

LONGEST_WORKSPACE = 33  # letters
LONGEST_PROJECT = 24


@dataclass(frozen=True)
class Place:
    """A workspace in a resource group of its own, and the environments that it is for. The first place trains."""

    name: str
    group: str
    workspace: str
    stages: tuple[str, ...]


def places(manifests: Mapping[str, Manifest], registry: bool) -> tuple[Place, ...]:
    """The places of the stages, whose manifests come in order. UserError when they contradict `registry`.

    Workspaces that environments/ already tells apart are kept; else each stage's is named after it.
    """
    named = {stage: (each.workspace.resource_group, each.workspace.name) for stage, each in manifests.items()}
    if registry and len(set(named.values())) == 1 < len(named):
        named = {stage: (f"{group}-{stage}", f"{name}-{stage}") for stage, (group, name) in named.items()}
    if not registry and len(set(named.values())) > 1:
        raise UserError(
            "infra/parameters.yml: registry: false, but environments/ names several workspaces;"
            " name one in base.yml alone"
        )
    pairs = list(dict.fromkeys(named.values()))
    check(pairs)
    owners = {pair: tuple(stage for stage, its in named.items() if its == pair) for pair in pairs}
    return tuple(Place(stages[0], *pair, stages) for pair, stages in owners.items())


def check(pairs: list[tuple[str, str]]) -> None:
    """UserError when Azure could not have these groups and workspaces."""
    groups = [group.lower() for group, _ in pairs]
    for group, workspace in pairs:
        if groups.count(group.lower()) > 1:
            raise UserError(f"environments/: resource group {group} is named for two workspaces; give each its own")
        if len(workspace) > LONGEST_WORKSPACE:
            raise UserError(
                f"environments/: workspace name {workspace} has more than {LONGEST_WORKSPACE} letters;"
                " take a shorter one"
            )


def short_name(project: str) -> str:
    """What the names of groups and identities begin with: the project's, as far as Azure takes it."""
    return re.sub(r"[^a-z0-9]+", "-", project.lower())[:LONGEST_PROJECT].strip("-")
