"""What holds of every pipeline, even when its table was written anew in good faith. Meant otherwise? Change it here.

The docstring of a rule is what is said of a job that breaks it. Both systems are held to the same rules.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from pipeline_table import COMMIT, FIRST, pipelines

Content = dict[str, Any]
CHECK = "checks"  # the job that main's rules require (docs/first-run.md)
OTHERWISE = {"if", "condition", "needs", "dependsOn", "strategy", "displayName"}  # skipped, doubled or renamed
IN_A_SHELL = ("run", "script", "bash", "pwsh", "powershell", "inlineScript")
ASKS = re.compile(r"\buv run (apply|register|promote|smoke|revert|monitor|plan|run_pipeline)\b(?!.*--pull-request)")
UV, WHOLE = re.compile(r"\buv (run|sync)\b"), re.compile(r"uv [^|;&\n]*")
EDITS = re.compile(
    r"\bgit (?!(log|status|diff|show)\b)|\b(sed|mv|cp|rm|patch|tee|curl|wget|uv (add|remove|lock|pip))\b"
)
FIXED = {  # what these keys may say, if they are there
    **{"continue-on-error": "false", "continueOnError": "false", "retryCountOnTaskFailure": "0", "enabled": "true"},
    **{"lockBehavior": "sequential", "shell": "bash"},
}
ANYHOW = re.compile(r"(?i)\b(always|failure|failed|cancell?ed|succeededOrFailed)\s*\(")  # whatever came before
OTHER_SOURCE = {"ref", "repository", "clean", "sparse-checkout", "path"}  # than what started the run
IDS = {name: f"${{{{ vars.{name} }}}}" for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID")}


class Job(NamedTuple):
    """A job, or a file of steps for others' jobs. asking: its steps that ask Azure, or change something there."""

    file: Content
    said: Content
    steps: list[Content]
    asking: list[Content]


