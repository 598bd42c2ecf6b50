"""Upgrade a project from before 0.2.0, which has no command for it: `uv run --project <a clone of this> upgrade`.

Run in the project's folder. Such a project does not record what it was made of: the answers are read from its first
commit, which has to be the one that the template made.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "{{cookiecutter.project_slug}}"))

from mlops import UserError  # noqa: E402
from mlops.commands.console import command  # noqa: E402
from mlops.commands.upgrade import run  # noqa: E402
from mlops.repo.git import ask, git  # noqa: E402
from mlops.repo.template import RECORD, Record  # noqa: E402

FACTS = {  # answer -> file, and what stands around it
    "project_name": ("README.md", r"\A# (.+)\n"),
    "description": ("README.md", r"\A.+\n\n(.+)\n"),
    "project_slug": ("project.yml", r'^name: "(.+)"'),
    "author": ("pyproject.toml", r'^authors = \[\{ name = "(.+)" \}\]'),
    "azure_region": ("environments/base.yml", r'^ *region: "(.+?)"'),
    "python_version": (".python-versions", r"^([\d.]+)\s*\Z"),
}


def first_commit() -> str:
    """The commit that the template made. UserError when it is not among those that are here."""
    root = (ask("rev-list", "--max-parents=0", "HEAD") or "").splitlines()
    subject = ask("log", "-1", "--format=%s", root[-1]) if root else None
    if not (subject or "").startswith("Generate from template"):
        raise UserError(f"{Path.cwd()}: its first commit is not the template's; fetch the whole history, if it was")
    return root[-1]


def answer(commit: str, file: str, pattern: str) -> str:
    """What stands there in that commit. UserError when it is not to be found."""
    found = re.search(pattern, ask("show", f"{commit}:{file}") or "", re.MULTILINE)
    if not found:
        raise UserError(f"{file}: in its first commit it is not as the template makes it")
    return found[1]


def answers(commit: str) -> dict[str, str]:
    """The answers that the project was made with."""
    systems = [bool(ask("ls-tree", commit, folder)) for folder in (".github", "azure-pipelines")]
    licence = ask("show", f"{commit}:LICENSE") or ""
    return {
        **{key: answer(commit, *where) for key, where in FACTS.items()},
        "ci_system": {(True, False): "github", (False, True): "azure-devops"}.get(tuple(systems), "both"),
        "license": "Apache-2.0" if "Apache" in licence else "MIT" if "MIT" in licence else "Proprietary",
    }


def take_out(commit: str, folder: Path) -> Path:
    """Write all files of that commit into a folder below; where they are."""
    made, index = folder / "made", {"GIT_INDEX_FILE": str(folder / "index")}
    git("read-tree", commit, variables=index)
    git("checkout-index", "--all", f"--prefix={made}/", variables=index)
    return made


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="upgrade", description=__doc__)
    parser.add_argument("--to", metavar="VERSION", help="a release such as 0.2.0, or a branch or commit")
    args = parser.parse_args(argv)
    if RECORD.exists():
        raise UserError(f"this project knows its template ({RECORD}); use its own command: uv run upgrade")
    commit = first_commit()
    with TemporaryDirectory() as scratch:
        made = take_out(commit, Path(scratch))
        asked = answers(commit)
        record = Record(template=str(ROOT), version="before 0.2.0", commit=None, answers=asked, machinery={})
        return run(record, args.to, made)


if __name__ == "__main__":
    sys.exit(main())
