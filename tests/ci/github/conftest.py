"""A repository, and a short way to run steps in it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from ci.events import Run
from ci.github.workbench import Repository
from ci.server import Server, git


@pytest.fixture
def repository(tmp_path: Path, node: None) -> Repository:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    return Repository(Server.of(project, tmp_path))


@pytest.fixture
def steps(repository: Repository) -> Callable[..., Run]:
    """Run a job of these steps. `before`: lines of the job before them."""

    def run(text: str, before: str = "", **arguments: Any) -> Run:
        job = "runs-on: ubuntu-24.04\n" + dedent(before) + "steps:\n" + dedent(text)
        return repository.run(
            "on: [push, pull_request, workflow_dispatch]\njobs:\n  job:\n" + indent(job, "    "), **arguments
        )

    return run
