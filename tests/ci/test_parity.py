"""In every scenario both systems call the same commands, in the same order, behind the same gates, with one result."""

from dataclasses import replace
from pathlib import Path

import pytest

from ci.events import Event
from ci.identities import VARIABLES, opens_the_workspace, with_connections
from ci.server import Server
from ci.systems import AZURE_DEVOPS, GITHUB, PIPELINES, Scenario, trace

SETUP = ("uv sync", "uv run rehearsal restore")
CALLS = {  # pipeline: environment and command, when all goes well
    "pull-request": [
        *(("", call) for call in SETUP),
        ("", "uv run check"),
        ("", "uv run infra check --pull-request"),
        ("", "uv run plan --pull-request"),
        ("", "uv run run_pipeline --pull-request"),
        ("", "uv run comment"),
    ],
    "train": [
        *(("training", call) for call in SETUP),
        ("training", "uv run run_pipeline"),
        ("training", "uv run register"),
        ("training", "uv run promote staging"),
        ("training", "uv run rehearsal save"),
    ],
    "deploy": [
        *(("staging", call) for call in SETUP),
        ("staging", "uv run apply staging"),
        ("staging", "uv run smoke staging"),
        ("staging", "uv run promote production"),
        ("staging", "uv run rehearsal save"),
        *(("monitoring", call) for call in SETUP),
        ("monitoring", "uv run plan production --output"),
        *(("production", call) for call in SETUP),
        ("production", "uv run apply production"),
        ("production", "uv run smoke production"),
        ("production", "uv run rehearsal save"),
    ],
    "monitor": [
        *(("monitoring", call) for call in SETUP),
        ("monitoring", "uv run monitor production --respond"),
    ],
}
REPORTS = {"pull-request": [""], "train": ["training"], "deploy": ["staging", "production"], "monitor": ["monitoring"]}
ALWAYS = ("uv run comment", "uv run rehearsal save")  # after a failure too
WITH_TOKEN = tuple(f"uv run {name}" for name in ("rehearsal", "comment", "apply", "promote", "revert", "monitor"))
AFTER_FAILURE = {"staging": "uv run revert staging", "production": "uv run revert production"}  # of deploy
FAILURES = [  # where a command of that name comes first: there it ends the run
    (pipeline, [each for _, each in calls].index(call))
    for pipeline, calls in CALLS.items()
    for call in dict.fromkeys(call for _, call in calls)
]


def gates(pipeline: str) -> list[str]:
    """The environments that the pipeline's jobs are bound to, in order."""
    return [gate for gate in dict.fromkeys(gate for gate, _ in CALLS[pipeline]) if gate]


def usual_event(server: Server, pipeline: str) -> Event:
    """What most often starts the pipeline."""
    if pipeline == "pull-request":
        server.push({"project.yml": "# changed\n"}, "feature")
        return server.pull_request(1, "feature")
    changed = {"train": ("model/features.py",), "deploy": ("environments/staging.yml",)}.get(pipeline, ())
    return Event("push" if changed else "schedule", server.head(), changed=changed)


def compare(server: Server, scenario: Scenario, folder: Path):
    """The one trace of both systems."""
    ours, theirs = (trace(system, server.bare, scenario, folder / system.name) for system in (GITHUB, AZURE_DEVOPS))
    assert ours == theirs and list(ours.others) == []
    reached = {gate for gate, *_ in ours.calls}  # the environments, also where a command failed: reports are kept
    assert list(ours.artifacts) == ["out" for gate in REPORTS[scenario.pipeline] if gate in reached]
    assert all(whole for *_, whole, _, _ in ours.calls), "a command would miss the repository or its history"
    assert all(token == call.startswith(WITH_TOKEN) for _, call, *_, token, _ in ours.calls), "a token for who needs it"
    return ours


@pytest.fixture(autouse=True)
def with_node(node):
    """GitHub's executor needs Node."""


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_all_goes_well(server, folder, pipeline):
    found = compare(server, Scenario("well", pipeline, usual_event(server, pipeline)), folder)
    assert found.result == "succeeded"
    assert [call[:2] for call in found.calls] == CALLS[pipeline]
    assert list(found.gates) == [(gate, True) for gate in gates(pipeline)]


@pytest.mark.parametrize(("pipeline", "index"), FAILURES)
def test_a_command_that_fails_stops_what_comes_after_it(server, folder, pipeline, index):
    gate, refused = CALLS[pipeline][index]
    found = compare(server, Scenario("fails", pipeline, usual_event(server, pipeline), [refused]), folder)
    assert found.result == "failed"
    rest = [call for place, call in CALLS[pipeline][index + 1 :] if place == gate and call in ALWAYS]
    reverts = pipeline == "deploy" and gate in AFTER_FAILURE and refused != "uv run rehearsal save"
    revert = [AFTER_FAILURE[gate]] if reverts else []
    assert [call[1] for call in found.calls[index:]] == [refused, *revert, *rest]


