"""What goes over the wire, without the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request as it came in; the path is unquoted and the headers do not mind upper or lower case."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""  # path and query as they stood on the wire, for who must pass them on as they are

    def json(self) -> Any:
        """The body, None when it is empty. AzureError 400 when it is not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            raise AzureError(400, "InvalidRequestContent", "The request content is not valid JSON") from None


@dataclass(frozen=True)
class Reply:
    """An answer. A dict or list goes out as JSON, bytes as they are, None as nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class AzureError(Exception):
    """A refusal, as the service words it."""

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message

    @property
    def body(self) -> dict[str, Any]:
        """The error as Azure Resource Manager sends it."""
        return {"error": {"code": self.code, "message": self.message}}


NOT_PLAYED = 501  # other 5xx would be tried again


def not_played(request: Request) -> AzureError:
    """The refusal of a host or path that is not part of the stand-in; it becomes a problem in the log."""
    return AzureError(NOT_PLAYED, "NotPlayed", f"not played: {request.method} {request.host}{request.path}")
