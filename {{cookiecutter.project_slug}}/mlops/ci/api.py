"""REST calls that outlast a hiccup and fail in one line without the token."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from mlops import UserError

TIMEOUT = (10, 30)  # seconds to connect, and to wait for the answer
ATTEMPTS = 4
LONGEST_PAUSE = 30.0
SAFE_TO_REPEAT = ("GET", "PUT", "PATCH")
DONE = (200, 201, 204)  # not 203 and 302: how Azure DevOps shows its sign-in page to a token it does not know
LONGEST_MESSAGE = 300

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
    """A REST service. `needs` says what the token must be allowed, for whoever reads a refusal."""

    base: str
    token: str = field(repr=False)
    needs: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, query: Query | None = None, kind: str = "json") -> Any:
        """The parsed answer, None when it is empty. `kind` is the media type of the body: application/<kind>."""
        response = self.send(method, path, body, query, kind)
        return response.json() if response.content else None

    def pages(self, path: str, query: Query) -> Iterator[Any]:
        """All items of a list that comes in numbered pages."""
        page, more = 1, True
        while more:
            response = self.send("GET", path, None, {**query, "per_page": 100, "page": page}, "json")
            yield from response.json()
            page, more = page + 1, "next" in response.links

    def send(self, method: str, path: str, body: Any, query: Query | None, kind: str) -> requests.Response:
        """The answer to one call. RefusedError when it is not yes, UserError when there is none."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self.once(method, path, body, query, kind)
            except requests.RequestException as error:
                if attempt == ATTEMPTS or not may_repeat(method, error):
                    raise UserError(f"{self.line(method, path)}no answer ({self.clean(str(error))})") from None
                time.sleep(pause(attempt))
                continue
            if response.status_code in DONE:
                return response
            if attempt == ATTEMPTS or method not in SAFE_TO_REPEAT or not passing(response):
                raise self.refusal(method, path, response)
            time.sleep(pause(attempt, response.headers.get("Retry-After", "")))
        raise AssertionError("unreachable")

    def once(self, method: str, path: str, body: Any, query: Query | None, kind: str) -> requests.Response:
        """One request on a connection of its own."""
        return requests.request(
            method,
            self.address(path),
            params={**self.query, **(query or {})},
            json=body,
            headers={**self.headers, **({} if body is None else {"Content-Type": f"application/{kind}"})},
            auth=Bearer(self.token),
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def address(self, path: str) -> str:
        return f"{self.base}/{path}".rstrip("/")

    def refusal(self, method: str, path: str, response: requests.Response) -> RefusedError:
        """What the server said, and what to mend when it was the token."""
        status, said = response.status_code, self.clean(server_message(response))
        mend = f"; {self.needs}" if status in (203, 302, 401, 403) else ""
        return RefusedError(status, f"{self.line(method, path)}{status} {said}{mend}")

    def line(self, method: str, path: str) -> str:
        """How a message about the call begins."""
        return f"{method} {urlsplit(self.address(path)).path}: "

    def clean(self, text: str) -> str:
        """One short line without the token."""
        return " ".join(text.replace(self.token, "***").split())[:LONGEST_MESSAGE]


def may_repeat(method: str, error: requests.RequestException) -> bool:
    """Whether the call can be made again: it changes nothing twice, or it never reached the server."""
    if not isinstance(error, requests.ConnectionError | requests.Timeout):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unreached = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return unreached or method in SAFE_TO_REPEAT


def passing(response: requests.Response) -> bool:
    """Whether the refusal is likely to pass: overload, a fault of the server, or a limit that says when it ends."""
    return response.status_code in (429, *range(500, 600)) or "Retry-After" in response.headers


def pause(attempt: int, retry_after: str = "") -> float:
    """Seconds to wait after an attempt: what the server asks for, within reason, or twice as long each time."""
    seconds = float(retry_after) if retry_after.isdigit() else 0.5 * 2**attempt
    return min(seconds, LONGEST_PAUSE)


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
