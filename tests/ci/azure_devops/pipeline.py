"""The expanded pipeline as stages, jobs and steps whose names and dependencies are known to be right."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ci.azure_devops.expressions import Tree, parse
from ci.azure_devops.steps import NAME, Step, build_step, check_numbers, refuse_keys
from ci.azure_devops.values import Value, text
from ci.events import PipelineError

ROOT_KEYS = {"stages", "jobs", "steps", "variables", "pool", "lockBehavior", "appendCommitMessageToRunName"}
STAGE_KEYS = {"stage", "displayName", "dependsOn", "condition", "variables", "jobs", "pool", "lockBehavior"}
ANY_JOB = {
    "displayName",
    "dependsOn",
    "condition",
    "variables",
    "pool",
    "strategy",
    "continueOnError",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
}
JOB_KEYS = {"job": ANY_JOB | {"job", "steps"}, "deployment": ANY_JOB | {"deployment", "environment"}}

# What expressions can read. Of a stage `dependencies` are stages, of a job they are the jobs of its stage.
STAGE_CONDITION = frozenset({"variables", "dependencies"})
STAGE_VARIABLE = frozenset({"variables", "stagedependencies"})
JOB = STAGE_CONDITION | STAGE_VARIABLE


@dataclass(frozen=True)
class Job:
    """environment: what a deployment job is bound to. legs: the variables of each run of it, by the leg's name."""

    name: str
    deployment: bool
    needs: Sequence[str]
    condition: str
    variables: Mapping[str, str]
    environment: str
    legs: Mapping[str, Mapping[str, str]]
    steps: Sequence[Step]


@dataclass(frozen=True)
class Stage:
    name: str
    needs: Sequence[str]
    condition: str
    variables: Mapping[str, str]
    jobs: Sequence[Job]


@dataclass(frozen=True)
class Pipeline:
    """Stages and their jobs in an order in which they can run. A pipeline without stages has one without a name."""

    variables: Mapping[str, str]
    stages: Sequence[Stage]


Part = TypeVar("Part", Stage, Job)


def build_pipeline(document: Mapping[str, Value]) -> Pipeline:
    """The model of what `expand_pipeline` gives. PipelineError at the first thing that the server would refuse."""
    refuse_keys(document, ROOT_KEYS, "the pipeline")
    nodes = list(stage_nodes(document))
    stages, before = [], ""
    for node in nodes:
        stages.append(build_stage(node, before))
        before = stages[-1].name
    for name, value in document["variables"].items():
        runtime(value, {"variables"}, f"the variable '{name}'")
    return Pipeline(document["variables"], ordered(stages, "stage"))


def stage_nodes(document: Mapping[str, Value]) -> Iterable[Mapping[str, Value]]:
    if "stages" in document:
        return document["stages"]
    jobs = document["jobs"] if "jobs" in document else [{"job": "job", "steps": document["steps"]}]
    return [{"stage": "", "jobs": jobs}]


def build_stage(node: Mapping[str, Value], before: str) -> Stage:
    """The stage; it depends on the one before it unless it says otherwise."""
    if "stage" not in node:
        raise PipelineError(f"a stage begins with 'stage', not with {[*map(str, node)][:1]}")
    name = text(node["stage"])
    refuse_keys(node, STAGE_KEYS, f"the stage '{name}'")
    if not node.get("jobs"):
        raise PipelineError(f"the stage '{name}' has no jobs")
    return Stage(
        name=name,
        needs=listed(node.get("dependsOn", before)),
        condition=checked(node, STAGE_CONDITION),
        variables=runtime_variables(node, STAGE_VARIABLE),
        jobs=ordered([build_job(job) for job in node["jobs"]], f"job of the stage '{name}'"),
    )


def build_job(node: Mapping[str, Value]) -> Job:
    kind = next((kind for kind in JOB_KEYS if kind in node), "")
    if not kind:
        raise PipelineError(f"expected a job or deployment, not {[*map(str, node)][:1]}")
    name = text(node[kind])
    refuse_keys(node, JOB_KEYS[kind], f"the job '{name}'")
    check_numbers(node)
    strategy = node.get("strategy") or {}
    refuse_keys(strategy, {"matrix", "maxParallel"} if kind == "job" else {"runOnce"}, f"the strategy of '{name}'")
    steps = node.get("steps") or [] if kind == "job" else deploy_steps(name, strategy)
    return Job(
        name=name,
        deployment=kind == "deployment",
        needs=listed(node.get("dependsOn")),
        condition=checked(node, JOB),
        variables=runtime_variables(node, JOB),
        environment=bound(node) if kind == "deployment" else "",
        legs=matrix(name, strategy.get("matrix")),
        steps=[*implicit(kind, steps), *build_steps(name, steps)],
    )


