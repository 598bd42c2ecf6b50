"""Who answers and what is refused, against small scoring servers."""

import asyncio
import json
import random
from collections import Counter

import pytest
from routed import AUTHORISED, BODY, KEY, SCORING_KEY, Scoring, routed, within_5_sigma

from mlops.platform import DEPLOYMENT_HEADER
from mlops.platform.local import router
from mlops.platform.local.endpoint_state import STATE_FILE


@pytest.fixture(autouse=True)
def same_draws():
    random.seed(7)


async def until(condition):
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.01)


def test_traffic_is_split_by_weight(tmp_path):
    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring(), "red": Scoring()}) as it:
            it.set({"blue": 80, "green": 20, "red": 0})
            return Counter([(await it.post())[1] for _ in range(600)])

    answered = asyncio.run(scenario())
    assert answered.keys() == {"blue", "green"}
    assert within_5_sigma(answered["green"], 600, 0.2)


@pytest.mark.parametrize(
    "sent",
    [None, "", KEY, "Bearer", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", "Bearer caf\u00e9"],
)
def test_the_key_is_asked_for(tmp_path, sent):
    blue = {}

    async def scenario():
        blue["it"] = Scoring()
        async with routed(tmp_path, {"blue": blue["it"]}) as it:
            it.set({"blue": 100})
            headers = {} if sent is None else {"Authorization": sent}
            async with it.client.get("/") as health, it.client.get("/statistics", headers=headers) as statistics:
                return health.status, statistics.status, await it.post(headers=headers)

    health, statistics, (status, slot, text) = asyncio.run(scenario())
    assert (health, statistics, status, slot) == (200, 401, 401, None)
    assert "key" in json.loads(text)["error"]
    assert blue["it"].seen == []


def test_the_header_reaches_any_slot_and_only_slots(tmp_path):
    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring()}) as it:
            it.set({"blue": 100})
            return await it.post("green"), await it.post("ghost"), await it.records()

    (status, slot, _), (missing, nobody, text), records = asyncio.run(scenario())
    assert (status, slot) == (200, "green")
    assert (missing, nobody, json.loads(text)["error"]) == (404, None, "there is no deployment 'ghost'")
    assert [each.kind for each in records] == ["direct"]


def test_the_slot_that_would_answer_describes_itself_and_that_is_no_request(tmp_path):
    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring(), "dead": None}) as it:
            it.set({"blue": 100}, {"green": 100})
            found = [await it.document(), await it.document({**AUTHORISED, DEPLOYMENT_HEADER: "green"})]
            refused = [await it.document({}), await it.document({**AUTHORISED, DEPLOYMENT_HEADER: "dead"})]
            it.set({"blue": 0})
            return found, [*refused, await it.document()], await it.records()

    found, refused, records = asyncio.run(scenario())
    assert found == [(200, slot, {"asked for": "3"}) for slot in ("blue", "green")]
    assert ([status for status, _, _ in refused], records) == ([401, 502, 503], [])


def test_without_traffic_nobody_answers(tmp_path):
    async def scenario():
        async with routed(tmp_path, {"blue": Scoring()}) as it:
            it.set({"blue": 0})
            return await it.post()

    assert asyncio.run(scenario()) == (503, None, '{"error": "no deployment gets traffic"}')


def test_a_change_is_in_force_for_the_next_request(tmp_path):
    async def scenario():
        async with routed(tmp_path, {"blue": Scoring(), "green": Scoring()}) as it:
            for turn in range(40):
                slot = ("blue", "green")[turn % 2]
                it.set({slot: 100})
                assert (await it.post())[1] == slot
            (tmp_path / STATE_FILE).write_text('{"port": 1, "ke', encoding="utf-8")
            assert (await it.post())[:2] == (200, "green"), "a damaged file must leave the last one in force"

    asyncio.run(scenario())


