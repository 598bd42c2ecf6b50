"""Keep the chosen licence and CI system, make the first commit, and say what to do next."""

import shutil
import subprocess
import sys
from pathlib import Path

LICENSE = "LICENSE-{{ cookiecutter.license }}"
# left in the template by its developers' tests
CACHES = ("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache")
NOT_CHOSEN = {"github": ["azure-pipelines"], "azure-devops": [".github"], "both": []}
NOBODY = ("-c", "user.name=cookiecutter", "-c", "user.email=cookiecutter@localhost")


def git(*command: str, check: bool = True) -> int:
    """Git's exit code. CalledProcessError when it has to be 0 and is not."""
    return subprocess.run(["git", *command], check=check, capture_output=True, text=True, errors="replace").returncode


def first_commit() -> str:
    """Commit all on main, but never inside another repository: that one would record a bare link and lose the files."""
    if git("rev-parse", "--is-inside-work-tree", check=False) == 0:
        return "git: the folder is inside a repository already, so the first commit is yours to make"
    git("init", "--quiet", "-b", "main")
    identity = NOBODY if git("var", "GIT_COMMITTER_IDENT", check=False) else ()
    git("add", "--all")
    git(*identity, "commit", "--quiet", "-m", "Generate from template {{ cookiecutter.__template_version }}")
    return "git: first commit on branch main"


Path(LICENSE).replace("LICENSE")
for other_license in Path().glob("LICENSE-*"):
    other_license.unlink()
for folder in NOT_CHOSEN["{{ cookiecutter.ci_system }}"]:
    shutil.rmtree(folder)
for cache in [path for path in Path().rglob("*") if path.name in CACHES]:
    shutil.rmtree(cache, ignore_errors=True)
try:
    line = first_commit()
except (OSError, subprocess.CalledProcessError) as error:
    reason = " ".join(str(getattr(error, "stderr", "") or error).split())
    line = f"git: no first commit ({reason}); make it with: git init -b main, git add --all, git commit"
sys.stdout.reconfigure(errors="replace")  # a folder's name that the console cannot show must not end the generation
print(f'{line}\n\nNext:\n  cd "{Path.cwd()}"\n  uv run run_pipeline\n  uv run pytest')
