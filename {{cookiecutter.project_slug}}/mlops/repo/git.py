"""Git as a process: the one place that runs it, and pushes that show their token to nobody.

`git` is for what has to succeed: a refusal is a UserError in Git's own words. `ask` is for questions that may have no
answer. Both start in the current folder, the project's, which may lie below the root of a bigger repository.
"""

import base64
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mlops import UserError

REMOTE = "origin"


@dataclass(frozen=True)
class Account:
    """Who commits where nobody else is named, and what opens the remote."""

    name: str
    email: str
    user: str
    token: str = field(repr=False)


def run(arguments: tuple[str, ...], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What git did. OSError when it does not start. It never stops to ask for a password."""
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **variables},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def git(*arguments: str, variables: Mapping[str, str] | None = None, folder: Path = Path()) -> str:
    """What git prints, without the white space around it. UserError in one line when it refuses."""
    try:
        done = run(arguments, variables or {}, folder)
    except OSError as error:
        raise UserError(f"git cannot be started ({error}); install Git") from None
    if done.returncode:
        raise UserError(f"git refused the {arguments[0]}: {' '.join((done.stderr or done.stdout).split())}")
    return done.stdout.strip()


def ask(*question: str, folder: Path = Path()) -> str | None:
    """What git prints, without the final newline; None when git is missing or refuses."""
    try:
        done = run(question, {}, folder)
    except OSError:
        return None
    return None if done.returncode else done.stdout.removesuffix("\n")


def root() -> Path:
    """The top folder of the repository that the current folder belongs to."""
    return Path(git("rev-parse", "--show-toplevel"))


def prefix() -> str:
    """The current folder below that top folder, as `models/prices/`; empty at the top."""
    return git("rev-parse", "--show-prefix")


def identity(account: Account | None) -> dict[str, str]:
    """Variables that name the account on commits; none when the configuration names somebody."""
    if account is None or ask("config", "user.email"):
        return {}
    names = {f"GIT_{role}_NAME": account.name for role in ("AUTHOR", "COMMITTER")}
    emails = {f"GIT_{role}_EMAIL": account.email for role in ("AUTHOR", "COMMITTER")}
    return {key: value for key, value in {**names, **emails}.items() if key not in os.environ}


def access(account: Account) -> dict[str, str]:
    """Variables that send the token to an http(s) remote, and nowhere else: no address, argument or file holds it."""
    address = urlsplit(git("remote", "get-url", "--push", REMOTE))
    if address.scheme not in ("http", "https") or not account.token:
        return {}
    secret = base64.b64encode(f"{account.user}:{account.token}".encode()).decode()
    key = f"http.{address.scheme}://{address.netloc.rpartition('@')[2]}/.extraheader"
    first = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    return {
        "GIT_CONFIG_COUNT": str(first + 2),
        f"GIT_CONFIG_KEY_{first}": key,
        f"GIT_CONFIG_VALUE_{first}": "",  # forgets what a checkout left there: servers refuse two such headers
        f"GIT_CONFIG_KEY_{first + 1}": key,
        f"GIT_CONFIG_VALUE_{first + 1}": f"AUTHORIZATION: basic {secret}",
    }
