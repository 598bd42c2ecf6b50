"""Azure Resource Manager over REST, with the login of `az`: what is read, and deleted piece by piece."""

import time
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from mlops import UserError
from mlops.platform.subscription.az import Login, login

HOST = "https://management.azure.com"
TIMEOUT = (10, 60)  # seconds to connect, and to wait for the answer
SPARE = 300  # seconds before its end at which a token is renewed
PAUSE = 5.0  # seconds between two looks, unless the service names others
PATIENCE = 3600.0  # seconds for one resource
RETRIES = Retry(
    total=4,
    allowed_methods=("GET", "PUT", "DELETE"),
    status_forcelist=(429, 500, 502, 503, 504),
    backoff_factor=1,
    retry_after_max=60,
    raise_on_status=False,
)
ENDED = {"succeeded", "failed", "canceled", "cancelled"}


class ResourceManager:
    """Reads and writes of one subscription. `chosen`: its id; None: the one that `az` has chosen."""

    def __init__(self, chosen: str | None = None) -> None:
        self._chosen = chosen
        self._session = requests.Session()
        self._session.mount(HOST, HTTPAdapter(max_retries=RETRIES))

    @cached_property
    def _login(self) -> Login:
        return login(self._chosen)

    @property
    def login(self) -> Login:
        """Who is logged in; asked for again before it ends."""
        if 0 < self._login.until < time.time() + SPARE:
            del self._login
        return self._login

    @property
    def home(self) -> str:
        """The id of the subscription."""
        return f"/subscriptions/{self.login.subscription}"

    def get(self, name: str, version: str, **query: str) -> Any:
        """The resource, None when there is none."""
        answer = self._send("GET", f"{HOST}{name}", {"api-version": version, **query})
        return None if answer.status_code == 404 else answer.json()

    def list(self, collection: str, version: str, **query: str) -> Iterator[dict[str, Any]]:
        """What the collection has, from all its pages; nothing when the place itself is not there."""
        found = self.get(collection, version, **query) or {}
        while True:
            yield from found.get("value", [])
            if not (more := found.get("nextLink")):
                return
            found = self._send("GET", more, {}).json()

    def put(self, name: str, version: str, body: Any) -> None:
        """Write it, and wait until that is done."""
        self._wait(self._send("PUT", f"{HOST}{name}", {"api-version": version}, body))

    def post(self, name: str, version: str) -> None:
        """Do it, and wait until that is done. Nothing when the resource is not there any more."""
        self._wait(self._send("POST", f"{HOST}{name}", {"api-version": version}))

    def delete(self, name: str, version: str, **query: str) -> None:
        """Delete it, and wait until it is gone. Nothing when it is not there."""
        self._wait(self._send("DELETE", f"{HOST}{name}", {"api-version": version, **query}))

    def _wait(self, answer: requests.Response) -> None:
        """Ask until the operation has ended. UserError when it has failed, or takes too long."""
        where = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        deadline = time.monotonic() + PATIENCE
        while where and answer.status_code < 400:
            time.sleep(pause(answer))
            answer = self._send("GET", where, {})
            state = str((answer.json() if answer.content else {}).get("status", "")).lower()
            if state in {"failed", "canceled", "cancelled"}:
                raise UserError(f"{urlsplit(where).path}: {refusal(answer)}; run the command again")
            if state in ENDED or (not state and answer.status_code != 202):
                return
            if time.monotonic() > deadline:
                raise UserError(f"{urlsplit(where).path}: no end after {PATIENCE:g} s; run the command again")

    def _send(self, method: str, url: str, query: dict[str, str], body: Any = None) -> requests.Response:
        """The answer. UserError when there is none, or when it is a no other than that nothing is there."""
        headers, path = {"Authorization": f"Bearer {self.login.token}"}, urlsplit(url).path
        try:
            answer = self._session.request(method, url, params=query, json=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise UserError(f"{method} {path}: no answer ({error}); see to the network, then run it again") from None
        if answer.status_code >= 400 and answer.status_code != 404:
            raise UserError(f"{method} {path}: Azure answered {answer.status_code}: {refusal(answer)}")
        return answer


def pause(answer: requests.Response) -> float:
    """Seconds until the next look."""
    milliseconds, seconds = answer.headers.get("x-ms-retry-after-ms", ""), answer.headers.get("Retry-After", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    return float(seconds) if seconds.isdigit() else PAUSE


def refusal(answer: requests.Response) -> str:
    """The reason in Azure's own words."""
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        return answer.reason or "no reason given"
    error = said.get("error", said) if isinstance(said, dict) else {}
    return (
        f"{error.get('code', 'error')}: {error.get('message', answer.reason)}"
        if isinstance(error, dict)
        else str(error)
    )
