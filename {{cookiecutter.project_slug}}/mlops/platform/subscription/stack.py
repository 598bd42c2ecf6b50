"""The deployment stack: all that the template makes in the subscription, and the one record of what was made."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.platform.subscription.az import az
from mlops.platform.subscription.changes import lines_of, short, together, without
from mlops.platform.subscription.resource_manager import ResourceManager

VERSION = "2024-03-01"
ALL, NOTHING = ("--action-on-unmanage", "deleteAll"), ("--deny-settings-mode", "none")
ENDED = {"succeeded", "failed", "canceled"}
ASK_EVERY = 10.0  # seconds


@dataclass(frozen=True)
class Stack:
    """One project's stack. `parameters`: values by name. `secret`: one of them that nobody may be shown."""

    azure: ResourceManager
    name: str
    region: str
    template: Path
    parameters: Mapping[str, Any] = field(repr=False)
    secret: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        return f"{self.azure.home}/providers/Microsoft.Resources/deploymentStacks/{self.name}"

    def show(self) -> dict[str, Any]:
        """What Azure knows of it; empty when there is none."""
        return (self.azure.get(self.id, VERSION) or {}).get("properties") or {}

    def outputs(self) -> dict[str, Any]:
        """What the template says at its end, by name; empty when there is no stack."""
        return {name: part.get("value") for name, part in (self.show().get("outputs") or {}).items()}

    def resources(self) -> list[str]:
        """The ids of all that it made."""
        return [each["id"] for each in self.show().get("resources") or []]

    def groups(self) -> list[str]:
        """The ids of its resource groups."""
        return [each for each in self.resources() if len(each.strip("/").split("/")) == 4]

    def differences(self) -> list[str]:
        """What would change, a line each; nothing when all is as the template wants it."""
        there = self.show()
        state = str(there.get("provisioningState", "none")).lower()
        lines = [] if state == "succeeded" else [f"deployment stack {self.name}: {state} -> succeeded"]
        answer = self._az("deployment", "sub", "what-if", "--no-pretty-print")
        changes = without(self.secret, answer.get("changes") or [])
        lines += together([line for each in changes for line in lines_of(each)])
        kinds = {str(each["changeType"]).lower() for each in changes}
        if "unsupported" in kinds:  # then some of the wanted have no name yet, and nothing is known to be unwanted
            return lines
        wanted = {str(each["resourceId"]).lower() for each in changes if str(each["changeType"]).lower() != "ignore"}
        managed = [each["id"] for each in there.get("resources") or []]
        return lines + [f"{short(each)}: there -> none" for each in managed if each.lower() not in wanted]

    def create(self) -> None:
        """Make all, or what is still missing; what the template does not name any more is deleted."""
        self.wait()
        try:
            self._az("stack", "sub", "create", *ALL, *NOTHING, "--yes")
        except UserError as error:
            if "soft-deleted workspace" in str(error).lower():
                raise UserError(
                    f"{error}; purge it in the portal (Azure Machine Learning, Recently deleted), then run it again"
                ) from None
            raise UserError(f"{error}; mend that, then run `infra up` again: it goes on from there") from None

    def delete(self) -> None:
        """Delete all that it made, and it. Nothing when there is none."""
        self.wait()
        if self.show():
            az("stack", "sub", "delete", "--name", self.name, *ALL, "--yes", "--subscription", self._subscription)

    def wait(self) -> None:
        """Until nobody is at work on it: a run that was ended here goes on in Azure."""
        while (state := str(self.show().get("provisioningState", "")).lower()) and state not in ENDED:
            print(f"  the stack is {state} since an earlier run; waiting for it", flush=True)
            time.sleep(ASK_EVERY)

    @property
    def _subscription(self) -> str:
        return self.azure.login.subscription

    def _az(self, *command: str) -> dict[str, Any]:
        """What the command says of this template; the parameters go in by stdin, as some are secret."""
        given = json.dumps({name: {"value": value} for name, value in self.parameters.items()})
        where = ("--name", self.name, "--location", self.region, "--subscription", self._subscription)
        return az(*command, *where, "--template-file", str(self.template), "--parameters", "@-", given=given)
