"""The template that made this project: what .template.json records of it, and the way to another version of it.

An upgrade merges three trees with Git's own means: the project as its version of the template makes it, as the other
version makes it, and as it is. Both versions are made anew. What belongs to the user is evened out in them beforehand,
so that there is nothing to merge.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlops import UserError
from mlops.data.files import read_json, write_text
from mlops.repo.changes import names
from mlops.repo.git import Account, ask, git, identity, prefix, run
from mlops.settings.behaviour import BEHAVIOUR_FILE
from mlops.settings.infrastructure import PARAMETERS
from mlops.settings.migration import migrate
from mlops.settings.reading import Settings, read_text, read_yaml

RECORD = Path(".template.json")
USERS = ("README.md", "LICENSE", "data", "expectations", "model")
NOTHING_ASKED = "# What the model must do whatever its metrics say: docs/behaviour.md\ntests: []\n"
LOCK = Path("uv.lock")
IMAGE, IMAGES = "image", ("pipelines", "serving")
MACHINERY = ("mlops", "steps", "serving")
SETTINGS, ENVIRONMENTS = Path("project.yml"), Path("environments")
RENAMED = Path("mlops", "settings", "renamed.yml")
TESTS = Path("tests", "machinery")
COOKIECUTTER = "cookiecutter==2.7.1"
OLDEST_GIT = (2, 38)  # the first whose merge-tree merges without touching the working folder
AS_IT_IS = ("-c", "merge.directoryRenames=false")  # a new file of the user's stays where it is
MERGE = (*AS_IT_IS, "-c", "merge.renames=true", "-c", "merge.renameLimit=9999", "merge-tree", "--write-tree")
NOBODY = Account("template", "template@localhost", "", "")


class Record(Settings):
    """template: the address or folder it comes from. machinery: a fingerprint of each of its files, as it was made."""

    template: str
    version: str
    commit: str | None
    answers: dict[str, str]
    machinery: dict[str, str]


@dataclass(frozen=True)
class Upgrade:
    """One change on top of what is committed, as three commits that no branch holds, each the parent of the next.

    before: the old version. moved: its files under their new names. after: the new version. conflicts: the files that
    Git cannot merge; then `tree` is of no use. notes: what was done to settings.
    """

    record: Record
    before: str
    moved: str
    after: str
    tree: str
    conflicts: list[str]
    notes: list[str]


def read_record() -> Record:
    """What the project's .template.json says. UserError when there is none, or it is damaged."""
    if not RECORD.exists():
        raise UserError(f"{RECORD}: no such file; in a project from before 0.2.0: uv run --project TEMPLATE upgrade")
    return record_at(RECORD)


def record_at(path: Path) -> Record:
    """What that file says. UserError when it is damaged."""
    return Record.model_validate(read_json(path, Record, "restore it from an older commit"))


def version() -> str:
    """The template's version that this project is of; `unknown` where nothing was recorded."""
    return read_record().version if RECORD.exists() else "unknown"


def fingerprint(path: Path) -> str:
    """The beginning of the file's SHA-256, however its lines end; empty when it is not there."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12] if path.is_file() else ""


def differing(record: Record) -> list[str]:
    """The files of the machinery that are not as the template made them."""
    return [name for name, made in record.machinery.items() if fingerprint(Path(name)) != made]


def standing(record: Record | None = None) -> str:
    """The same as a line for people; of the record that is there, when none is given."""
    if record is None and not RECORD.exists():
        return f"there is no {RECORD}; `upgrade` writes it"
    record = record or read_record()
    found = differing(record)
    line = f"{len(found)} of {len(record.machinery)} machinery files differ from template version {record.version}"
    return ": ".join(filter(None, [line, ", ".join(found)]))


def clone(record: Record, folder: Path) -> None:
    """The template with its whole history. UserError when it cannot be reached."""
    try:
        git("clone", "--quiet", "--no-checkout", "--", record.template, str(folder))
    except UserError as error:
        reason = f"{RECORD}: template {record.template} cannot be reached ({error})"
        raise UserError(f"{reason}; write its address, or the folder of a clone, there") from None


def commit_of(source: Path, version: str) -> str:
    """The commit of the template that a tag, its number, a branch or a commit names. UserError when none does."""
    for name in (f"v{version}", version, f"origin/{version}"):
        found = ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", folder=source)
        if found:
            return found
    raise UserError(f"the template has no version {version}; it has {', '.join(versions(source)) or 'no tags yet'}")


def versions(source: Path) -> list[str]:
    """The template's releases, the newest first."""
    tags = (ask("tag", "--list", "--sort=-version:refname", folder=source) or "").splitlines()
    return [tag for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]