def mappings(node: Any) -> Iterator[Content]:
    """Every mapping in it, in its order."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from mappings(child)


def block(node: Content, key: str) -> Content:
    """The mapping that the key has; empty where there is none."""
    return node[key] if isinstance(node.get(key), dict) else {}


def script(step: Content) -> str:
    """What the step has a shell run; nothing when it is of another kind."""
    return next((step[key].strip() for key in IN_A_SHELL if isinstance(step.get(key), str)), "")


def condition(node: Content) -> str:
    """When the step, job or stage runs; nothing where it does after what it needs has succeeded."""
    return str(node.get("if", node.get("condition", "")))


def outside_steps(node: Any) -> Iterator[Content]:
    """Every mapping in it but those of steps."""
    if isinstance(node, dict):
        yield node
        node = [child for key, child in node.items() if key != "steps"]
    for child in node if isinstance(node, list) else []:
        yield from outside_steps(child)


def jobs(file: Content) -> Iterator[tuple[str, Job]]:
    """The jobs of a file by name; those that call a workflow are in its file."""
    named = [(each.get("job", each.get("deployment")), each) for each in mappings(file)]
    theirs = {name: each for name, each in named if isinstance(name, str)}
    for name, said in ({**block(file, "jobs"), **theirs} or {"steps": file}).items():
        if isinstance(said, dict) and "uses" not in said:
            steps = [each for each in mappings(said) if each is not said and {*FIRST[:11], "inlineScript"} & {*each}]
            yield name, Job(file, said, steps, [step for step in steps if ASKS.search(script(step))])


def ends_in_time(job: Job) -> bool:
    """has a time limit (timeout-minutes, timeoutInMinutes), and no command that asks Azure has one of its own"""
    parts = (job.said, *job.asking)
    own, *of_commands = [each.get("timeout-minutes", each.get("timeoutInMinutes", "0")) for each in parts]
    return job.said is job.file or (own != "0" and set(of_commands) <= {"0"})


def fails_when_a_command_does(job: Job) -> bool:
    """has each `uv` command alone in its step, without |, ; or &; nothing is repeated, switched off or may fail"""
    whole = all(WHOLE.fullmatch(script(step)) for step in job.steps if UV.search(script(step)))
    return whole and all(each[key] == FIXED[key] for each in mappings(job.file) for key in each.keys() & FIXED.keys())


def goes_on_after_success(job: Job) -> bool:
    """asks Azure nothing after a failure, under no condition of steps, jobs or stages; `revert` does so then alone"""
    reverts = [step for step in job.asking if "uv run revert" in script(step)]
    others = [*outside_steps(job.file), *(step for step in job.asking if step not in reverts)] if job.asking else []
    return all(condition(step) in {"failure()", "failed()"} for step in reverts) and not any(
        ANYHOW.search(condition(each)) for each in others
    )


def is_not_cut_off(job: Job) -> bool:
    """is cancelled by nothing: `cancel-in-progress` is for the checks of a pull request, by newer ones of the same"""
    groups = [each for each in mappings(job.file) if each.get("cancel-in-progress", "false") != "false"]
    return not groups or (
        "pull_request" in block(job.file, "on") and all("${{" in each.get("group", "") for each in groups)
    )


def is_always_set_up(job: Job) -> bool:
    """has no condition on a step before the commands that ask Azure"""
    own = list(takewhile(lambda step: step not in job.asking, job.steps)) if job.asking else job.steps
    return not (job.asking or job.said is job.file) or not any({"if", "condition"} & {*step} for step in own)


def runs_what_started_it(job: Job) -> bool:
    """checks out once, what started the run, and changes nothing of it before the commands that ask Azure"""
    sources = [step for step in job.steps if "checkout" in step or "actions/checkout@" in str(step.get("uses"))]
    others = [OTHER_SOURCE & {*step, *block(step, "with")} for step in sources]
    before = job.steps[: job.steps.index(job.asking[-1])] if job.asking else []
    return len(sources) < 2 and not any(others) and not any(EDITS.search(script(step)) for step in before)


def has_its_identity(job: Job) -> bool:
    """asks Azure in an environment, and logs in as that: id-token and ids, or its connection and SYSTEM_ACCESSTOKEN"""
    place, given = str(job.said.get("environment", "")), block(job.said, "permissions")
    if not job.asking:
        return bool(place) or "id-token" not in given
    if "runs-on" in job.said:
        return bool(place) and "id-token" in given and IDS.items() <= block(job.said, "env").items()
    own = "${{ parameters.connection }}" if "$" in place else f"${{{{ variables.{place}Connection }}}}"
    connections = [each["connection"] for each in mappings(job.said) if "connection" in each]
    return connections == [own] and all("SYSTEM_ACCESSTOKEN" in block(step, "env") for step in job.asking)


def applies_its_environment(job: Job) -> bool:
    """applies the environment that it is bound to, and no other"""
    targets = [each for step in job.asking for each in re.findall(r'uv run apply "?\$?(\w+)', script(step))]
    known = {**block(job.said, "env"), **block(job.said, "variables")}
    return all(known.get(each, each) == job.said.get("environment") for each in targets)


RULES = (
    ends_in_time,
    fails_when_a_command_does,
    goes_on_after_success,
    is_not_cut_off,
    is_always_set_up,
    runs_what_started_it,
    has_its_identity,
    applies_its_environment,
)


def is_required(file: Content) -> bool:
    """Whether the check that main requires runs for every pull request, under its name."""
    trigger = block(file, "on").get("pull_request", file.get("pr"))
    job = dict(jobs(file)).get(CHECK)
    named = job and job.said.get("name", CHECK) == CHECK and not OTHERWISE & {*job.said}
    return isinstance(trigger, dict) and {*trigger} == {"branches"} and bool(named)


def is_pinned(files: dict[str, Content]) -> bool:
    """Whether each action is named by a commit, and by the same one everywhere."""
    used = {str(each["uses"]) for file in files.values() for each in mappings(file) if "uses" in each}
    remote = [each for each in used if not each.startswith("./")]
    return all(map(COMMIT.search, remote)) and len({each.partition("@")[0] for each in remote}) == len(remote)


def broken_rules(folder: Path, rules: Sequence[Callable[[Job], bool]] = RULES) -> list[str]:
    """What is wrong in that `.github` or `azure-pipelines`: the file, the job, and what it should."""
    files = pipelines(folder)
    found = [
        f"{name}: {job_name}: should be one that {rule.__doc__}"
        for name, file in files.items()
        for job_name, job in jobs(file)
        for rule in rules
        if not rule(job)
    ]
    checks = [name for name, file in files.items() if Path(name).stem == "pull-request" and not is_required(file)]
    found += [f"{name}: {CHECK}: main requires it of every pull request, by that name" for name in checks]
    return [
        *found,
        *([] if is_pinned(files) else [f"{folder.name}: uses: each action by its commit, one and the same"]),
    ]
