"""Training pipelines as jobs of the workspace."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.platform.azureml.data import asset, version_of
from mlops.platform.azureml.error_messages import refusals_in_one_line
from mlops.platform.azureml.workspace import AzureWorkspace, quiet_uploads
from mlops.platform.pipeline import Pipeline, Source, load_pipeline
from mlops.repo.lineage import for_a_job

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob
    from azure.ai.ml.operations import JobOperations

COMPLETED, FAILED = "Completed", "Failed"
LOG, LOG_LINES = "std_log.txt", 30
DOWNLOADS = "named-outputs"  # where the SDK puts an output below the folder it is given


@refusals_in_one_line
class AzureJobs:
    """Submits the pipeline's file as it stands. `project` begins the names of its data assets."""

    def __init__(self, workspace: AzureWorkspace, project: str) -> None:
        self._workspace = workspace
        self._project = project

    def run(self, pipeline: Path, inputs: Mapping[str, str], out: Path) -> int:
        from azure.ai.ml.exceptions import JobException

        known = load_pipeline(pipeline).inputs
        for name in inputs.keys() - known.keys():
            raise UserError(f"{pipeline}: the pipeline has no input {name!r}; it has {', '.join(known)}")
        jobs = self._workspace.client.jobs
        with quiet_uploads():
            job = jobs.create_or_update(self.job(pipeline, inputs))
        try:
            with suppress(JobException):  # it failed; its log has been streamed
                jobs.stream(job.name)
        except KeyboardInterrupt:
            jobs.begin_cancel(job.name)
            print(f"job {job.name}: cancelled")
            raise
        for output in job.outputs:
            self._fetch(job.name, output, out / output)
        completed = jobs.get(job.name).status == COMPLETED
        if not completed:
            self._show_failures(job.name)
        print(f"job {job.name} {'completed' if completed else 'failed'}: {job.studio_url}", flush=True)
        return 0 if completed else 1

    def job(self, pipeline: Path, inputs: Mapping[str, str]) -> "PipelineJob":
        """The pipeline with these inputs, told what its steps cannot find out so far from the repository."""
        from azure.ai.ml import load_job

        given = [
            {f"inputs.{name}{key}": each} for name, value in inputs.items() for key, each in self._input(name, value)
        ]
        job, known = load_job(pipeline, params_override=given), load_pipeline(pipeline)
        for name in [name for name, value in known.inputs.items() if value is None and name not in inputs]:
            leave_out(job, known, name)
        for node in job.jobs.values():
            node.environment_variables = {**(node.environment_variables or {}), **for_a_job()}
        return job

    def address(self, name: str, value: str) -> str:
        """What the input is in the workspace: of a folder the data asset that `job` makes of it."""
        return f"azureml:{self._asset(name)}:{version_of(Path(value))}" if Path(value).is_dir() else value

    def _asset(self, name: str) -> str:
        return f"{self._project}-{name}"

    def _input(self, name: str, value: str) -> list[tuple[str, str]]:
        """What to write below the input: a folder becomes a data asset; an address stays one; or a literal."""
        if Path(value).is_dir():
            value = asset(self._workspace.client, self._asset(name), Path(value))
        return [(".path", value)] if value.startswith("azureml:") else [("", value)]

    def _show_failures(self, job: str) -> None:
        """Print how the log of each step that failed ends."""
        jobs = self._workspace.client.jobs
        for step in [each for each in jobs.list(parent_job_name=job) if each.status == FAILED]:
            lines = log_of(jobs, step.name)
            print("\n  ".join([f"{step.display_name or step.name} failed; its log ends:", *lines]))

    def _fetch(self, job: str, output: str, to: Path) -> None:
        """Put the job's output there. Old content is removed first, so that it is not taken for new."""
        shutil.rmtree(to, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            self._workspace.client.jobs.download(job, download_path=folder, output_name=output)
            found = Path(folder) / DOWNLOADS / output
            if found.is_dir():  # a step that failed, or never ran, left none
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(found, to)


def log_of(jobs: "JobOperations", job: str) -> list[str]:
    """The last lines of what the job printed."""
    with tempfile.TemporaryDirectory() as folder:
        jobs.download(job, download_path=folder)
        logs = [path.read_text(encoding="utf-8", errors="replace") for path in Path(folder).rglob(LOG)]
    return "\n".join(logs).strip().splitlines()[-LOG_LINES:]


def leave_out(job: "PipelineJob", known: Pipeline, name: str) -> None:
    """Take an input that has no value out of the job, and out of every node that would pass it on."""
    del job.inputs[name]
    for node in known.jobs:
        for own in [own for own, source in node.inputs.items() if source == Source("", name)]:
            del job.jobs[node.name].inputs[own]
