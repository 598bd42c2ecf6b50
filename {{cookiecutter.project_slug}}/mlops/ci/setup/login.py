"""What opens the host's REST interface: a token that is never written anywhere, and no secret of the project."""

import os
import subprocess
import time
from dataclasses import dataclass, field

from mlops import UserError
from mlops.platform.subscription.az import token_for

GITHUB_VARIABLE, AZURE_DEVOPS_VARIABLE = "GH_TOKEN", "AZURE_DEVOPS_EXT_PAT"  # as gh and az know them
AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"  # Azure DevOps itself, to Entra
SPARE = 300  # seconds before its end at which a token is renewed


@dataclass(frozen=True)
class Token:
    """What opens Azure DevOps. until: seconds since 1970; 0: nobody knows. personal: a personal access token."""

    text: str = field(repr=False)
    until: float = 0.0
    personal: bool = False

    def ends_soon(self) -> bool:
        return 0 < self.until < time.time() + SPARE


def github_token() -> str:
    """The variable's, or that of whoever is logged in with gh. UserError when there is neither."""
    if token := os.environ.get(GITHUB_VARIABLE):
        return token
    try:
        done = subprocess.run(
            ["gh", "auth", "token", "--hostname", "github.com"], capture_output=True, encoding="utf-8", check=False
        )
    except OSError:
        raise UserError(
            f"gh cannot be started; install it and log in with `gh auth login`, or set {GITHUB_VARIABLE}"
        ) from None
    if done.returncode or not done.stdout.strip():
        raise UserError(f"gh is not logged in to github.com; `gh auth login`, or set {GITHUB_VARIABLE}")
    return done.stdout.strip()


def azure_devops_token() -> Token:
    """The variable's, or that of whoever is logged in with az. UserError when there is neither."""
    if token := os.environ.get(AZURE_DEVOPS_VARIABLE):
        return Token(token, personal=True)
    try:
        return Token(*token_for(AZURE_DEVOPS))
    except UserError as error:
        raise UserError(f"no token for Azure DevOps ({error}); `az login`, or set {AZURE_DEVOPS_VARIABLE}") from None
