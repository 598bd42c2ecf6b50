"""The machinery's own tests, in the environment of a generated project: a room of the house at a time."""

import measured
import pytest

from conftest import MACHINERY, Project


@pytest.mark.parametrize("room", measured.ROOMS)
def test_the_tests_of_a_room_pass(installed: Project, room: str) -> None:
    options = ("-c", str(MACHINERY / "pytest.ini"), "-p", "no:cacheprovider")
    installed.uv_run("python", *measured.command(room), *options, str(MACHINERY / room))