def test_a_slot_that_fails_is_answered_for(tmp_path):
    async def scenario():
        slow, refusing = Scoring(), Scoring(400, '{"error": "your mistake"}')
        slow.go.clear()
        async with routed(tmp_path, {"dead": None, "slow": slow, "refusing": refusing}, time_limit=0.2) as it:
            it.set({"dead": 100})
            dead = await it.post()
            it.set({"slow": 100})
            late = await it.post()
            it.set({"refusing": 100})
            mistaken = await it.post()
            slow.go.set()
            return dead, late, mistaken, await it.records()

    dead, late, mistaken, records = asyncio.run(scenario())
    assert dead[:2] == (502, "dead")
    assert json.loads(dead[2])["error"].startswith("dead does not answer: ")
    assert late == (504, "slow", '{"error": "slow did not answer within 0.2 s"}')
    assert mistaken == (400, "refusing", '{"error": "your mistake"}')
    assert [(each.slot, each.status, each.kind) for each in records] == [
        ("dead", 502, "live"),
        ("slow", 504, "live"),
        ("refusing", 400, "live"),
    ]


def test_a_slot_that_hangs_does_not_starve_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(router, "MAX_UNDER_WAY", 3)

    async def scenario():
        slow = Scoring()
        slow.go.clear()
        async with routed(tmp_path, {"slow": slow, "blue": Scoring()}) as it:
            it.set({"blue": 100})
            waiting = [asyncio.create_task(it.post("slow")) for _ in range(3)]
            await until(lambda: len(slow.seen) == 3)
            one_more, other = await it.post("slow"), await it.post()
            slow.go.set()
            return one_more, other, await asyncio.gather(*waiting)

    one_more, other, waited = asyncio.run(scenario())
    assert one_more == (503, "slow", '{"error": "slow has 3 requests under way"}')
    assert other[:2] == (200, "blue")
    assert [status for status, _, _ in waited] == [200, 200, 200]


def test_a_body_may_be_so_large_and_no_larger(tmp_path):
    async def scenario():
        blue = Scoring()
        async with routed(tmp_path, {"blue": blue}) as it:
            it.set({"blue": 100})
            fits, too_large = (
                await it.post(data=b"1" * router.MAX_BODY),
                await it.post(data=b"1" * (router.MAX_BODY + 1)),
            )
            return fits, too_large, len(blue.seen)

    fits, too_large, seen = asyncio.run(scenario())
    assert fits[0] == 200
    assert (too_large[0], json.loads(too_large[2])["error"]) == (
        413,
        f"the body is larger than {router.MAX_BODY} bytes",
    )
    assert seen == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_is_not_what_its_headers_say_is_the_clients_mistake(tmp_path, encoding):
    async def scenario():
        blue = Scoring()
        async with routed(tmp_path, {"blue": blue}) as it:
            it.set({"blue": 100})
            answer = await it.post(headers={**AUTHORISED, "Content-Encoding": encoding}, data=b"plain")
            return answer, (await it.post())[0], len(blue.seen)

    (status, _, text), after, seen = asyncio.run(scenario())
    assert (status, after, seen) == (400, 200, 1)
    assert json.loads(text)["error"].startswith("the body is not what its headers say")


def test_body_and_tracing_go_through_and_the_key_does_not(tmp_path):
    async def scenario():
        blue = Scoring()
        async with routed(tmp_path, {"blue": blue}) as it:
            it.set({"blue": 100})
            async with it.client.post("/score", data=BODY, headers={**AUTHORISED, "x-request-id": "mine"}) as reply:
                return blue.seen[0], reply.headers["x-ms-request-id"], await reply.text()

    (headers, body), traced, text = asyncio.run(scenario())
    assert (body, traced, text) == (BODY.encode(), "7", '{"scores": [0.5]}')
    assert (headers["x-request-id"], headers["Content-Type"]) == ("mine", "application/json")
    assert headers["Authorization"] == f"Bearer {SCORING_KEY}"
