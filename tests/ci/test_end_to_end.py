"""The life of a model by the pipelines alone, with the real commands: pull request, train, staging, production, revert.

Git is real, the host's pull requests and comments are a stand-in of its HTTP API, and models are trained and served for
real on the local platform. One command is left out, `check`: the project's own tests run elsewhere. On GitHub the
project has the flights, and the agent an `az` whose Bicep is our own; on Azure DevOps it is a table of somebody's own,
and the agent has no Bicep.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from compiling import put_compiler

from ci.events import Event, Run, Runner
from ci.hosts import of_every_run, service_of
from ci.server import Server, git
from ci.systems import AZURE_DEVOPS, GITHUB, PIPELINES, System
from conftest import ROOT, Project

QUICK = {
    "steps: [10, 50, 100]": "steps: [50, 100]",
    "bake: 20s": "bake: 1s",
    "min_requests: 30": "min_requests: 5",
    "increase: 0.01": "increase: 0.1",
    "latency_ms: 100": "latency_ms: 999999",
}
UV = """#!/bin/sh
[ "$2" = check ] && exec mkdir -p out
exec {uv} "$@"
"""
PYTHON = """#!/bin/sh
[ "$3" = install ] || exec {python} "$@"
"""
SAID = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
FEATURE, TABLES = "feature", ROOT / "tests" / "own_tables" / "make.py"
FLIGHTS, OWN = ("2013-04.parquet", "2013-05.parquet"), ("2012-04.parquet", "2012-05.parquet")  # months yet to come


class Life:
    """A project on a host, whose events a test brings about one after another."""

    def __init__(self, system: System, server: Server, service: Any, folder: Path, months: Sequence[Path]) -> None:
        self.system, self.server, self.service, self.folder, self.months = system, server, service, folder, months
        self.runner = Runner(path=[self.programs()], environment=self.environment())

    def programs(self) -> Path:
        """`uv` without `check`, and `python` that installs no other uv."""
        folder = self.folder / "programs"
        folder.mkdir()
        uv = shutil.which("uv")
        for name, text in {"uv": UV.format(uv=uv), "python": PYTHON.format(python=sys.executable)}.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)
        put_compiler(folder / "az", works=self.system is GITHUB)
        return folder

    def environment(self) -> Mapping[str, str]:
        """Where the host is; and one environment and cache for all jobs, for each would install the same."""
        cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, encoding="utf-8", check=True).stdout.strip()
        shared = {"UV_CACHE_DIR": cache, "UV_PROJECT_ENVIRONMENT": str(self.folder / "environment")}
        return {**of_every_run(self.service, self.folder), **shared}

    def happens(self, pipeline: str, event: Event, result: str = "succeeded") -> Run:
        """Run the pipeline, whose result must be as said."""
        run = self.system.run(self.server.bare, pipeline, event, self.runner)
        said = "\n".join(f"$ {each.script} -> {each.exit_code}\n{each.output}" for each in run.commands)
        assert run.triggered and run.result == result, said
        assert "Traceback" not in said and self.service.token not in said
        return run

    def merge(self, branch: str) -> Event:
        """A person merges the open pull request of that branch; the push that this is."""
        (number,) = [number for number, each in self.service.pulls.items() if each["open"] and each["source"] == branch]
        self.service.merge(number)
        return self.server.pushed()

    def open_pulls(self) -> list[str]:
        """The branches of the open pull requests."""
        return [each["source"] for each in self.service.pulls.values() if each["open"]]

    def version(self, environment: str) -> str:
        """What the environment's manifest on main names."""
        text = git(self.server.bare, "show", f"main:environments/{environment}.yml")
        return text.split("version: ")[1].split()[0]


def output_of(run: Run, script: str) -> str:
    """What the command that begins so has printed."""
    return "\n".join(each.output for each in run.commands if each.script.startswith(script))


def adopted(clone: Path, folder: Path) -> list[Path]:
    """Somebody's own table in the place of the flights, by `adopt` alone; its months that are yet to come."""
    table, environment = str(folder / "rentals.csv"), {"UV_PROJECT_ENVIRONMENT": str(folder / "environment")}
    for command in (["python", str(TABLES), "rentals", table], ["adopt", table, "--target", "busy", "--time", "hour"]):
        asked = ["uv", "run", "--frozen", *command]
        done = subprocess.run(asked, cwd=clone, env=os.environ | environment, **SAID, check=False)
        assert done.returncode == 0, done.stdout
    return [Path(shutil.move(clone / "data" / month, folder / month)) for month in OWN]


@pytest.fixture(scope="module", params=[GITHUB, AZURE_DEVOPS], ids=lambda system: system.name)
def life(request, node, both: Project, tmp_path_factory) -> Iterator[Life]:
    """A fresh project on the host, with quick rollouts."""
    folder = tmp_path_factory.mktemp("life")
    server = Server.of(both.folder, folder)
    text = (server.clone / "environments/base.yml").read_text(encoding="utf-8")
    for old, new in QUICK.items():
        assert old in text
        text = text.replace(old, new)
    subprocess.run(["uv", "lock", "--quiet"], cwd=server.clone, check=True)
    own = request.param is AZURE_DEVOPS
    months = adopted(server.clone, folder) if own else [ROOT / "demo" / "data" / month for month in FLIGHTS]
    server.push({"environments/base.yml": text})
    with service_of(request.param.name, server) as service:
        for pipeline in PIPELINES if hasattr(service, "add_pipeline") else ():
            service.add_pipeline(pipeline)
        yield Life(request.param, server, service, folder, months)


