"""login.microsoftonline.com: a client secret for a token, and what a token says later."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qsl

from standin.cloud import CLIENT, Cloud
from standin.messages import AzureError, Reply, Request, not_played

HOST = "login.microsoftonline.com"
TENANT = "11111111-1111-1111-1111-111111111111"
HOUR = 3600
ENDPOINTS = {"authorization": "authorize", "token": "token", "device_authorization": "devicecode"}


def answer(cloud: Cloud, request: Request) -> Reply:
    """A token for the client's secret, or the documents that lead to it."""
    tenant, base = request.path.split("/")[1], f"https://{HOST}"
    if request.path.endswith("/openid-configuration"):
        addresses = {f"{name}_endpoint": f"{base}/{tenant}/oauth2/v2.0/{path}" for name, path in ENDPOINTS.items()}
        return Reply(200, {**addresses, "issuer": f"{base}/{tenant}/v2.0"})
    if request.path.endswith("/discovery/instance"):
        document = f"{base}/{tenant}/v2.0/.well-known/openid-configuration"
        return Reply(200, {"tenant_discovery_endpoint": document, "metadata": []})
    if request.path == f"/{TENANT}/oauth2/v2.0/token":
        return give_token(cloud, dict(parse_qsl(request.body.decode())))
    raise not_played(request)


def give_token(cloud: Cloud, form: dict[str, str]) -> Reply:
    """The token that the form asks for."""
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT, cloud.secret("client")):
        wrong = "AADSTS7000215: Invalid client secret provided."
        return Reply(401, {"error": "invalid_client", "error_description": wrong})
    scope = next(one for one in form["scope"].split() if one.endswith("/.default"))
    token = signed_token(cloud, scope.removesuffix("/.default"))
    return Reply(200, {"token_type": "Bearer", "expires_in": HOUR, "ext_expires_in": HOUR, "access_token": token})


def signed_token(cloud: Cloud, audience: str) -> str:
    """A token for that audience, good for an hour."""
    claims = {"aud": audience, "exp": int(time.time()) + HOUR, "tid": TENANT, "oid": CLIENT, "appid": CLIENT}
    content = f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{encode(claims)}"
    return f"{content}.{signature(cloud, content)}"


def require_token(cloud: Cloud, request: Request, *audiences: str) -> None:
    """AzureError 401 when the request has no good token for one of the audiences."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    content, _, signed = token.rpartition(".")
    if not content or not hmac.compare_digest(signed, signature(cloud, content)):
        raise AzureError(401, "AuthenticationFailed", "Authentication failed. The token is missing or not valid.")
    claims = json.loads(base64.urlsafe_b64decode(content.split(".")[1] + "=="))
    if claims["exp"] < time.time():
        raise AzureError(401, "ExpiredAuthenticationToken", "The access token expiry has passed.")
    if claims["aud"].rstrip("/") not in audiences:
        words = f"The audience '{claims['aud']}' is not valid here."
        raise AzureError(401, "InvalidAuthenticationTokenAudience", words)


def encode(value: dict[str, Any]) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signature(cloud: Cloud, content: str) -> str:
    """What proves that the content is from here."""
    digest = hmac.digest(cloud.secret("signing").encode(), content.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