def deploy_steps(name: str, strategy: Mapping[str, Value]) -> Sequence[Mapping[str, Value]]:
    """The steps of the one hook that is modelled."""
    hooks = strategy.get("runOnce") or {}
    refuse_keys(hooks, {"deploy"}, f"the deployment '{name}'")
    if "steps" not in (hooks.get("deploy") or {}):
        raise PipelineError(f"the deployment '{name}' has no steps to deploy with")
    return hooks["deploy"]["steps"]


def implicit(kind: str, nodes: Sequence[Mapping[str, Value]]) -> list[Step]:
    """What comes by itself unless it is written: the sources in a job, the artifacts of the run in a deployment."""
    default = {"checkout": "self"} if kind == "job" else {"download": "current"}
    return [] if any(default.keys() & set(node) for node in nodes) else [build_step(default)]


def build_steps(name: str, nodes: Sequence[Mapping[str, Value]]) -> list[Step]:
    steps = [build_step(node) for node in nodes]
    names = [step.name.lower() for step in steps if step.name]
    if len(names) > len(set(names)):
        raise PipelineError(f"a step name appears twice in the job '{name}'")
    return steps


def bound(node: Mapping[str, Value]) -> str:
    """The environment of a deployment job, which has to be known before anything runs."""
    environment = node.get("environment")
    name = text(environment.get("name") if isinstance(environment, dict) else environment)
    if not name or "$(" in name:
        raise PipelineError(f"the deployment '{node['deployment']}' needs the plain name of an environment")
    return name


def matrix(name: str, legs: Value) -> dict[str, dict[str, str]]:
    """The variables of each leg; one leg without a name where there is no matrix."""
    if legs is None:
        return {"": {}}
    if not isinstance(legs, dict) or not legs:
        raise PipelineError(f"the matrix of '{name}' is no mapping of names to variables")
    return {text(leg): {key: text(value) for key, value in values.items()} for leg, values in legs.items()}


def listed(value: Value) -> list[str]:
    """One name, several or none."""
    names = value if isinstance(value, list) else [value]
    return [text(name) for name in names if text(name)]


def checked(node: Mapping[str, Value], names: frozenset[str]) -> str:
    """The condition, which parses."""
    condition = text(node.get("condition"))
    if condition:
        parse(condition, names, status=True)
    return condition


def runtime_variables(node: Mapping[str, Value], names: frozenset[str]) -> dict[str, str]:
    """The variables, whose `$[ ]` parse."""
    variables = node.get("variables") or {}
    for name, value in variables.items():
        runtime(value, names, f"the variable '{name}'")
    return variables


def runtime(value: str, names: Collection[str], what: str) -> Tree | None:
    """What is between `$[` and `]`; None when the value is plain text."""
    stripped = value.strip()
    if not stripped.startswith("$["):
        return None
    if not stripped.endswith("]"):
        raise PipelineError(f"{what}: `$[` and `]` have to hold all of the value")
    return parse(stripped[2:-1], names)


def ordered(parts: Sequence[Part], what: str) -> list[Part]:
    """The parts, each after those that it needs and otherwise as written. PipelineError when there is no such order."""
    names = [part.name for part in parts]
    for part in parts:
        if not NAME.fullmatch(part.name) and (part.name or len(parts) > 1):
            raise PipelineError(f"'{part.name}' is no name of a {what}: only letters, digits and underscores are")
        if names.count(part.name) > 1:
            raise PipelineError(f"the {what} '{part.name}' appears twice")
        for need in part.needs:
            if need not in names:
                raise PipelineError(f"the {what} '{part.name}' depends on '{need}', which does not exist")
    result: list[Part] = []
    while len(result) < len(parts):
        done = {part.name for part in result}
        ready = next((part for part in parts if part.name not in done and done.issuperset(part.needs)), None)
        if ready is None:
            raise PipelineError(f"the dependencies of each {what} form a circle: {sorted(set(names) - done)}")
        result.append(ready)
    return result


def ancestors(parts: Sequence[Part], part: Part) -> Iterator[str]:
    """The names of all that the part needs, directly or not."""
    needed = set(part.needs)
    for earlier in reversed(parts):
        if earlier.name in needed:
            needed.update(earlier.needs)
            yield earlier.name
