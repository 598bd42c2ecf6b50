"""login.microsoftonline.com: an access token for an ID token of CI or a secret, and what a token says later."""

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
    wrong = wrong_assertion(cloud, form) if "client_assertion" in form else wrong_secret(cloud, form)
    if wrong:
        return Reply(401, {"error": "invalid_client", "error_description": wrong})
    scope = next(one for one in form["scope"].split() if one.endswith("/.default"))
    token = signed_token(cloud, scope.removesuffix("/.default"))
    return Reply(200, {"token_type": "Bearer", "expires_in": cloud.told_life, "access_token": token})


def wrong_secret(cloud: Cloud, form: dict[str, str]) -> str:
    """What is wrong with the client's secret, or nothing."""
    right = (form.get("client_id"), form.get("client_secret")) == (CLIENT, cloud.secret("client"))
    return "" if right else "AADSTS7000215: Invalid client secret provided."


def wrong_assertion(cloud: Cloud, form: dict[str, str]) -> str:
    """What is wrong with the ID token that is exchanged, or nothing."""
    claims = claims_of(cloud, form["client_assertion"])
    if claims is None or form.get("client_id") != CLIENT:
        return "AADSTS700016: Application was not found in the directory."
    if claims["sub"] not in cloud.federated:
        said = "AADSTS700213: No matching federated identity record found for presented assertion subject"
        return f"{said} '{claims['sub']}'."
    if claims["exp"] < time.time() or claims["iat"] < cloud.id_tokens_from:
        return "AADSTS700024: Client assertion is not within its valid time range."
    return ""


def signed_token(cloud: Cloud, audience: str) -> str:
    """An access token for that audience, good for an hour."""
    now = time.time()
    who = {"tid": TENANT, "oid": CLIENT, "appid": CLIENT}
    return signed(cloud, {"aud": audience, "iat": now, "exp": int(now) + HOUR, **who})


def signed(cloud: Cloud, claims: dict[str, Any]) -> str:
    """A token with these claims."""
    content = f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{encode(claims)}"
    return f"{content}.{signature(cloud, content)}"


def require_token(cloud: Cloud, request: Request, *audiences: str) -> None:
    """AzureError 401 when the request has no good token for one of the audiences."""
    claims = claims_of(cloud, request.headers.get("Authorization", "").removeprefix("Bearer "))
    if claims is None:
        raise AzureError(401, "AuthenticationFailed", "Authentication failed. The token is missing or not valid.")
    if claims["exp"] < time.time() or claims["iat"] < cloud.access_tokens_from:
        raise AzureError(401, "ExpiredAuthenticationToken", "The access token expiry has passed.")
    if claims["aud"].rstrip("/") not in audiences:
        words = f"The audience '{claims['aud']}' is not valid here."
        raise AzureError(401, "InvalidAuthenticationTokenAudience", words)


def claims_of(cloud: Cloud, token: str) -> dict[str, Any] | None:
    """What the token says; None when it is not from here."""
    content, _, signed_with = token.rpartition(".")
    if not content or not hmac.compare_digest(signed_with, signature(cloud, content)):
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(content.split(".")[1] + "=="))
    return claims


def encode(value: dict[str, Any]) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signature(cloud: Cloud, content: str) -> str:
    """What proves that the content is from here."""
    digest = hmac.digest(cloud.secret("signing").encode(), content.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
