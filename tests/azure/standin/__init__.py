"""A stand-in of Azure for the unmodified SDK, in the process of whoever starts it. README.md says what is played."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from standin import hosts, jobs, routes, tracking
from standin.blobs import Blobs
from standin.cloud import Cloud
from standin.images import Images
from standin.proxy import Proxy
from standin.registries import add_registry
from standin.routes import Entry
from standin.serving import Serving
from standin.workspaces import add_workspace

__all__ = ["Entry", "StandIn"]

PROJECT = ("flight-delays", "flight-delays")


class StandIn:
    """Azure while it is entered. What it knows is kept in the folder and taken up by the next one.

    `workspaces`: each a resource group and a name. `images`: where installed environments are, if others share them.
    `registries`: through which workspaces share models, by name.
    """

    def __init__(
        self,
        folder: Path,
        workspaces: Sequence[tuple[str, str]] = (PROJECT,),
        images: Path | None = None,
        registries: Sequence[str] = (),
    ) -> None:
        self._workspaces, self._registries = workspaces, registries
        self._folder = folder.resolve()
        self._images = (images or self._folder / "images").resolve()
        self.cloud = Cloud(self._folder)
        self.faults = self.cloud.faults
        self.log: list[Entry] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        cloud = self.cloud
        cloud.load()
        with ExitStack() as ends:
            cloud.blobs = Blobs(cloud)
            ends.callback(cloud.blobs.close)
            cloud.images, cloud.serving = Images(cloud, self._images), Serving(cloud)
            ends.callback(cloud.serving.close)
            ends.callback(tracking.close, cloud)
            for group, name in self._workspaces:
                add_workspace(cloud, group, name)
            for name in self._registries:
                add_registry(cloud, name)
            ends.callback(cloud.save)
            cloud.environment = self._open(ends)
            ends.callback(jobs.close, cloud)
            self._ends = ends.pop_all()
        return self

    def _open(self, ends: ExitStack) -> dict[str, str]:
        """Start to answer; the variables that lead a process here."""
        certificate = self._folder / "ca.pem"
        proxy = Proxy(lambda request: routes.answer(self.cloud, self.log, request), certificate)
        proxy.start()
        ends.callback(proxy.stop)
        return {
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy.address),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
            **dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(certificate)),
            **hosts.RUNNERS,
        }

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a command here, and those that GitHub's runner sets by itself: no id of anything."""
        return dict(self.cloud.environment)

    @property
    def secret_login(self) -> dict[str, str]:
        """The same with a client's secret, for the bare SDK. No pipeline has one."""
        secret = {"AZURE_CLIENT_SECRET": self.cloud.secret("client")}
        return {**self.environment, **hosts.PERSONS, **secret}

    def client(self) -> requests.Session:
        """Somebody who asks an endpoint: led here, whatever certificates and proxies this machine has."""
        session = requests.Session()
        session.trust_env, session.proxies = False, {"https": self.cloud.environment["HTTPS_PROXY"]}
        session.verify = self.cloud.environment["REQUESTS_CA_BUNDLE"]
        return session

    def check(self) -> None:
        """AssertionError with all that broke a contract, or is not played, since the start."""
        problems = [problem for entry in self.log for problem in entry.problems]
        assert not problems, "\n".join(dict.fromkeys(problems))
