"""A project whose staging and production `infra up` has made, in two workspaces of the stand-in."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests
from looped import ENDPOINT, Looped, asking, like

from standin import Entry, StandIn
from standin.cloud import SUBSCRIPTION, workspace_id
from standin.hosts import of_a_job

IN_PRODUCTION, IN_STAGING = (("flight-delays-" + stage,) * 2 for stage in ("production", "staging"))
WORKSPACE, MADE_IN = (workspace_id(SUBSCRIPTION, *each) for each in (IN_PRODUCTION, IN_STAGING))
AUTOSCALE = "autoscalesettings"


class OnAzure(Looped):
    """A project whose commands meet the stand-in."""

    azure: StandIn
    asked: dict[str, list[Entry]]  # what was asked in the name of each environment of CI

    def command(self, name: str, *arguments: str, code: int = 0) -> str:
        first = len(self.azure.log)
        try:
            return super().command(name, *arguments, code=code)
        finally:
            self.asked.setdefault(in_whose_name(name, *arguments), []).extend(self.azure.log[first:])

    def variables(self) -> Mapping[str, str]:
        return {**super().variables(), **self.azure.environment, **of_a_job(self.folder)}

    def during(self, name: str, *arguments: str, code: int = 0) -> tuple[str, list[Entry]]:
        """What the command printed, and what it asked of Azure."""
        first = len(self.azure.log)
        printed = self.command(name, *arguments, code=code)
        return printed, self.azure.log[first:]

    def killed_when(self, words: str, module: str, *arguments: str) -> str:
        """The line with these words, at which that command was killed."""
        line = [self.python, "-u", "-m", module, *arguments]
        with subprocess.Popen(
            line, cwd=self.folder, env=self.variables(), stdout=subprocess.PIPE, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            said = next(each for each in process.stdout if words in each)
            process.kill()
        return said

    def endpoint(self, name: str = ENDPOINT) -> dict:
        """The endpoint, as Azure has it."""
        return self.azure.cloud.get(f"{WORKSPACE}/onlineEndpoints/{name}")

    def served(self) -> dict[str, int]:
        """The versions at production's endpoint, by slot, and that nothing of a rollout is left."""
        endpoint = self.endpoint()
        assert not {"candidate", "started", "live", "since"} & endpoint["tags"].keys()
        [deployment] = self.azure.cloud.children(f"{endpoint['id']}/deployments")
        assert endpoint["properties"]["traffic"] == {deployment["name"]: 100}
        return {deployment["name"]: int(deployment["properties"]["model"].rsplit("/", 1)[1])}

    def scaled(self) -> set[str]:
        """The slots of production's endpoint that have an autoscale setting."""
        settings = (each for each in self.azure.cloud.resources.values() if AUTOSCALE in each["type"].lower())
        return {each["name"].removeprefix(f"{ENDPOINT}-") for each in settings if each["name"].startswith(ENDPOINT)}

    @contextmanager
    def without_a_right_in(self, workspace: str) -> Iterator[None]:
        """As where each environment has an identity of its own: that workspace answers 403."""
        self.azure.faults.forbid(rf"/workspaces/{workspace}(/|$)")
        try:
            yield
        finally:
            self.azure.faults.clear()

    @contextmanager
    def clients(self) -> Iterator[Counter[str]]:
        """Somebody who asks all the while; counts the slots that answered, and failures."""
        body = json.dumps(like(self.read("out/model/probe.json")["request"]))
        key = self.azure.cloud.secret(f"primary key of {self.endpoint()['id']}")
        with self.azure.client() as session:
            session.headers.update({"Authorization": f"Bearer {key}", "Content-Type": "application/json"})

            def ask() -> str | int:
                try:
                    answer = session.post(self.endpoint()["properties"]["scoringUri"], data=body)
                except requests.RequestException as error:
                    return f"failed: {error}"
                return answer.headers.get("azureml-model-deployment", "") if answer.ok else answer.status_code

            with asking(ask) as seen:
                yield seen


def in_whose_name(name: str, environment: str = "", *others: str) -> str:
    """The environment of CI whose pipeline runs the command (tests/ci/test_parity.py has them all)."""
    if name == "promote":
        return {"staging": "training", "production": "staging"}[environment]
    return {"monitor": "monitoring"}.get(name, environment if name in {"apply", "plan", "smoke"} else "training")
