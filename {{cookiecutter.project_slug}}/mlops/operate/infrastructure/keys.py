"""New keys for an endpoint, without a refused request: one key is renewed while its clients use the other.

The vault says which key clients use, so an interrupted rotation goes on where it was.
"""

import time
from datetime import UTC, datetime, timedelta

from mlops.platform.keys import EndpointKeys

LONGEST_PAUSE = 60.0  # seconds between two lines of what is waited for


def rotate(keys: EndpointKeys, wait: timedelta) -> None:
    """Give clients a new secondary key, wait until they have read it, then give them a new primary one."""
    given = keys.given()
    if given is None or given.key == "primary":
        keys.renew("secondary")
        given = keys.give("secondary")
        print(f"{keys.place} gives a new secondary key", flush=True)
    pause_until(given.since + wait, keys.place)
    keys.renew("primary")
    keys.give("primary")
    print(f"{keys.place} gives a new primary key; the secondary one is good until the next time")


def pause_until(end: datetime, place: str) -> None:
    """Let clients read the key, and say how long that still takes."""
    while (left := (end - datetime.now(UTC)).total_seconds()) > 0:
        print(f"{place}: the other key is renewed in {left:.0f} s, when clients have read this one", flush=True)
        time.sleep(min(left, LONGEST_PAUSE))
