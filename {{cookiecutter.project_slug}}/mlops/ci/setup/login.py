"""What opens the host's REST interface: a token that is never written anywhere, and no secret of the project."""

import os
import subprocess

from mlops import UserError

GITHUB_VARIABLE, AZURE_DEVOPS_VARIABLE = "GH_TOKEN", "AZURE_DEVOPS_EXT_PAT"  # as gh and az know them
AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"  # Azure DevOps itself, to Entra


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


def azure_devops_token() -> tuple[str, bool]:
    """The variable's, or that of whoever is logged in with az; and whether it is a personal one. UserError: neither."""
    if token := os.environ.get(AZURE_DEVOPS_VARIABLE):
        return token, True
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import AzureCliCredential

    try:
        return str(AzureCliCredential().get_token(f"{AZURE_DEVOPS}/.default").token), False
    except ClientAuthenticationError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"no token for Azure DevOps ({reason}); `az login`, or set {AZURE_DEVOPS_VARIABLE}") from None
