"""The template's own pipelines: what both systems have to do, and what they say that they do, in one form."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from ci.guard import rules, tables
from conftest import QUESTIONS

MACHINES = ("ubuntu-24.04", "macos-15", "windows-2025")
EVENTS = {"push": "main", "pull_request": "main", "schedule": "23 4 * * 1"}
PYTHONS, SYSTEMS = QUESTIONS["_python_versions"], QUESTIONS["ci_system"]
WANTED = {  # job: of each of its runs the machine, the settings and the minutes; then what it runs, and where
    "tests": (
        {(machine, f"REQUIRE_NODE=1 UV_PYTHON={python}", "60") for machine, python in product(MACHINES, PYTHONS)},
        ["uv run pytest in ."],
    ),
    "project": (
        {(machine, f"CI_SYSTEM={system}", "30") for machine, system in product(MACHINES, SYSTEMS)},
        [
            'uv run cookiecutter . --no-input "ci_system=$CI_SYSTEM" in .',
            "uv run check in flight-delays",
            "uv run run_pipeline in flight-delays",
        ],
    ),
    "demo": ({("ubuntu-24.04", "", "20")}, ["uv run demo in ."]),
}
AT_MOST = {  # what a job or a step of these says, and no more: anything else could skip, hide or change it
    *("name", "strategy", "runs-on", "timeout-minutes", "permissions", "env", "defaults", "steps"),
    *(
        "job",
        "pool",
        "timeoutInMinutes",
        "variables",
        "displayName",
        "run",
        "script",
        "bash",
        "uses",
        "with",
        "template",
    ),
    *("working-directory", "workingDirectory"),
}

Did = dict[str, tuple[set[tuple[str, str, str]], list[str]]]


def github(root: Path) -> tuple[dict[str, Any], Did]:
    """When GitHub's pipelines run, by file, and their jobs as in WANTED."""
    files = {name: file for name, file in tables.pipelines(root / ".github").items() if "/workflows/" in name}
    when = {Path(name).stem: github_events(file["on"]) for name, file in files.items()}
    return when, {name: (set(github_runs(job.said)), commands(job)) for name, job in all_jobs(files)}


def azure_devops(root: Path) -> tuple[dict[str, Any], Did]:
    """The same of Azure DevOps. A person can start any pipeline there."""
    files = {
        name: file for name, file in tables.pipelines(root / "azure-pipelines").items() if "/templates/" not in name
    }
    when = {Path(name).stem: azure_events(file) for name, file in files.items()}
    return when, {name: (set(azure_runs(job)), commands(job)) for name, job in all_jobs(files)}


def findings(root: Path) -> list[str]:
    """Where the pipelines in that folder do not run when, where and what they have to, or without the history."""
    found = []
    for system in (github, azure_devops):
        when, did = system(root)
        expected = {name: {**EVENTS, "workflow_dispatch": ""} for name in ("tests", "projects")}
        pairs = [(when.get(key), expected.get(key), key) for key in when | expected]
        pairs += [(did.get(key), WANTED.get(key), key) for key in did | WANTED]
        found += [f"{system.__name__}, {key}: {is_} instead of {wanted}" for is_, wanted, key in pairs if is_ != wanted]
    ours = tables.pipelines(root / ".github")[".github/workflows/tests.yml"]["jobs"]["tests"]["steps"][0]
    theirs = tables.pipelines(root / "azure-pipelines")["azure-pipelines/templates/setup.yml"]["steps"][0]
    deep = ours["with"].get("fetch-depth") == theirs.get("fetchDepth") == "0"
    return found if deep else [*found, "the suite needs the history: its tests upgrade projects of old commits"]


def all_jobs(files: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for file in files.values():
        yield from rules.jobs(file)


def github_events(on: dict[str, Any]) -> dict[str, Any]:
    """By event the branches or the clock; anything else that is said of one stays as it is."""
    plain = {name: only(on[name], "branches") for name in ("push", "pull_request") if name in on}
    clocks = [only(each, "cron") for each in on.get("schedule", [])]
    return {**on, **plain, "schedule": clocks[0] if len(clocks) == 1 else clocks}


def azure_events(file: dict[str, Any]) -> dict[str, Any]:
    plain = {"push": file.get("trigger"), "pull_request": file.get("pr")}
    found: dict[str, Any] = {name: only(only(each, "branches"), "include") for name, each in plain.items()}
    (clock,) = file.get("schedules", [{}])
    always = clock.get("always") == "true" and only(clock.get("branches"), "include") == "main"
    return {**found, "schedule": clock["cron"] if always else clock, "workflow_dispatch": ""}


def only(block: Any, key: str) -> Any:
    """What the block says with that key, if it says nothing else."""
    value = block[key] if isinstance(block, dict) and {*block} - {"displayName"} == {key} else block
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def github_runs(job: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The machine, the settings and the minutes of each run of a job."""
    matrix = rules.block(rules.block(job, "strategy"), "matrix")
    for values in product(*matrix.values()):
        given = {f"${{{{ matrix.{key} }}}}": value for key, value in zip(matrix, values, strict=True)}
        variables = {name: given.get(value, value) for name, value in rules.block(job, "env").items()}
        yield given.get(job["runs-on"], job["runs-on"]), settings(variables), job["timeout-minutes"]


def azure_runs(job: Any) -> Iterator[tuple[str, str, str]]:
    matrix = rules.block(rules.block(job.said, "strategy"), "matrix") or {"": {}}
    stated = [job.said.get("variables", {}), *(rules.block(step, "env") for step in job.steps)]
    for leg in matrix.values():
        given = {f"$({key})": value for key, value in leg.items()}
        variables = {name: given.get(value, value) for each in stated for name, value in each.items()}
        image = job.said["pool"]["vmImage"]
        yield given.get(image, image).lower(), settings(variables), job.said["timeoutInMinutes"]


def settings(variables: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(variables.items()))


def commands(job: Any) -> list[str]:
    """What its steps run, and in which folder; and every key of job and steps that is not in AT_MOST."""
    folder = ("working-directory", "workingDirectory")
    ran = [(rules.script(step), next((step[key] for key in folder if key in step), ".")) for step in job.steps]
    matrix = rules.block(rules.block(job.said, "strategy"), "matrix")
    more = [key for each in [job.said, *job.steps] for key in each if key not in AT_MOST]
    more += [key for key in ("include", "exclude") if key in matrix]
    return [*(f"{script} in {place}" for script, place in ran if script), *more]
