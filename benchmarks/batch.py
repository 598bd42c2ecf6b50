"""Files scored by the batch endpoint and by a bare loop: wall time, the gain of a second worker, a worker's memory.

    cd <a generated project> && uv run python <the template>/benchmarks/batch.py

The bare loop reads each file whole with pandas, asks the model's predict_proba and writes the scores, in a process of
its own; both sides load the model and start anew each time, and take turns. A cell is the median of the turns with the
least and the most. Memory is that of a worker with the same rows in several files, then in one.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"  # as a worker has it

import pandas as pd
from router import Folder

from _project import options
from mlops.data.model_folder import load_model, own_code
from mlops.data.tables import data_files, local_folder
from mlops.decide.tasks import task_of
from mlops.platform import Order
from mlops.platform.local.batches import LocalBatches
from mlops.settings.environments import BatchSettings
from mlops.settings.project import Project, load_project

NAME, SLOT, MODEL = "batch", "blue", "own"
WORKERS = (1, 2)
KIB, MIB = 1024, 1024 * 1024
BARE, PEAK = "bare", "peak"  # the first arguments of processes of their own: the bare loop, and what has workers alone


class Work(NamedTuple):
    """How many files there are, the rows of each, and how often each side scores them."""

    files: int
    rows: int
    turns: int


def bare_loop(model: str, source: str, output: str) -> None:
    """What is written in a minute."""
    fitted = load_model(Path(model))
    for path in sorted(Path(source).iterdir()):
        rows = pd.read_parquet(path)
        scores = fitted.predict_proba(rows)[:, 1]
        pd.DataFrame({"score": scores}).to_parquet(Path(output, path.name), index=False)


def prepare(folder: Path, project: Project, rows: pd.DataFrame) -> Folder:
    """The project's model, trained, where a batch endpoint takes it from."""
    from steps.train import fit, save

    shutil.copytree("serving", folder / "serving")
    (folder / MODEL / "code").mkdir(parents=True)
    shutil.copytree("model", folder / MODEL / "code" / "model")
    with own_code(folder / MODEL):
        asked = rows[project.features]
        save(task_of(project), fit(rows, project), asked, {}, folder / MODEL)
    return Folder(folder)


def endpoint(folder: Path, models: Folder, workers: int) -> LocalBatches:
    """The batch endpoint with so many workers, its model the default."""
    found = LocalBatches(folder / ".mlops", models, BatchSettings(endpoint=NAME, instance_count=workers))
    found.create(NAME)
    found.deploy(NAME, SLOT, MODEL, 1)
    found.make_default(NAME, SLOT)
    return found


def write_files(folder: Path, rows: pd.DataFrame, files: int, length: int) -> Path:
    """So many files of so many rows each, drawn from these; the folder."""
    folder.mkdir()
    for number in range(files):
        drawn = rows.sample(length, replace=True, random_state=number)
        drawn.to_parquet(folder / f"{number:03}.parquet", index=False)
    return folder


def seconds(act: Callable[[Path], object]) -> float:
    """Wall time of writing the answers into a new folder."""
    with TemporaryDirectory() as output:
        start = time.perf_counter()
        act(Path(output))
        return time.perf_counter() - start


def bare(model: Path, source: Path, output: Path) -> None:
    command = [sys.executable, __file__, BARE, str(model), str(source), str(output)]
    subprocess.run(command, check=True)


def batch(batches: LocalBatches, source: Path, output: Path) -> None:
    done = batches.score(NAME, Order(source, output, []), lambda _: None)
    assert not done.failed


def times(work: Work, folder: Path, models: Folder, source: Path) -> Iterator[str]:
    """A row a number of workers: its time, its part of the bare loop's, rows a second."""
    scoring = {count: endpoint(folder, models, count) for count in WORKERS}
    taken: dict[int, list[float]] = {0: [], **{count: [] for count in WORKERS}}
    for _ in range(work.turns):
        taken[0].append(seconds(lambda output: bare(folder / MODEL, source, output)))
        for count, batches in scoring.items():
            taken[count].append(seconds(lambda output, batches=batches: batch(batches, source, output)))
    yield "| workers | seconds | of a bare loop's | rows a second |"
    yield "| --- | ---: | ---: | ---: |"
    for count in WORKERS:
        speed = work.files * work.rows / statistics.median(taken[count])
        yield f"| {count} | {cell(taken[count])} | {cell(ratios(taken[count], taken[0]))} | {speed:,.0f} |"
    yield ""
    yield f"the second worker: {cell(ratios(taken[1], taken[2]))} times as fast"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Turn by turn."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def cell(found: Sequence[float]) -> str:
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def peak(folder: str, source: str) -> None:
    """Score the files with one worker; the memory of the largest process that was waited for, which is that worker."""
    seconds(lambda output: batch(endpoint(Path(folder), Folder(Path(folder)), 1), Path(source), output))
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * KIB // MIB)


def memory(work: Work, folder: Path, rows: pd.DataFrame, source: Path) -> Iterator[str]:
    """A row for the files, and one for all their rows in one."""
    one = write_files(folder / "one", rows, 1, work.files * work.rows)
    yield "| files | rows of each | a worker's peak, MiB |"
    yield "| --- | ---: | ---: |"
    for where, files in ((source, work.files), (one, 1)):
        command = [sys.executable, __file__, PEAK, str(folder), str(where)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
        yield f"| {files} | {work.files * work.rows // files:,} | {said.strip()} |"


def main() -> None:
    work = Work(3, 2_000, 1) if options(__doc__).quick else Work(12, 500_000, 5)
    project = load_project(Path("project.yml"))
    data = pd.concat(map(pd.read_parquet, data_files(local_folder(project.data.uri))))
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        models = prepare(folder, project, data)
        source = write_files(folder / "files", data[project.features], work.files, work.rows)
        print(*memory(work, folder, data[project.features], source), "", sep="\n")
        print(*times(work, folder, models, source), sep="\n")


if __name__ == "__main__":
    parts = {BARE: bare_loop, PEAK: peak}
    if sys.argv[1:2] and sys.argv[1] in parts:
        parts[sys.argv[1]](*sys.argv[2:])
    else:
        main()
