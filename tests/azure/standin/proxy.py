"""The way in: a proxy that ends TLS with a certificate of its own and hands requests on, without their wire."""

import functools
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from standin.faults import DroppedError
from standin.messages import Reply, Request

Answer = Callable[[Request], Reply]  # DroppedError: end the connection instead
QUICK = getattr(socket, "TCP_QUICKACK", None)  # Linux only
WIRE = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Proxy(ThreadingHTTPServer):
    """Listens on a free port of the loopback interface."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Answer, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(certificate)
        self.context_of = functools.cache(self._make_context)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Answer until `stop`."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Take no more requests."""
        self.shutdown()
        self.server_close()

    def _make_context(self, host: str) -> ssl.SSLContext:
        """What proves to a client that this is the host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, as killed ones do, is no error here."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy
    tunnel = ""  # the host that a CONNECT named

    def do_CONNECT(self) -> None:
        self.tunnel = self.path.rsplit(":", 1)[0]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = self.server.context_of(self.tunnel).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 65536)
        self.close_connection = False

    def serve(self) -> None:
        """Answer one request."""
        try:
            if QUICK:  # urllib3 lets Nagle's algorithm on towards proxies: else each body waits 40 ms
                self.connection.setsockopt(socket.IPPROTO_TCP, QUICK, 1)
            reply = self.server.answer(self.take())
        except DroppedError:
            self.close_connection = True
            return
        self.send(reply)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = serve  # noqa: N815

    def take(self) -> Request:
        """The request as it came in."""
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        host = self.tunnel or url.hostname or ""
        target = f"{url.path}?{url.query}" if url.query else url.path
        return Request(self.command, host, unquote(url.path), query, self.headers, self.read(), target)

    def read(self) -> bytes:
        """The body, whole or in chunks."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send(self, reply: Reply) -> None:
        """The reply over the wire. A HEAD's length is that of what is not sent."""
        plain = reply.body is None or isinstance(reply.body, bytes)
        body = reply.body or b"" if plain else json.dumps(reply.body).encode()
        headers = {name.lower(): value for name, value in reply.headers.items()}
        length = headers.get("content-length") if self.command == "HEAD" else None
        self.send_response(reply.status)
        if not plain:
            headers.setdefault("content-type", "application/json; charset=utf-8")
        for name in headers.keys() - WIRE:
            self.send_header(name, headers[name])
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the stand-in's log is of requests and replies."""
