"""The public address of an endpoint: who may score, which deployment answers, and the record of it."""

import hmac
import http.client
import threading
import time
from collections.abc import Mapping

from standin.cloud import Cloud, Resource, Scored
from standin.endpoints import AUDIENCE, KEYS, endpoint_called
from standin.login import require_token
from standin.messages import AzureError, Reply, Request

CHOSEN = "azureml-model-deployment"
TIMEOUT = "PT5S"  # of a deployment that sets none
PASSED_ON = {"content-type", "x-ms-request-id", "x-ms-client-request-id", "x-request-id"}


def answer(cloud: Cloud, request: Request) -> Reply:
    """What the deployment says that the request's header, or else the endpoint's traffic, chooses."""
    with cloud.lock:
        cloud.settle()
        endpoint = endpoint_called(cloud, request.host.split(".")[0])
        if endpoint is None:
            return refusal(404, "The endpoint was not found.")
        if not may_score(cloud, endpoint, request):
            return refusal(401, "key_auth_access_denied")
        chosen = request.headers.get(CHOSEN)
        name = chosen or drawn(cloud, endpoint["properties"]["traffic"])
        deployment = deployment_of(cloud, endpoint, name)
        copied = None if chosen else drawn(cloud, endpoint["properties"]["mirrorTraffic"])
        mirror = deployment_of(cloud, endpoint, copied)
    if deployment is None:
        return refusal(404, f"The endpoint has no deployment {name!r} that can answer.")
    if mirror:
        arguments = (cloud, mirror, request, "mirror")
        threading.Thread(target=score, args=arguments, name="mirror", daemon=True).start()
    return score(cloud, deployment, request, "header" if chosen else "traffic")


def refusal(status: int, message: str) -> Reply:
    """An answer of the endpoint itself."""
    return Reply(status, {"error": {"message": message}})


def may_score(cloud: Cloud, endpoint: Resource, request: Request) -> bool:
    """Whether the request has one of the endpoint's keys, or a token where it takes those."""
    if endpoint["properties"]["authMode"].lower() == "key":
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        keys = (cloud.secret(f"{which} key of {endpoint['id']}") for which in KEYS)
        return any(hmac.compare_digest(given, key.encode()) for key in keys)
    try:
        require_token(cloud, request, AUDIENCE)
    except AzureError:
        return False
    return True


def drawn(cloud: Cloud, shares: Mapping[str, int]) -> str | None:
    """One of the deployments, each as often as its share in percent says; None for what is left of 100."""
    point = cloud.dice.uniform(0, 100)
    for name, share in shares.items():
        point -= share
        if point < 0:
            return name
    return None


def deployment_of(cloud: Cloud, endpoint: Resource, name: str | None) -> Resource | None:
    """The deployment of that name, if it is ready."""
    found = cloud.find(f"{endpoint['id']}/deployments/{name}") if name else None
    return found if found and found["properties"]["provisioningState"] == "Succeeded" else None


def score(cloud: Cloud, deployment: Resource, request: Request, chosen_by: str) -> Reply:
    """The answer of the deployment's container, as the endpoint passes it on; recorded."""
    port = cloud.serving.port(deployment)  # one that must be started again first is no slow answer
    begin = time.time()
    try:
        said = ask(port, deployment, request)
        reply, model_status = passed_on(said), said.status
    except AzureError as error:
        reply, model_status = Reply(error.status, error.body), 0
    milliseconds = 1000 * (time.time() - begin)
    with cloud.lock:
        record = Scored(begin, deployment["id"].lower(), reply.status, model_status, milliseconds, chosen_by)
        cloud.scored.append(record)
    return Reply(reply.status, reply.body, {**reply.headers, CHOSEN: deployment["name"]})


def ask(port: int | None, deployment: Resource, request: Request) -> Reply:
    """What the container says. AzureError 408 when it takes too long, 503 when it is gone."""
    import isodate

    settings = deployment["properties"].get("requestSettings") or {}
    limit = isodate.parse_duration(settings.get("requestTimeout") or TIMEOUT).total_seconds()
    headers = {name: value for name, value in request.headers.items() if name.lower() in PASSED_ON}
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=limit)
        connection.request(request.method, request.path, request.body, headers)
        said = connection.getresponse()
        return Reply(said.status, said.read(), {name.lower(): value for name, value in said.getheaders()})
    except TimeoutError:
        raise AzureError(408, "RequestTimeout", "The model took too long.") from None
    except (OSError, http.client.HTTPException):
        raise AzureError(503, "ServiceUnavailable", "The container does not answer.") from None


def passed_on(said: Reply) -> Reply:
    """The container's answer as the endpoint passes it on: whatever is not 200 becomes a 424, Model Error."""
    if said.status == 200:
        return said
    why = {"ms-azureml-model-error-statuscode": str(said.status), "ms-azureml-model-error-reason": "model_error"}
    return Reply(424, said.body, {**said.headers, **why})
