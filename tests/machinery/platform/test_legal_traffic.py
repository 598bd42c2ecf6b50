"""Which shares of traffic are legal."""

import pytest

from mlops import UserError
from mlops.platform.legal_traffic import check_shares

DEPLOYMENTS = ("blue", "green", "red")
READY = {"blue", "green"}


@pytest.mark.parametrize(
    ("traffic", "mirror", "message"),
    [
        ({"blue": 90}, {}, "traffic must sum to 0 or 100, got 90"),
        ({"blue": 90, "green": 20}, {}, "traffic must sum to 0 or 100, got 110"),
        ({"blue": 110, "green": -10}, {}, "traffic: blue must get a whole number from 0 to 100, got 110"),
        ({"blue": 99.5, "green": 0.5}, {}, "traffic: blue must get a whole number from 0 to 100, got 99.5"),
        ({"blue": "100"}, {}, "traffic: blue must get a whole number from 0 to 100, got '100'"),
        ({"blue": 100, "ghost": 0}, {}, "traffic: there is no deployment 'ghost'; there is blue, green, red"),
        ({"red": 100}, {}, "traffic: red is not ready to serve; deploy to it first"),
        ({"blue": 100}, {"green": 51}, "mirror: green must get a whole number from 0 to 50, got 51"),
        ({"blue": 100}, {"blue": 10}, "mirror: blue has live traffic; only a deployment without can get a copy"),
        ({"blue": 100}, {"green": 10, "red": 10}, "mirror: only one deployment can get a copy, got green, red"),
        ({"blue": 100}, {"ghost": 10}, "mirror: there is no deployment 'ghost'; there is blue, green, red"),
    ],
)
def test_illegal_traffic_is_refused(traffic, mirror, message):
    with pytest.raises(UserError) as refused:
        check_shares(DEPLOYMENTS, traffic, mirror, READY)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("traffic", "mirror"), [({}, {}), ({"blue": 100, "red": 0}, {"red": 50}), ({"blue": 1, "green": 99}, {"red": 0})]
)
def test_legal_traffic_is_not(traffic, mirror):
    check_shares(DEPLOYMENTS, traffic, mirror, READY)