def test_a_fresh_project_is_green_and_says_that_it_rehearses(life):
    run = life.happens("monitor", life.server.scheduled())
    assert "there is nothing to monitor" in output_of(run, "uv run monitor")
    assert "A rehearsal" in "".join(run.summaries)
    run = life.happens("deploy", life.server.scheduled())
    assert "nothing to roll out" in output_of(run, "uv run apply")
    assert run.gates == [("staging", True), ("monitoring", True)], "nobody is asked to approve nothing"


def test_the_first_model_is_trained_registered_and_proposed(life):
    run = life.happens("train", life.server.by_hand())
    assert "PASS" in "".join(run.summaries)
    assert life.open_pulls() == ["promote/flight-delays-staging-1"]
    assert life.version("staging") == "null", "a proposal changes nothing"


def test_merged_it_rolls_out_to_staging_and_is_proposed_to_production(life):
    run = life.happens("deploy", life.merge("promote/flight-delays-staging-1"))
    assert "flight-delays:1 serves from blue" in output_of(run, "uv run apply")
    assert life.open_pulls() == ["promote/flight-delays-production-1"]


def test_merged_again_it_rolls_out_to_production_behind_the_approval(life):
    event = life.merge("promote/flight-delays-production-1")
    refused = Runner(life.runner.path, life.runner.environment, refused=frozenset({"production"}))
    run = life.system.run(life.server.bare, "deploy", event, refused)
    assert run.result == "failed" and not [each for each in run.commands if each.gate == "production"]
    run = life.happens("deploy", event)
    assert run.gates == [("staging", True), ("monitoring", True), ("production", True)]
    assert "flight-delays:1 serves from blue" in output_of(run, 'uv run apply "$ENVIRONMENT"')


def test_a_pull_request_of_new_data_is_judged_against_the_champion(life):
    clone = life.server.clone
    git(clone, "fetch", "--quiet")
    git(clone, "checkout", "--quiet", "-B", FEATURE, "origin/main")
    for month in life.months:
        shutil.copy(month, clone / "data")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "April and May")
    git(clone, "push", "--quiet", "origin", FEATURE)
    number = life.service.open_pull(50, FEATURE, "main", "April and May", "")["number"]
    event = life.server.pull_request(number, FEATURE)
    run = life.happens("pull-request", event)
    comment = comments(life.service, number)
    assert len(comment) == 1 and "no worse than the champion" in comment[0] and "| run_pipeline |" in comment[0]
    assert "not trained" not in output_of(run, "uv run run_pipeline")
    compiled = "as `az bicep build` makes it" if life.system is GITHUB else "not compiled (az bicep build: no Bicep"
    assert compiled in output_of(run, "uv run infra check")
    life.happens("pull-request", event)
    assert len(comments(life.service, number)) == 1, "updated, not repeated"


def test_merged_the_better_model_goes_all_the_way(life):
    life.service.merge(50)
    event = life.server.pushed()
    assert not life.system.run(life.server.bare, "deploy", event, life.runner).triggered
    life.happens("train", event)
    life.happens("deploy", life.merge("promote/flight-delays-staging-2"))
    run = life.happens("deploy", life.merge("promote/flight-delays-production-2"))
    assert "flight-delays:2 serves from green" in output_of(run, 'uv run apply "$ENVIRONMENT"')


def test_a_model_that_is_no_better_ends_red_with_its_verdict(life):
    run = life.happens("train", life.server.by_hand(), "failed")
    assert "better than the champion" in "".join(run.summaries)
    assert life.open_pulls() == []


def test_a_git_revert_rolls_production_back_and_the_version_is_not_proposed_again(life):
    clone = life.server.clone
    git(clone, "fetch", "--quiet")
    git(clone, "checkout", "--quiet", "-B", "main", "origin/main")
    git(clone, "revert", "--no-edit", "--mainline", "1", "HEAD")
    git(clone, "push", "--quiet", "origin", "main")
    assert life.version("production") == "1"
    run = life.happens("deploy", life.server.pushed())
    assert "flight-delays:1 serves" in output_of(run, 'uv run apply "$ENVIRONMENT"')
    assert "was taken back" in output_of(run, 'uv run promote "$NEXT"')
    assert life.open_pulls() == []


def test_an_old_run_that_is_run_again_brings_nothing_back(life):
    before = git(life.server.bare, "rev-parse", "main~1")
    assert "version: 2" in git(life.server.bare, "show", f"{before}:environments/production.yml")
    run = life.happens("deploy", Event("manual", before), "failed")
    assert life.open_pulls() == []
    assert "main has moved on since the commit of this run" in output_of(run, "uv run apply")


def test_a_rollback_ends_red_with_the_reason_and_proposes_the_manifest_that_names_what_serves(life):
    text = git(life.server.bare, "show", "main^:environments/production.yml")
    assert "version: 2 " in text, "as before it was taken back"
    event = life.server.push({"environments/production.yml": f"{text}\nrollout: {{max_p95_latency_ms: 0.001}}\n"})
    run = life.happens("deploy", event, "failed")
    assert "rolled back" in "".join(run.summaries) and "0.001" in "".join(run.summaries)
    assert life.open_pulls() == ["revert/flight-delays-production-2"]
    life.service.merge(max(life.service.pulls))
    assert life.version("production") == "1"
    life.happens("deploy", life.server.pushed())


def comments(service: Any, number: int) -> list[str]:
    """The texts of the comments on a pull request."""
    if hasattr(service, "threads"):
        return [each["content"] for thread in service.threads[number] for each in thread["comments"]]
    return [each["body"] for each in service.comments[number]]
