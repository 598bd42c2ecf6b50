"""Azure's refusals, in one line each that says what to do."""

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from mlops import UserError

KindType = TypeVar("KindType", bound=type)

HINTS = (  # what the service's text says, in lower case, and what to do
    ("quota", "ask for more quota for this instance type, or set another endpoint.instance_type"),
    (
        "compute",
        "make the cluster: uv run infra up, or az ml compute create --name <name> --type AmlCompute",
    ),
)
IN_A_FILE = re.compile(r'"message": "(.*?)(?:\\n.*?)?",\s*"path": "(.*?)"')  # in the SDK's report of what it loaded
SIGN_IN = "run `az login`, or give CI an identity (docs/first-run.md)"
FORBIDDEN = "give the identity its role (infra/README.md lists them)"
REFUSED = 400  # the least status that is a no
REMEDIES = {401: SIGN_IN, 403: FORBIDDEN}


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn what the SDK raises into a UserError; everything else passes."""
    from azure.ai.ml.exceptions import MlException
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
    from marshmallow import ValidationError

    try:
        yield
    except ClientAuthenticationError as error:
        raise UserError(f"not signed in to Azure: {first_line(error)}; {SIGN_IN}") from None
    except HttpResponseError as error:
        refused = (error.status_code or 0) >= REFUSED  # else it was taken, and failed later
        raise UserError(explain(error.status_code if refused else None, first_line(error))) from None
    except (AzureError, MlException) as error:
        raise UserError(explain(None, first_line(error))) from None
    except ValidationError as error:
        raise UserError(f"Azure's SDK refuses the file: {first_mistake(str(error))}") from None


def first_mistake(report: str) -> str:
    """The first mistake that the SDK reports of a file: its key and what is wrong there."""
    found = IN_A_FILE.search(report)
    return f"{found[2]}: {found[1]}" if found else " ".join(report.split())


def first_line(error: Exception) -> str:
    """The error's own words, without what follows them: codes, links and traces."""
    inner = getattr(error, "error", None)  # what the service's reply says, where it is parsed
    text = str(getattr(inner, "message", None) or getattr(error, "message", None) or error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def explain(status: int | None, words: str) -> str:
    """The refusal with what to do, where that is known."""
    words = words.rstrip(".")
    said = f"Azure answered {status}: {words}" if status else f"Azure: {words}"
    if status in REMEDIES:
        return f"{said}; {REMEDIES[status]}"
    hint = next((hint for word, hint in HINTS if word in words.lower()), None)
    return f"{said}; {hint}" if hint else said


def refusals_in_one_line(kind: KindType) -> KindType:
    """A class decorator: what Azure refuses in a public method reaches the user as one line."""
    for name, method in list(vars(kind).items()):
        if callable(method) and not name.startswith("_"):
            setattr(kind, name, explained(method))
    return kind


def explained(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with its refusals explained."""

    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        with in_one_line():
            return method(*args, **kwargs)

    return run
