"""The user's own Azure CLI: it says who is logged in, and carries out what is to be made in the subscription."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.settings.reading import parse_json

OLDEST = (2, 61, 0)  # since then it has deployment stacks that are no preview
QUIET = {"AZURE_CORE_ONLY_SHOW_ERRORS": "true", "AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_OUTPUT": "json"}
SECRET = re.compile(r"eyJ[\w-]+(?:\.[\w-]+)*|(?i:bearer) \S+|\bsig=[^&\s\"']+")
ANSWER = Path("the answer of az")
INNERMOST = 3  # errors that are shown; behind them may be one of each resource


@dataclass(frozen=True)
class Login:
    """Who is logged in, where, and what proves it for a while."""

    subscription: str
    tenant: str
    token: str = field(repr=False)
    until: float = 0.0  # seconds since 1970


def az(*arguments: str, given: str = "") -> dict[str, Any]:
    """What `az` answers. UserError when it refuses. `given` goes in by stdin: no list of processes has it."""
    done = run(arguments, given)
    if done.returncode:
        command = " ".join(takewhile(lambda word: not word.startswith("-"), arguments))
        raise UserError(f"az {command}: {said(done.stderr)}")
    return parse_json(done.stdout, ANSWER) if done.stdout.strip() else {}


def run(arguments: tuple[str, ...], given: str = "") -> "subprocess.CompletedProcess[str]":
    """What became of the command. UserError when there is no such program."""
    program = shutil.which("az")
    if program is None:
        raise UserError("az was not found; install the Azure CLI: https://aka.ms/install-azure-cli")
    return subprocess.run(
        [program, *arguments],
        input=given,
        env={**os.environ, **QUIET},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def check_version() -> None:
    """UserError when `az` is missing, or too old for what is asked of it here."""
    found = str(az("version")["azure-cli"])
    if tuple(int(part) for part in re.findall(r"\d+", found)[:3]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UserError(f"az {found} is too old; `az upgrade`: {oldest} is the first that has deployment stacks")


def login(subscription: str | None) -> Login:
    """Who is logged in, in that subscription or the chosen one. UserError when nobody is, or when it is not theirs."""
    chosen = ("--subscription", subscription) if subscription else ()
    done = run(("account", "get-access-token", *chosen))
    if done.returncode:
        raise UserError(f"az: {said(done.stderr)}; run `az login`, and `az account set --subscription <id>`")
    answer = parse_json(done.stdout, ANSWER)
    return Login(answer["subscription"], answer["tenant"], answer["accessToken"], float(answer.get("expires_on") or 0))


def token_for(resource: str) -> tuple[str, float]:
    """What opens another service of Microsoft's for who is logged in, and its end as in `Login`. UserError: nobody."""
    answer = az("account", "get-access-token", "--resource", resource)
    return str(answer["accessToken"]), float(answer.get("expires_on") or 0)


def said(stderr: str) -> str:
    """The reason in what `az` printed, in one line and without tokens: of nested errors the innermost."""
    text = stderr.rpartition("ERROR: ")[2].strip() or stderr.strip()
    found = list(innermost(parsed(text)))
    first = text.partition("\nCode:")[0]  # it says the same twice
    line = " ".join(("; ".join(dict.fromkeys(found[:INNERMOST])) or first).split())
    return SECRET.sub("***", line) or "no reason given"


def parsed(text: str) -> Any:
    """The JSON in the text, None when there is none."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else None
    except ValueError:
        return None


def innermost(error: Any) -> Iterator[str]:
    """`Code: message` of the errors that have no other ones in them."""
    if not isinstance(error, dict):
        return
    inner = error.get("error") or error.get("innererror")
    details = [each for each in error.get("details") or [] if isinstance(each, dict)]
    for each in [inner] if isinstance(inner, dict) else details:
        yield from innermost(each)
    if not isinstance(inner, dict) and not details and error.get("message"):
        again = parsed(str(error["message"]))  # services put their own answer into it as text
        yield from (
            innermost(again) if isinstance(again, dict) else [f"{error.get('code', 'error')}: {error['message']}"]
        )
