"""The whole loop of a generated project, by its own commands, in the order in which its README tells it."""

import json
import os
import shutil
import subprocess
import threading
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import PYTHON, ROOT, Project, Render

ENDPOINT = "flight-delays-production"
QUICK = {"bake: 20s": "bake: 1s", "min_requests: 30": "min_requests: 5", "latency_ms: 100": "latency_ms: 5000"}
MILESTONES = ("begin the rollout", "deploy", "probe", "10 % of live", "50 % of live", "100 % of live", "stable now")


class Looped(Project):
    """A project whose commands may say no."""

    @property
    def python(self) -> str:
        folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return str(self.folder / ".venv" / folder / name)

    def command(self, name: str, *arguments: str, code: int = 0) -> str:
        """What the command prints, on both streams; its exit code must be as said."""
        line = ["uv", "run", "--frozen", name, *arguments]
        settings = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}  # a user has neither
        outside = {key: value for key, value in os.environ.items() if key not in settings}
        done = subprocess.run(line, cwd=self.folder, env=outside, capture_output=True, encoding="utf-8", check=False)
        printed = done.stdout + done.stderr
        assert done.returncode == code, f"{name}: exit code {done.returncode}\n{printed}"
        assert "Traceback" not in printed
        return printed

    def apply_until(self, milestone: str) -> None:
        """Run `apply production` and kill it, without a word, as soon as it says that it is there."""
        command = [self.python, "-u", "-m", "steps.apply", "production"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, encoding="utf-8") as process:
            assert process.stdout is not None
            said = any(milestone in line for line in process.stdout)
            process.kill()
        assert said, f"apply never said {milestone!r}"

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        return self.run("git", *identity, *arguments)

    def edit(self, path: str, changes: dict[str, str]) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, f"{path}: {old!r}"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> dict:
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def served(self) -> dict[str, int]:
        """The versions at the endpoint, by slot, and that nothing of a rollout is left."""
        state = self.read(f".mlops/endpoints/{ENDPOINT}/endpoint.json")
        assert not {"candidate", "started", "since"} & state["tags"].keys()
        [(slot, deployment)] = state["deployments"].items()
        assert {name: share for name, share in state["traffic"].items() if share} == {slot: 100}
        return {slot: deployment["version"]}

    @contextmanager
    def clients(self) -> Iterator[Counter[str]]:
        """Somebody who asks all the while; counts the slots that answered, and `failed`."""
        state, request = (
            self.read(f".mlops/endpoints/{ENDPOINT}/endpoint.json"),
            self.read("out/model/probe.json")["request"],
        )
        url, headers = f"http://127.0.0.1:{state['port']}/score", {"Authorization": f"Bearer {state['key']}"}
        body, over, seen = json.dumps(request).encode(), threading.Event(), Counter()

        def ask() -> None:
            question = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})
            while not over.wait(0.02):
                try:
                    with urllib.request.urlopen(question, timeout=30) as answer:
                        seen[answer.headers["azureml-model-deployment"]] += len(json.load(answer)["scores"]) == 20
                except (OSError, ValueError, KeyError) as error:
                    seen[f"failed: {error}"] += 1

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="module")
def looped(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """One project for all tests of this file: each goes on where the one before it stopped."""
    project = Looped(render(tmp_path_factory.mktemp("Flüge & Wetter "), **PYTHON).folder)
    project.run("uv", "sync", "--quiet")
    project.edit("environments/base.yml", QUICK)
    project.edit("environments/production.yml", {"port: 8102": "port: 0"})
    project.edit("environments/staging.yml", {"port: 8101": "port: 0"})
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "Quick rollouts")
    yield project
    project.command("stop")


def test_the_pipeline_runs_and_a_second_run_reuses_all_of_it(looped: Looped) -> None:
    printed = looped.command("run_pipeline")
    assert [line.split()[:2] for line in printed.splitlines()[:5]] == [
        ["done", step] for step in ("validate_data", "split_data", "train", "evaluate", "gate")
    ]
    verdict = looped.read("out/gate/verdict.json")
    assert verdict["status"] == "PASS" and verdict["cold_start"]
    assert "PASS" in (looped.folder / "out/report.html").read_text(encoding="utf-8")
    assert "nothing changed since the last run: every step re-used" in looped.command("run_pipeline")
    (looped.folder / "out/report.html").unlink()
    assert looped.command("run_pipeline").count("re-used") == 5
    assert (looped.folder / "out/report.html").exists()


def test_only_what_passed_is_registered_and_only_once(looped: Looped) -> None:
    verdict = looped.folder / "out/gate/verdict.json"
    passed = verdict.read_text(encoding="utf-8")
    verdict.write_text(passed.replace('"status": "PASS",\n  "crit', '"status": "FAIL",\n  "crit'), encoding="utf-8")
    assert "the verdict is FAIL, not PASS" in looped.command("register", code=1)
    verdict.write_text(passed.replace('"artefact": "', '"artefact": "0'), encoding="utf-8")
    assert "the verdict is about another artefact" in looped.command("register", code=1)
    verdict.write_text(passed, encoding="utf-8")
    assert "flight-delays:1 registered" in looped.command("register")
    assert "flight-delays:1 was registered before" in looped.command("register")


