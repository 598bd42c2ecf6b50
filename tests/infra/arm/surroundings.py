"""Where a template is deployed, and the functions that ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arm.errors import TemplateError
from arm.ids import resource_id


@dataclass(frozen=True)
class Environment:
    """Where and as whom it is deployed."""

    subscription: str
    tenant: str
    location: str
    name: str = "main"
    now: str = "2026-01-01T00:00:00Z"

    @property
    def place(self) -> str:
        """The id of the subscription."""
        return f"/subscriptions/{self.subscription}"


def _subscription(here: Environment) -> dict[str, Any]:
    return {"id": here.place, "subscriptionId": here.subscription, "tenantId": here.tenant, "displayName": "Stand-in"}


def _environment(_here: Environment) -> dict[str, Any]:
    return {
        "name": "AzureCloud",
        "resourceManager": "https://management.azure.com/",
        "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net", "acrLoginServer": ".azurecr.io"},
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    }


def _now(here: Environment, pattern: str = "") -> str:
    """Azure has many patterns for it; one is enough here."""
    if pattern not in {"", "yyyy-MM-dd"}:
        raise TemplateError(f"utcNow({pattern!r}) is not known here")
    return here.now[:10] if pattern else here.now


def _subscription_resource(here: Environment, *given: str) -> str:
    """Of this subscription, or of one that is named before the type."""
    if "/" in given[0]:
        return resource_id(here.place, *given)
    return resource_id(f"/subscriptions/{given[0]}", *given[1:])


SURROUNDINGS: dict[str, Callable[..., Any]] = {
    "deployment": lambda here: {"name": here.name, "location": here.location},
    "environment": _environment,
    "subscription": _subscription,
    "subscriptionresourceid": _subscription_resource,
    "tenant": lambda here: {"tenantId": here.tenant},
    "utcnow": _now,
}
