"""GitHub and Azure DevOps, as far as they give a job its ID tokens, and what a job of CI has to log in with.

An ID token is good for some minutes. `Cloud.expire_id_tokens` lets that time pass.
"""

import re
import time
from pathlib import Path

import yaml

from standin.cloud import CLIENT, SUBSCRIPTION, Cloud
from standin.login import TENANT, signed
from standin.messages import AzureError, Reply, Request, not_played

GITHUB, AZURE_DEVOPS = "run.actions.githubusercontent.com", "dev.azure.com"
MINUTES = {GITHUB: 5, AZURE_DEVOPS: 10}
AUDIENCE = "api://AzureADTokenExchange"
SUBJECT = "repo:owner/project:environment:staging"
RUNNERS = {  # what GitHub's runner sets in a job of the environment staging that may ask
    "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{GITHUB}/idtoken?api-version=2.0&subject={SUBJECT}",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-of-this-job",
}
PERSONS = {
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_TENANT_ID": TENANT,
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
}  # in first-run.md
VARIABLE = re.compile(r"\$\{\{ vars\.(\w+) \}\}")


def of_a_job(project: Path) -> dict[str, str]:
    """What the project's own rollout gives its commands of what a person set: no more is there in CI."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "rollout.yml").read_text(encoding="utf-8"))
    given = {name: VARIABLE.fullmatch(str(value)) for name, value in workflow["jobs"]["rollout"]["env"].items()}
    return {name: PERSONS[match[1]] for name, match in given.items() if match}


def answer(cloud: Cloud, request: Request) -> Reply:
    """An ID token. AzureError 401 without the job's own token, 403 when the host was told to give none."""
    if cloud.id_tokens_refused:
        raise AzureError(403, "Forbidden", "No ID token is given.")
    if not request.headers.get("Authorization", "").removeprefix("Bearer "):
        raise AzureError(401, "Unauthorized", "Whose job is it?")
    if request.host == GITHUB and request.method == "GET" and request.query.get("audience") == AUDIENCE:
        return Reply(200, {"value": id_token(cloud, request, request.query["subject"])})
    if request.host == AZURE_DEVOPS and request.method == "POST" and request.path.endswith("/oidctoken"):
        connection = request.query["serviceConnectionId"]
        return Reply(200, {"oidcToken": id_token(cloud, request, f"sc://organization/project/{connection}")})
    raise not_played(request)


def id_token(cloud: Cloud, request: Request, subject: str) -> str:
    """Who the job is, for some minutes."""
    now = time.time()
    claims = {"iss": f"https://{request.host}", "aud": AUDIENCE, "sub": subject, "iat": now}
    return signed(cloud, {**claims, "exp": now + 60 * MINUTES[request.host]})
