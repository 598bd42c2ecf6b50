"""Lines that Azure's data collector left in blob storage, some of them cut off: what is whole is read, and no more."""

import json
import random
from types import SimpleNamespace

import pytest
from damage import CHANGES, other_value

from mlops.platform.azureml.collected import INPUTS, OUTPUTS, collected_since

TIME = "2013-01-01T05:00:00Z"


def line(number, data):
    return json.dumps({"correlationid": f"c{number}", "time": TIME, "data": data})


INPUT = line(1, [{"distance": 700.0, "carrier": "B6"}, {"distance": None, "carrier": "\u2028"}])
OUTPUT = line(1, [{"scores": 0.25, "version": 7}, {"scores": 0.5, "version": 7}])
FOUND = {
    "time": 1357016400.0,
    "slot": "blue",
    "version": 7,
    "inputs": {"columns": ["distance", "carrier"], "data": [[700.0, "B6"], [None, "\u2028"]]},
    "outputs": {"scores": [0.25, 0.5]},
}


class Container:
    """Blobs in memory, with the three calls that reading takes."""

    def __init__(self, inputs, outputs):
        folder = "modelDataCollector/flights/blue"
        name = "2013/01/01/05/i.jsonl"
        self.blobs = {f"{folder}/{INPUTS}/{name}": inputs, f"{folder}/{OUTPUTS}/{name}": outputs}

    def walk_blobs(self, name_starts_with):
        return [SimpleNamespace(name="modelDataCollector/flights/blue/")]

    def list_blobs(self, name_starts_with):
        return [SimpleNamespace(name=name) for name in self.blobs if name.startswith(name_starts_with)]

    def download_blob(self, name):
        return SimpleNamespace(readall=lambda: self.blobs[name])


def collected(inputs, outputs=OUTPUT):
    return list(collected_since(Container(inputs.encode(), outputs.encode()), "flights", 0))


def test_what_is_whole_is_read():
    again = INPUT.replace(TIME, "2013-01-01T05:00:01Z")  # who asks may use an id twice
    assert collected(f"{INPUT}\n{again}\n") == [FOUND, FOUND | {"time": FOUND["time"] + 1}]


def test_a_line_that_was_written_twice_is_one_request():
    assert collected(f"{INPUT}\n{INPUT}\n") == [FOUND]


def test_lines_that_come_late_or_out_of_order_are_read_all_the_same():
    first = INPUT.replace(TIME, "2013-01-01T04:00:00Z")
    assert [each["time"] - FOUND["time"] for each in collected(f"{INPUT}\n{first}")] == [0, -3600]


def test_lines_of_a_time_that_is_yet_to_come_are_left_out():
    """Else one day on which a clock ran years ahead would be in all reports of those years."""
    assert collected(f"{INPUT.replace('2013-', '2999-')}\n{INPUT}") == [FOUND]


DAMAGED = {
    "cut off": INPUT[:50],
    "a list": "[]",
    "no time": INPUT.replace(TIME, "2013-13-45"),
    "no zone": INPUT.replace(TIME, "2013-01-01T05:00:00"),
    "no data": line(1, []),
    "no rows": line(1, None),
    "rows that differ": line(1, [{"a": 1}, {"b": 2}]),
    "no text": "\ufffd",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_line_is_lost_and_the_others_are_not(kind):
    damaged = DAMAGED[kind]
    assert collected(f"{damaged}\n{INPUT}\n{damaged}") == [FOUND]
    [found] = collected(INPUT, damaged)
    assert (found["version"], found["outputs"]) == (None, {})


def test_no_damage_stops_monitoring():
    rng = random.Random(5)
    for _ in range(500):
        inputs, outputs = (rng.choice([*CHANGES, other_value])(text.encode(), rng) for text in (INPUT, OUTPUT))
        found = collected_since(Container(inputs, outputs), "flights", 0)
        assert all(each.keys() == FOUND.keys() for each in found)
