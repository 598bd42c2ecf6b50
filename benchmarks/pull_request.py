"""How long the commands of the pull-request pipeline take, in a project that has a champion.

    uv run python benchmarks/pull_request.py

Generates and installs a project, rolls its first model out in its manifests, and changes a parameter of the model on a
branch. Then it runs what pull-request.yml runs after its set-up, without any earlier result. The quick mode has
no champion.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _project import installed_project, options, seconds

STEP = re.compile(r"run: (uv run .+)")
LONGEST = "uv run check"  # the quick mode asks for its help alone
CHAMPION = ("run_pipeline", "register", "promote staging", "promote production")
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")


def branch_off(project: Path, champion: Sequence[str]) -> None:
    """Run the commands that make a champion on main, then change the model on a branch."""
    seconds(project, *GIT, "add", "--all")
    seconds(project, *GIT, "commit", "--quiet", "--allow-empty", "--message", "Lock")
    for command in champion:
        seconds(project, "uv", "run", *command.split())
    seconds(project, "git", "checkout", "--quiet", "-b", "work")
    settings = project / "project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "max_iter: 60\n" in text
    settings.write_text(text.replace("max_iter: 60\n", "max_iter: 70\n"), encoding="utf-8")
    seconds(project, *GIT, "commit", "--quiet", "--all", "--message", "More trees")
    for name in ("out", ".mlops/cache"):
        shutil.rmtree(project / name, ignore_errors=True)


def main() -> None:
    quick = options(__doc__).quick
    with tempfile.TemporaryDirectory() as folder:
        project = installed_project(Path(folder))
        branch_off(project, () if quick else CHAMPION)
        workflow = (project / ".github" / "workflows" / "pull-request.yml").read_text(encoding="utf-8")
        print("| command | seconds |\n| --- | ---: |")
        together = 0.0
        for command in STEP.findall(workflow):
            told = ["--help"] if quick and command == LONGEST else []
            taken = seconds(project, *command.split(), *told)
            print(f"| `{command}` | {taken:.1f} |")
            together += taken
        print(f"| together | {together:.1f} |")


if __name__ == "__main__":
    main()
