"""Steady live traffic: `python clients.py URL KEY FOLDER RATE`, until its standard input closes.

Sends real flights one by one, in the project's environment. Prints one JSON line at the end: requests, failed, by_slot
and the median latency in ms. A request failed when its answer is not a 200 with a score.
"""

import asyncio
import json
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pandas as pd

from mlops.data.model_folder import payload
from mlops.settings.project import load_project

TIME_LIMIT = 60


@dataclass
class Tally:
    """What the clients saw."""

    by_slot: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def requests(folder: Path) -> list[dict]:
    """One scoring request a flight, in a fixed random order."""
    features = load_project().features
    flights = pd.concat([pd.read_parquet(path, columns=features) for path in sorted(folder.glob("*.parquet"))])
    sample = flights.sample(500, random_state=1)
    return [payload(sample.iloc[[row]]) for row in range(len(sample))]


async def ask(session: aiohttp.ClientSession, url: str, request: dict, tally: Tally) -> None:
    """One request and its place in the tally."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        async with session.post(url, json=request) as answer:
            body = await answer.json(content_type=None)
            if answer.status != 200 or len(body["scores"]) != 1:
                tally.failures.append(f"{answer.status} {body}")
            tally.by_slot[answer.headers.get("azureml-model-deployment", "?")] += 1
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
        tally.failures.append(repr(error))
    tally.milliseconds.append((loop.time() - start) * 1000)


async def load(url: str, key: str, requests_to_send: list[dict], rate: float, tally: Tally) -> None:
    """Requests at a steady rate, whether or not the earlier ones have been answered, until stdin closes."""
    loop = asyncio.get_running_loop()
    closed = loop.run_in_executor(None, sys.stdin.read)
    headers, limit = {"Authorization": f"Bearer {key}"}, aiohttp.ClientTimeout(total=TIME_LIMIT)
    async with aiohttp.ClientSession(headers=headers, timeout=limit) as session, asyncio.TaskGroup() as tasks:
        sent, start = 0, loop.time()
        while not closed.done():
            tasks.create_task(ask(session, url, requests_to_send[sent % len(requests_to_send)], tally))
            sent += 1
            await asyncio.sleep(max(0.0, start + sent / rate - loop.time()))


def main() -> None:
    url, key, folder, rate = sys.argv[1:]
    tally = Tally()
    asyncio.run(load(url, key, requests(Path(folder)), float(rate), tally))
    result = {
        "requests": len(tally.milliseconds),
        "failed": len(tally.failures),
        "examples": tally.failures[:3],
        "by_slot": dict(tally.by_slot),
        "median_ms": round(statistics.median(tally.milliseconds), 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
