"""Searches as sweep jobs of the workspace, each beside a job that measures the parameters that are there.

No trial is ended early. One that is given up would have reported, under the metric's name, the mean of fewer folds, and
Azure takes the best that a trial reports for its worth; its Bayesian sampling knows no such policy anyway.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.decide.search.runs import LATE, trial_of
from mlops.decide.search.spelling import check_spelling
from mlops.decide.search.trials import Trial
from mlops.platform import Sweep, SweepState
from mlops.platform.azureml.data import asset
from mlops.platform.azureml.error_messages import refusals_in_one_line
from mlops.platform.azureml.jobs import COMPLETED, FAILED, log_of
from mlops.platform.azureml.runs import AzureRuns
from mlops.platform.azureml.search_space import sampling, search_space
from mlops.platform.azureml.workspace import AzureWorkspace, quiet_uploads
from mlops.platform.crash_cause import cause_of
from mlops.platform.pipeline.node import Node
from mlops.settings.reading import read_yaml

if TYPE_CHECKING:
    from azure.ai.ml.entities import Command
    from azure.ai.ml.entities import Sweep as SweepNode
    from mlflow.entities import Run

PIPELINE = Path("pipelines/train.yml")  # whose compute the trials run on
COMPONENT = Path("pipelines/components/try_parameters.yml")
EXPERIMENT = "search"
AS_IT_IS = "-as-it-is"  # ends the name of the job that tries the parameters that are there
AT_ONCE = 4  # trials; of more at a time each would learn less from the others
STOPPED = {FAILED, "Canceled"}
OVER = {COMPLETED, *STOPPED}
ENDED = {"FINISHED", "FAILED", "KILLED"}  # MLflow's words for the same

Statuses = Mapping[str, str]  # of the jobs that are there, by name


@refusals_in_one_line
class AzureSweeps:
    """`project` begins the name of the data asset that has the training rows."""

    def __init__(self, workspace: AzureWorkspace, project: str) -> None:
        self._workspace = workspace
        self._project = project
        self._runs = AzureRuns(workspace)

    def begin(self, sweep: Sweep) -> str:
        check_spelling(sweep.search.space)
        job, there = self._newest(sweep)
        if missing := [name for name in (job + AS_IT_IS, job) if name not in there]:
            rows = self._uploaded(sweep.rows)
            for name in missing:
                node = command_node(name, sweep, rows) if name != job else sweep_node(name, sweep, rows)
                with quiet_uploads():
                    self._workspace.client.jobs.create_or_update(node)
        return job

    def look(self, job: str, sweep: Sweep) -> SweepState:
        there = self._statuses(job)
        trials = self._trials(job, sweep)
        known = [trial for trial in trials if trial]
        finished = there[job + AS_IT_IS] == COMPLETED
        default = trial_in(self._runs.run(job + AS_IT_IS), sweep, asked=False) if finished else None
        return SweepState(
            over={*there.values()} <= OVER,
            failed=self._cause(job) if has_failed(job, there, trials) else "",
            default=default,
            trials=known,
            late=sum(is_late(trial) for trial in [*known, default]),
            silent=len(trials) - len(known),
        )

    def page(self, job: str) -> str:
        return str(self._workspace.client.jobs.get(job).studio_url)

    def _newest(self, sweep: Sweep) -> tuple[str, Statuses]:
        """The name of the newest attempt at the search that has not failed, and its jobs that are there."""
        for number in count(1):  # pragma: no branch
            job = sweep.name if number == 1 else f"{sweep.name}-{number}"
            there = self._statuses(job)
            if not has_failed(job, there, self._trials(job, sweep) if there.get(job) in OVER else []):
                break
        return job, there

    def _statuses(self, job: str) -> Statuses:
        """Of the sweep and of the job beside it, as far as they are there."""
        from azure.core.exceptions import ResourceNotFoundError

        found = {}
        for name in (job, job + AS_IT_IS):
            with suppress(ResourceNotFoundError):
                status = self._workspace.client.jobs.get(name).status
                found[name] = str(getattr(status, "value", status))  # of some kinds of jobs text, of others an enum
        return found

    def _trials(self, job: str, sweep: Sweep) -> list[Trial | None]:
        """Those that are over; None for one that ended before it said what it tries."""
        ended = [run for run in self._runs.children(job) if run.info.status in ENDED]
        found = [(run.info.run_id, trial_in(run, sweep, asked=True)) for run in ended]
        return [trial_in(self._runs.run(name), sweep, asked=True) if is_late(trial) else trial for name, trial in found]

    def _uploaded(self, rows: Path) -> str:
        """The address of a data asset of that one file, without the test rows that lie beside it."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(rows, folder)
            return asset(self._workspace.client, f"{self._project}-training-rows", Path(folder))

    def _cause(self, job: str) -> str:
        """How the log of the first job that failed ends: that of a trial, or of the job beside them."""
        jobs = self._workspace.client.jobs
        tried = [jobs.get(job + AS_IT_IS), *jobs.list(parent_job_name=job)]
        failed = next((each.name for each in tried if each.status == FAILED), None)
        return (failed and cause_of(log_of(jobs, failed))) or "its page says why"


def has_failed(job: str, there: Statuses, trials: Sequence[Trial | None]) -> bool:
    """Whether nothing can come of it: there is nothing to compare with, or no trial has a value, for no model's fault.

    there: the states of its jobs. A sweep that failed or was stopped half-way counts with the trials that it has.
    """
    if there.get(job + AS_IT_IS) in STOPPED:
        return True
    worthless = not any(trial and (trial.value is not None or is_late(trial)) for trial in trials)
    return worthless and (there.get(job) == FAILED or (there.get(job) in OVER and None in trials))


def is_late(trial: Trial | None) -> bool:
    """Whether not all its values are there yet. A search for runs may show them later than a look at the one run."""
    return trial is not None and trial.why == LATE


def trial_in(run: "Run", sweep: Sweep, *, asked: bool) -> Trial | None:
    """The trial of that run, which is over."""
    return trial_of(run.data.params, run.data.metrics, run.data.tags, sweep.search, asked=asked)


def command_node(name: str, sweep: Sweep, rows: str, more: str = "") -> "Command":
    """The component as a job of that name, with more at the end of its command."""
    from azure.ai.ml import Input, command, load_component

    component = load_component(COMPONENT)
    return command(
        name=name,
        display_name=name,
        experiment_name=EXPERIMENT,
        code=str(COMPONENT.parent / component.code),
        command=f"{component.command}{more}",
        environment=component.environment,
        inputs={"split": Input(type="uri_folder", path=rows)},
        compute=compute_of(PIPELINE),
    )


def compute_of(pipeline: Path) -> str:
    """The compute of that pipeline's jobs, as the SDK wants it of a single job: without the prefix of a file."""
    return Node(pipeline, read_yaml(pipeline)).at("settings").at("default_compute").read(str).removeprefix("azureml:")


def sweep_node(name: str, sweep: Sweep, rows: str) -> "SweepNode":
    """The same with parameters, as often as the search says."""
    search = sweep.search
    words = (f"'{name}=${{{{search_space.{name}}}}}'" for name in search.space)
    return command_node(name, sweep, rows, f" --parameters {' '.join(words)}").sweep(
        primary_metric=sweep.metric,
        goal="maximize" if sweep.higher else "minimize",
        sampling_algorithm=sampling(search),
        search_space=search_space(search.space),
        max_concurrent_trials=min(AT_ONCE, search.trials),
        max_total_trials=search.trials,
        timeout=search.minutes and round(60 * search.minutes),
    )
