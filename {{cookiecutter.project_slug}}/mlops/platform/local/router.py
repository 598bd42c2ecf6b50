"""The public route of one endpoint, with Azure ML's semantics: `python -m mlops.platform.local.router <its folder>`.

POST /score         key in `Authorization: Bearer`; to a slot by weight, or to the one that the deployment header names
GET  /swagger.json  the same; ?version=3 for the OpenAPI document of what that slot serves
GET  /              alive
GET  /statistics    key; what is under way and when a record was last lost. Answers when all so far are on disk

It reads endpoint.json again whenever that changed, so a change is in force for the next request.
"""

import asyncio
import hmac
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from mlops import UserError
from mlops.platform import DEPLOYMENT_HEADER
from mlops.platform.local.client import LOOPBACK, Answer, bearer
from mlops.platform.local.endpoint_state import STATE_FILE, EndpointState, read_state
from mlops.platform.local.processes import find
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request

TIME_LIMIT = 30.0  # seconds for one answer
MAX_BODY = 10 * 1024 * 1024  # bytes
MAX_UNDER_WAY = 200  # requests in one slot: one that hangs must not use up all connections
FLUSH_LIMIT = 5.0  # seconds
SCORE, DOCUMENT = "/score", "/swagger.json"
NO_KEY = "the key is wrong or missing; send it as `Authorization: Bearer <key>`"

CLIENTS_MISTAKES = (HttpProcessingError, web.RequestPayloadError, ConnectionError)

log = logging.getLogger("router")


