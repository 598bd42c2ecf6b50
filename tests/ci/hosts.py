"""The services of both hosts, as the generated project's own tests stand in for them, with a repository behind them."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ci.server import Server
from conftest import ROOT

OWN = (
    "TOKEN",
    "_REF",
    "_BASE_REF",
    "PULLREQUEST",
    "EVENT_PATH",
    "OUTPUT",
    "SUMMARY",
    "SOURCEBRANCH",
    "RUN_ID",
    "BUILDID",
)


def services() -> ModuleType:
    """tests/machinery/support/services.py, which stands on its own."""
    return support("services")


def support(name: str) -> ModuleType:
    """A file of tests/machinery/support that imports nothing of a project."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "machinery" / "support" / f"{name}.py")
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)  # its dataclasses look it up there
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def settings_of(system: str, bare: Path) -> Any:
    """The stand-in for the settings of a repository at that system's host, with that one behind it."""
    for name in ("services", "trouble"):
        support(name)
    kind = {
        "GitHub": ("github_settings", "GitHubSettings"),
        "Azure DevOps": ("azure_devops_settings", "AzureDevOpsSettings"),
    }
    file, name = kind[system]
    return getattr(support(file), name)(bare)


def of_every_run(service: Any, folder: Path) -> Mapping[str, str]:
    """What a hosted runner sets in every run: where the service is, and which repository this is.

    Not what an executor sets by itself (the ref, the pull request, files), nor the token: a step must ask for that.
    """
    told = service.environment(folder)
    return {key: value for key, value in told.items() if not any(part in key for part in OWN)}


def service_of(system: str, server: Server) -> Any:
    """The stand-in for that CI system's host."""
    kind = {"GitHub": "GitHubService", "Azure DevOps": "AzureDevOpsService"}[system]
    return getattr(services(), kind)(server.bare)
