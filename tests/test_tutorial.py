"""docs/your-data.md followed to the letter: every command in its order, and what stands below it is what it prints."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from looped import Looped
from test_loop import QUICK

from conftest import ROOT, RUNNING, SUPPORTED, TEMPLATE, a_users

BLOCKS = re.compile(r"^```sh\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
STEPS = BLOCKS.findall((TEMPLATE / "docs" / "your-data.md").read_text(encoding="utf-8"))
SOURCE = shlex.quote(str(ROOT)) + (f" python_version={RUNNING}" if SUPPORTED else "")


def pattern(shown: str) -> str:
    """What is shown as a regular expression: `…` is anything, and alone in a line any lines."""
    lines = shown.splitlines(keepends=True)
    return "".join(r"(?:.*\n)*?" if line == "…\n" else ".*".join(map(re.escape, line.split("…"))) for line in lines)


def follow(commands: str, shown: str, folder: Path) -> None:
    """Type the commands there; they must succeed, and print what is shown."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=a_users(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{commands}{done.stdout}"
    assert re.search(f"^{pattern(shown)}", done.stdout, re.MULTILINE), f"{commands}prints otherwise:\n{done.stdout}"


def test_the_tutorial_comes_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project whose rollouts are quick, which is set before it is followed."""
    settings = tmp_path / "cookiecutter.yml"
    settings.write_text(f"replay_dir: {tmp_path}\ncookiecutters_dir: {tmp_path}\n", encoding="utf-8")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(settings))
    (generate, shown), *steps = STEPS
    assert generate.endswith("\ncd wines\n") and steps[-1][0] == "uv run stop\n"
    follow(generate.replace("TEMPLATE", SOURCE), shown, tmp_path)
    project = Looped(tmp_path / "wines")
    project.edit("environments/base.yml", QUICK)
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("commit", "--quiet", "--all", "--message", "Quick rollouts")
    try:
        for commands, shown in steps:
            follow(commands, shown, project.folder)
    finally:
        project.command("stop")
