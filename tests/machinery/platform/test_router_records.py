"""What is copied and written down, and that no client ever pays for it."""

import asyncio
import gc
import random
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from routed import BODY, Scoring, routed, within_5_sigma

from mlops.platform.local import router
from mlops.platform.local.records import RECORDS_FILE


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
            return live + direct, Counter((each.slot, each.kind) for each in await it.records())

    answers, counted = asyncio.run(scenario())
    assert {answer[:2] for answer in answers} == {(200, "blue")}
    assert within_5_sigma(counted["green", "mirrored"], 150, 0.5)
    assert (counted["blue", "live"], counted["blue", "direct"]) == (150, 50)


def test_inputs_and_outputs_are_collected(tmp_path):
    asked = BODY.encode()

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring(), "red": Scoring(400, "{}")}) as it:
            it.set({"blue": 100}, {"green": 100})
            assert (await it.post())[0] == 200
            await it.post("blue")
            it.set({"red": 100})
            await it.post()
            return await it.records()

    records = asyncio.run(scenario())
    assert sorted((each.slot, each.version, each.kind, each.status, each.request) for each in records) == [
        ("blue", 1, "direct", 200, None),
        ("blue", 1, "live", 200, asked),
        ("green", 2, "mirrored", 200, asked),
        ("red", 3, "live", 400, None),
    ]
    assert all((each.request is None) == (each.answer is None) for each in records)
    assert {each.answer for each in records if each.answer} == {b'{"scores": [0.5]}'}


def test_records_that_cannot_be_written_fail_no_request(tmp_path):
    (tmp_path / RECORDS_FILE).mkdir()

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring()}) as it:
            it.set({"blue": 100})
            before = await it.statistics()
            return before["last_loss"], [(await it.post())[0] for _ in range(20)], await it.statistics()

    before, statuses, after = asyncio.run(scenario())
    assert statuses == [200] * 20
    assert (before, after["last_loss"] is not None, after["on_disk"]) == (None, True, True)


def test_statistics_wait_for_the_disk_but_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(router, "FLUSH_LIMIT", 0.1)

    async def scenario():
        async with routed(tmp_path, {"blue": Scoring()}) as it:
            it.set({"blue": 100})
            await it.records()
            with closing(sqlite3.connect(tmp_path / RECORDS_FILE)) as other:
                other.execute("BEGIN IMMEDIATE")
                statuses = [(await it.post())[0] for _ in range(5)]
                behind = await it.statistics()
            monkeypatch.setattr(router, "FLUSH_LIMIT", 60.0)
            return statuses, behind["on_disk"], (await it.statistics())["on_disk"], await it.records()

    statuses, behind, caught_up, records = asyncio.run(scenario())
    assert (statuses, behind, caught_up, len(records)) == ([200] * 5, False, True, 5)


def test_a_copy_under_way_when_the_router_ends_is_dropped(tmp_path):
    wrong = []

    async def scenario():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
        hanging = Scoring()
        hanging.go.clear()
        async with routed(tmp_path, {"blue": Scoring(), "green": hanging}) as it:
            it.set({"blue": 100}, {"green": 100})
            await it.post()
            while not hanging.seen:
                await asyncio.sleep(0.01)
            await it.client.close()
            hanging.go.set()
        gc.collect()
        return Counter(each.kind for each in it.recorded())

    assert (asyncio.run(scenario()), wrong) == ({"live": 1}, [])
