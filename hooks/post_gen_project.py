"""Keep the chosen licence and CI system, make the first commit, and say what to do next."""

import shutil
import subprocess
import sys
from pathlib import Path

LICENSE = "LICENSE-{{ cookiecutter.license }}"
# left in the template by its developers' tests
CACHES = ("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache")
NOT_CHOSEN = {"github": ["azure-pipelines"], "azure-devops": [".github"], "both": []}
IN_A_REPOSITORY = """git: the folder is inside a repository already, so the first commit is yours to make
ci: {}
    docs/first-run.md says how (In a bigger repository); one repository per model needs none of that"""
CI_NEEDS = {
    "github": "GitHub reads .github at the repository's root only: move it there, and let its commands run in {}",
    "azure-devops": "let the commands of azure-pipelines run in {}",
}
CI_NEEDS["both"] = "\n    ".join(CI_NEEDS.values())
NOBODY = ("-c", "user.name=cookiecutter", "-c", "user.email=cookiecutter@localhost")


def git(*command: str, check: bool = True) -> str | None:
    """What git prints; None when it refuses, or CalledProcessError when it must not."""
    done = subprocess.run(["git", *command], check=check, capture_output=True, text=True, errors="replace")
    return None if done.returncode else done.stdout.strip()


def first_commit() -> str:
    """Commit all on main, but never inside another repository: that one would record a bare link and lose the files."""
    below = git("rev-parse", "--show-prefix", check=False)
    if below is not None:
        return IN_A_REPOSITORY.format(CI_NEEDS["{{ cookiecutter.ci_system }}"]).replace("{}", below)
    git("init", "--quiet", "-b", "main")
    identity = () if git("var", "GIT_COMMITTER_IDENT", check=False) else NOBODY
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
