"""Projects of several ages, changed as people change them, brought to another version of the template.

The template is a repository of its own here: its history, what stands in the working folder as release 0.2.0, and a
release 0.10.0 after it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cookiecutter.main import cookiecutter

from conftest import ROOT, Project

OLD = ["fb53400", "cfa6c0b", "4279fed", "135bb0c"]  # the last is the last one before the machinery had rooms
WITHOUT_PIPELINES = "fb53400"
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Ana"), ("EMAIL", "ana@example.org"))
}
INSIDE = "{{cookiecutter.project_slug}}"
ANSWERS = {"project_name": "Late Buses", "author": "Ana & co = us", "azure_region": "westeurope"}
NO_RENAMES = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "merge.renames", "GIT_CONFIG_VALUE_0": "false"}
PINS = "serving/image/requirements.txt"
DATA = ROOT / "demo" / "data"
LOAD = """
from mlops.settings.environments import environments, load_manifest
from mlops.settings.project import load_project
project = load_project()
manifests = {name: load_manifest(name) for name in environments()}
print(project.data.uri, project.data.suite, project.gate.minimum_gain, project.gate.max_loss, len(project.features))
print(manifests["production"].workspace.region, manifests["staging"].workspace.region)
staging = manifests["staging"]
print(staging.endpoint.instance_count, staging.rollout.bake, staging.model.version)
"""


def git(folder: Path, *arguments: str) -> str:
    command, identified = ["git", *arguments], {**os.environ, **IDENTITY}
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=identified, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def commit(folder: Path, title: str = "Ours") -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", title)


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace text that must be there exactly once."""
    text = read(folder, name)
    assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def append(folder: Path, name: str, text: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(text)


def contents(folder: Path) -> dict[str, bytes]:
    """All files but Git's own."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in paths.items()
        if not {".git", "__pycache__"} & {*name.parts}
    }


def state(folder: Path) -> tuple[str, str, dict[str, bytes]]:
    """All that a command which refuses must leave alone."""
    return git(folder, "rev-parse", "HEAD"), git(folder, "status", "--porcelain"), contents(folder)


def run(folder: Path, *command: str, code: int = 0, **variables: str) -> list[str]:
    """The lines that Python prints for the command in that folder."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **IDENTITY, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}"
    return done.stdout.splitlines()


def upgrade(folder: Path, *arguments: str, code: int = 0, **variables: str) -> list[str]:
    """The lines that the project's own command prints."""
    return run(folder, "-m", "mlops.commands.upgrade", *arguments, code=code, **variables)


def generate(template: Path, output: Path, **answers: str) -> Path:
    """A project of that template, with answers that are not the defaults."""
    output.mkdir(parents=True, exist_ok=True)
    settings = output / "cookiecutter.yml"
    settings.write_text(json.dumps({"replay_dir": str(output), "cookiecutters_dir": str(output)}), encoding="utf-8")
    options = {"no_input": True, "config_file": str(settings), "extra_context": {**ANSWERS, **answers}}
    return Path(cookiecutter(str(template), output_dir=str(output), **options))


# ---- the template


def release(source: Path, version: str) -> None:
    """Commit all that is in the template's repository as that version."""
    text = re.sub(r'("__template_version": )".*"', rf'\1"{version}"', read(source, "cookiecutter.json"))
    (source / "cookiecutter.json").write_text(text, encoding="utf-8")
    commit(source, f"Release {version}")
    git(source, "tag", f"v{version}")


def develop(inside: Path) -> None:
    """What the release after the next changes in a project."""
    edit(inside, "project.yml", "  seed: 13", "  tries: 3                           # a new key\n  seed: 13")
    edit(inside, "environments/base.yml", "  bake: 20s ", "  watched: 20s ")
    edit(inside, "infra/parameters.yml", "budget: 100 ", "pause: 1  # a new option\nbudget: 200 ")
    append(inside, "mlops/settings/renamed.yml", "  rollout.bake: rollout.watched\n")
    edit(inside, "mlops/decide/gate.py", "asdict, dataclass, replace", "asdict, dataclass, fields, replace")
    edit(inside, ".github/workflows/train.yml", "name: train\non:", "name: training\non:")
    edit(inside, "pyproject.toml", '    "rich>=14",', '    "rich>=15",')
    for name in ("README.md", "model/features.py", "docs/first-run.md", "docs/live.md"):
        append(inside, name, "\n# of the next version\n")
    shutil.copy(DATA / "2013-04.parquet", inside / "data")
    (inside / "mlops/decide/added.py").write_text('"""New in this version."""\n', encoding="utf-8")
    (inside / "steps/smoke.py").unlink()
    append(inside, PINS, "# newer\n")
    (inside / "uv.lock").write_text("# newer\n", encoding="utf-8")
    git(inside, "add", "--force", "uv.lock")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's repository, with 0.2.0 checked out."""
    folder = tmp_path_factory.mktemp("source") / "template"
    git(ROOT, "clone", "--quiet", "--no-tags", str(ROOT), str(folder))
    for old in OLD:
        known = subprocess.run(["git", "cat-file", "-e", f"{old}^{{commit}}"], cwd=folder, check=False)
        assert known.returncode == 0, f"{ROOT}: {old} is missing; these tests need the whole history (fetch-depth: 0)"
    git(folder, "rm", "-r", "--quiet", ".")
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    release(folder, "0.2.0")
    git(folder, "tag", "v0.9.0")  # before 0.10.0, though not as text
    develop(folder / INSIDE)
    release(folder, "0.10.0")
    git(folder, "checkout", "--quiet", "v0.2.0")
    return folder


@pytest.fixture(scope="module")
def generated(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 0.2.0, not to be changed."""
    return generate(source, tmp_path_factory.mktemp("generated"))


@pytest.fixture
def project(generated: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(generated, tmp_path / "late-buses"))


# ---- projects from before 0.2.0


def bring_own(folder: Path) -> None:
    """Another problem's data, rules, model, words and commands."""
    for month in folder.glob("data/*.parquet"):
        month.unlink()
    for month in ("2013-04", "2013-05"):
        shutil.copy(DATA / f"{month}.parquet", folder / "data")
    (folder / "README.md").write_text("# Late buses\n\nCall Ana when it burns.\n", encoding="utf-8")
    edit(folder, "model/features.py", '"pressure", "visib"]', '"pressure"]')
    (folder / "expectations/flights.json").rename(folder / "expectations/buses.json")
    append(folder, "expectations/buses.json", "\n")
    for name in ("steps/export_scores.py", "mlops/ours.py"):
        (folder / name).write_text('"""Ours."""\n', encoding="utf-8")
    for name, number in (("staging", 4), ("production", 3)):
        edit(folder, f"environments/{name}.yml", "version: null", f"version: {number}")


def tune(folder: Path) -> None:
    """Edits in files that the template changes too."""
    edit(folder, "project.yml", "expectations/flights.json  ", "expectations/buses.json    ")
    edit(folder, "project.yml", "  - visib\n", "")
    edit(folder, "project.yml", "minimum_gain: 0.01 ", "minimum_gain: 0.005")
    edit(folder, "environments/base.yml", "bake: 20s", "bake: 30s")
    edit(folder, "environments/base.yml", "instance_count: 1", "instance_count: 3")
    elsewhere = "workspace: {region: northeurope}\n"
    if "workspace" not in read(folder, "environments/base.yml"):
        elsewhere = "region: northeurope\n"
    append(folder, "environments/production.yml", elsewhere)
    edit(folder, "pyproject.toml", '    "matplotlib>=3.10",\n', '    "holidays>=0.50",\n    "matplotlib>=3.10",\n')
    append(folder, ".gitignore", "\nnotebooks/\n")
    edit(folder, "mlops/drift.py", "import numpy as np\n", "import numpy as np  # hot fix\n")


@pytest.mark.parametrize("old", OLD)
def test_an_old_project_is_upgraded_with_all_that_its_users_did(
    source: Path, installed: Project, tmp_path: Path, old: str
) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", "--no-checkout", str(source), "old")
    git(tmp_path / "old", "checkout", "--quiet", old)
    folder = generate(tmp_path / "old", tmp_path / "made")
    bring_own(folder)
    kept = (
        "data/",
        "model/",
        "expectations/",
        "README.md",
        "LICENSE",
        "steps/export_scores.py",
        "mlops/ours.py",
        "environments/staging",
    )
    users = {name: content for name, content in contents(folder).items() if name.startswith(kept)}
    tune(folder)
    if old != WITHOUT_PIPELINES:
        edit(folder, ".github/workflows/train.yml", 'cron: "17 3 * * 1"', 'cron: "30 4 * * 2"')
    if old == OLD[-1]:
        edit(folder, "mlops/gate.py", "    if comparison.lower > -m", "    # ours\n    if comparison.lower > -m")
        edit(folder, "steps/evaluate.py", "TIMED_ROWS = 20", "TIMED_ROWS = 30")
        append(folder, "serving/environment/requirements.txt", "# our own\n")
    commit(folder)

    said = run(folder, str(source / "tools" / "upgrade.py"), "--to", "0.2.0", **NO_RENAMES)

    now = contents(folder)
    assert {name: now.get(name) for name in users} == users
    assert yaml.safe_load(read(folder, "tests/behaviour.yml")) == {"tests": []}, "nothing about columns that are gone"
    edited = ["mlops/decide/drift.py"]
    assert "import numpy as np  # hot fix\n" in read(folder, "mlops/decide/drift.py")
    if old != WITHOUT_PIPELINES:
        assert 'cron: "30 4 * * 2"' in read(folder, ".github/workflows/train.yml")
    if old == OLD[-1]:
        assert "    # ours\n    if comparison.lower > -m" in read(folder, "mlops/decide/gate.py")
        assert read(folder, PINS).endswith("# our own\n")
        assert "the pins are yours and kept; renew them: uv run pin" in said
        edited += ["mlops/decide/gate.py", "steps/evaluate.py"]
    [standing] = [line for line in said if "machinery files differ" in line]
    assert standing.startswith(f"{len(edited)} of ") and standing.endswith(f"version 0.2.0: {', '.join(edited)}")
    assert not [name for name in now if re.fullmatch(r"mlops/(?!__init__|ours)\w+\.py", name)], "the old house"
    assert '"holidays>=0.50"' in read(folder, "pyproject.toml") and "\nnotebooks/\n" in read(folder, ".gitignore")
    assert git(folder, "diff", "--name-only") == "", "all is staged"
    assert git(folder, "log", "-1", "--format=%s") == "Ours", "nothing is committed"
    record = json.loads(read(folder, ".template.json"))
    assert record["template"] == str(source) and record["commit"] == git(source, "rev-parse", "v0.2.0")
    assert {**ANSWERS, "start_from": "flights"}.items() <= record["answers"].items()
    loaded = installed.uv_run("python", "-c", LOAD, folder=folder).splitlines()
    assert loaded[-3:] == ["data expectations/buses.json 0.005 0.02 14", "northeurope westeurope", "3 30.0 4"]
    installed.uv_run("ruff", "check", ".", folder=folder)


def test_an_edit_of_what_was_written_anew_is_settled_in_the_files_new_place(source: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", "--no-checkout", str(source), "old")
    git(tmp_path / "old", "checkout", "--quiet", OLD[-1])
    folder = generate(tmp_path / "old", tmp_path / "made")
    edit(folder, "mlops/gate.py", "    large = {name", "    # ours\n    large = {name")
    commit(folder)
    before = state(folder)
    conflict, by_hand = run(folder, str(source / "tools" / "upgrade.py"), "--to", "0.2.0", code=1)
    assert conflict == "conflict: mlops/decide/gate.py"
    assert state(folder) == before
    command = by_hand.removeprefix("nothing has changed; to settle it in these files: git ").split()
    subprocess.run(["git", *command], cwd=folder, capture_output=True, check=False)
    assert git(folder, "diff", "--name-only", "--diff-filter=U") == "mlops/decide/gate.py"
    text = read(folder, "mlops/decide/gate.py")
    assert "    # ours\n" in text and "from mlops.settings.metrics import" in text and "<<<<<<<" in text
    assert not (folder / "mlops/gate.py").exists()


RENAME_AND_LOAD = """
import sys, yaml
from pathlib import Path
from mlops.settings import migration
from mlops.settings.environments import load_manifest
from mlops.settings.project import load_project
table = yaml.safe_load((Path(migration.__file__).parent / "renamed.yml").read_text(encoding="utf-8"))
for folder in map(Path, sys.argv[1:]):
    for path in folder.rglob("*.yml"):
        renamed = table[path.relative_to(folder).parts[0]]
        path.write_text(migration.migrate(path.read_text(encoding="utf-8"), "", "", renamed)[0], encoding="utf-8")
    print(load_project(folder / "project.yml").name, load_manifest("staging", folder / "environments").endpoint.name)
"""


def test_every_key_that_is_new_since_has_a_default(source: Path, installed: Project, tmp_path: Path) -> None:
    """The settings of old projects are taken with no more than the new names of what was there."""
    for old in OLD:
        (tmp_path / old / "environments").mkdir(parents=True)
        for name in ("project.yml", "environments/base.yml", "environments/staging.yml"):
            text = re.sub(r"\{\{.*?\}\}", "flights", git(source, "show", f"{old}:{INSIDE}/{name}"))
            (tmp_path / old / name).write_text(text + "\n", encoding="utf-8")
    folders = [str(tmp_path / old) for old in OLD]
    said = installed.uv_run("python", "-c", RENAME_AND_LOAD, *folders)
    assert said.splitlines() == ["flights flights-staging"] * len(OLD)


# ---- projects that have the command


def test_a_project_is_upgraded_by_its_own_command(source: Path, project: Path, tmp_path: Path) -> None:
    bring_own(project)
    users = {name: content for name, content in contents(project).items() if "/" in name or name == "README.md"}
    edit(project, "mlops/decide/gate.py", "    comparison = terms", "    # ours\n    comparison = terms")
    edit(project, "pyproject.toml", '    "matplotlib>=3.10",\n', '    "holidays>=0.50",\n    "matplotlib>=3.10",\n')
    append(project, "environments/staging.yml", "rollout: {bake: 5m}  # longer here\n")
    edit(project, "infra/parameters.yml", "custom_roles: false ", "custom_roles: true  ")
    append(project, "tests/test_ours.py", "def test_ours() -> None:\n    assert True\n")
    (project / "docs/first-run.md").unlink()
    (project / "uv.lock").write_text("# with addresses\n", encoding="utf-8")
    commit(project)
    (project / "notes.txt").write_text("not for Git\n", encoding="utf-8")

    said = upgrade(project)

    assert said[0].startswith("template version 0.2.0 -> 0.10.0: ")
    assert {"project.yml: gate.tries: new", "environments/base.yml: rollout.bake -> rollout.watched"} <= {*said}
    assert "environments/staging.yml: rollout.bake -> rollout.watched" in said
    assert [line for line in said if line.endswith(": merged with your changes")] == [
        "mlops/decide/gate.py: merged with your changes",
        "pyproject.toml: merged with your changes",
    ]
    assert "  tries: 3                           # a new key\n" in read(project, "project.yml")
    assert read(project, "environments/staging.yml").endswith("rollout: {watched: 5m}  # longer here\n")
    options = read(project, "infra/parameters.yml")
    assert "custom_roles: true  " in options and "budget: 100 " in options and "# a new option\n" in options
    gate = read(project, "mlops/decide/gate.py")
    assert "import asdict, dataclass, fields, replace" in gate and "    # ours\n" in gate
    assert "name: training\n" in read(project, ".github/workflows/train.yml")
    assert read(project, "docs/live.md").endswith("# of the next version\n")
    assert (project / "mlops/decide/added.py").exists() and not (project / "steps/smoke.py").exists()
    now = contents(project)
    assert not {"docs/first-run.md", "data/2013-01.parquet"} & now.keys()
    theirs = ("data/", "model/", "expectations/", "README.md", "steps/export_scores.py")
    assert all(now[name] == content for name, content in users.items() if name.startswith(theirs))
    assert {"mlops/ours.py", "tests/test_ours.py", "notes.txt"} <= now.keys()
    assert now["uv.lock"] == b"# newer\n" and read(project, PINS).endswith("# newer\n"), "the pins change as one"
    assert "README.md: the template's has changed, yours is kept" in said

    commit(project, "Upgrade")
    assert upgrade(project) == ["nothing to do: this project is of version 0.10.0, which is no older"]
    assert upgrade(project, "--to", "0.2.0") == ["nothing to do: this project is of version 0.10.0, which is no older"]
    [line] = upgrade(project, "--status")
    assert re.fullmatch(r"1 of \d+ machinery files differ from template version 0\.10\.0: mlops/decide/gate\.py", line)


def test_a_project_that_was_not_asked_what_it_starts_from_has_the_flights(project: Path) -> None:
    record = json.loads(read(project, ".template.json"))
    set_record(project, answers={key: answer for key, answer in record["answers"].items() if key != "start_from"})
    said = upgrade(project)
    assert "project.yml: gate.tries: new" in said
    assert json.loads(read(project, ".template.json"))["answers"] == record["answers"]
    assert record["answers"]["start_from"] == "flights"


def test_a_project_without_the_flights_is_given_none(source: Path, tmp_path: Path) -> None:
    folder = generate(source, tmp_path, start_from="own-table")
    before = contents(folder)
    assert not [name for name in before if name.endswith(".parquet")]
    upgrade(folder)
    changed = set(git(folder, "diff", "--cached", "--name-only").splitlines())
    assert {".template.json", "mlops/decide/gate.py", "environments/base.yml"} <= changed
    theirs = ("data/", "model/", "expectations/", "own-table/", "README.md", "project.yml")
    assert [name for name in changed | contents(folder).keys() - before.keys() if name.startswith(theirs)] == []
    assert json.loads(read(folder, ".template.json"))["answers"]["start_from"] == "own-table"


def test_a_shallow_clone_of_a_project_in_a_folder_of_a_bigger_repository(generated: Path, tmp_path: Path) -> None:
    bigger, folder = tmp_path / "bigger", Path("models", "late buses")
    git(tmp_path, "init", "--quiet", str(bigger))
    shutil.copytree(generated, bigger / folder, ignore=shutil.ignore_patterns(".git"))
    for name in ("README.md", "project.yml", "mlops.txt"):
        (bigger / name).write_text("another's\n", encoding="utf-8")
    commit(bigger, "All at once")
    edit(bigger / folder, "mlops/decide/gate.py", "    comparison = terms", "    # ours\n    comparison = terms")
    append(bigger / folder, PINS, "# our own\n")
    (bigger / folder / "uv.lock").write_text("# our own\n", encoding="utf-8")
    commit(bigger)
    git(tmp_path, "clone", "--quiet", "--depth", "1", bigger.as_uri(), "shallow")
    (tmp_path / "shallow" / "README.md").write_text("being edited\n", encoding="utf-8")

    said = upgrade(tmp_path / "shallow" / folder)

    assert "the pins are yours and kept; renew them: uv run pin" in said
    for name in (PINS, "uv.lock"):
        assert read(tmp_path / "shallow" / folder, name) == read(bigger / folder, name)
    changed = git(tmp_path / "shallow", "diff", "--cached", "--name-only").splitlines()
    assert all(name.strip('"').startswith("models/late buses/") for name in changed)
    assert git(tmp_path / "shallow", "diff", "--name-only") == "README.md"
    gate = read(tmp_path / "shallow" / folder, "mlops/decide/gate.py")
    assert "import asdict, dataclass, fields, replace" in gate and "    # ours\n" in gate


def test_where_git_cannot_merge_nothing_changes_and_a_cherry_pick_settles_it(project: Path) -> None:
    edit(project, "mlops/decide/gate.py", "asdict, dataclass, replace", "asdict, astuple, dataclass, replace")
    edit(project, "pyproject.toml", '    "rich>=14",', '    "rich>=13",')
    commit(project)
    before = state(project)
    *conflicts, by_hand = upgrade(project, code=1)
    assert conflicts == ["conflict: mlops/decide/gate.py", "conflict: pyproject.toml"]
    assert state(project) == before
    command = by_hand.removeprefix("nothing has changed; to settle it in these files: git ").split()
    done = subprocess.run(["git", *command], cwd=project, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    unmerged = git(project, "diff", "--name-only", "--diff-filter=U").splitlines()
    assert unmerged == ["mlops/decide/gate.py", "pyproject.toml"]
    assert json.loads(read(project, ".template.json"))["version"] == "0.10.0"
    for name in unmerged:
        git(project, "checkout", "--theirs", name)
    commit(project)
    assert upgrade(project) == ["nothing to do: this project is of version 0.10.0, which is no older"]


def set_record(project: Path, **values: object) -> None:
    record = json.loads(read(project, ".template.json"))
    (project / ".template.json").write_text(json.dumps({**record, **values}), encoding="utf-8")
    commit(project)


def uncommitted(project: Path) -> None:
    append(project, "model/features.py", "# half an edit\n")


def untracked(project: Path) -> None:
    (project / "mlops/decide/added.py").write_text("# mine\n", encoding="utf-8")


def not_yaml(project: Path) -> None:
    append(project, "project.yml", "a: [\n")
    commit(project)


def without_record(project: Path) -> None:
    (project / ".template.json").unlink()
    commit(project)


REFUSALS = {
    "dirty": (uncommitted, "", "there are changes that are not committed; commit or stash them first"),
    "in the way": (untracked, "", "git refused the read-tree: .*'mlops/decide/added.py'"),
    "version": (None, "9.9.9", "the template has no version 9.9.9; it has v0.10.0, v0.9.0, v0.2.0"),
    "option": (None, "--output=x", "the template has no version --output=x; it has "),
    "settings": (not_yaml, "", r"project.yml: not valid YAML \("),
    "no record": (without_record, "", ".template.json: no such file; in a project from before 0.2.0: uv run --project"),
    "source": (lambda project: set_record(project, template="/no/such/place"), "", "/no/such/place cannot be reached"),
    "commit": (lambda project: set_record(project, commit="0" * 40), "", "the template has no version 000000"),
    "record": (lambda project: set_record(project, more=1), "", ".template.json: more: unknown key"),
    "answers": (
        lambda project: set_record(project, answers={"project_slug": "No Slug"}),
        "",
        "cannot make a project from these answers: .*project_slug: 'No Slug' must be",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_stops_an_upgrade_is_one_line_and_leaves_all_as_it_was(project: Path, name: str) -> None:
    prepare, version, line = REFUSALS[name]
    if prepare:
        prepare(project)
    before = state(project)
    said = upgrade(project, *([f"--to={version}"] if version else []), code=2)
    assert len(said) == 1 and said[0].startswith("error: ") and re.search(line, said[0]), said
    assert state(project) == before


def test_without_a_repository_it_says_so(generated: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(generated, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    [line] = upgrade(folder, code=2)
    assert line == f"error: {folder}: no project that is committed with Git; commit it first, or go to its folder"


def test_a_git_that_cannot_merge_this_way_is_named(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\necho "git version 2.37.7"\n', encoding="utf-8")
    old.chmod(0o755)
    [line] = upgrade(project, code=2, PATH=f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    assert line == "error: git version 2.37.7 cannot merge for an upgrade; it needs 2.38 or newer"


def test_an_old_project_whose_first_commit_is_not_the_templates_is_refused(
    source: Path, generated: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(generated, tmp_path / "squashed", ignore=shutil.ignore_patterns(".git")))
    (folder / ".template.json").unlink()
    git(folder, "init", "--quiet")
    commit(folder, "All of it")
    before = state(folder)
    [line] = run(folder, str(source / "tools" / "upgrade.py"), code=2)
    assert "its first commit is not the template's" in line
    assert state(folder) == before


# ---- the record and what reads it


def test_a_new_project_records_where_it_comes_from(source: Path, generated: Path) -> None:
    record = json.loads(read(generated, ".template.json"))
    assert (record["template"], record["version"]) == (str(source), "0.2.0")
    assert record["commit"] == git(source, "rev-parse", "v0.2.0")
    assert record["answers"].keys() == yaml.safe_load(read(source, "cookiecutter.json"))["__prompts__"].keys()
    assert {name.split("/")[0] for name in record["machinery"]} == {"infra", "mlops", "steps", "serving"}
    [line] = upgrade(generated, "--status")
    assert line == f"0 of {len(record['machinery'])} machinery files differ from template version 0.2.0"


def test_a_template_named_by_a_relative_folder_is_recorded_whole(source: Path, tmp_path: Path) -> None:
    options = ["--no-input", "--default-config", "-o", str(tmp_path)]
    run(source, "-m", "cookiecutter", "../template", *options, PWD=str(source), HOME=str(tmp_path))
    record = json.loads(read(tmp_path / "flight-delays", ".template.json"))
    assert (record["template"], record["commit"]) == (str(source), git(source, "rev-parse", "HEAD"))


def test_a_template_that_was_fetched_is_recorded_by_its_address(source: Path, tmp_path: Path) -> None:
    address = f"file://{source}"
    run(tmp_path, "-m", "cookiecutter", f"git+{address}", "--checkout", "v0.2.0", "--no-input", HOME=str(tmp_path))
    record = json.loads(read(tmp_path / "flight-delays", ".template.json"))
    assert (record["template"], record["commit"]) == (address, git(source, "rev-parse", "v0.2.0"))


def test_changed_and_missing_machinery_is_named(project: Path) -> None:
    append(project, "steps/train.py", "# ours\n")
    (project / "mlops/decide/gate.py").unlink()
    smoke = project / "steps/smoke.py"
    smoke.write_bytes(smoke.read_bytes().replace(b"\n", b"\r\n"))  # as an editor on Windows may
    [line] = upgrade(project, "--status", HTTPS_PROXY="http://127.0.0.1:1")
    assert re.match(r"2 of \d+ machinery files differ from template version 0\.2\.0: ", line)
    assert line.endswith(": mlops/decide/gate.py, steps/train.py")


def test_the_tests_of_the_machinery_are_fetched_and_run(installed: Project, project: Path) -> None:
    upgrade(project, "--tests")
    assert git(project, "status", "--porcelain") == "", "they are not the project's"
    shutil.rmtree(project / "tests" / "own", ignore_errors=True)
    for path in project.glob("tests/*.py"):
        path.unlink()
    append(project, "tests/test_ours.py", "def test_ours() -> None:\n    assert True\n")
    said = installed.uv_run("python", "-m", "pytest", "--collect-only", folder=project)
    assert said.splitlines()[0] == "tests/test_ours.py::test_ours", "a project's own run leaves them alone"
    settings = ("-c", "tests/machinery/pytest.ini")
    room = "tests/machinery/commands/test_console.py"
    said = installed.uv_run("python", "-m", "pytest", *settings, room, folder=project)
    assert " passed" in said


def test_cruft_makes_a_project_and_updates_it(source: Path, tmp_path: Path) -> None:
    cache = subprocess.check_output(["uv", "cache", "dir"], text=True).strip()
    home = {"HOME": str(tmp_path), "UV_CACHE_DIR": cache, "PYTHONPATH": str(source)}  # cruft finds no local extension
    made = Project(tmp_path)
    cruft = ("env", *(f"{key}={value}" for key, value in home.items()), "uvx", "cruft@2.16.0")
    made.run(*cruft, "create", str(source), "--checkout", "v0.2.0", "--no-input", "--output-dir", str(tmp_path))
    folder = tmp_path / "flight-delays"
    record = json.loads(read(folder, ".template.json"))
    assert (record["template"], record["commit"]) == (str(source), git(source, "rev-parse", "v0.2.0"))
    git(folder, "init", "--quiet", "-b", "main")
    edit(folder, "pyproject.toml", '    "matplotlib>=3.10",\n', '    "holidays>=0.50",\n    "matplotlib>=3.10",\n')
    commit(folder)
    made.run(*cruft, "update", "--skip-apply-ask", "--checkout", "v0.10.0", folder=folder)
    assert git(folder, "diff", "--name-only", "--diff-filter=U") == ""
    assert '"rich>=15"' in read(folder, "pyproject.toml") and '"holidays>=0.50"' in read(folder, "pyproject.toml")
    assert json.loads(read(folder, ".template.json"))["version"] == "0.10.0"
