"""Training pipelines on this machine: the commands of the pipeline file as processes, re-used when nothing changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from mlops import UserError
from mlops.data.files import hash_folder, write_json
from mlops.data.model_sources import SOURCES, hash_paths
from mlops.platform.local import forking
from mlops.platform.local.scoring import REQUIREMENTS, serving_python
from mlops.platform.pipeline import Job, Pipeline, Source, fill, load_pipeline
from mlops.settings.project import PROJECT_FILE
from mlops.settings.reading import read_yaml
from mlops.settings.unread import UNREAD, VARIABLE, as_read

# An idle thread of OpenMP spins by default, which takes processors from the endpoints; one that sleeps at once makes
# a small fit eight times slower. This many turns are some hundredths of a millisecond.
SPINS = ("GOMP_SPINCOUNT", "10000")
DONE = "done.json"
SERVING = Path("serving") / REQUIREMENTS  # a job of this one's image has an endpoint's Python; all others have this one


@dataclass(frozen=True)
class Step:
    """A job with all that decides its outcome: its folder is named by a hash of that."""

    job: Job
    folder: Path

    @property
    def done(self) -> bool:
        return (self.folder / DONE).exists()

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def output(self, name: str) -> Path:
        return self.folder / name


class LocalJobs:
    """Runs below the root folder (`.mlops`), for the project in the current folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.console = Console(highlight=False, markup=False, soft_wrap=True)

    def run(self, pipeline: Path, inputs: Mapping[str, str], out: Path) -> int:
        plan = load_pipeline(pipeline)
        for name in inputs.keys() - plan.inputs.keys():
            raise UserError(f"{pipeline}: the pipeline has no input {name!r}; it has {', '.join(plan.inputs)}")
        values = {name: value for name, value in {**plan.inputs, **inputs}.items() if value is not None}
        for name, value in values.items():
            if value.startswith("azureml:"):
                raise UserError(f"{pipeline}: inputs.{name}: {value} is in a workspace; this machine needs a folder")
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.root / "pipeline.lock", timeout=0):
                return self.run_steps(steps(plan, values, self.root / "cache"), values, out)
        except Timeout:
            raise UserError(f"{self.root}: another run_pipeline is under way; wait for it or stop it") from None

    def run_steps(self, plan: list[Step], values: Mapping[str, str], out: Path) -> int:
        """Run what is not done yet, in order, up to the first failure. Old outputs are removed first."""
        for step in plan:
            for name in step.job.outputs.values():
                shutil.rmtree(out / name, ignore_errors=True)
        os.environ.setdefault(*SPINS)
        todo = [step for step in plan if not step.done]
        if len(todo) > 1 and forking.AVAILABLE:
            forking.import_ahead()  # beside the first of them
        by_name = {step.job.name: step for step in plan}
        for step in plan:
            if step.done:
                code = 0
                self.console.print(f"re-used {step.job.name}")
            else:
                code = self.run_step(step, arguments(step, by_name, values), forked=step is not todo[0])
            for own, name in step.job.outputs.items():
                shutil.copytree(step.output(own), out / name)
            if code:
                return code
        return 0

    def run_step(self, step: Step, command: list[str], forked: bool) -> int:
        """Run one command, its output into the step's log; say how long it took, and show the log if it failed."""
        shutil.rmtree(step.folder, ignore_errors=True)
        for folder in [step.folder, *map(step.output, step.job.outputs)]:
            folder.mkdir(parents=True)
        python = self.python_of(step.job)
        variables = {**step.job.variables, VARIABLE: " ".join(UNREAD.get(step.job.name, ()))}
        start = time.monotonic()
        with self.console.status(step.job.name):
            code = execute(command, step.log, variables, forked, python)
        self.console.print(f"{'failed' if code else 'done':7} {step.job.name:15} {time.monotonic() - start:6.1f} s")
        if code:
            self.console.print(step.log.read_text(encoding="utf-8", errors="replace").rstrip())
            self.console.print(f"{step.job.name} exited with {code}; its log is {step.log}")
        else:
            write_json(step.folder / DONE, {"command": command})
        return code

    def python_of(self, job: Job) -> str:
        """The Python that stands for the job's environment; an endpoint's is installed when first asked for."""
        if not of_an_endpoint(job):
            return sys.executable
        return str(serving_python(self.root / "serving", SERVING))


def of_an_endpoint(job: Job) -> bool:
    return job.image == SERVING.parent.resolve()


def steps(plan: Pipeline, values: Mapping[str, str], cache: Path) -> list[Step]:
    """Every job with its folder, in running order.

    A job's key covers its command, its inputs, the code, and what it reads of project.yml.
    """
    code = hash_paths([each for each in SOURCES if each != str(PROJECT_FILE)])
    project = read_yaml(PROJECT_FILE) if PROJECT_FILE.exists() else {}
    hashes = {name: hash_input(value) for name, value in values.items()}
    keys: dict[str, str] = {}

    def fingerprint(value: Source | str) -> str | None:
        if not isinstance(value, Source):
            return hash_input(value) if Path(value).is_absolute() else value  # data's path is, a literal is not
        return f"{keys[value.job]} {value.name}" if value.job else hashes.get(value.name)

    for job in plan.jobs:
        inputs = {key: fingerprint(value) for key, value in job.inputs.items()}
        packages = hash_input(str(SERVING)) if of_an_endpoint(job) else ""
        settings = repr(as_read(project, UNREAD.get(job.name, ())))
        text = json.dumps([code, settings, job.command, inputs, job.variables, packages], sort_keys=True)
        keys[job.name] = hashlib.sha256(text.encode()).hexdigest()
    return [Step(job, cache / f"{job.name}-{keys[job.name][:16]}") for job in plan.jobs]


def hash_input(value: str) -> str:
    """The content's hash when the value is a path, else the value."""
    path = Path(value)
    return hash_folder(path) if path.exists() else value


def arguments(step: Step, by_name: Mapping[str, Step], values: Mapping[str, str]) -> list[str]:
    """The step's command with its paths and literals filled in."""
    filled = {f"outputs.{name}": str(step.output(name)) for name in step.job.outputs}
    for key, source in step.job.inputs.items():
        if not isinstance(source, Source):
            filled[f"inputs.{key}"] = source
        elif source.job:
            filled[f"inputs.{key}"] = str(by_name[source.job].output(source.name))
        elif source.name in values:
            filled[f"inputs.{key}"] = values[source.name]
        elif key not in step.job.optional:
            raise UserError(f"{step.job.name}: the pipeline's input {source.name!r} has no value; set one in its file")
    return fill(step.job.command, filled)


def execute(
    command: list[str],
    log: Path,
    variables: Mapping[str, str],
    forked: bool = False,
    python: str = sys.executable,
) -> int:
    """Run the command as a process with these variables, its output into the log; its exit code.

    forked: `python -m` starts as a fork of a Python that has the usual packages imported, where that is safe and the
    Python is this one.
    """
    variables = {**os.environ, **variables}
    if forked and forking.AVAILABLE and python == sys.executable and command[:2] == ["python", "-m"]:
        return forking.run(command[2], command[3:], log, variables)
    program = python if command[0] == "python" else command[0]
    with log.open("wb") as file:
        return subprocess.run([program, *command[1:]], stdout=file, stderr=file, env=variables, check=False).returncode
