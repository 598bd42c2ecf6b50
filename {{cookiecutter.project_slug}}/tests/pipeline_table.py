"""What the pipelines do, one fact a line: `.github/pipelines.txt` and `azure-pipelines/pipelines.txt`.

    uv run python tests/pipeline_table.py       # what the pipelines' files say now is meant: write the tables anew

Whatever a file says is in its table, known here or not. Left out are comments, layout, the order of keys, by what name
a step is shown, and the commit of a pinned action, which Dependabot renews.
"""

import json
import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
SYSTEMS = {  # a folder, and the files in it that its table is about
    ".github": ("workflows/*.y*ml", "actions/**/*.y*ml", "dependabot.y*ml"),
    "azure-pipelines": ("**/*.y*ml",),
}
TABLE = "pipelines.txt"
HEAD = "# What the pipelines do, one fact a line. Is a change of them meant? uv run python tests/pipeline_table.py\n"
FIRST = (  # of a step or job: what it is; of a file: when it runs
    *("uses", "run", "script", "bash", "pwsh", "powershell", "task", "template", "checkout", "publish", "download"),
    *("stage", "deployment", "job", "name", "cron", "on", "trigger", "pr", "schedules"),
)
COMMIT = re.compile("@[0-9a-f]{40}$")


class Loader(yaml.BaseLoader):
    """YAML in which every value is the text that it is, with or without quotes, and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [str(key.value) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.MarkedYAMLError(problem="a key stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except yaml.YAMLError as error:
        content = " ".join(str(error).split())
    return content if isinstance(content, dict) else {"not a pipeline": content or ""}


def pipelines(folder: Path) -> dict[str, dict[str, Any]]:
    """What the files in that `.github` or `azure-pipelines` say, by name."""
    paths = sorted(path for pattern in SYSTEMS[folder.name] for path in folder.glob(pattern))
    return {f"{folder.name}/{path.relative_to(folder).as_posix()}": read(path) for path in paths}


def nested(value: Any) -> bool:
    """Whether it holds a list of steps, jobs or the like."""
    if isinstance(value, dict):
        return any(map(nested, value.values()))
    return isinstance(value, list) and any(isinstance(each, dict | list) for each in value)


def facts(node: dict[str, Any], path: str = "") -> Iterator[str]:
    """The lines about a mapping: what it is, then by name, then its lists, each part of them further in."""
    rank = {key: (FIRST.index(key) if key in FIRST else len(FIRST), nested(node[key]), key) for key in node}
    for key in sorted(node, key=rank.__getitem__):
        value = node[key].strip() if isinstance(node[key], str) else node[key]
        if isinstance(value, dict) and value:
            yield from facts(value, f"{path}{key}.")
        elif nested(value) or "\n" in value:
            yield f"{path}{key}"
            for each in value if isinstance(value, list) else value.splitlines():
                yield from part(each)
        else:
            yield f"{path}{key}: {shown(value)}".rstrip()


def shown(value: Any) -> str:
    """As YAML has it, with quotes only where text could be taken for a list or a block."""
    if isinstance(value, list):
        return f"[{', '.join(json.dumps(each) if re.search('[][{},]', each) else each for each in value)}]"
    if isinstance(value, dict):  # an empty one
        return "{}"
    return json.dumps(value) if value.startswith(("[", "{")) else COMMIT.sub("@commit", value)


def part(node: Any) -> Iterator[str]:
    """The lines about one of a list, such as a step. By what name a job is shown, a required check is known."""
    if isinstance(node, dict):
        hidden = {"displayName"} - ({"displayName"} if node.keys() & {"stage", "deployment", "job"} else set())
        hidden |= {"name"} if node.keys() & {"uses", "run"} else set()
        node = {key: value for key, value in node.items() if key not in hidden}
    lines = [node.rstrip()] if isinstance(node, str) else [*facts(node if isinstance(node, dict) else {"list": node})]
    yield f"  - {''.join(lines[:1])}"
    yield from (f"    {line}" for line in lines[1:])


def table(folder: Path) -> str:
    """The table that fits the pipelines in that folder."""
    blocks = [[name, *(f"  {line}" for line in facts(content)), ""] for name, content in pipelines(folder).items()]
    return "\n".join([HEAD, *("\n".join(block) for block in blocks)])


def located(text: str) -> list[str]:
    """Each line after those that it belongs to: file > job > step > fact."""
    above: list[tuple[int, str]] = []
    found = []
    for line in filter(None, text.splitlines()):
        depth, fact = len(line) - len(line.lstrip(" ")), line.lstrip(" ").removeprefix("- ")
        above = [*(each for each in above if each[0] < depth), (depth, fact)]
        found.append(" > ".join(text for _, text in above))
    return found


def changes(folder: Path) -> list[str]:
    """Where the pipelines are not as the table in their folder says: what was, and what is."""
    path = folder / TABLE
    was = located(path.read_text(encoding="utf-8") if path.exists() else "")
    lines = list(unified_diff(was, located(table(folder)), n=0, lineterm=""))[2:]
    words = {"-": "was", "+": "is "}
    return [f"{words[line[0]]} {line[1:]}" for line in lines if line[0] in words]


if __name__ == "__main__":
    for folder in [Path(*sys.argv[1:] or [ROOT]) / name for name in SYSTEMS]:
        if folder.is_dir():
            (folder / TABLE).write_text(table(folder), encoding="utf-8", newline="\n")
