"""Who this process is to Azure: the federated identity of its CI job, or whoever is signed in on this machine.

An ID token of a CI job is good for minutes, a rollout takes hours. So none is kept: whenever an access token is wanted,
the host is asked for a new ID token to exchange.
"""

import os
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.decide.infrastructure.repository import CLIENT, TENANT

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # GitHub's runner
CONNECTION, ACCESS_TOKEN = "AZURE_SERVICE_CONNECTION_ID", "SYSTEM_ACCESSTOKEN"  # Azure DevOps: set-up, and the step
AUDIENCE = "api://AzureADTokenExchange"
METRICS = "https://metrics.monitor.azure.com/.default"
SCORING = "https://ml.azure.com/.default"
SCOPES = ("https://management.azure.com/.default", "https://storage.azure.com/.default", SCORING, METRICS)


class Identity:
    """A credential for the SDK. Whatever goes wrong with a login is a ClientAuthenticationError, the network's too.

    So nobody takes it for an answer of the service that was to be asked.
    """

    def __init__(self) -> None:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            self._credential = find_credential()
        except ValueError as error:  # an id that can be none
            raise ClientAuthenticationError(str(error)) from error

    def sign_in(self) -> None:
        """Have an access token for all that a rollout asks, before it has begun."""
        for scope in SCOPES:
            self.get_token_info(scope)

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        return self._ask("get_token", *scopes, **options)

    def get_token_info(self, *scopes: str, **options: Any) -> "AccessTokenInfo":
        return self._ask("get_token_info", *scopes, **options)

    def _ask(self, method: str, *scopes: str, **options: Any) -> Any:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return getattr(self._credential, method)(*scopes, **options)
        except (AzureError, KeyError, ValueError) as error:  # the latter two: a page where JSON was expected
            raise ClientAuthenticationError(str(error)) from error


def find_credential() -> "TokenCredential":
    """The library's credential for where this runs. UserError when a step of Azure DevOps lacks its token."""
    from azure.identity import AzurePipelinesCredential, ClientAssertionCredential, DefaultAzureCredential

    client, tenant = os.environ.get(CLIENT, ""), os.environ.get(TENANT, "")
    if client and tenant and os.environ.get(REQUEST_URL):
        return ClientAssertionCredential(tenant, client, github_id_token)
    if connection := os.environ.get(CONNECTION):
        token = os.environ.get(ACCESS_TOKEN)
        if not token:
            raise UserError(
                f"{ACCESS_TOKEN} is not set; give the step `env: {{{ACCESS_TOKEN}: $(System.AccessToken)}}`: "
                "Azure DevOps identifies the job by it"
            )
        return AzurePipelinesCredential(
            tenant_id=tenant, client_id=client, service_connection_id=connection, system_access_token=token
        )
    return DefaultAzureCredential()


def github_id_token() -> str:
    """A new one for this job, from GitHub."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.rest import HttpRequest, HttpResponse

    url = f"{os.environ[REQUEST_URL]}&audience={AUDIENCE}"
    asked = HttpRequest("GET", url, headers={"Authorization": f"Bearer {os.environ[REQUEST_TOKEN]}"})
    with PipelineClient[HttpRequest, HttpResponse](url, policies=[RetryPolicy()]) as client:
        answer = client.send_request(asked)
        answer.raise_for_status()
        return str(answer.json()["value"])
