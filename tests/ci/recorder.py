"""Stands where `uv`, `python` and `az` are: notes how it was called, and says no when it is told to."""

import json
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAMS = ("uv", "python", "az")
SCRIPT = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path(__file__).parent
call = [Path(sys.argv[0]).name, *sys.argv[1:]]
told = os.environ.get
asking = told("ACTIONS_ID_TOKEN_REQUEST_URL", "").rpartition("environment%3A")[2]
if told("SYSTEM_ACCESSTOKEN") and told("SYSTEM_OIDCREQUESTURI"):
    asking = told("AZURE_SERVICE_CONNECTION_ID", "")
known = all(told(f"AZURE_{{part.upper()}}_ID") == part for part in ("client", "tenant", "subscription"))
seen = {{
    "call": call,
    "whole": Path("pyproject.toml").exists() and Path(".git").exists() and not Path(".git", "shallow").exists(),
    "token": any(os.environ.get(name) for name in ("GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN")),
    "identity": asking if known else "",
}}
with (folder / "calls").open("a") as file:
    file.write(json.dumps(seen) + "\\n")
plan = json.loads((folder / "plan").read_text())
if call[:3] == ["az", "account", "show"]:
    print("subscription")
for name, value in plan["outputs"].items() if call[0] == "uv" else ():
    if "--output" in call and "GITHUB_OUTPUT" in os.environ:
        with open(os.environ["GITHUB_OUTPUT"], "a") as file:
            file.write(f"{{name}}={{value}}\\n")
    elif "--output" in call:
        print(f"##vso[task.setvariable variable={{name}};isOutput=true]{{value}}")
Path("out").mkdir(exist_ok=True)
Path("out", "report").touch()
sys.exit(any(call[: len(refused)] == refused for refused in plan["refused"]))
"""


@dataclass(frozen=True)
class Recorder:
    """Programs in a folder of its own, which goes before PATH."""

    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)

    def install(self, refused: Sequence[Sequence[str]] = ()) -> None:
        """Put the programs there. `refused`: the beginnings of the calls that are to fail."""
        self.folder.mkdir(parents=True)
        plan = {"outputs": self.outputs, "refused": [list(call) for call in refused]}
        (self.folder / "plan").write_text(json.dumps(plan), encoding="utf-8")
        for name in PROGRAMS:
            program = self.folder / name
            program.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def calls(self) -> list[dict[str, Any]]:
        """How the programs were called, in order: the call, and what they saw.

        whole: the repository with its history; token: that of the run; identity: whose it could log in to Azure with.
        """
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
