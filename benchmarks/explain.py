"""What it costs to be told why: one row through the router of a local endpoint, with `"explain": true` and without.

    cd <a generated project> && uv run python <the template>/benchmarks/explain.py

The model is the project's own, trained on the first file of data. Both are asked in turns; p50 and p95 are of each.
"""

import asyncio
import json
import os
import shutil
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

os.environ["OMP_NUM_THREADS"] = "1"  # as where a model is served; read when scikit-learn is imported

import aiohttp
import pandas as pd
from router import SERVING, Client, Folder

from _project import options
from mlops.data.model_folder import payload
from mlops.data.tables import data_files, local_folder
from mlops.decide.tasks import task_of
from mlops.platform.local.endpoints import LocalEndpoints
from mlops.settings.project import load_project

NAME, ROWS = "explained", 200


def serve(folder: Path, rows: pd.DataFrame) -> LocalEndpoints:
    """An endpoint that explains, with the project's model."""
    from steps.train import fit, save

    project = load_project()
    save(task_of(project), fit(rows, project), rows[project.features], {}, folder / NAME)
    shutil.copytree("serving", folder / "serving")
    endpoints = LocalEndpoints(folder / ".mlops", Folder(folder), SERVING, explain=True)
    endpoints.create(NAME, 0)
    endpoints.deploy(NAME, "blue", NAME, 1)
    endpoints.update(NAME, {"blue": 100}, {}, {})
    return endpoints


async def asked(endpoints: LocalEndpoints, requests: list[dict[str, object]], turns: int) -> list[list[float]]:
    """Milliseconds of the plain requests, and of the same ones asked why."""
    kinds = [[json.dumps(request | flag).encode() for request in requests] for flag in ({}, {"explain": True})]
    async with aiohttp.ClientSession() as session:
        clients = [Client(session, endpoints.key(NAME), bodies) for bodies in kinds]
        for turn in range(turns):
            for client in clients:
                await client.send(endpoints.url(NAME), turn)
    assert all({status for status, _ in client.answers} == {200} for client in clients)
    return [client.times[turns // 10 :] for client in clients]  # the first tenth warms up


def main() -> None:
    turns = 10 if options(__doc__).quick else 500
    project = load_project()
    data = pd.read_parquet(data_files(local_folder(project.data.uri))[0]).dropna()
    rows = data[project.features].sample(ROWS, random_state=0, replace=True)
    with TemporaryDirectory() as scratch:
        endpoints = serve(Path(scratch), data)
        try:
            plain, why = asyncio.run(asked(endpoints, [payload(rows.iloc[[at]]) for at in range(ROWS)], turns))
        finally:
            endpoints.stop()
    print("| one row through the router | p50, ms | p95, ms |\n| --- | ---: | ---: |")
    for name, times in (("the answer", plain), ("and why", why)):
        cuts = quantiles(times, n=20)
        print(f"| {name} | {cuts[9]:.1f} | {cuts[18]:.1f} |")


if __name__ == "__main__":
    main()