class Router:
    """Sends requests to slots and keeps account of them."""

    def __init__(self, folder: Path, time_limit: float = TIME_LIMIT) -> None:
        self.folder = folder
        self.time_limit = aiohttp.ClientTimeout(total=time_limit)
        self.records = Recorder(folder / RECORDS_FILE)
        self.under_way: Counter[str] = Counter()
        self.mirroring: set[asyncio.Task[Answer]] = set()
        self.stamp: tuple[int, ...] = ()
        self.endpoint = EndpointState.model_construct(port=0, key="")  # until the file is read; no key opens it
        self.session: aiohttp.ClientSession

    def app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes([web.get("/", health), web.get("/statistics", self.statistics)])
        app.add_routes([web.post(SCORE, self.score), web.get(DOCUMENT, self.document)])
        app.cleanup_ctx.append(self.resources)
        return app

    async def resources(self, app: web.Application) -> AsyncIterator[None]:
        """The connections and the records, as long as the app runs."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)  # the inference server closes after each answer
        async with aiohttp.ClientSession(
            connector=connector, timeout=self.time_limit, auto_decompress=False
        ) as session:
            self.session = session
            yield
            for task in self.mirroring:
                task.cancel()
        self.records.close()

    def current(self) -> EndpointState:
        """The endpoint as last written. While it cannot be read, what was read last stays in force."""
        try:
            stat = (self.folder / STATE_FILE).stat()
            stamp = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if stamp != self.stamp:
                self.stamp = stamp  # also when it is damaged: it is not read again until it changes
                self.endpoint = read_state(self.folder) or self.endpoint
        except (OSError, UserError) as error:
            log.warning("%s", error)
        return self.endpoint

    async def score(self, request: web.Request) -> web.Response:
        if not authorised(request, self.current().key):
            return refusal(401, NO_KEY)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return refusal(413, f"the body is larger than {MAX_BODY} bytes")
        except web.RequestPayloadError as mistake:
            refused = refusal(400, f"the body is not what its headers say: {' '.join(str(mistake).split())}")
            refused.force_close()  # what is left of the body cannot be told from the next request
            return refused
        endpoint = self.current()  # again: it may have changed while the body came in
        slot, named = chosen(endpoint, request), DEPLOYMENT_HEADER in request.headers
        if isinstance(slot, web.Response):
            return slot
        if not named:
            self.mirror(endpoint, request.headers, body)
        answer = await self.answer(endpoint, slot, "direct" if named else "live", request.headers, body)
        return answered(slot, answer)

    async def document(self, request: web.Request) -> web.Response:
        """What describes the slot that a scoring request would go to; no request to it, so it is not recorded."""
        endpoint = self.current()
        if not authorised(request, endpoint.key):
            return refusal(401, NO_KEY)
        slot = chosen(endpoint, request)
        if isinstance(slot, web.Response):
            return slot
        return answered(slot, await self.forward(endpoint, slot, "GET", request.path_qs, request.headers))

    def mirror(self, endpoint: EndpointState, headers: Mapping[str, str], body: bytes) -> None:
        """Copy the request, by chance, to the mirrored slot; nobody waits for the answer."""
        for slot, share in endpoint.mirror.items():
            if random.random() * 100 < share:  # noqa: S311  a share, no secret
                task = asyncio.create_task(self.answer(endpoint, slot, "mirrored", headers, body))
                self.mirroring.add(task)
                task.add_done_callback(self.mirroring.discard)

    async def answer(
        self, endpoint: EndpointState, slot: str, kind: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """What the slot answers, with its failures as answers too; recorded."""
        start = time.perf_counter()
        self.under_way[slot] += 1
        try:
            if self.under_way[slot] > MAX_UNDER_WAY:
                answer = failure(503, f"{slot} has {MAX_UNDER_WAY} requests under way")
            else:
                answer = await self.forward(endpoint, slot, "POST", SCORE, headers, body)
        finally:
            self.under_way[slot] -= 1
        self.record(endpoint, slot, kind, answer, body, (time.perf_counter() - start) * 1000)
        return answer

    async def forward(
        self,
        endpoint: EndpointState,
        slot: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        placed = endpoint.deployments[slot]
        if not find(placed.process):  # whoever has its port now is a stranger
            return failure(502, f"{slot} does not answer: its process has ended")
        url, sent = f"http://{LOOPBACK}:{placed.port}{path}", passed_on(headers) | bearer(endpoint.scoring_key)
        try:
            async with self.session.request(method, url, data=body, headers=sent) as reply:
                return Answer(reply.status, reply.headers, await reply.read())
        except TimeoutError:
            return failure(504, f"{slot} did not answer within {self.time_limit.total:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return failure(502, f"{slot} does not answer: {error!r}")

    def record(
        self, endpoint: EndpointState, slot: str, kind: str, answer: Answer, body: bytes, milliseconds: float
    ) -> None:
        """Write down the request and, if it was scored for or beside a client, what went in and came out."""
        bodies = (body, answer.body) if kind != "direct" and answer.status == 200 else (None, None)
        version = endpoint.deployments[slot].version
        self.records.add(Request(time.time(), slot, version, kind, answer.status, milliseconds, *bodies))

    async def statistics(self, request: web.Request) -> web.Response:
        if not authorised(request, self.current().key):
            return refusal(401, "the key is wrong or missing")
        _, late = await asyncio.wait([asyncio.wrap_future(self.records.flush())], timeout=FLUSH_LIMIT)
        under_way = {slot: count for slot, count in self.under_way.items() if count}
        return web.json_response({"on_disk": not late, "last_loss": self.records.last_loss, "under_way": under_way})


async def health(request: web.Request) -> web.Response:
    return web.json_response({"status": "healthy"})


def authorised(request: web.Request, key: str) -> bool:
    """Whether the key was sent; takes as long for a nearly right one as for a wrong one."""
    sent = request.headers.get("Authorization", "")
    return bool(key) and hmac.compare_digest(sent.encode(errors="replace"), f"Bearer {key}".encode())


def chosen(endpoint: EndpointState, request: web.Request) -> str | web.Response:
    """The slot that the request goes to, or what it is refused with."""
    named = request.headers.get(DEPLOYMENT_HEADER)
    if named is not None and named not in endpoint.deployments:
        return refusal(404, f"there is no deployment {named!r}")
    return named or pick(endpoint.traffic) or refusal(503, "no deployment gets traffic")


def pick(traffic: Mapping[str, int]) -> str | None:
    """A slot by weight; None when no slot has any."""
    slots = [slot for slot, share in traffic.items() if share]
    weights = [traffic[slot] for slot in slots]
    return random.choices(slots, weights)[0] if slots else None  # noqa: S311  a share, no secret


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that go through the router: the content's type and those of tracing."""
    return {name: value for name, value in headers.items() if name.lower().startswith(("content-type", "x-"))}


def answered(slot: str, answer: Answer) -> web.Response:
    """The slot's answer as a client gets it."""
    headers = {**passed_on(answer.headers), DEPLOYMENT_HEADER: slot}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def refusal(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


def failure(status: int, message: str) -> Answer:
    """An answer in the place of the one that a slot owes."""
    return Answer(status, {"Content-Type": "application/json"}, json.dumps({"error": message}).encode())


def about_us(record: logging.LogRecord) -> bool:
    """Whether it is: not what is no HTTP and answered 400, nor a client that goes away; each would be a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], CLIENTS_MISTAKES))


def main() -> None:
    folder = Path(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("aiohttp.server").addFilter(about_us)
    router = Router(folder)
    web.run_app(
        router.app(), host=LOOPBACK, port=router.current().port, access_log=None, print=None, shutdown_timeout=3
    )


if __name__ == "__main__":
    main()
