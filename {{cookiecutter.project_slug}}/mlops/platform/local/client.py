"""HTTP on loopback. Proxies set in the environment are not asked."""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    port: int,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float,
    check: Callable[[], None] = lambda: None,
) -> Answer:
    """GET, or POST when there is a body. OSError when nothing answers, or not within the timeout (seconds).

    What `check` raises, once there is a connection and before anything is sent, is let through.
    """
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.connect()
        check()
        connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"{LOOPBACK}:{port} does not speak HTTP: {error!r}") from error
    finally:
        connection.close()


def bearer(key: str) -> dict[str, str]:
    """The header that a router, or a scoring process, asks for."""
    return {"Authorization": f"Bearer {key}"}


def healthy(port: int, headers: Mapping[str, str] | None = None, timeout: float = 1.0) -> bool:
    """Whether the health route of a router or a scoring process says so."""
    try:
        return ask(port, "/", headers=headers, timeout=timeout).status == 200
    except OSError:
        return False
