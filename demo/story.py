"""The story that `uv run demo` tells: `python story.py`, in the project's environment and folder.

Calls the same `main` functions that the project's commands call, in one process, so that heavy imports are paid once.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.status import Status
from rich.table import Table

from mlops.platform.local import local_platform
from mlops.settings.environments import load_manifest

MONTHS = Path(__file__).parent / "data"
CLIENTS = Path(__file__).parent / "clients.py"
LOG = Path(".mlops/demo.log")
RATE = 2  # client requests a second: the slow candidate's share must be less than it answers, or they queue until lost
BRISK = {
    "bake: 20s": "bake: 1s",
    "min_requests: 30": "min_requests: 5",
    "increase: 0.01": "increase: 0.1",
    "latency_ms: 100": "latency_ms: 1000",
    "synthetic_rate: 20": "synthetic_rate: 2",
}
ENVIRONMENT = "production"

console = Console(file=sys.stdout, highlight=False)  # not what sys.stdout is while a command prints into the log


class StoryError(Exception):
    """Something went otherwise than the story says."""


@dataclass
class Row:
    """A line of the table at the end."""

    what: str
    auc: str = ""
    gate: str = ""
    outcome: str = ""
    seconds: float = 0.0


@dataclass
class Story:
    rows: list[Row] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)
    status: Status = field(default_factory=lambda: console.status(""))
    scene_name: str = ""

    def call(self, name: str, *arguments: str, expect: Sequence[int] = (0,)) -> int:
        """Run one command of the project, its output into the log; its exit code, which must be as expected."""
        (command,) = entry_points(group="console_scripts", name=name)
        start = time.monotonic()
        self.status.update(f"{self.scene_name}: {name}")
        with LOG.open("a", encoding="utf-8") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            print(f"\n$ uv run {name} {' '.join(arguments)}", flush=True)
            code = command.load()(list(arguments))
        self.took[name] = self.took.get(name, 0.0) + time.monotonic() - start
        if code not in expect:
            raise StoryError(f"`uv run {name} {' '.join(arguments)}` exited with {code}; see {LOG.resolve()}")
        return code

    @contextlib.contextmanager
    def scene(self, what: str) -> Iterator[Row]:
        """One line of the story, shown while it happens and kept for the table."""
        row, start, self.scene_name = Row(what), time.monotonic(), what
        with self.status:
            yield row
        row.seconds = time.monotonic() - start
        self.rows.append(row)
        console.print(f"{what:47} {row.auc:28} {row.gate:13} {row.outcome:34} {row.seconds:5.1f} s", soft_wrap=True)

    def train(self, row: Row) -> bool:
        """Run the pipeline; whether the challenger passed the gate."""
        code = self.call("run_pipeline", expect=(0, 1))
        verdict = read(Path("out/gate/verdict.json"))
        if verdict is None:
            failures = [
                line for file in read(Path("out/validation/validation.json"))["files"] for line in file["failures"]
            ]
            row.gate, row.outcome = "INVALID DATA", f"{len(failures)} rules broken; nothing trained"
            return False
        evaluation = read(Path("out/evaluation/evaluation.json"))
        champion = evaluation.get("champion")
        against = f" against {champion['metrics']['auc']:.3f}" if champion else ", first model"
        row.auc, row.gate = f"AUC {evaluation['challenger']['metrics']['auc']:.3f}{against}", verdict["status"]
        if code:
            row.outcome = "refused"
        return code == 0

    def release(self, row: Row, *, expect: int = 0) -> None:
        """Register, promote by a commit, roll out."""
        self.call("register")
        version = newest_version()
        self.call("promote", ENVIRONMENT, "--version", str(version))
        self.call("apply", ENVIRONMENT, expect=(expect,))
        slot = local_platform().endpoints.observe(endpoint()).tags["stable"]
        row.outcome = (
            f"version {version} rolled back from the canary" if expect else f"version {version} serves from {slot}"
        )


def read(path: Path) -> dict | None:
    """The parsed file, None when it is not there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def endpoint() -> str:
    """The name of the endpoint that the story is about."""
    return load_manifest(ENVIRONMENT).endpoint.name


def newest_version() -> int:
    """The newest registered version."""
    return local_platform().models.versions(load_manifest(ENVIRONMENT).model.name)[-1].version


def git(*arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=True).stdout


def commit(message: str) -> None:
    """Commit everything that changed."""
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def edit(path: str, changes: dict[str, str]) -> None:
    """Replace text in a file of the project, each exactly once."""
    text = Path(path).read_text(encoding="utf-8")
    for old, new in changes.items():
        if text.count(old) != 1:
            raise StoryError(f"{path}: {old!r} stands there {text.count(old)} times")
        text = text.replace(old, new)
    Path(path).write_text(text, encoding="utf-8")


def arrive(months: Sequence[str]) -> None:
    """New months of data, committed."""
    for month in months:
        shutil.copy(MONTHS / f"{month}.parquet", "data")
    commit(f"Data of {', '.join(months)}")


def prepare() -> None:
    """Shorter bakes, and patience with a machine that trains and serves at once."""
    edit("environments/base.yml", BRISK)
    commit("Brisk rollouts for the demo")


