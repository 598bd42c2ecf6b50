"""The identities of CI with the roles that the template gives them, and the places that they work in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluated import HERE, Values, deploy, parameter_sets

from arm.live import made
from roles.given import Given, allowed, given
from roles.operations import Needed

SETS = ("scaled out", "everything")  # with Azure's own roles, and with those of the project
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True)
class Cast:
    """Who there is, what each may do, and the ids of what the template makes, by place and type."""

    roles: list[Given]
    identities: Mapping[str, str]  # the principal of each CI environment's
    places: Mapping[str, Mapping[str, str]]
    registry: str

    def may(self, name: str, need: Needed) -> bool:
        """Whether the identity of that CI environment may do it."""
        return allowed(self.roles, self.identities[name], need)


def casts(folder: Path) -> dict[str, Cast]:
    """One for each set of options, by the code of the project in the folder."""
    template = json.loads((folder / "infra" / "main.json").read_text(encoding="utf-8"))
    return {name: cast(template, values) for name, values in parameter_sets(folder, *SETS).items()}


def cast(template: dict[str, Any], values: Values) -> Cast:
    """What these parameters make of the template."""
    resources = deploy(template, values).resources
    ids = {(one.id.split("/")[4].lower(), one.type.lower()): one.id for one in resources if "/providers/" in one.id}
    group = f"{HERE.place}/resourceGroups/{values['project']}-identities/providers/{IDENTITIES}"
    return Cast(
        given(resources),
        {one["name"]: made(f"{group}/{values['project']}-{one['name']}", "principal") for one in values["identities"]},
        {
            place["name"]: {
                kind.rpartition("/")[2]: id_ for (group, kind), id_ in ids.items() if group == place["group"].lower()
            }
            for place in values["places"]
        },
        ids[f"{values['project']}-registry".lower(), "microsoft.machinelearningservices/registries"],
    )
