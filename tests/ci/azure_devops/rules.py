"""`check`: the schema, what the server would refuse, and what a careful project does not do."""

import re
from collections.abc import Iterator, Mapping

from ci.azure_devops.loading import Node, parse
from ci.azure_devops.parameters import declared
from ci.azure_devops.pipeline import Pipeline, build_pipeline
from ci.azure_devops.references import reference_findings
from ci.azure_devops.schema import schema_findings
from ci.azure_devops.templates import expand_pipeline, locate
from ci.azure_devops.values import Value, flat
from ci.azure_devops.variables import Variables, predefined
from ci.events import Event, PipelineError, Runner

POOL_KEYS = {"vmImage"}
IMAGES = {"ubuntu-24.04", "macOS-15", "windows-2025"}  # not -latest, which changes by itself
FROM_OUTSIDE = (  # variables that hold what somebody wrote, who may not even be of the project
    "Build.RequestedFor",
    "Build.SourceBranch",
    "Build.SourceBranchName",
    "Build.SourceVersionAuthor",
    "Build.SourceVersionMessage",
    "System.PullRequest.SourceBranch",
)
NOT_IN_SCRIPTS = (*FROM_OUTSIDE, "System.AccessToken")
MARK = "text-from-outside"  # stands for such text: no script may hold it after expansion
STAND_INS: Mapping[str, Value] = {"string": MARK, "number": "1", "boolean": "false"}
NO_EVENT = Event("push", "0" * 40)


def check(files: Mapping[str, str]) -> list[str]:
    """All that is wrong with the files, given as texts by path in the repository; empty when nothing is.

    A file that another one includes is a template and is looked at as part of that; all others are pipelines.
    """
    found, documents = [], {}
    for path, text in files.items():
        try:
            documents[path] = parse(path, text)
        except PipelineError as error:
            found.append(str(error))
    for path, document in documents.items():
        found += schema_findings(path, document)
    if found:
        return found  # what has the wrong shape cannot be looked into
    for path in documents.keys() - included(documents):
        found += [f"{path}: {text}" for text in pipeline_findings(path, documents[path], files)]
    return sorted(set(found))


def included(documents: Mapping[str, Node]) -> set[str]:
    """The paths of all templates that the files name."""
    return {
        locate(node["template"], path)
        for path, document in documents.items()
        for node in flat(document)
        if isinstance(node.get("template"), str) and "@" not in node["template"]
    }


def pipeline_findings(path: str, document: Mapping[str, Node], files: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one pipeline and the templates in it."""
    yield from trigger_findings(document)
    try:
        declarations = declared(document, path)
        missing = {node["name"]: stand_in(node) for node in declarations if "default" not in node}
        marked = {node["name"]: MARK for node in declarations if is_free_text(node)}
        known = predefined(NO_EVENT, Runner())
        expanded = expand_pipeline(path, files.get, missing, known)
        built = build_pipeline(expanded)
        outside = {**known, **dict.fromkeys(FROM_OUTSIDE, MARK)}
        with_marks = build_pipeline(expand_pipeline(path, files.get, {**missing, **marked}, outside))
    except PipelineError as error:
        yield str(error)
        return
    for node in declarations:
        if node.get("type", "string") not in STAND_INS:
            yield f"anything can be typed into the parameter '{node['name']}': make it a string, number or boolean"
    yield from pool_findings(expanded)
    yield from key_findings(expanded)
    yield from reference_findings(built)
    yield from script_findings(built)
    yield from script_findings(with_marks)


def stand_in(declaration: Mapping[str, Node]) -> Value:
    """A value for a parameter that a person has to choose."""
    return next(iter(declaration.get("values") or []), STAND_INS.get(declaration.get("type", "string")))


def is_free_text(declaration: Mapping[str, Node]) -> bool:
    """Whether a person can type what they like into it."""
    return declaration.get("type", "string") == "string" and "values" not in declaration


def trigger_findings(document: Mapping[str, Node]) -> Iterator[str]:
    for schedule in document.get("schedules") or []:
        if str(schedule.get("always", "")).lower() != "true":
            yield f"the schedule '{schedule.get('cron')}' needs `always: true`, or it waits for a change of the code"
    for name in ("trigger", "pr"):
        node = document.get(name)
        if isinstance(node, dict) and "paths" in node and "branches" not in node:
            yield f"'{name}' has paths without branches, which never starts anything"


def pool_findings(document: Mapping[str, Value]) -> Iterator[str]:
    """Every job has a pool, its own or one from above, and it is a known one."""
    stages = document.get("stages", [document])
    for stage in stages:
        for job in stage.get("jobs") or [{}]:
            pool = job.get("pool") or stage.get("pool") or document.get("pool")
            if not isinstance(pool, dict) or set(pool) != POOL_KEYS or not images(pool["vmImage"], job) <= IMAGES:
                name = job.get("job") or job.get("deployment") or "job"
                yield f"the pool of '{name}' is not vmImage with one of {sorted(IMAGES)}, but {pool}"


def images(image: str, job: Mapping[str, Value]) -> set[str]:
    """The images that a job runs on: several where a matrix gives each leg its own by `$(name)`."""
    legs = (job.get("strategy") or {}).get("matrix", {})
    named = re.fullmatch(r"\$\((\w+)\)", image)
    return {str(leg.get(named[1])) for leg in legs.values()} if named and legs else {image}


def key_findings(document: Mapping[str, Value]) -> Iterator[str]:
    for node in flat(document):
        if "continueOnError" in node:
            yield "continueOnError lets a failure pass"
        if str(node.get("persistCredentials", "false")).lower() != "false":
            yield "persistCredentials leaves the token in the workspace"


def script_findings(pipeline: Pipeline) -> Iterator[str]:
    """No script holds text that comes from outside: bash would run what is in it. By `env:` it is only a value."""
    for stage in pipeline.stages:
        for job in stage.jobs:
            variables = Variables({**pipeline.variables, **stage.variables, **job.variables}, "$(System.AccessToken)")
            for step in job.steps:
                script = variables.settle(step.inputs.get("script", "")).lower()
                where = f"the script of '{step.title or step.kind}' in '{job.name}'"
                if MARK in script:
                    yield f"{where} holds free text of a parameter or variable; pass it by env"
                for name in NOT_IN_SCRIPTS:
                    if f"$({name.lower()})" in script or f"'{name.lower()}'" in script:
                        yield f"{where} holds {name}; pass it by env"
