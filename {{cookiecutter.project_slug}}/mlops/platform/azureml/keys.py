"""The two keys of an endpoint, and the secret in the workspace's key vault from which its clients read theirs."""

from datetime import datetime
from typing import Any

from mlops import UserError
from mlops.platform.azureml.error_messages import refusals_in_one_line
from mlops.platform.azureml.workspace import AzureWorkspace
from mlops.platform.keys import GivenKey, Key
from mlops.platform.subscription.az import az

NAMES = "{names: [].name}"
NEWEST = "{key: tags.key, since: attributes.updated}"  # what is read of the secret; never its value
REFUSED = ("forbidden", "authoriz")  # of words of the vault and of Azure in front of it
ROLE = "give yourself the role Key Vault Secrets Officer there, and wait some minutes"


@refusals_in_one_line
class AzureKeys:
    """The keys of one endpoint. No key goes through a file or the arguments of a program."""

    def __init__(self, workspace: AzureWorkspace, endpoint: str) -> None:
        self._workspace = workspace
        self._endpoint = endpoint
        vault = workspace.client.workspaces.get(workspace.settings.name).key_vault or ""
        self._vault = vault.rsplit("/", 1)[-1]
        self.place = f"secret {endpoint}-key of the key vault {self._vault}"

    def given(self) -> GivenKey | None:
        """Which key the vault gives; None when it has no such secret yet."""
        if f"{self._endpoint}-key" not in self._ask("list", "--query", NAMES)["names"]:
            return None
        return self._read(self._ask("show", *self._secret, "--query", NEWEST))

    def renew(self, key: Key) -> None:
        """Make a new key in the place of this one, which is refused from then on."""
        self._workspace.client.online_endpoints.begin_regenerate_keys(self._endpoint, key_type=key).result()

    def give(self, key: Key) -> GivenKey:
        """Have the vault give this key to clients."""
        keys = self._workspace.client.online_endpoints.get_keys(self._endpoint)
        value = str(keys.primary_key if key == "primary" else keys.secondary_key)
        kept = ("--value=@-", "--tags", f"key={key}", "--query", NEWEST)
        return self._read(self._ask("set", *self._secret, *kept, given=value))

    @property
    def _secret(self) -> tuple[str, str]:
        return "--name", f"{self._endpoint}-key"

    def _ask(self, action: str, *arguments: str, given: str = "") -> Any:
        """What the vault answers. UserError when it may not be asked."""
        try:
            return az("keyvault", "secret", action, "--vault-name", self._vault, *arguments, given=given)
        except UserError as error:
            if not any(word in str(error).lower() for word in REFUSED):
                raise
            raise UserError(f"{error}; {ROLE}") from None

    def _read(self, found: dict[str, Any]) -> GivenKey:
        """What is said of the secret. UserError when another tool made it."""
        if found["key"] not in ("primary", "secondary"):
            raise UserError(f"{self.place}: it was made by another tool; delete it, then run it again")
        return GivenKey(found["key"], datetime.fromisoformat(found["since"]))
