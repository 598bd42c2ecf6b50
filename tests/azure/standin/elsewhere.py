"""Hosts that other stand-ins play, on loopback: what is asked of them is passed on."""

import requests

from standin.cloud import Cloud
from standin.faults import DroppedError
from standin.messages import Reply, Request

PASSED = ("Authorization", "Accept", "Content-Type", "X-GitHub-Api-Version")
TIMEOUT = 60  # seconds


def answer(cloud: Cloud, request: Request) -> Reply:
    """What the other one answers."""
    headers = {name: request.headers[name] for name in PASSED if name in request.headers}
    with requests.Session() as session:
        session.trust_env = False  # this process may itself be led into a stand-in
        address = f"{cloud.elsewhere[request.host]}{request.target}"
        try:
            said = session.request(request.method, address, data=request.body or None, headers=headers, timeout=TIMEOUT)
        except requests.ConnectionError:  # it ended the connection, so this one ends, too
            raise DroppedError from None
    kept = {name: said.headers[name] for name in ("Content-Type", "Link") if name in said.headers}
    return Reply(said.status_code, said.content, kept)
