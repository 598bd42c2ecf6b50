"""A project that waits for its table: whatever needs one says so in one line, and nothing is left behind."""

import subprocess

import pytest
from looped import Looped

from conftest import NOTHING_LEFT, Project, Render, a_users

LINE = "project.yml: no table yet; take yours in: uv run adopt my-table.csv --target COLUMN\n"
COMMANDS = ["commands.run_pipeline", "commands.run_pipeline --pull-request", "commands.check", "commands.report"]
STEPS = ["validate_data", "split_data", "train", "evaluate", "gate", "monitor staging"]
CALLS = [*(f"mlops.{command}" for command in COMMANDS), *(f"steps.{step}" for step in STEPS), "pytest", "pytest -n 2"]


@pytest.fixture(scope="module")
def waiting(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return render(tmp_path_factory.mktemp("waiting"), start_from="own-table", ci_system="both")


def call(installed: Project, waiting: Project, line: str) -> tuple[int, str]:
    """Run the module in that folder, which is where it is imported from; its exit code, and what it prints."""
    done = subprocess.run(
        [Looped(installed.folder).python, "-m", *line.split()],
        cwd=waiting.folder,
        env=a_users() | NOTHING_LEFT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("line", CALLS)
def test_what_needs_a_table_says_so_in_one_line(installed: Project, waiting: Project, line: str) -> None:
    code, said = call(installed, waiting, line)
    assert code == 2 and said.endswith(LINE) and said.count("\n") == 1, said
    assert waiting.run("git", "status", "--porcelain") == ""


@pytest.mark.parametrize("line", ["plan staging", "plan --pull-request", "apply staging", "smoke staging"])
def test_what_needs_no_table_works(installed: Project, waiting: Project, line: str) -> None:
    assert call(installed, waiting, f"steps.{line}")[0] == 0