def make(source: Path, commit: str, answers: Mapping[str, str]) -> Path:
    """The folder of a project as that commit of the template makes it with these answers."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise UserError("uv is needed to run cookiecutter; `pip install uv`")
    git("checkout", "--quiet", "--force", commit, folder=source)
    output = source / "made" / commit  # within a repository: there the template's hook makes none of its own
    settings = source / ".git" / "settings.yml"
    folders = {key: str(source / ".git" / key) for key in ("replay_dir", "cookiecutters_dir")}
    write_text(settings, json.dumps(folders))
    command = [uv, "tool", "run", "--from", COOKIECUTTER, "cookiecutter", str(source), "--no-input"]
    command += ["--config-file", str(settings), "--output-dir", str(output)]
    command += [f"{key}={answer}" for key, answer in answers.items()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        raise UserError(f"the template's {commit[:12]} cannot make a project from these answers: {reason}")
    return next(output.iterdir())


def files(folder: Path) -> set[str]:
    """All files below the folder, relative to it, with forward slashes."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def is_users(name: str, before: Path, after: Path) -> bool:
    """Whether the file is none of the template's business: by its place, or because of what was done to it.

    Outside the machinery, what was deleted stays so; a changed test stays that the template no longer has.
    """
    mine = Path(name)
    top = mine.parts[0]
    if top in USERS:
        return True
    if not mine.exists():
        return (before / name).exists() and top not in MACHINERY
    return top == "tests" and not (after / name).exists() and fingerprint(mine) != fingerprint(before / name)


def features(folder: Path) -> Any:
    """The columns that the model sees, in a version of the project."""
    return read_yaml(folder / SETTINGS).get("features")


def even_out(before: Path, after: Path) -> list[str]:
    """Leave in both versions of the template what is to be merged; what the user should know of it, a line each."""
    notes, kept = even_pins(before, after), []
    for name in sorted(files(before) | files(after)):
        if is_users(name, before, after):
            if Path(name).exists() and fingerprint(before / name) != fingerprint(after / name):
                kept.append(name)
            for folder in (before, after):
                (folder / name).unlink(missing_ok=True)
    if not BEHAVIOUR_FILE.exists() and features(Path()) != features(before):
        write_text(after / BEHAVIOUR_FILE, NOTHING_ASKED)  # the template's is about columns that are not there
    renamed = read_renamed(after / RENAMED)
    own = [PARAMETERS] if PARAMETERS.exists() and (before / PARAMETERS).exists() else []
    for path in [SETTINGS, *own, *sorted({ENVIRONMENTS / name.name for name in ENVIRONMENTS.glob("*.yml")})]:
        notes += settle(path, before, after, renamed.get(path.parts[0], {}))
    return notes + [f"{name}: the template's has changed, yours is kept" for name in kept]


def even_pins(before: Path, after: Path) -> list[str]:
    """Let the pins change as one: to the template's new ones, unless they are the user's, who has renewed them."""
    pinned = [path for folder in IMAGES for path in Path(folder).glob("*/requirements.txt")]
    mine = [path for path in pinned if (before / path).exists()]
    own = any(fingerprint(path) != fingerprint(before / path) for path in mine)
    committed = ask("ls-files", "--", str(LOCK))
    if not own and committed and (after / LOCK).exists():
        shutil.copy(LOCK, before / LOCK)
    elif own or LOCK.exists():
        for folder in (before, after):
            (folder / LOCK).unlink(missing_ok=True)
    for path in mine if own else []:
        shutil.copy(path, before / path)
        shutil.copy(path, after / path.parts[0] / IMAGE / path.name)
    return ["the pins are yours and kept; renew them: uv run pin"] if own else []


def read_renamed(path: Path) -> dict[str, dict[str, str | None]]:
    """The table of renamed keys of that version of the template."""
    return read_yaml(path) if path.exists() else {}


def settle(path: Path, before: Path, after: Path, renamed: Mapping[str, str | None]) -> list[str]:
    """Let the change of a settings file be its migration: it begins as the user's and ends as that, migrated."""
    mine = read_text(path, "put it right first")
    shared = path in {SETTINGS, PARAMETERS} or path.name == "base.yml"
    old, new = [read_text(folder / path, "choose another version") if shared else "" for folder in (before, after)]
    try:
        migrated, done = migrate(mine, old, new, renamed)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    for folder, text in ((before, mine), (after, migrated)):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(text.encode())
    return [f"{path.as_posix()}: {line}" for line in done]


def commit(folder: Path, *parents: str) -> str:
    """A commit that no branch holds: what is committed here, with this project's files replaced by the folder's."""
    with TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
        here = {**index, "GIT_DIR": git("rev-parse", "--absolute-git-dir"), "GIT_WORK_TREE": str(folder)}
        git("add", "--all", "--force", ".", variables=here, folder=folder)
        tree = git("write-tree", variables=index)
        if prefix():
            git("read-tree", "HEAD", variables=index)
            git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", ".", variables=index)
            git("read-tree", f"--prefix={prefix()}", tree, variables=index)
            tree = git("write-tree", variables=index)
    return commit_tree(tree, *parents)


