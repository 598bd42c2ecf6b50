"""The machinery's own tests, in the environment of a generated project: a room of the house at a time."""

import os

import measured
import pytest

from conftest import MACHINERY, Project


@pytest.mark.parametrize("room", measured.ROOMS)
def test_the_tests_of_a_room_pass(
    installed: Project, room: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path_factory.getbasetemp()
    ours = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", str(ours))  # what rooms share is shared in this run, and by no other
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider")
    installed.uv_run("python", *measured.command(room), *options, str(MACHINERY / room))
