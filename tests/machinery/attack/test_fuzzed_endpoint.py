"""Whatever a network brings to an endpoint: an answer below 500, no traceback, and the next client is answered."""

import pytest
from fuzz_endpoint import ask_each, attack, fault_of, served, tracebacks
from local_project import shared_python

from conftest import shared_folder

CASES = 250  # a sample of what fuzz_endpoint.py does


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    shared_python(tmp_path_factory)
    with served(tmp_path_factory.mktemp("asked"), shared_folder(tmp_path_factory) / "serving") as made:
        yield made


def test_each_odd_thing_alone(endpoints):
    counts = ask_each(endpoints)
    assert {200, 400, 404, 405, 413, 431} <= counts.keys() <= {None, 200, 400, 401, 404, 405, 413, 417, 431}, counts
    assert not tracebacks(endpoints)


def test_odd_things_together(endpoints):
    counts = attack(endpoints, CASES, number=12)
    assert counts[200] > CASES / 20, f"some of it has to reach the model: {counts}"
    assert not tracebacks(endpoints)


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (502, b"{}"), (200, b'{"scores": [NaN]}'), (200, b'{"scores": [null]}')]
)
def test_what_is_a_fault(status, body):
    assert fault_of(status, body)
    assert not fault_of(400, b"{}") and not fault_of(200, b'{"scores": [0.5]}') and not fault_of(None, b"")