def commit_tree(tree: str, *parents: str) -> str:
    """The id of a commit of that tree."""
    ancestry = [word for parent in parents for word in ("-p", parent)]
    return git("commit-tree", tree, *ancestry, "-m", "Upgrade the template", variables=identity(NOBODY))


def check_ready() -> None:
    """UserError when Git is too old, there is no commit to upgrade, or changes are not committed."""
    version = git("version")
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST_GIT:
        raise UserError(f"{version} cannot merge for an upgrade; it needs {'.'.join(map(str, OLDEST_GIT))} or newer")
    if ask("rev-parse", "--verify", "--quiet", "HEAD:./project.yml") is None:
        raise UserError(f"{Path.cwd()}: no project that is committed with Git; commit it first, or go to its folder")
    if git("status", "--porcelain", "--untracked-files=no", "--", "."):
        raise UserError("there are changes that are not committed; commit or stash them first")


def prepare(record: Record, version: str | None, made: Path | None = None) -> Upgrade | None:
    """The way to the version, or the newest; None when the project is there already. Nothing of the project changes.

    made: a folder that holds the project as it was made, where the record cannot say it.
    """
    check_ready()
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        source = Path(scratch, "template")
        clone(record, source)
        there = commit_of(source, version or next(iter(versions(source)), "HEAD"))
        here = "" if made else commit_of(source, record.commit or record.version)
        if here and ask("merge-base", "--is-ancestor", there, here, folder=source) is not None:
            return None
        after = make(source, there, record.answers)
        return merge(record, made or make(source, here, record.answers), after)


def merge(record: Record, before: Path, after: Path) -> Upgrade:
    """The change from one folder to the other, merged with what is committed."""
    if not (after / RECORD).exists():
        raise UserError("this version of the template cannot upgrade a project yet; choose 0.2.0 or newer")
    notes = even_out(before, after)
    new = record_at(after / RECORD).model_copy(update={"template": record.template})
    write_text(after / RECORD, json.dumps(new.model_dump(), indent=2) + "\n")
    if RECORD.exists():
        shutil.copy(RECORD, before)
    base = commit(before)
    move(before, after, read_renamed(after / RENAMED).get("files", {}))
    moved = commit(before, base)
    theirs, mine = commit(after, moved), commit_tree("HEAD^{tree}", base)
    tree, blocked = merge_tree(mine, moved)  # the moves alone, so that what the user edited goes with its file
    tree, conflicts = merge_tree(commit_tree(tree, moved), theirs)
    return Upgrade(new, base, moved, theirs, tree, blocked or conflicts, notes)


def move(before: Path, after: Path, moves: Mapping[str, str | None]) -> None:
    """Give files of the old version their new names, where these are not taken yet."""
    for name, new in moves.items():
        if new and (before / name).exists() and (after / new).exists() and not (before / new).exists():
            (before / new).parent.mkdir(parents=True, exist_ok=True)
            (before / name).rename(before / new)


def merge_tree(mine: str, theirs: str) -> tuple[str, list[str]]:
    """The tree of both, and the files that Git cannot merge."""
    done = run((*MERGE, "--name-only", "--no-messages", "-z", mine, theirs), {}, Path())
    if done.returncode not in {0, 1}:
        raise UserError(f"git cannot merge: {' '.join(done.stderr.split())}")
    tree, *conflicts = filter(None, done.stdout.split("\0"))
    return tree, conflicts


def merged(upgrade: Upgrade) -> list[str]:
    """The files that both the template and the user changed, sorted."""
    ours = names("diff", "--name-only", "--no-renames", "--relative", "-z", upgrade.before, upgrade.after)
    users = names("diff", "--name-only", "--no-renames", "--relative", "-z", upgrade.before, "HEAD")
    return sorted(ours & users)


def apply(upgrade: Upgrade) -> None:
    """Bring the merged tree into the index and the working folder, whole or not at all."""
    git("read-tree", "-m", "-u", "HEAD", upgrade.tree)


def fetch_tests(record: Record) -> int:
    """Put the machinery's tests of this project's version into tests/machinery; how many files they are."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        source = Path(scratch, "template")
        clone(record, source)
        git("checkout", "--quiet", commit_of(source, record.commit or record.version), folder=source)
        if not (source / TESTS).is_dir():
            raise UserError(f"template version {record.version} has no {TESTS.as_posix()}; upgrade the project first")
        shutil.rmtree(TESTS, ignore_errors=True)
        shutil.copytree(source / TESTS, TESTS)
    return len(files(TESTS))
