"""What a project costs: idle, by use, free. A price that is not known stays unknown, also in the sum."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.decide.infrastructure.cost import OLD, Item, items, monthly, table
from mlops.decide.infrastructure.meters import DAYS, HOURS, METERS, meter_of
from mlops.decide.infrastructure.scheduled import SPARK
from mlops.settings.environments import load_manifest
from mlops.settings.infrastructure import Infrastructure, Schedules
from mlops.settings.prices import Prices

TODAY = date(2026, 11, 27)
SIZE = "Standard_DS3_v2"
FULL = {**dict.fromkeys(METERS, 1.0), SIZE: 0.25, f"{SIZE}, low priority": 0.05}


def prices(known, region="eastus", asked=TODAY):
    return Prices(currency="USD", region=region, date=asked, prices=known)


@pytest.fixture
def manifests(project):
    return {name: load_manifest(name) for name in ("staging", "production")}


def lines(manifests, known, options=None, places=("staging", "production"), age=0, **asked):
    found = items(manifests, options or Infrastructure(), places)
    return table(found, prices(known, **asked), "eastus", age)


def test_each_instance_of_an_endpoint_costs_by_the_hour_whether_or_not_it_is_asked(manifests):
    endpoint = manifests["production"].endpoint.model_copy(update={"instance_count": 3})
    manifests["production"] = manifests["production"].model_copy(update={"endpoint": endpoint})
    (line,) = [each for each in lines(manifests, FULL) if "endpoint of production" in each]
    assert line.endswith(f" {3 * 0.25 * HOURS:,.2f} USD") and "0.25 USD per hour" in line


def test_the_sum_is_of_what_is_known_and_says_what_is_missing(manifests):
    idle = [each for each in items(manifests, Infrastructure(), ["one"]) if each.monthly is not None]
    known = {"container registry, Basic": 0.2}
    (line,) = [each for each in lines(manifests, known, places=["one"]) if each.startswith("  together")]
    assert line.endswith(f"{0.2 * DAYS:,.2f} USD, and {len(idle) - 1} prices not known")
    (line,) = [each for each in lines(manifests, {}) if each.startswith("  together")]
    assert line.endswith(" not known")


def test_what_is_not_known_is_named_with_the_way_to_know_it(manifests):
    assert not [each for each in lines(manifests, FULL) if "no price is known" in each]
    (note,) = [each for each in lines(manifests, {SIZE: 0.25}) if "no price is known" in each]
    assert "; logs; " in note and SIZE not in note.replace(f"{SIZE}, low", "") and note.endswith("without a login")


def test_old_prices_and_those_of_another_region_are_warned_of(manifests):
    old = {age: [each for each in lines(manifests, FULL, age=age) if "older" in each] for age in (OLD, OLD + 1)}
    assert old[OLD] == [] and old[OLD + 1] == [f"note: they are older than {OLD} days; uv run infra cost --refresh"]
    assert [each for each in lines(manifests, FULL, region="uksouth") if "they are of uksouth" in each]


def test_private_networks_and_triggers_cost_more(manifests):
    plain = {each.meter for each in items(manifests, Infrastructure(), ["one"])}
    more = {each.meter for each in items(manifests, Infrastructure(private_network=True, trigger=True), ["one"])}
    assert more - plain == {
        *("container registry, Premium", "private endpoint", "private DNS zone", "events", "logic app"),
    }
    assert plain - more == {"container registry, Basic"}


def test_a_monitor_of_azures_own_costs_by_use_and_a_schedule_of_runs_what_runs_cost(manifests):
    plain = items(manifests, Infrastructure(), ["one"])
    with_both = Infrastructure(schedules=Schedules(train="0 5 * * 1", monitor="0 6 * * *"))
    assert items(manifests, Infrastructure(schedules=Schedules(train="0 5 * * 1")), ["one"]) == plain
    (more,) = [each for each in items(manifests, with_both, ["one"]) if each not in plain]
    assert (more.meter, more.monthly) == (SPARK, None)


def test_one_workspace_for_all_needs_no_model_registry(manifests):
    one, two = (items(manifests, Infrastructure(), places) for places in (["one"], ["one", "two"]))
    assert not [each for each in one if "model registry" in each.what]
    assert [each for each in two if "model registry" in each.what]


@given(known=st.sets(st.sampled_from(sorted(FULL))), count=st.integers(1, 4))
def test_no_price_is_ever_made_up(known, count):
    for meter in FULL:
        amount = monthly(Item("it", meter, float(count)), prices(dict.fromkeys(known, 2.0)))
        assert amount == (2.0 * count if meter in known else None)


def test_each_thing_that_costs_has_a_meter(manifests):
    found = items(manifests, Infrastructure(private_network=True, trigger=True), ["one", "two"])
    assert {meter_of(each.meter).unit for each in found} >= {"hour", "day", "month", "GB"}
    assert {each.meter for each in found} - {SIZE, f"{SIZE}, low priority"} <= METERS.keys()
