"""The machinery's own tests, in the environment of a generated project: a room of the house at a time."""

import pytest

from conftest import MACHINERY, Project

ROOMS = sorted(path.name for path in MACHINERY.iterdir() if any(path.glob("test_*.py")))


@pytest.mark.parametrize("room", ROOMS)
def test_the_tests_of_a_room_pass(installed: Project, room: str) -> None:
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider")
    installed.uv_run("python", "-m", "pytest", *options, str(MACHINERY / room))