def corrupted_month(story: Story) -> None:
    with story.scene("2013-04 arrives corrupted (miles as metres)") as row:
        month = pd.read_parquet(MONTHS / "2013-04.parquet")
        month.assign(distance=month["distance"] * 1609.0).to_parquet("data/2013-04.parquet", index=False)
        if story.train(row):
            raise StoryError("a corrupted month passed validation")
        Path("data/2013-04.parquet").unlink()


def retrain(story: Story, *months: str) -> None:
    with story.scene(f"{months[0]} to {months[-1]} arrive" if len(months) > 1 else f"{months[0]} arrives") as row:
        arrive(months)
        if story.train(row):
            story.release(row)


def worse_model(story: Story) -> None:
    with story.scene("a commit makes the model worse") as row:
        edit("project.yml", {"max_iter: 60": "max_iter: 1", "max_leaf_nodes: 12": "max_leaf_nodes: 2"})
        commit("Train much faster")
        if story.train(row):
            raise StoryError("a worse model passed the gate")
        git("revert", "--no-edit", "HEAD")


def sick_model(story: Story, *months: str) -> None:
    with story.scene(f"{months[0]} to {months[-1]}, and a commit slows scoring") as row:
        arrive(months)
        changes = {"import numpy as np\n": "import os\nimport time\n\nimport numpy as np\n"}
        slow_lookup = "        if 'AZUREML_MODEL_DIR' in os.environ:  # where it serves\n            time.sleep(1.2)\n"
        changes |= {"        text = ": f"{slow_lookup}        text = "}
        edit("model/features.py", changes)
        commit("Look something up for every request")
        slow = git("rev-parse", "HEAD").strip()
        if not story.train(row):
            raise StoryError("the sick model should have passed the gate")
        story.release(row, expect=1)
        git("revert", "--no-edit", "HEAD")
    with story.scene("the slow commit is reverted") as row:
        git("revert", "--no-edit", slow)
        if story.train(row):
            story.release(row)


@contextlib.contextmanager
def live_clients() -> Iterator[dict]:
    """Clients that ask the endpoint all the while; what they saw is in the mapping afterwards."""
    endpoints = local_platform().endpoints
    arguments = [endpoints.url(endpoint()), endpoints.key(endpoint()), "data", str(RATE)]
    seen: dict = {}
    with subprocess.Popen(
        [sys.executable, str(CLIENTS), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield seen
        finally:
            answer, _ = process.communicate()
    seen |= json.loads(answer)


def tell(story: Story) -> dict:
    """The whole story; what the clients saw of it."""
    prepare()
    with story.scene("2013-01 to 2013-03: the first model") as row:
        if not story.train(row):
            raise StoryError("the first model did not pass the gate")
        story.release(row)
    with live_clients() as seen:
        corrupted_month(story)
        retrain(story, "2013-04")
        worse_model(story)
        sick_model(story, "2013-05", "2013-06")
        retrain(story, "2013-07", "2013-08", "2013-09")
        retrain(story, "2013-10", "2013-11")
        retrain(story, "2013-12")
    return seen


def close(story: Story, seen: dict, seconds: float) -> None:
    """What happened, where to look, and how long it took."""
    table = Table("what", "test AUC", "gate", "outcome", "s", title="What happened")
    for row in story.rows:
        table.add_row(row.what, row.auc, row.gate, row.outcome, f"{row.seconds:.1f}")
    console.print("", table)
    console.print(f"\nclients: {seen['requests']:,} requests, {seen['failed']} failed, median {seen['median_ms']} ms")
    console.print("\nThe manifest's history (git log -- environments/):")
    console.print(git("log", "--format=  %h %s", "--", "environments").rstrip(), soft_wrap=True)
    console.print("\nLook at:")
    folder = Path.cwd()
    console.print(f"  report      {(folder / 'out/report.html').as_uri()}", soft_wrap=True)
    console.print(f"  Data Docs   {(folder / 'out/validation/data_docs/index.html').as_uri()}", soft_wrap=True)
    console.print(f"  drift       {(folder / 'out/monitor/drift.html').as_uri()}", soft_wrap=True)
    console.print(f'  MLflow UI   cd "{folder}" and: uv run ui', soft_wrap=True)
    console.print(f"  full log    {folder / LOG}", soft_wrap=True)
    parts = ", ".join(f"{name} {took:.0f} s" for name, took in story.took.items())
    console.print(f"\ntook {seconds:.0f} s: {parts}", soft_wrap=True)


def begin() -> Story:
    """A story whose log can be written and whose commits have an author."""
    LOG.parent.mkdir(exist_ok=True)
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        os.environ |= {f"{name}_NAME": "demo", f"{name}_EMAIL": "demo@localhost"}
    return Story()


def main() -> int:
    story, start = begin(), time.monotonic()
    try:
        seen = tell(story)
        with story.scene("live inputs and labels since then") as row:
            story.call("monitor", ENVIRONMENT, expect=(0, 1))
            report = read(Path("out/monitor/drift.json"))
            row.outcome = f"inputs {report['status']}, quality {report['quality']['status']}"
    except StoryError as error:
        console.print(f"[red]the demo failed:[/] {error}")
        return 1
    finally:
        story.call("stop")
    close(story, seen, time.monotonic() - start)
    if seen["failed"]:
        console.print(f"[red]the demo failed:[/] clients lost requests: {seen['examples']}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
