"""The keys of an endpoint: renewed in turn, and given to its clients by a vault."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from mlops import UserError
from mlops.settings.environments import Manifest

Key = Literal["primary", "secondary"]


@dataclass(frozen=True)
class GivenKey:
    """Which key the vault gives to clients, and since when (with its time zone)."""

    key: Key
    since: datetime


class EndpointKeys(Protocol):
    """Both keys of one endpoint. `place`: what clients read theirs from, for people."""

    place: str

    def given(self) -> GivenKey | None:
        """Which key the vault gives; None when it has none yet."""

    def renew(self, key: Key) -> None:
        """Make a new key in the place of this one, which is refused from then on."""

    def give(self, key: Key) -> GivenKey:
        """Have the vault give this key to clients."""


def open_keys(environment: str, manifest: Manifest) -> EndpointKeys:
    """The keys of the environment's endpoint. UserError where it has none that could be renewed."""
    where = f"environments/{environment}.yml"
    if manifest.platform != "azureml":
        raise UserError(f"{where}: platform: {manifest.platform} has no keys to renew; this is for azureml")
    if manifest.endpoint.auth != "key":
        raise UserError(f"{where}: endpoint.auth: {manifest.endpoint.auth} has no keys, and needs no rotation")
    from mlops.platform.azureml import azureml_keys

    return azureml_keys(manifest)
