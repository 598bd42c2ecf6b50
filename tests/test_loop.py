"""The whole loop of a generated project, by its own commands, in the order in which its README tells it."""

import shutil
import tomllib
from collections.abc import Iterator

import pytest
from looped import ENDPOINT, Looped

from conftest import ROOT, Render

QUICK = {
    "bake: 20s": "bake: 1s",
    "min_requests: 30": "min_requests: 5",
    "increase: 0.01": "increase: 0.1",
    "latency_ms: 100": "latency_ms: 999999",
}
NO_COMMANDS = {"__init__", "console"}
MONTHS = ("2013-04.parquet", "2013-05.parquet")
MILESTONES = ("begin the rollout", "deploy", "probe", "10 % of live", "50 % of live", "100 % of live", "stable now")


@pytest.fixture(scope="module")
def looped(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """One project for all tests of this file: each goes on where the one before it stopped."""
    project = Looped(render(tmp_path_factory.mktemp("Flüge & Wetter ")).folder)
    project.install()
    project.edit("environments/base.yml", QUICK)
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "Quick rollouts")
    yield project
    project.command("stop")


def test_the_pipeline_runs_and_a_second_run_reuses_all_of_it(looped: Looped) -> None:
    printed = looped.command("run_pipeline")
    assert "installing the serving environment" in printed
    assert [line.split()[:2] for line in printed.splitlines() if line.startswith("done")] == [
        ["done", step]
        for step in ("validate_data", "split_data", "train", "try_serving", "evaluate", "diagnose", "gate")
    ]
    verdict = looped.read("out/gate/verdict.json")
    assert verdict["status"] == "PASS" and verdict["cold_start"]
    assert "PASS" in (looped.folder / "out/report.html").read_text(encoding="utf-8")
    (looped.folder / "out/report.html").unlink()
    assert looped.command("run_pipeline").count("re-used") == 7
    assert (looped.folder / "out/report.html").exists()


def test_only_what_passed_is_registered_and_only_once(looped: Looped) -> None:
    verdict = looped.folder / "out/gate/verdict.json"
    passed = verdict.read_text(encoding="utf-8")
    verdict.write_text(passed.replace('"model_hash": "', '"model_hash": "0'), encoding="utf-8")
    assert "verdict.json: model_hash is not what scores and project.yml give" in looped.command("register", code=2)
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
    for month in MONTHS:  # of April alone the rows could not tell
        shutil.copy(ROOT / "demo/data" / month, looped.folder / "data")
    looped.command("run_pipeline")
    verdict = looped.read("out/gate/verdict.json")
    assert not verdict["cold_start"] and verdict["comparison"]["lower"] > 0
    looped.command("register")
    looped.command("promote", "staging")
    looped.command("promote", "production")
    with looped.clients() as seen:
        left = MILESTONES
        while milestone := looped.apply_until(left):
            left = left[left.index(milestone) + 1 :]
        looped.command("apply", "production")
    assert left != MILESTONES, "it was killed"
    assert looped.served() == {"green": 2}
    assert seen.keys() == {"blue", "green"}, f"no request may fail: {seen}"


def test_a_revert_of_the_promotion_rolls_back(looped: Looped) -> None:
    looped.git("revert", "--no-edit", "HEAD")
    with looped.clients() as seen:
        looped.command("apply", "production")
    assert looped.served() == {"blue": 1}
    assert seen.keys() == {"blue", "green"}


def test_a_sick_version_is_rolled_back_and_remembered(looped: Looped) -> None:
    looped.edit("environments/base.yml", {"latency_ms: 999999": "latency_ms: 250"})
    looped.edit("model/features.py", {"import numpy as np\n": "import time\n\nimport numpy as np\n"})
    looped.edit("model/features.py", {"        text = ": "        time.sleep(0.4)\n        text = "})
    looped.git("commit", "--quiet", "--all", "--message", "Slow down")
    looped.command("run_pipeline")
    looped.command("register")
    looped.command("promote", "production", "--version", "3")
    with looped.clients() as seen:
        assert "requests were over 250 ms" in looped.command("apply", "production", code=1)
    assert looped.served() == {"blue": 1}
    assert seen.keys() <= {"blue", "green"}, f"no request may fail: {seen}"
    assert "was rolled back" in looped.command("apply", "production", code=1), "a second run refuses it"


def test_what_was_stopped_is_started_again(looped: Looped) -> None:
    looped.git("revert", "--no-edit", "HEAD")
    assert "stopped" in looped.command("stop")
    assert "100 % of traffic, stopped" in looped.command("status")
    looped.command("plan", "production", code=1)
    looped.command("apply", "production")
    with looped.clients():
        assert looped.served() == {"blue": 1}


def test_the_monitor_compares_what_was_asked_with_the_training_rows(looped: Looped) -> None:
    assert "flight-delays-staging: there is no endpoint yet" in looped.command("monitor", "staging", code=2)
    printed = looped.command("monitor", "production", code=1)
    assert printed.startswith(("DRIFT", "FAULT")), "the clients ask for the same twenty flights all the time"
    assert "\nHOLDING: 5,569 labelled rows after 2013-03-31T22:00:00" in printed, "of April and May, which came since"
    report = looped.read("out/monitor/drift.json")
    assert report["rows"] >= 1000 and report["reference_rows"] > 5000
    assert report["status"] in (looped.folder / "out/monitor/drift.html").read_text(encoding="utf-8")


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
    scripts = tomllib.loads((looped.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    files = [*looped.folder.glob("steps/*.py"), *looped.folder.glob("mlops/commands/*.py")]
    modules = {path.stem: path.relative_to(looped.folder).with_suffix("").parts for path in files}
    commands = {name: f"{'.'.join(parts)}:main" for name, parts in modules.items() if name not in NO_COMMANDS}
    assert scripts == commands, "every file in steps/ and mlops/commands/ is a console command"
    for name in scripts:
        assert f"usage: {name}" in looped.command(name, "--help")


def test_nothing_of_the_loop_lands_outside_its_folders(looped: Looped) -> None:
    untracked = {line.removeprefix("?? ").rstrip("/") for line in looped.git("status", "--porcelain").splitlines()}
    assert untracked == {f"data/{month}" for month in MONTHS}, "which the test put there"
