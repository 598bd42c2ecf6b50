"""What is copied and written down, and that no client ever pays for it."""

import asyncio
import json
import random
import threading
from collections import Counter

import pytest
from routed import BODY, Scoring, routed, within_5_sigma

from mlops.platform.local import router
from mlops.platform.local.journal import Journal


@pytest.fixture(autouse=True)
def same_draws():
    random.seed(7)


def test_half_of_the_live_requests_are_mirrored_and_clients_do_not_notice(tmp_path):
    async def scenario():
        hanging = Scoring()
        hanging.go.clear()
        async with routed(tmp_path, {"blue": Scoring(), "green": hanging}) as it:
            it.set({"blue": 100}, {"green": 50})
            live = [await it.post() for _ in range(150)]
            direct = [await it.post("blue") for _ in range(50)]
            hanging.go.set()
            return live + direct, Counter((line["slot"], line["kind"]) for line in await it.lines("requests.jsonl"))

    answers, counted = asyncio.run(scenario())
    assert {answer[:2] for answer in answers} == {(200, "blue")}
    assert within_5_sigma(counted["green", "mirrored"], 150, 0.5)
    assert (counted["blue", "live"], counted["blue", "direct"]) == (150, 50)


def test_inputs_and_outputs_are_collected(tmp_path):
    pretty = json.dumps(json.loads(BODY), indent=2) + "\r\n"

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring(), "red": Scoring(400, "{}")}) as it:
            it.set({"blue": 100}, {"green": 100})
            await it.post(data=pretty)
            await it.post("blue")
            it.set({"red": 100})
            await it.post()
            return await it.lines("collected.jsonl")

    lines = asyncio.run(scenario())
    assert sorted((line["slot"], line["version"]) for line in lines) == [("blue", 1), ("green", 2)]
    assert all(line["request"] == json.loads(BODY) and line["outputs"] == {"scores": [0.5]} for line in lines)


@pytest.mark.parametrize("name", ["requests", "collected"])
def test_a_record_that_cannot_be_written_fails_no_request(tmp_path, name):
    (tmp_path / f"{name}.jsonl").mkdir()

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring()}) as it:
            it.set({"blue": 100})
            return [(await it.post())[0] for _ in range(20)], await it.statistics()

    statuses, statistics = asyncio.run(scenario())
    assert statuses == [200] * 20
    assert (statistics[name]["lost"], statistics[name]["last_loss"] is not None) == (20, True)
    other = {"requests": "collected", "collected": "requests"}[name]
    assert statistics[other] == {"lost": 0, "last_loss": None}


def test_statistics_wait_for_the_disk_but_not_for_ever(tmp_path, monkeypatch):
    disk = threading.Event()
    write = Journal._write

    def slow_write(self, lines):
        assert not lines or disk.wait(20)
        return write(self, lines)

    monkeypatch.setattr(Journal, "_write", slow_write)
    monkeypatch.setattr(router, "FLUSH_LIMIT", 0.1)

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring()}) as it:
            it.set({"blue": 100})
            statuses = [(await it.post())[0] for _ in range(5)]
            behind = await it.statistics()
            monkeypatch.setattr(router, "FLUSH_LIMIT", 20.0)
            disk.set()
            return statuses, behind["on_disk"], (await it.statistics())["on_disk"], await it.lines("requests.jsonl")

    statuses, behind, caught_up, lines = asyncio.run(scenario())
    assert (statuses, behind, caught_up, len(lines)) == ([200] * 5, False, True, 5)
