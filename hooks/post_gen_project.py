"""Keep what was chosen, record the template, make the first commit, and say what to do next."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# As JSON, so that no answer can break out of this literal: three quotes in a row never occur in it.
CONTEXT = json.loads(r"""{{ cookiecutter | jsonify }}""")
LICENSE = "LICENSE-{{ cookiecutter.license }}"
# left in the template by its developers' tests
CACHES = ("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache")
NOT_CHOSEN = {"github": ["azure-pipelines"], "azure-devops": [".github"], "both": []}
FLIGHTS = ("data/*.parquet", "expectations/*.json", "model/[a-z]*.py")
NO_TABLE = Path("own-table")  # the few files that are others in a project without the flights
NEXT = {
    "flights": ["uv run run_pipeline", "uv run pytest"],
    "own-table": ["uv run adopt my-table.csv --target COLUMN", "uv run run_pipeline"],
}[CONTEXT["start_from"]]
IN_A_REPOSITORY = """git: the folder is inside a repository already, so the first commit is yours to make
ci: {}
    docs/first-run.md says how (In a bigger repository); one repository per model needs none of that"""
CI_NEEDS = {
    "github": "GitHub reads .github at the repository's root only: move it there, and let its commands run in {}",
    "azure-devops": "let the commands of azure-pipelines run in {}",
}
CI_NEEDS["both"] = "\n    ".join(CI_NEEDS.values())
MACHINERY = ("infra", "mlops", "steps", "serving")
# `pin` and `infra cost` rewrite one each, and one is the user's.
NOT_MACHINERY = {"serving/image/requirements.txt", "infra/prices.yml", "infra/parameters.yml"}
NOBODY = ("-c", "user.name=cookiecutter", "-c", "user.email=cookiecutter@localhost")


def git(*command: str, check: bool = True) -> str | None:
    """What git prints; None when it refuses, or CalledProcessError when it must not."""
    done = subprocess.run(["git", *command], check=check, capture_output=True, text=True, errors="replace")
    return None if done.returncode else done.stdout.strip()


def answer_of_git(folder: Path, *question: str) -> str | None:
    """What git prints; None when it is missing or refuses."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *question], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def source() -> tuple[str, str | None]:
    """The template's address or folder, and its commit, as far as they can be known. Cruft knows both."""
    template = CONTEXT["_template"]
    if "_commit" in CONTEXT:
        return template, CONTEXT["_commit"]
    # A relative folder is relative to where cookiecutter was started.
    starts = [os.environ.get("PWD", "."), CONTEXT["_output_dir"], CONTEXT["_output_dir"] + "/.."]
    folders = [Path(start, CONTEXT["_repo_dir"]) for start in starts]
    folder = next((each.resolve() for each in folders if (each / "cookiecutter.json").is_file()), None)
    if folder is None or answer_of_git(folder, "rev-parse", "--show-prefix") != "":
        return template, None
    commit = answer_of_git(folder, "rev-parse", "HEAD")
    if any(Path(start, template).is_dir() for start in starts):
        return str(folder), commit
    return answer_of_git(folder, "remote", "get-url", "origin") or template, commit


def fingerprint(path: Path) -> str:
    """The beginning of the file's SHA-256, however its lines end."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12]


def record() -> None:
    """Write what `upgrade` has to know: where the project comes from, the answers, its machinery as it was made."""
    template, commit = source()
    paths = {path.as_posix(): path for folder in MACHINERY for path in Path(folder).rglob("*") if path.is_file()}
    content = {
        "template": template,
        "version": CONTEXT["__template_version"],
        "commit": commit,
        "answers": {key: answer for key, answer in CONTEXT.items() if not key.startswith("_")},
        "machinery": {name: fingerprint(paths[name]) for name in sorted(paths.keys() - NOT_MACHINERY)},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    Path(".template.json").write_text(text, encoding="utf-8", newline="\n")


def leave_out_the_flights() -> None:
    """What is left is a project that waits for `adopt`."""
    for path in [path for pattern in FLIGHTS for path in Path().glob(pattern)]:
        path.unlink()
    shutil.copytree(NO_TABLE, Path(), dirs_exist_ok=True)


def first_commit() -> str:
    """Commit all on main, but never inside another repository: that one would record a bare link and lose the files.

    Nor for cruft, which has yet to write .cruft.json, and to update compares two projects without a repository.
    """
    if "_commit" in CONTEXT:
        return "git: the first commit is yours to make, with .cruft.json: git init -b main, git add --all, git commit"
    below = git("rev-parse", "--show-prefix", check=False)
    if below is not None:
        return IN_A_REPOSITORY.format(CI_NEEDS["{{ cookiecutter.ci_system }}"]).replace("{}", below)
    git("init", "--quiet", "-b", "main")
    identity = () if git("var", "GIT_COMMITTER_IDENT", check=False) else NOBODY
    git("add", "--all")
    message = ("-m", "Generate from template {{ cookiecutter.__template_version }}", "-m", f"Next: {NEXT[0]}")
    git(*identity, "commit", "--quiet", *message)
    return "git: first commit on branch main"


if CONTEXT["start_from"] == "own-table":
    leave_out_the_flights()
shutil.rmtree(NO_TABLE)
Path(LICENSE).replace("LICENSE")
for other_license in Path().glob("LICENSE-*"):
    other_license.unlink()
for folder in NOT_CHOSEN["{{ cookiecutter.ci_system }}"]:
    shutil.rmtree(folder)
for cache in [path for path in Path().rglob("*") if path.name in CACHES]:
    shutil.rmtree(cache, ignore_errors=True)
record()
try:
    line = first_commit()
except (OSError, subprocess.CalledProcessError) as error:
    reason = " ".join(str(getattr(error, "stderr", "") or error).split())
    line = f"git: no first commit ({reason}); make it with: git init -b main, git add --all, git commit"
sys.stdout.reconfigure(errors="replace")  # a folder's name that the console cannot show must not end the generation
print("\n  ".join([f"{line}\n\nNext:", f'cd "{Path.cwd()}"', *NEXT]))