@pytest.mark.parametrize(("pipeline", "gate"), [(pipeline, gate) for pipeline in PIPELINES for gate in gates(pipeline)])
def test_without_an_approval_nothing_of_that_environment_runs(server, folder, pipeline, gate):
    scenario = Scenario("refused", pipeline, usual_event(server, pipeline), refused_gates=[gate])
    found = compare(server, scenario, folder)
    assert found.result == "failed" and found.gates[-1] == (gate, False)
    before = gates(pipeline)[: gates(pipeline).index(gate)]
    assert [call[:2] for call in found.calls] == [call for call in CALLS[pipeline] if call[0] in before]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_who_opens_the_workspace_can_log_in_as_the_jobs_own_environment(server, folder, pipeline):
    event = with_connections(server, usual_event(server, pipeline))
    found = compare(server, Scenario("azure", pipeline, event, ids=VARIABLES), folder)
    assert found.result == "succeeded" and [call[:2] for call in found.calls] == CALLS[pipeline]
    for gate, call, *_, identity in found.calls:
        assert identity == (gate if opens_the_workspace(call) else ""), call
    assert any(identity for *_, identity in found.calls) == (pipeline != "pull-request")


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_variable_that_github_lacks_is_seen(server, folder, missing):
    variables = {name: value for name, value in VARIABLES.items() if name != missing}
    seen = trace(GITHUB, server.bare, Scenario("", "monitor", server.scheduled(), ids=variables), folder / "calls")
    assert [identity for *_, identity in seen.calls] == ["", "", ""]


def test_staging_asks_nothing_of_production_but_the_next_proposal():
    """Each environment may have a workspace, and an identity, of its own."""
    asked = [call for gate, call in CALLS["deploy"] if gate == "staging" and "production" in call]
    assert asked == ["uv run promote production"]


def test_no_approval_is_asked_for_when_production_is_as_it_should_be(server, folder):
    scenario = Scenario("same", "deploy", usual_event(server, "deploy"), changes=False)
    found = compare(server, scenario, folder)
    assert found.result == "succeeded" and list(found.gates) == [("staging", True), ("monitoring", True)]
    assert [call[:2] for call in found.calls] == [call for call in CALLS["deploy"] if call[0] != "production"]


@pytest.mark.parametrize(
    ("pipeline", "kind", "starts"),
    [
        ("pull-request", "push", False),
        ("pull-request", "schedule", False),
        ("train", "pull_request", False),
        ("train", "schedule", True),
        ("train", "manual", True),
        ("deploy", "pull_request", False),
        ("deploy", "schedule", True),
        ("deploy", "manual", True),
        ("monitor", "push", False),
        ("monitor", "pull_request", False),
        ("monitor", "schedule", True),
        ("monitor", "manual", True),
    ],
)
def test_what_starts_a_pipeline(server, folder, pipeline, kind, starts):
    event = (
        server.pull_request(1, "main") if kind == "pull_request" else Event(kind, server.head(), changed=["README.md"])
    )
    found = compare(server, Scenario(kind, pipeline, event), folder)
    assert found.triggered == starts == bool(found.calls)


TRAINS = (
    "data/2013-04.parquet",
    "model/features.py",
    "steps/train.py",
    "mlops/decide/gate.py",
    "data/2014/01/flights.csv",
    "model/parts/deep/weather.json",
    "steps/notes.md",
    "expectations/flights.json",
    "pipelines/train.yml",
    "project.yml",
    "pyproject.toml",
    "uv.lock",
)
DEPLOYS = (
    "environments/production.yml",
    "environments/base.yml",
    "environments/more/of.yml",
    "serving/score.py",
    "serving/image/deep/file",
)
NEITHER = ("README.md", "tests/test_gate.py", "docs/data/notes.md", "data.md", "old/model/features.py", ".github/a.yml")
OTHER_BRANCHES = ("feature", "feature/main", "main/feature", "release/1.0", "release/2026/11", "maintenance")


@pytest.mark.parametrize("path", [*TRAINS, *DEPLOYS, *NEITHER])
def test_which_files_train_and_which_deploy(server, folder, path):
    event = Event("push", server.head(), changed=[path])
    for pipeline, paths in (("train", TRAINS), ("deploy", DEPLOYS)):
        found = compare(server, Scenario(path, pipeline, event), folder / pipeline)
        assert found.triggered == (path in paths)


@pytest.mark.parametrize("branch", OTHER_BRANCHES)
def test_only_main_trains_and_deploys_and_has_its_pull_requests_checked(server, folder, branch):
    for pipeline in ("train", "deploy", "pull-request"):
        event = replace(usual_event(server, pipeline), branch=branch)
        assert not compare(server, Scenario(branch, pipeline, event), folder / pipeline).triggered
