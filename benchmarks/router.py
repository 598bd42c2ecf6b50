"""What the router costs, and whether blue and green together hold a steady load.

    cd <a generated project> && uv run python <the template>/benchmarks/router.py

Trains the project's own model and a logistic regression on the first file of data, serves each from a temporary folder
as blue and green, and prints a table. The light model shows what the router holds, the other what the whole holds.
"""

import asyncio
import json
import shutil
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import aiohttp
import pandas as pd

from _project import options

sys.path.insert(0, str(Path.cwd()))

from mlops.data.model_folder import payload
from mlops.data.tables import data_files, local_folder
from mlops.platform.local.endpoints import LocalEndpoints
from mlops.settings.project import load_project

SERVING = Path(".mlops/serving").resolve()  # the project's, so that it is installed once
NAME, SLOTS = "benchmark", ("blue", "green")
PROJECTS, LIGHT = "the project's", "logistic regression"


class Work(NamedTuple):
    """How much is asked: pairs of one at a time, then requests a second for some seconds."""

    pairs: int = 1000
    rate: int = 300
    seconds: int = 20


class Folder:
    """A registry of the models saved in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def download(self, name: str, version: int, to: Path) -> Path:
        return shutil.copytree(self.folder / name, to)


def save_models(folder: Path) -> dict[str, list[bytes]]:
    """Train and save the project's model and a light one; returns scoring requests for each, by the model's name."""
    from model.estimator import build
    from sklearn.linear_model import LogisticRegression

    project = load_project(Path("project.yml"))
    data = pd.read_parquet(data_files(local_folder(project.data.uri))[0]).dropna()
    rows, target = data[project.features], data[project.data.target]
    models = {
        PROJECTS: (build(**project.model), rows),
        LIGHT: (LogisticRegression(solver="liblinear"), rows.select_dtypes("float64")),
    }
    return {name: save(folder / name, estimator.fit(own, target), own) for name, (estimator, own) in models.items()}


def save(folder: Path, fitted: Any, rows: pd.DataFrame) -> list[bytes]:
    import mlflow

    signature = mlflow.models.infer_signature(rows, fitted.predict_proba(rows)[:, 1])
    mlflow.sklearn.save_model(
        fitted, folder, signature=signature, code_paths=["model"], pip_requirements=["scikit-learn"]
    )
    return [json.dumps(payload(rows.iloc[[number]])).encode() for number in range(200)]


class Client:
    """Sends requests and keeps their times (milliseconds) and statuses."""

    def __init__(self, session: aiohttp.ClientSession, key: str, bodies: list[bytes]) -> None:
        self.session = session
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.bodies = bodies
        self.times: list[float] = []
        self.answers: Counter[Any] = Counter()

    async def send(self, url: str, number: int) -> float:
        start = time.perf_counter()
        try:
            body = self.bodies[number % len(self.bodies)]
            async with self.session.post(url, data=body, headers=self.headers) as reply:
                await reply.read()
                self.answers[reply.status, reply.headers.get("azureml-model-deployment", "")] += 1
        except (aiohttp.ClientError, OSError) as error:
            self.answers[type(error).__name__, ""] += 1
        milliseconds = (time.perf_counter() - start) * 1000
        self.times.append(milliseconds)
        return milliseconds


async def overhead(client: Client, past_it: Client, pairs: int, routed: str, direct: str) -> str:
    """One request at a time, through the router and directly in turns."""
    taken = [(await client.send(routed, number), await past_it.send(direct, number)) for number in range(pairs)]
    assert {status for status, _ in past_it.answers} == {200}
    through, without = map(statistics.median, zip(*taken[pairs // 10 :], strict=True))
    return f"{without:9.2f} {through:9.2f} {through - without:9.2f}"


async def load(client: Client, work: Work, url: str) -> str:
    """A steady rate, whether or not earlier requests were answered."""
    start = time.perf_counter()
    tasks = []
    for number in range(work.rate * work.seconds):
        await asyncio.sleep(max(0.0, start + number / work.rate - time.perf_counter()))
        tasks.append(asyncio.create_task(client.send(url, number)))
    await asyncio.gather(*tasks)
    achieved = len(tasks) / (time.perf_counter() - start)
    cuts = statistics.quantiles(client.times, n=100)
    errors = sum(count for (status, _), count in client.answers.items() if status != 200)
    return f"{achieved:12.1f} {errors:7} {cuts[49]:7.1f} {cuts[94]:7.1f} {cuts[98]:7.1f}"


async def measure(work: Work, routed: str, direct: str, keys: tuple[str, str], bodies: list[bytes]) -> str:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        key, scoring_key = keys
        clients = Client(session, key, bodies), Client(session, scoring_key, bodies)
        alone = await overhead(*clients, work.pairs, routed, direct)
        return alone + await load(Client(session, key, bodies), work, routed)


def serve(work: Work, endpoints: LocalEndpoints, model: str, bodies: list[bytes]) -> str:
    """The row of one model, served as blue and green with half of the traffic each."""
    for slot in SLOTS:
        endpoints.update(NAME, {}, {}, {})
        endpoints.deploy(NAME, slot, model, 1)
    endpoints.update(NAME, dict.fromkeys(SLOTS, 50), {}, {})
    state = endpoints.state(NAME)
    direct = f"http://127.0.0.1:{state.deployments[SLOTS[0]].port}/score"
    return asyncio.run(measure(work, endpoints.url(NAME), direct, (state.key, state.scoring_key), bodies))


def main() -> None:
    work = Work(pairs=20, rate=50, seconds=1) if options(__doc__).quick else Work()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree("serving", folder / "serving")
        requests = save_models(folder / "models")
        endpoints = LocalEndpoints(folder / ".mlops", Folder(folder / "models"), SERVING)
        endpoints.create(NAME, 0)
        try:
            rows = [f"{model:20}{serve(work, endpoints, model, bodies)}" for model, bodies in requests.items()]
        finally:
            endpoints.stop()
    print(f"{'':20} p50 of one at a time (ms)    {work.rate} requests/s for {work.seconds} s (ms)")
    print(f"{'model':20}   direct    router     added  answered/s  errors     p50     p95     p99")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
