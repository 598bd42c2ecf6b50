"""How many requests a rollout takes and how long, beforehand: as many as it then does."""

from math import inf, isinf

import pytest
from rolled import RULES

from mlops.decide.health import judge
from mlops.decide.outlook import first, outlook, seen


@pytest.mark.parametrize(
    ("rules", "traffic", "failing", "requests", "seconds"),
    [
        (
            {},
            20,
            0.0,
            555,
            77.5,
        ),  # a bake of 15 s for 30 requests, one of 10, half of the traffic for 42.5, a last bake
        ({"bake": 60.0}, 20, 0.0, 720, 180),  # it is known before the bakes are over
        ({}, 20, 0.02, 5090, 531),
        ({"max_error_rate_increase": 0.1}, 20, 0.0, 130, 35),
        ({}, 20, None, 495, 25),  # nothing serves yet
        ({"steps": [100]}, 20, 0.0, 495, 25),
        ({"steps": [1, 100]}, 20, 0.0, 753, 3776),
        ({"steps": [10, 90, 100], "bake": 60.0}, 20, 0.02, 12_720, 820),  # compared with what stable served before, too
        ({}, 0.2, 0.0, 553, 6878),  # the first bakes wait for their requests
    ],
)
def test_what_it_takes(rules, traffic, failing, requests, seconds):
    look = outlook(RULES.model_copy(update=rules), traffic, failing)
    assert (look.requests, look.seconds) == (pytest.approx(requests, rel=0.05), pytest.approx(seconds, rel=0.1))


def test_so_many_are_enough_and_hardly_fewer():
    needed = outlook(RULES, 20, None).requests
    assert judge(seen(needed, None), None, RULES).answer == "healthy"
    assert judge(seen(0.97 * needed, None), None, RULES).answer == "cannot tell"


def test_without_traffic_and_where_all_of_it_fails_it_never_comes():
    assert isinf(outlook(RULES, 0.0, 0.0).seconds)
    assert isinf(outlook(RULES, 20.0, None).seconds) is False
    assert first(lambda seconds: False) == inf
    asked = []
    assert first(lambda seconds: not asked.append(seconds)) == 0.0 and asked == [0.0]
