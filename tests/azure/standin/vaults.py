"""Key vaults: the secrets of each, as its own address gives them. Who asks without a token is told where to get one."""

import re
import time
import uuid
from typing import Any

from standin.cloud import Cloud
from standin.login import HOST as LOGIN
from standin.login import TENANT, require_token
from standin.messages import AzureError, Reply, Request, not_played

AUDIENCE = "https://vault.azure.net"
VAULTS = re.compile(r"([\w-]+)\.vault\.azure\.net")
SECRET = re.compile(r"/secrets/([0-9A-Za-z-]{1,127})/?")
CHALLENGE = f'Bearer authorization="https://{LOGIN}/{TENANT}", resource="{AUDIENCE}"'


def answer(cloud: Cloud, request: Request) -> Reply:
    """What the vault of that address says."""
    if "Authorization" not in request.headers:
        return Reply(401, {"error": {"code": "Unauthorized", "message": "No token."}}, {"WWW-Authenticate": CHALLENGE})
    require_token(cloud, request, AUDIENCE)
    secrets = secrets_of(cloud, request.host)
    if request.method == "GET" and request.path.rstrip("/") == "/secrets":
        return Reply(200, {"value": [without_value(one) for one in secrets.values()], "nextLink": None})
    found = SECRET.fullmatch(request.path)
    if not found:
        raise not_played(request)
    if request.method == "PUT":
        secrets[found[1]] = kept(request, found[1])
    elif request.method != "GET":
        raise not_played(request)
    if found[1] not in secrets:
        raise AzureError(404, "SecretNotFound", f"A secret with (name/id) {found[1]} was not found in this key vault.")
    return Reply(200, secrets[found[1]])


def secrets_of(cloud: Cloud, host: str) -> dict[str, Any]:
    """The vault's secrets by name."""
    named = VAULTS.fullmatch(host)
    assert named
    return dict_of(dict_of(cloud.store, "vaults"), named[1])


def dict_of(owner: dict[str, Any], name: str) -> dict[str, Any]:
    """What the owner keeps under that name, empty at first."""
    found: dict[str, Any] = owner.setdefault(name, {})
    return found


def kept(request: Request, name: str) -> dict[str, Any]:
    """The secret as a GET returns it."""
    body, now = request.json(), int(time.time())
    attributes = {"enabled": True, "created": now, "updated": now, "recoveryLevel": "Recoverable+Purgeable"}
    return {
        "value": body["value"],
        "id": f"https://{request.host}/secrets/{name}/{uuid.uuid4().hex}",
        "attributes": attributes,
        "tags": body.get("tags") or {},
    }


def without_value(secret: dict[str, Any]) -> dict[str, Any]:
    """The secret as a list shows it: nobody lists values."""
    return {**{key: part for key, part in secret.items() if key != "value"}, "id": secret["id"].rpartition("/")[0]}
