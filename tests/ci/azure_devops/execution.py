"""A run: the event, the stages and jobs it leads through, the approvals they wait for."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci.azure_devops.agent import Site, Trace, run_job
from ci.azure_devops.expressions import Status, evaluate, parse
from ci.azure_devops.loading import committed, load
from ci.azure_devops.pipeline import JOB, Job, Pipeline, Stage, ancestors, build_pipeline, runtime
from ci.azure_devops.templates import expand_pipeline
from ci.azure_devops.triggers import is_triggered
from ci.azure_devops.values import Value, text, truth
from ci.azure_devops.variables import predefined
from ci.events import Event, Result, Run, Runner

SUCCEEDED, FAILED, SKIPPED = "Succeeded", "Failed", "Skipped"
NO_STAGE = "__default"
TRACED: Mapping[str, Result] = {SUCCEEDED: "succeeded", FAILED: "failed", SKIPPED: "skipped"}


def execute(remote: Path, pipeline: str, event: Event, runner: Runner) -> Run:
    """Run the pipeline of that path in the repository for the event. PipelineError when the server would refuse it."""
    files = committed(remote, event.commit)
    if not is_triggered(load(pipeline, files), event, remote):
        return Run(triggered=False, result="skipped")
    known = {**runner.variables, **predefined(event, runner)}
    built = build_pipeline(expand_pipeline(pipeline, files, event.inputs, known))
    with tempfile.TemporaryDirectory() as artifacts:
        execution = Execution(built, known, Site(remote, event, runner, Path(artifacts), Trace()))
        for stage in built.stages:
            execution.run_stage(stage)
    return execution.result()


@dataclass(frozen=True)
class Outcome:
    """How a job ended. outputs: by `step.variable`, after the name of the leg or of the deployment job."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, Value]:
        """As expressions see it."""
        return {"result": self.result, "outputs": dict(self.outputs)}


@dataclass
class Execution:
    """What is known of a run so far. gates, jobs: as in Run. results: of stages. outcomes: of jobs, by stage."""

    pipeline: Pipeline
    known: Mapping[str, str]
    site: Site
    gates: list[tuple[str, bool]] = field(default_factory=list)
    jobs: dict[str, Result] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)

    def result(self) -> Run:
        trace, results = self.site.trace, self.results.values()
        worst = FAILED if FAILED in results else SUCCEEDED if SUCCEEDED in results else SKIPPED
        return Run(
            triggered=True,
            result=TRACED[worst],
            commands=trace.commands,
            gates=self.gates,
            jobs=self.jobs,
            artifacts=trace.artifacts,
            summaries=trace.summaries,
            warnings=trace.warnings,
        )

    def run_stage(self, stage: Stage) -> None:
        """Run the jobs if the condition holds and everybody asked approves."""
        variables = resolve(self.pipeline.variables, {"variables": self.known})
        scope = {"variables": variables, "dependencies": {need: self.shown(need) for need in stage.needs}}
        before = {name: self.results[name] for name in ancestors(self.pipeline.stages, stage)}
        self.outcomes[stage.name] = outcomes = {}
        fixed = "" if holds(stage.condition, scope, before) else SKIPPED
        if not fixed and not self.approved(stage):
            fixed = FAILED
        earlier = {need: {job: done.shown() for job, done in self.outcomes[need].items()} for need in stage.needs}
        scope = {"variables": variables, "stagedependencies": earlier}
        scope["variables"] = resolve(stage.variables, scope)
        for job in stage.jobs:
            outcomes[job.name] = Outcome(fixed) if fixed else self.run_job(stage, job, scope)
            self.jobs[label(stage, job)] = TRACED[outcomes[job.name].result]
        ends = [outcome.result for outcome in outcomes.values()]
        self.results[stage.name] = FAILED if FAILED in ends else SUCCEEDED if SUCCEEDED in ends else SKIPPED

    def shown(self, stage: str) -> dict[str, Value]:
        """A stage as the condition of another sees it."""
        outputs = {
            f"{job}.{name}": value
            for job, outcome in self.outcomes[stage].items()
            for name, value in outcome.outputs.items()
        }
        return {"result": self.results[stage], "outputs": outputs}

    def approved(self, stage: Stage) -> bool:
        """Ask for all environments of the stage before any job of it starts."""
        asked = dict.fromkeys(job.environment for job in stage.jobs if job.environment)
        answers = [(name, name not in self.site.runner.refused) for name in asked]
        self.gates.extend(answers)
        return all(approved for _, approved in answers)

    def run_job(self, stage: Stage, job: Job, scope: Mapping[str, Value]) -> Outcome:
        """Run each leg of the job if its condition holds."""
        outcomes = self.outcomes[stage.name]
        scope = {**scope, "dependencies": {need: outcomes[need].shown() for need in job.needs}}
        if not holds(job.condition, scope, {name: outcomes[name].result for name in ancestors(stage.jobs, job)}):
            return Outcome(SKIPPED)
        own_names = {"System.StageName": stage.name or NO_STAGE, "System.JobName": job.name}
        variables, outputs, results = {**resolve(job.variables, scope), **own_names}, {}, []
        for leg, own in job.legs.items():
            name = label(stage, job, leg)
            succeeded, said = run_job(self.site, job, name, {**variables, **own})
            results.append(SUCCEEDED if succeeded else FAILED)
            self.jobs[name] = TRACED[results[-1]]
            prefix = f"{job.name}." if job.deployment else f"{leg}." if leg else ""
            outputs.update({f"{prefix}{key}": value for key, value in said.items()})
        return Outcome(FAILED if FAILED in results else SUCCEEDED, outputs)


def label(stage: Stage, job: Job, leg: str = "") -> str:
    """The name of a job in the trace: the stage's where that says it all."""
    both = stage.name and len(stage.jobs) > 1
    name = f"{stage.name}/{job.name}" if both else stage.name or job.name
    return f"{name} ({leg})" if leg else name


def resolve(variables: Mapping[str, str], scope: Mapping[str, Value]) -> dict[str, str]:
    """Those of the scope and the given ones on top, their `$[ ]` evaluated."""
    result = dict(scope["variables"])
    for name, value in variables.items():
        tree = runtime(value, JOB, name)
        result[name] = text(evaluate(tree, {**scope, "variables": result})) if tree else value
    return result


def holds(condition: str, scope: Mapping[str, Value], before: Mapping[str, str]) -> bool:
    """Whether the condition holds, which is `succeeded()` where none is written."""
    return truth(evaluate(parse(condition or "succeeded()", scope, status=True), scope, status(before)))


def status(before: Mapping[str, str]) -> Status:
    """The status functions over all that comes before, or over what they name of it."""

    def answer(function: str, names: Sequence[str]) -> bool:
        asked = [before.get(name) for name in names] if names else list(before.values())
        answers = {
            "always": True,
            "canceled": False,
            "failed": FAILED in asked,
            "succeeded": all(result == SUCCEEDED for result in asked),
            "succeededorfailed": not names or SUCCEEDED in asked or FAILED in asked,
        }
        return answers[function]

    return answer
