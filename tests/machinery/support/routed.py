"""A router over small scoring servers, all in this process, all speaking real HTTP."""

import asyncio
import json
import math
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from this_process import NOBODYS, ourselves

from mlops.platform import DEPLOYMENT_HEADER
from mlops.platform.local import router
from mlops.platform.local.endpoint_state import EndpointState, Slot, write_state
from mlops.platform.local.records import RECORDS_FILE, Request, rows_since

KEY, SCORING_KEY = "the-right-key", "of the router alone"
AUTHORISED = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
BODY = json.dumps({"input_data": {"columns": ["a"], "data": [[1]]}})


class Scoring:
    """A scoring server: remembers what it was asked; answers at once, or when told to."""

    def __init__(self, status=200, text='{"scores": [0.5]}'):
        self.status, self.text = status, text
        self.seen = []
        self.go = asyncio.Event()
        self.go.set()

    async def score(self, request):
        self.seen.append((request.headers, await request.read()))
        await self.go.wait()
        return web.Response(status=self.status, text=self.text, headers={"x-ms-request-id": "7"})

    async def document(self, request):
        return web.json_response({"asked for": request.query.get("version")})


class Routed:
    """A router with its scoring servers."""

    def __init__(self, folder, client, ports):
        self.folder, self.client, self.ports = folder, client, ports

    def set(self, traffic, mirror=None):
        slots = {
            slot: Slot(model="m", version=number, port=port, state="ready", process=ourselves())
            for number, (slot, port) in enumerate(self.ports.items(), start=1)
        }
        write_state(
            self.folder,
            EndpointState(
                port=1, key=KEY, scoring_key=SCORING_KEY, traffic=traffic, mirror=mirror or {}, deployments=slots
            ),
        )

    async def post(self, slot=None, data=BODY, headers=AUTHORISED):
        named = {DEPLOYMENT_HEADER: slot} if slot else {}
        async with self.client.post("/score", data=data, headers={**headers, **named}) as reply:
            return reply.status, reply.headers.get(DEPLOYMENT_HEADER), await reply.text()

    async def document(self, headers=AUTHORISED):
        async with self.client.get("/swagger.json?version=3", headers=headers) as reply:
            return reply.status, reply.headers.get(DEPLOYMENT_HEADER), await reply.json()

    async def statistics(self):
        async with self.client.get("/statistics", headers=AUTHORISED) as reply:
            return await reply.json()

    async def records(self):
        """The records, once nothing is under way and all is on disk."""
        async with asyncio.timeout(300):
            while (await self.statistics())["under_way"]:
                await asyncio.sleep(0.01)
        await self.statistics()
        return self.recorded()

    def recorded(self):
        return [Request(*row) for row in rows_since(self.folder / RECORDS_FILE, "*", 0, "TRUE")]


@asynccontextmanager
async def routed(folder, servers, time_limit=20.0):
    """A router over these servers; a slot with None has nothing behind it."""
    async with AsyncExitStack() as stack:
        ports = {}
        for slot, server in servers.items():
            app = web.Application(client_max_size=2 * router.MAX_BODY)
            if server:
                app.add_routes([web.post("/score", server.score), web.get("/swagger.json", server.document)])
            ports[slot] = (await stack.enter_async_context(TestServer(app))).port if server else NOBODYS
        app = router.Router(folder, time_limit).app()
        yield Routed(folder, await stack.enter_async_context(TestClient(TestServer(app))), ports)


def within_5_sigma(count, total, share):
    return abs(count - total * share) <= 5 * math.sqrt(total * share * (1 - share))
