"""Another program on the port of a router or of a scoring process."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mlops.platform.local.client import LOOPBACK


class Stranger(ThreadingHTTPServer):
    """Says yes to everything, and keeps what it was sent."""

    allow_reuse_address = True

    def __init__(self, port=0):
        super().__init__((LOOPBACK, port), Keeping)
        self.seen = []


class Keeping(BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"scores": [0.9], "on_disk": true, "last_loss": null, "under_way": {}}')

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def stranger(port=0):
    with Stranger(port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
