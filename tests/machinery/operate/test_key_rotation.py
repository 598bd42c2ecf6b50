"""Keys are renewed in turn: whatever happens in between, the key that the vault gives is good."""

from datetime import UTC, datetime, timedelta

import pytest

from mlops.operate.infrastructure.keys import rotate
from mlops.platform.keys import GivenKey


class Endpoint:
    """Two keys, and a vault that remembers which one it gave and what that was. `fails`: the write that does."""

    place = "the vault"

    def __init__(self, given=None, fails=0):
        self.keys = {"primary": "p0", "secondary": "s0"}
        self.vault = (given, self.keys[given]) if given else None
        self.since = datetime.now(UTC) - timedelta(hours=1)
        self.fails, self.writes = fails, []

    def given(self):
        return GivenKey(self.vault[0], self.since) if self.vault else None

    def renew(self, key):
        self.write(f"renew {key}")
        self.keys[key] += "'"

    def give(self, key):
        self.write(f"give {key}")
        self.vault, self.since = (key, self.keys[key]), datetime.now(UTC)
        return self.given()

    def write(self, what):
        assert not self.vault or not what.startswith("renew") or what != f"renew {self.vault[0]}", "clients use it"
        self.writes.append(what)
        if len(self.writes) == self.fails:
            raise ConnectionError(what)


@pytest.mark.parametrize("given", [None, "primary"])
def test_the_secondary_key_goes_first_and_the_vault_gives_the_primary_one_at_the_end(given):
    endpoint = Endpoint(given)
    rotate(endpoint, timedelta(0))
    assert endpoint.writes == ["renew secondary", "give secondary", "renew primary", "give primary"]
    assert endpoint.vault == ("primary", "p0'")


@pytest.mark.parametrize("fails", [1, 2, 3, 4])
def test_after_any_failure_the_given_key_is_good_and_a_second_run_ends_it(fails):
    endpoint = Endpoint("primary", fails)
    with pytest.raises(ConnectionError):
        rotate(endpoint, timedelta(0))
    assert endpoint.keys[endpoint.vault[0]] == endpoint.vault[1]
    endpoint.fails = 0
    rotate(endpoint, timedelta(0))
    assert endpoint.vault[0] == "primary" and endpoint.keys["primary"] == endpoint.vault[1] != "p0"
    assert endpoint.keys["secondary"] != "s0"


def test_an_interrupted_rotation_goes_on_with_the_primary_key_once_clients_had_their_time(capsys):
    endpoint = Endpoint("secondary")
    rotate(endpoint, timedelta(minutes=15))
    assert endpoint.writes == ["renew primary", "give primary"]
    assert "is renewed in" not in capsys.readouterr().out, "the time has passed since it was given"


def test_what_is_waited_for_is_said(capsys):
    rotate(Endpoint("primary"), timedelta(milliseconds=20))
    assert "the vault: the other key is renewed in 0 s, when clients have read this one" in capsys.readouterr().out
