"""How long the commands of the pull-request pipeline take, in a project that has a champion.

    uv run python benchmarks/pull_request.py

Generates and installs a project, rolls its first model out in its manifests, and changes a parameter of the model on a
branch. Then it runs what pull-request.yml runs after its set-up, without any earlier result, and the tests once more as
for a branch that changes the machinery.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo.run import generate, outside_this_environment

STEP = re.compile(r"run: (uv run .+)")
CHAMPION = ("run_pipeline", "register", "promote staging", "promote production")
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")


def run(project: Path, *command: str) -> float:
    """Wall time in seconds of a command, which must succeed."""
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=project, env=outside_this_environment(), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def branch_off(project: Path) -> None:
    """Promote a first version on main, then change the model on a branch."""
    run(project, "uv", "sync", "--quiet")
    run(project, *GIT, "add", "--all")
    run(project, *GIT, "commit", "--quiet", "--message", "Lock")
    for command in CHAMPION:
        run(project, "uv", "run", *command.split())
    run(project, "git", "checkout", "--quiet", "-b", "work")
    settings = project / "project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "max_iter: 60\n" in text
    settings.write_text(text.replace("max_iter: 60\n", "max_iter: 70\n"), encoding="utf-8")
    run(project, *GIT, "commit", "--quiet", "--all", "--message", "More trees")
    shutil.rmtree(project / "out")
    shutil.rmtree(project / ".mlops" / "cache")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = generate(Path(folder))
        branch_off(project)
        workflow = (project / ".github" / "workflows" / "pull-request.yml").read_text(encoding="utf-8")
        print("| command | seconds |\n| --- | ---: |")
        taken = {command: run(project, *command.split()) for command in STEP.findall(workflow)}
        for command, seconds in taken.items():
            print(f"| `{command}` | {seconds:.1f} |")
        print(f"| together | {sum(taken.values()):.1f} |")
        print(f"| `uv run check`, all tests | {run(project, 'uv', 'run', 'check'):.1f} |")


if __name__ == "__main__":
    main()
