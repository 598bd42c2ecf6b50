"""REST calls that outlast a hiccup and fail in one line without the token."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import Retry

from mlops import UserError

TIMEOUT = (10, 30)  # seconds to connect, and to wait for the answer
DONE = (200, 201, 204)  # not 203 and 302: how Azure DevOps shows its sign-in page to a token it does not know
LONGEST_MESSAGE = 300


class Patience(Retry):
    """GitHub refuses calls that come too fast with a 403 that says when to come again."""

    RETRY_AFTER_STATUS_CODES = Retry.RETRY_AFTER_STATUS_CODES | {403}


RETRIES = Patience(
    total=3,
    other=0,  # a fault of TLS may show after a POST has arrived
    allowed_methods=("GET", "PUT", "PATCH"),  # others only where the server cannot be reached
    status_forcelist=(429, *range(500, 600)),
    backoff_factor=1,  # seconds: 0, 2 and 4
    retry_after_max=30,  # seconds, whatever the server asks for: three times that, and the job ends with its refusal
    raise_on_status=False,
)

Query = Mapping[str, str | int]


class RefusedError(UserError):
    """The server answered, and not with yes."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Bearer(requests.auth.AuthBase):
    """The token as the header; being `auth`, it is not replaced by what a .netrc file says."""

    token: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True)
class Api:
    """A REST service. `needs` says what the token must be allowed, for the reader of a refusal.

    personal: the token is a personal access token of Azure DevOps, which is sent as a password.
    """

    base: str
    token: str = field(repr=False)
    needs: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    personal: bool = False

    def call(self, method: str, path: str, body: Any = None, query: Query | None = None, kind: str = "json") -> Any:
        """The parsed answer, None when it is empty. `kind` is the media type of the body: application/<kind>."""
        response = self.send(method, path, body, query, kind)
        return response.json() if response.content else None

    def find(self, path: str, query: Query | None = None) -> Any:
        """The parsed answer to a question; None when there is no such thing."""
        try:
            return self.call("GET", path, None, query)
        except RefusedError as error:
            if error.status != 404:
                raise
            return None

    def pages(self, path: str, query: Query) -> Iterator[Any]:
        """All items of a list that comes in numbered pages."""
        page, more = 1, True
        while more:
            response = self.send("GET", path, None, {**query, "per_page": 100, "page": page}, "json")
            yield from response.json()
            page, more = page + 1, "next" in response.links

    def send(self, method: str, path: str, body: Any, query: Query | None, kind: str) -> requests.Response:
        """The answer to one call. RefusedError when it is not yes, UserError when there is none."""
        try:
            with requests.Session() as session:  # one a call, which never meets a connection that was closed meanwhile
                session.mount(self.base, HTTPAdapter(max_retries=RETRIES))
                response = session.request(
                    method,
                    self.address(path),
                    params={**self.query, **(query or {})},
                    json=body,
                    headers={**self.headers, **({} if body is None else {"Content-Type": f"application/{kind}"})},
                    auth=HTTPBasicAuth("", self.token) if self.personal else Bearer(self.token),
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            raise UserError(f"{self.line(method, path)}no answer ({self.clean(str(error))})") from None
        if response.status_code not in DONE:
            raise self.refusal(method, path, response)
        return response

    def address(self, path: str) -> str:
        return f"{self.base}/{path}".rstrip("/")

    def refusal(self, method: str, path: str, response: requests.Response) -> RefusedError:
        """What the server said, and what to do when it was the token."""
        status, said = response.status_code, self.clean(server_message(response))
        remedy = f"; {self.needs}" if status in (203, 302, 401, 403) else ""
        return RefusedError(status, f"{self.line(method, path)}the server answered {status}: {said}{remedy}")

    def line(self, method: str, path: str) -> str:
        """How a message about the call begins."""
        return f"{method} {urlsplit(self.address(path)).path}: "

    def clean(self, text: str) -> str:
        """One short line without the token."""
        return " ".join(text.replace(self.token, "***").split())[:LONGEST_MESSAGE]


def server_message(response: requests.Response) -> str:
    """The server's own words, or the name of the status."""
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return response.reason or ""
    if not isinstance(answer, dict):
        return response.reason or ""
    details = [each["message"] for each in answer.get("errors") or [] if isinstance(each, dict) and "message" in each]
    return ": ".join([str(answer.get("message", response.reason)), *details])


def unless_read_only(write: Callable[[], str]) -> str:
    """What `write` returns; nothing, with a line that says so, where the token may only read: a fork's pull request."""
    try:
        return write()
    except RefusedError as error:
        if error.status != 403:
            raise
        print("no comment: this run may only read the pull request (is it of a fork?); its summary holds it all")
        return ""
