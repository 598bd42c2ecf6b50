"""Which events start a pipeline."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.azure_devops.loading import Node
from ci.events import Event

SERVICE = "(ci|azurepipelines|azpipelines|azp)"
SKIP = re.compile(rf"\[(skip {SERVICE}|{SERVICE} skip)\]|skip-checks:\s?true|\*\*\*NO_CI\*\*\*", re.IGNORECASE)


def is_triggered(document: Mapping[str, Node], event: Event, remote: Path) -> bool:
    """Whether the event starts the pipeline of that file. A person can always start it."""
    if event.kind == "schedule":
        schedules = document.get("schedules") or []
        return any(includes_branch(schedule.get("branches"), event.branch) for schedule in schedules)
    if event.kind == "push":
        message = git(remote, "log", "-1", "--format=%B", event.commit)
        return not SKIP.search(message) and passes(document.get("trigger"), event, remote)
    if event.kind == "pull_request":
        return passes(document.get("pr"), event, remote)
    return True


def git(remote: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(remote), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def passes(node: Node, event: Event, remote: Path) -> bool:
    """Whether `trigger` or `pr` lets the branch and the changed paths through. Without it, all pass."""
    if node == "none":
        return False
    if node is None or node == "":
        return True
    filters = node if isinstance(node, dict) else {"branches": node}
    if "paths" in filters and "branches" not in filters:
        return False  # the server wants branches before it looks at paths
    if not includes_branch(filters.get("branches"), event.branch):
        return False
    return "paths" not in filters or any(includes_path(filters["paths"], path) for path in changed(event, remote))


def changed(event: Event, remote: Path) -> Sequence[str]:
    """The paths that a push changed, or that the merge of a pull request changes in its target."""
    if event.changed or event.kind == "push":
        return event.changed
    return git(remote, "diff", "--name-only", f"{event.commit}^1", event.commit).splitlines()


def sides(node: Node) -> tuple[Sequence[str], Sequence[str]]:
    """What is included and what excluded; a plain list is included."""
    if isinstance(node, dict):
        return node.get("include") or [], node.get("exclude") or []
    return ([node] if isinstance(node, str) else node or []), []


def includes_branch(node: Node, branch: str) -> bool:
    """An excluded branch is out, whatever includes it. `*` stands for any characters."""
    included, excluded = ([pattern.removeprefix("refs/heads/") for pattern in side] for side in sides(node))
    if any(wild(pattern, ".*").fullmatch(branch) for pattern in excluded):
        return False
    return not included or any(wild(pattern, ".*").fullmatch(branch) for pattern in included)


def includes_path(node: Node, path: str) -> bool:
    """A pattern covers what is below it; of several that do, the deepest counts, and an exclusion before an equal."""
    included, excluded = ([pattern.strip("/") for pattern in side] for side in sides(node))
    depth_in = max((depth(pattern) for pattern in included if covers(pattern, path)), default=-1)
    depth_out = max((depth(pattern) for pattern in excluded if covers(pattern, path)), default=-1)
    return depth_in > depth_out or (not included and depth_out < 0)


def depth(pattern: str) -> int:
    """How many folders a pattern leads into."""
    return pattern.count("/") + 1 if pattern not in ("", "*", "**") else 0


def covers(pattern: str, path: str) -> bool:
    """Whether the path is what the pattern says or lies below it. `*` stays within one folder's name, `**` does not."""
    return pattern == "" or wild(f"{pattern}/**", "[^/]*").fullmatch(f"{path}/") is not None


def wild(pattern: str, star: str) -> re.Pattern[str]:
    """The pattern as a regular expression."""
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    meanings = {"**/": "(.*/)?", "**": ".*", "*": star, "?": "[^/]"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))
