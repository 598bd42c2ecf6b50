"""pipelines/*.yml: an Azure ML pipeline job of command components, read and checked without the Azure SDK."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from mlops.command import UserError
from mlops.config import read_yaml

REFERENCE = re.compile(r"\$\{\{\s*parent\.(?:(inputs|outputs)\.(\w+)|jobs\.(\w+)\.outputs\.(\w+))\s*\}\}")
PLACEHOLDER = re.compile(r"\$\{\{\s*((?:inputs|outputs)\.\w+)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """Where a job's input comes from: an input of the pipeline (job empty), or an output of another job."""

    job: str
    name: str


@dataclass(frozen=True)
class Job:
    """One command component in its place. outputs: its own output names to those of the pipeline."""

    name: str
    command: str
    inputs: Mapping[str, Source | str]
    optional: frozenset[str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Pipeline:
    """inputs: path or literal by name, None where an optional one was left out. jobs: in an order that can run."""

    inputs: Mapping[str, str | None]
    jobs: tuple[Job, ...]


def load_pipeline(path: Path) -> Pipeline:
    """The pipeline, wired and in running order. UserError naming the file, the job and the key of the first mistake."""
    content = read_yaml(path)
    inputs = {name: literal(spec, path.parent) for name, spec in content.get("inputs", {}).items()}
    jobs = {name: read_job(path, name, node, content) for name, node in content["jobs"].items()}
    for job in jobs.values():
        for key, source in job.inputs.items():
            if isinstance(source, Source) and source.job and source.name not in outputs_of(jobs, source.job):
                raise UserError(f"{path}: jobs.{job.name}.inputs.{key}: no output {source.name!r} on {source.job!r}")
    upstream = {
        name: {source.job for source in job.inputs.values() if isinstance(source, Source) and source.job}
        for name, job in jobs.items()
    }
    try:
        order = TopologicalSorter(upstream).static_order()
        return Pipeline(inputs, tuple(jobs[name] for name in order))
    except CycleError as error:
        raise UserError(f"{path}: jobs wait for each other: {' -> '.join(error.args[1])}") from None


def outputs_of(jobs: Mapping[str, Job], name: str) -> Mapping[str, str]:
    """The outputs of the job, none when there is no such job."""
    return jobs[name].outputs if name in jobs else {}


def literal(spec: Any, folder: Path) -> str | None:
    """The value of a pipeline input: an absolute path, a literal, or None."""
    if isinstance(spec, Mapping):
        return str((folder / spec["path"]).resolve()) if "path" in spec else None
    return str(spec)


def read_job(path: Path, name: str, node: Mapping[str, Any], content: Mapping[str, Any]) -> Job:
    """One node of the pipeline with its component, its keys checked against both."""
    component = read_yaml(path.parent / node["component"])
    declared, bound = component.get("inputs", {}), node.get("inputs", {})
    optional = frozenset(key for key, spec in declared.items() if spec.get("optional"))
    for key in [*bound, *node.get("outputs", {})]:
        if key not in declared and key not in component["outputs"]:
            raise UserError(f"{path}: jobs.{name}: {node['component']} has no input or output {key!r}")
    for key in declared.keys() - bound.keys() - optional:
        raise UserError(f"{path}: jobs.{name}.inputs.{key}: missing")
    inputs = {key: source(path, f"jobs.{name}.inputs.{key}", value, content) for key, value in bound.items()}
    outputs = {
        key: target(path, f"jobs.{name}.outputs.{key}", node["outputs"][key], content) for key in node["outputs"]
    }
    return Job(name, component["command"], inputs, optional, outputs)


def source(path: Path, key: str, value: Any, content: Mapping[str, Any]) -> Source | str:
    """The reference in an input's value, or the literal. UserError when it names what is not there."""
    match = REFERENCE.fullmatch(str(value))
    if not match:
        return str(value)
    _, pipeline_input, job, output = match.groups()
    if pipeline_input and pipeline_input not in content.get("inputs", {}):
        raise UserError(f"{path}: {key}: the pipeline has no input {pipeline_input!r}")
    if job and job not in content["jobs"]:
        raise UserError(f"{path}: {key}: no job {job!r}")
    return Source(job or "", pipeline_input or output)


def target(path: Path, key: str, value: Any, content: Mapping[str, Any]) -> str:
    """The pipeline output that a job's output is. UserError when the pipeline does not declare it."""
    match = REFERENCE.fullmatch(str(value))
    if not match or match[1] != "outputs" or match[2] not in content.get("outputs", {}):
        raise UserError(f"{path}: {key}: the pipeline has no such output: {value}")
    return match[2]


def fill(command: str, values: Mapping[str, str]) -> list[str]:
    """The command as arguments. An optional part `$[[...]]` goes when one of its values is not there."""

    def keep(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in PLACEHOLDER.findall(match[1])) else ""

    tight = PLACEHOLDER.sub(lambda match: f"${{{{{match[1]}}}}}", OPTIONAL.sub(keep, command))
    return [PLACEHOLDER.sub(lambda match: values[match[1]], word) for word in shlex.split(tight)]
