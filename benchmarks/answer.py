"""What one row and a thousand cost, before and now: the model alone, Azure's inference server, and through the router.

    cd <a generated project> && uv run python <the template>/benchmarks/answer.py [--before COMMIT | --before sklearn]

The models are the project's own and the one that `adopt` drafts, trained on the first file of data. Before is the code
of the template's commit (HEAD, if none is named), now that of the project. With `--before sklearn` both are the
project's code, and now ONNX answers: see docs/onnx.md of the project, whose lines have to be there. They are asked in
turns; a cell is the median before, the median now, and the ratio of the two.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"  # as where a model is served; read when scikit-learn is imported

import aiohttp
import pandas as pd
from router import SERVING, Client, Folder
from sklearn.pipeline import Pipeline

from _project import options
from mlops.data.model_folder import load_model, own_code, payload
from mlops.data.onnx_export import export
from mlops.data.scoring_script import load_script
from mlops.data.tables import data_files, local_folder
from mlops.decide.tasks import task_of
from mlops.platform.local.endpoints import LocalEndpoints
from mlops.settings.project import Project, load_project

ROOT = Path(__file__).parent.parent
IN_TEMPLATE = "{{cookiecutter.project_slug}}"
SKLEARN = "sklearn"
PROJECTS, DRAFTED = "the project's", "drafted by adopt"
MODELS = {PROJECTS: "own", DRAFTED: "drafted"}  # and the names of their endpoints


class Work(NamedTuple):
    """How many bodies there are, by their rows, and how often each side is asked."""

    bodies: dict[int, int]
    turns: dict[int, int]


class Side(NamedTuple):
    """Before or now: its models, by name, and where they are served."""

    models: Path
    endpoints: LocalEndpoints


def source(path: str, commit: str | None) -> str:
    """A file of the project, or of the template at the commit."""
    if commit is None:
        return Path(path).read_text(encoding="utf-8")
    command = ["git", "show", f"{commit}:{IN_TEMPLATE}/{path}"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def own_files(commit: str | None) -> list[str]:
    """The names of the files in model/."""
    if commit is None:
        return [path.name for path in Path("model").glob("*.py")]
    command = ["git", "ls-tree", "--name-only", commit, f"{IN_TEMPLATE}/model/"]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    return [Path(line).name for line in found.splitlines() if line.endswith(".py")]


def model_sources(folder: Path, commit: str | None) -> dict[str, dict[str, str]]:
    """The files of model/, of either model."""
    drafter = folder / "drafter.py"
    drafter.write_text(source("mlops/data/adoption/model.py", commit), encoding="utf-8")
    own = {name: source(f"model/{name}", commit) for name in own_files(commit)}
    return {PROJECTS: own, DRAFTED: load_script(drafter).model_files("binary")}


def prepare(folder: Path, commit: str | None, project: Project, rows: pd.DataFrame, onnx: bool) -> Side:
    """Train and serve both models, by the code of the commit or of the project, with ONNX or without."""
    from steps.train import fit, save

    shutil.copytree("serving", folder / "serving")
    (folder / "serving" / "score.py").write_text(source("serving/score.py", commit), encoding="utf-8")
    endpoints = LocalEndpoints(folder / ".mlops", Folder(folder), SERVING)
    for model, files in model_sources(folder, commit).items():
        code, name = folder / "sources" / MODELS[model], MODELS[model]
        (code / "code" / "model").mkdir(parents=True)
        for file, text in files.items():
            (code / "code" / "model" / file).write_text(text, encoding="utf-8")
        with own_code(code), chdir(code / "code"):
            fitted, asked = fit(rows, project), rows[project.features]
            save(task_of(project), fitted, asked, {}, folder / name, converted(fitted, asked) if onnx else None)
        endpoints.create(name, 0)
        endpoints.deploy(name, "blue", name, 1)
        endpoints.update(name, {"blue": 100}, {}, {})
    return Side(folder, endpoints)


def converted(model: Pipeline, rows: pd.DataFrame) -> bytes:
    found = export(model, rows)
    print(found.found)
    assert found.onnx
    return found.onnx


def alone(sides: list[Side], name: str, frames: list[pd.DataFrame], turns: int) -> str:
    """predict_proba, each time of a frame that was not asked before."""
    models = [load_model(side.models / name) for side in sides]
    times: list[list[float]] = [[] for _ in models]
    for turn in range(turns):
        for taken, model in zip(times, models, strict=True):
            frame = frames[turn % len(frames)].copy()
            start = time.perf_counter()
            model.predict_proba(frame)
            taken.append((time.perf_counter() - start) * 1000)
    return cell(times)


async def served(urls: list[str], keys: list[str], bodies: list[bytes], turns: int) -> str:
    """The same rows as requests, one at a time."""
    async with aiohttp.ClientSession() as session:
        clients = [Client(session, key, bodies) for key in keys]
        for turn in range(turns):
            for client, url in zip(clients, urls, strict=True):
                await client.send(url, turn)
    assert all({status for status, _ in client.answers} == {200} for client in clients)
    return cell([client.times for client in clients])


def cell(times: list[list[float]]) -> str:
    """The medians and their ratio; the first tenth warms up."""
    before, now = (statistics.median(each[len(each) // 10 :]) for each in times)
    return f"{before:.2f} to {now:.2f}, {now / before:.2f}"


def table(work: Work, sides: list[Side], rows: pd.DataFrame) -> Iterator[str]:
    yield "| ms before to now, ratio | model alone | inference server | through the router |"
    yield "| --- | ---: | ---: | ---: |"
    for model, name in MODELS.items():
        states = [side.endpoints.state(name).deployments["blue"] for side in sides]
        direct = [f"http://127.0.0.1:{state.port}/score" for state in states]
        routed = [side.endpoints.url(name) for side in sides]
        keys = [side.endpoints.key(name) for side in sides]
        for size, count in work.bodies.items():
            frames = [rows.sample(size, replace=True, random_state=number) for number in range(count)]
            bodies, turns = [json.dumps(payload(frame)).encode() for frame in frames], work.turns[size]
            cells = [alone(sides, name, frames, turns)]
            known = [getattr(state, "scoring_key", "") for side in sides for state in [side.endpoints.state(name)]]
            ways = ((direct, known), (routed, keys))
            cells += [asyncio.run(served(urls, theirs, bodies, turns)) for urls, theirs in ways]
            yield f"| {model}, {size:,} row{'s' * (size > 1)} | " + " | ".join(cells) + " |"


def main() -> None:
    asked = options(__doc__, before="a commit of the template (default: HEAD), or sklearn")
    turns = {1: 10, 1000: 3} if asked.quick else {1: 1000, 1000: 200}
    work = Work({1: 200, 1000: 5}, turns)
    project = load_project(Path("project.yml"))
    data = pd.read_parquet(data_files(local_folder(project.data.uri))[0]).dropna()
    sides: list[Side] = []
    with TemporaryDirectory() as scratch:
        try:
            onnx = asked.before == SKLEARN
            for name, commit in (("before", None if onnx else asked.before or "HEAD"), ("now", None)):
                (Path(scratch) / name).mkdir()
                sides.append(prepare(Path(scratch) / name, commit, project, data, onnx and name == "now"))
            print("\n".join(table(work, sides, data[project.features])))
        finally:
            for side in sides:
                side.endpoints.stop()


if __name__ == "__main__":
    main()
