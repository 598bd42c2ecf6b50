"""The generated project, with the pipelines of both systems, in a repository on a server."""

import os
from pathlib import Path

import pytest

from ci import github
from ci.server import Server
from conftest import Project

REQUIRED = os.environ.get("REQUIRE_NODE") == "1"  # then what needs Node must not be skipped


@pytest.fixture(scope="session")
def node() -> None:
    """GitHub's own packages, installed once."""
    why_not = github.installed()
    if why_not and not REQUIRED:
        pytest.skip(why_not)
    github.install()


@pytest.fixture(scope="session")
def server(both: Project, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Its repository. A test that changes main takes a server of its own."""
    return Server.of(both.folder, tmp_path_factory.mktemp("server"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For what a scenario records."""
    return tmp_path
