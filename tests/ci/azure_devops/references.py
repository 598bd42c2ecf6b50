"""What conditions and variables read of other stages and jobs: empty in silence when it does not exist."""

from collections.abc import Iterator, Mapping

from ci.azure_devops.expressions import Tree, parse, references
from ci.azure_devops.pipeline import JOB, Job, Pipeline, Stage, runtime


def reference_findings(pipeline: Pipeline) -> Iterator[str]:
    """Every reference to what is not in the own dependsOn, or to an output that no step has."""
    stages = {stage.name: stage for stage in pipeline.stages}
    for stage in pipeline.stages:
        for tree in trees(stage.condition, {}):
            for name, *keys in references(tree):
                if name == "dependencies":
                    yield from missing(keys, stage, {key: value.jobs for key, value in stages.items()})
        for tree in trees("", stage.variables):
            yield from other_stage(tree, stage, stages)
        jobs = {job.name: [job] for job in stage.jobs}
        for job in stage.jobs:
            for tree in trees(job.condition, job.variables):
                yield from other_stage(tree, stage, stages)
                for name, *keys in references(tree):
                    if name == "dependencies":
                        yield from missing(keys, job, jobs)


def trees(condition: str, variables: Mapping[str, str]) -> Iterator[Tree]:
    """All expressions of a stage or job."""
    if condition:
        yield parse(condition, JOB, status=True)
    for name, value in variables.items():
        tree = runtime(value, JOB, name)
        if tree:
            yield tree


def other_stage(tree: Tree, stage: Stage, stages: Mapping[str, Stage]) -> Iterator[str]:
    """`stageDependencies.stage.job.outputs['step.variable']`."""
    for name, *keys in references(tree):
        if name != "stagedependencies" or not keys:
            continue
        if keys[0] not in stage.needs:
            yield f"'{stage.name}' reads stageDependencies.{keys[0]} without '{keys[0]}' in its dependsOn"
        elif len(keys) > 1:
            jobs = {job.name: [job] for job in stages[keys[0]].jobs}
            if keys[1] not in jobs:
                yield f"'{stage.name}' reads the job '{keys[1]}', which '{keys[0]}' does not have"
            else:
                yield from missing_output(keys[2:], stage.name, jobs[keys[1]])


def missing(keys: list[str], reader: Stage | Job, jobs: Mapping[str, list[Job]]) -> Iterator[str]:
    """`dependencies.name.outputs['...']`, by the jobs that may have set the output."""
    if keys and keys[0] not in reader.needs:
        yield f"'{reader.name}' reads dependencies.{keys[0]} without '{keys[0]}' in its dependsOn"
    elif keys:
        yield from missing_output(keys[1:], reader.name, jobs[keys[0]])


def missing_output(keys: list[str], reader: str, jobs: list[Job]) -> Iterator[str]:
    """`outputs` and the key of one: the step is the last but one part of it."""
    if len(keys) < 2 or keys[0].lower() != "outputs":
        return
    step = keys[1].split(".")[-2:-1]
    if not step or step[0] not in {step.name for job in jobs for step in job.steps}:
        yield f"'{reader}' reads the output '{keys[1]}', but no step of that name is there"