def test_a_promoted_version_is_planned_applied_and_then_at_rest(looped: Looped) -> None:
    looped.command("promote", "production", "--version", "1")
    assert looped.git("log", "-1", "--format=%s").strip() == "Promote flight-delays:1 to production"
    assert "+ flight-delays:1 at 100 %" in looped.command("plan", "production", code=1)
    looped.command("apply", "production")
    assert looped.served() == {"blue": 1}
    assert "no difference" in looped.command("plan", "production")
    state = (looped.folder / f".mlops/endpoints/{ENDPOINT}/endpoint.json").read_bytes()
    looped.command("apply", "production")
    assert (looped.folder / f".mlops/endpoints/{ENDPOINT}/endpoint.json").read_bytes() == state, "no write at all"
    assert "flight-delays:1, 100 % of traffic, ready" in looped.command("status")


def test_a_better_challenger_is_rolled_out_through_any_number_of_kills_without_a_lost_request(looped: Looped) -> None:
    shutil.copy(ROOT / "demo/data/2013-04.parquet", looped.folder / "data")
    looped.command("run_pipeline")
    verdict = looped.read("out/gate/verdict.json")
    assert not verdict["cold_start"] and verdict["comparison"]["lower"] > 0
    looped.command("register")
    looped.command("promote", "staging")
    looped.command("promote", "production")
    with looped.clients() as seen:
        for milestone in MILESTONES:
            looped.apply_until(milestone)
        looped.command("apply", "production")
    assert looped.served() == {"green": 2}
    assert seen.keys() == {"blue", "green"}, f"no request may fail: {seen}"


def test_a_revert_of_the_promotion_rolls_back(looped: Looped) -> None:
    looped.git("revert", "--no-edit", "HEAD")
    with looped.clients() as seen:
        looped.command("apply", "production")
    assert looped.served() == {"blue": 1}
    assert seen.keys() == {"blue", "green"}


def test_a_sick_version_is_rolled_back_and_remembered(looped: Looped) -> None:
    looped.edit("environments/base.yml", {"latency_ms: 5000": "latency_ms: 250"})
    looped.edit("model/features.py", {"import numpy as np\n": "import time\n\nimport numpy as np\n"})
    looped.edit("model/features.py", {"        text = ": "        time.sleep(0.4)\n        text = "})
    looped.git("commit", "--quiet", "--all", "--message", "Slow down")
    looped.command("run_pipeline")
    looped.command("register")
    looped.command("promote", "production", "--version", "3")
    with looped.clients() as seen:
        assert "p95 may be at most 250 ms" in looped.command("apply", "production", code=1)
    assert looped.served() == {"blue": 1}
    assert seen.keys() <= {"blue", "green"}, f"no request may fail: {seen}"
    assert "was rolled back" in looped.command("apply", "production", code=1), "a second run refuses it"


def test_what_was_stopped_is_started_again(looped: Looped) -> None:
    looped.git("revert", "--no-edit", "HEAD")
    assert "stopped" in looped.command("stop")
    assert "failed" in looped.command("status")
    looped.command("plan", "production", code=1)
    looped.command("apply", "production")
    with looped.clients():
        assert looped.served() == {"blue": 1}


def test_the_monitor_compares_what_was_asked_with_the_training_rows(looped: Looped) -> None:
    assert "flight-delays-staging: there is no endpoint yet" in looped.command("monitor", "staging", code=2)
    printed = looped.command("monitor", "production", code=1)
    assert printed.startswith("DRIFT"), "the clients ask for the same twenty flights all the time"
    assert "\nDEGRADED: " in printed, "flights of April, which came since, are harder to tell than those of March"
    report = looped.read("out/monitor/drift.json")
    assert report["rows"] >= 1000 and report["reference_rows"] == 5000
    assert "DRIFT" in (looped.folder / "out/monitor/drift.html").read_text(encoding="utf-8")


BAD_INPUT = [
    (("apply", "nowhere"), "environments: no environment 'nowhere'; there is production, staging"),
    (("promote", "production", "--version", "77"), "model flight-delays has no version 77"),
    (("run_pipeline", "--pipeline", "none.yml"), "none.yml: no such file"),
    (("evaluate", "--model", "none"), "none: no model there; run `train` first"),
    (("gate", "--evaluation", "none"), "evaluation.json: no such file; run the step that writes it first"),
    (("validate_data", "--data", "none"), "none: no such folder"),
    (("register", "--verdict", "none.json"), "none.json: no such file"),
]


@pytest.mark.parametrize(("command", "line"), BAD_INPUT, ids=[" ".join(command) for command, _ in BAD_INPUT])
def test_bad_input_is_one_line(looped: Looped, command: tuple[str, ...], line: str) -> None:
    printed = looped.command(*command, code=2)
    assert line in printed and printed.startswith("error: ") and printed.count("\n") == 1


def test_every_command_explains_itself(looped: Looped) -> None:
    commands = [path.stem for path in (looped.folder / "steps").glob("*.py") if path.stem != "__init__"]
    for name in commands:
        assert f"usage: {name}" in looped.command(name, "--help")
    scripts = tomllib.loads((looped.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {name: f"steps.{name}:main" for name in commands}, "every file in steps/ is a console command"


def test_nothing_of_the_loop_lands_outside_its_folders(looped: Looped) -> None:
    untracked = {line.removeprefix("?? ").rstrip("/") for line in looped.git("status", "--porcelain").splitlines()}
    assert untracked == {"data/2013-04.parquet"}, "which the test put there"
