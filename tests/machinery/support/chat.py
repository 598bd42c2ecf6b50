"""A stand-in for the incoming webhook of a chat, on loopback: it keeps what it is told."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Chat:
    """heard: path and body of each message. What is told to another path than /well is refused with 404."""

    address: str = ""
    heard: list = field(default_factory=list)


@contextmanager
def running_chat():
    """The stand-in, while the block runs."""
    found = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append((self.path, json.loads(body)))
            self.send_response(202 if self.path == "/well" else 404)
            self.end_headers()

        def log_message(self, *args):
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
