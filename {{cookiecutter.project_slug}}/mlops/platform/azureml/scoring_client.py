"""An endpoint's scoring address. Asked directly: the SDK's `invoke` keeps a slot's header for all later calls."""

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from mlops import UserError
from mlops.platform import DEPLOYMENT_HEADER, Reply
from mlops.platform.azureml.error_messages import FORBIDDEN
from mlops.platform.azureml.identity import SCORING
from mlops.platform.azureml.workspace import AzureWorkspace

ANSWER_LIMIT = 95.0  # seconds; longer than the longest request timeout that Azure grants
NOT_LET_IN = {401, 403}  # from a container they come as a 424
MODEL_STATUS = "ms-azureml-model-error-statuscode"  # the container's own, where the endpoint's is 424


class ScoringClient:
    """Asks one endpoint with its key, or as the identity that runs this process where it takes Entra tokens."""

    def __init__(self, workspace: AzureWorkspace, endpoint: str, url: str, auth: str) -> None:
        self.url = url
        self._workspace = workspace
        self._endpoint = endpoint
        self._auth = auth.lower()
        self._key = ""
        self._session = requests.Session()

    def ask(self, payload: Mapping[str, Any], slot: str | None) -> Reply:
        """The endpoint's answer; with a slot, that deployment's whatever traffic it gets. OSError when none comes.

        UserError when the endpoint does not let this process in: the model has not been asked then.
        """
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._secret()}"}
        if slot is not None:
            headers[DEPLOYMENT_HEADER] = slot
        start = time.perf_counter()
        answer = self._session.post(self.url, data=json.dumps(payload), headers=headers, timeout=ANSWER_LIMIT)
        milliseconds = (time.perf_counter() - start) * 1000
        if answer.status_code in NOT_LET_IN:
            raise UserError(f"{self._endpoint}: Azure answered {answer.status_code} to a request; {FORBIDDEN}")
        status = int(answer.headers.get(MODEL_STATUS, answer.status_code))
        return Reply(status, parsed(answer), answer.headers.get(DEPLOYMENT_HEADER, ""), milliseconds)

    def _secret(self) -> str:
        if self._auth == "aad_token":
            return str(self._workspace.identity.get_token(SCORING).token)  # kept and renewed by the identity
        if not self._key:
            self._key = str(self._workspace.client.online_endpoints.get_keys(self._endpoint).primary_key)
        return self._key


def parsed(answer: requests.Response) -> Any:
    """The body as JSON, or as text when it is not JSON."""
    try:
        return answer.json()
    except ValueError:
        return answer.text
