"""`infra check` by the unmodified `az bicep build`, with our compiler where it looks for Microsoft's.

So `az` and all around it is real, and what Microsoft's compiler makes stays unknown: that a pipeline shows.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cli
import pytest
from compiling import put_compiler
from looped import Looped

from conftest import Project, a_users

Check = Callable[[], "subprocess.CompletedProcess[str]"]
SOURCE = Path("infra") / "main.bicep"


@pytest.fixture
def checked(installed: Project, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Check]:
    """A folder with the project's code and template, and `infra check` in it."""
    folder, python, programs = tmp_path / "project", Looped(installed.folder).python, tmp_path / "programs"
    for part in ("infra", "mlops"):
        shutil.copytree(installed.folder / part, folder / part)
    programs.mkdir()
    put_compiler(programs / "bicep")
    path = os.pathsep.join([str(programs), str(cli.installed(tmp_path_factory)), os.environ["PATH"]])
    told = {"PATH": path, "AZURE_BICEP_USE_BINARY_FROM_PATH": "true", "AZURE_CONFIG_DIR": str(tmp_path / ".azure")}
    environment = {**a_users(), **cli.QUIET, **told, cli.CALLS: os.devnull}

    def check() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(python), "-m", "mlops.commands.infra", "check"],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return folder, check


def test_az_builds_the_template_that_is_committed_and_names_what_is_not_so(checked: tuple[Path, Check]) -> None:
    folder, check = checked
    same = check()
    assert (same.returncode, same.stdout, same.stderr) == (0, "infra/main.json: as `az bicep build` makes it\n", "")
    text = (folder / SOURCE).read_text(encoding="utf-8")
    (folder / SOURCE).write_text(text.replace("@minLength(1)", "@minLength(2)", 1), encoding="utf-8")
    other = check()
    assert other.returncode == 1 and other.stderr == ""
    assert other.stdout.endswith(
        "infra/main.bicep: parameters.project.minLength; `az bicep build --file infra/main.bicep`\n"
    )
    (folder / SOURCE).write_text(f"{text}output x string = nothing\n", encoding="utf-8")
    wrong = check()
    [line] = wrong.stderr.splitlines()
    assert wrong.returncode == 2 and line.startswith("error: az bicep build: ") and "there is no 'nothing'" in line
