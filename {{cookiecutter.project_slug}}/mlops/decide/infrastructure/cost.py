"""What a project costs on Azure: each month even when idle, by use, or nothing. An unknown price stays unknown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlops import counted
from mlops.decide.infrastructure.meters import DAYS, HOURS, machine, meter_of
from mlops.decide.infrastructure.scheduled import SPARK
from mlops.settings.environments import Manifest
from mlops.settings.infrastructure import Infrastructure
from mlops.settings.prices import Prices

OLD = 180  # days
UNKNOWN = "not known"
PRIVATE_ENDPOINTS, ZONES = 5, 6  # of a place: ways to its services, and zones of names for them
ALARMS = 1  # of a place: failed jobs
ENDPOINT_ALARMS = 2  # errors and latency; where users are, at the last stage, no traffic too
FREE = ("workspaces", "identities and roles", "budgets, action groups and the workbook", "networks and resource groups")


@dataclass(frozen=True)
class Item:
    """Something that costs. monthly: how many of the meter's units a month even when idle; None: by use."""

    what: str
    meter: str
    monthly: float | None = None


def items(manifests: Mapping[str, Manifest], options: Infrastructure, places: Sequence[str]) -> list[Item]:
    """All that the project has on Azure and that costs. `places`: one workspace each."""
    return [*standing(manifests, options, places), *used(options)]


def standing(manifests: Mapping[str, Manifest], options: Infrastructure, places: Sequence[str]) -> Iterator[Item]:
    """What costs by the hour, day or month, asked or not."""
    for name, manifest in manifests.items():
        endpoint = manifest.endpoint
        size, count = endpoint.instance_type, endpoint.instance_count
        yield Item(f"endpoint of {name}: {count} x {size}", machine(size)[0], HOURS * count)
        yield Item(f"alarms in {name}: errors and latency", "alarm", ENDPOINT_ALARMS)
        if name == [*manifests][-1]:
            yield Item(f"alarm in {name}: no traffic", "alarm by a log", 1)
    for place in places:
        tier = "Premium" if options.private_network else "Basic"
        yield Item(f"container registry of {place}", f"container registry, {tier}", DAYS)
        yield Item(f"alarm in {place}: failed jobs", "alarm", ALARMS)
        if options.private_network:
            yield Item(f"private endpoints of {place}", "private endpoint", HOURS * PRIVATE_ENDPOINTS)
            yield Item(f"private names of {place}", "private DNS zone", ZONES)
    if len(places) > 1:
        yield Item("container registry of the model registry", "container registry, Premium", DAYS)


def used(options: Infrastructure) -> Iterator[Item]:
    """What costs as it is used."""
    yield Item(f"a node of the cluster, {options.compute.max_nodes} at most", machine(options.compute.size, True)[0])
    yield Item("logs and metrics that come in", "logs")
    yield Item("data, models and collected requests", "blobs")
    yield Item("secrets asked for", "secrets")
    if options.trigger:
        yield Item("new data that is told of", "events")
        yield Item("what starts the training", "logic app")
    if options.schedules and options.schedules.monitor:
        yield Item("a node of the monitor's Spark", machine(SPARK)[0])


def table(found: Sequence[Item], prices: Prices, region: str, age: int) -> list[str]:
    """The lines of the cost table. `age` of the prices, in days; 0 where there are none."""
    idle = [each for each in found if each.monthly is not None]
    known = [amount for each in idle if (amount := monthly(each, prices)) is not None]
    missing = len(idle) - len(known)
    total = f"{sum(known):,.2f} {prices.currency}" if known else UNKNOWN
    lacks = f", and {counted(missing, 'price')} not known" if missing and known else ""
    return [
        "each month, even when idle:",
        *(line(each.what, per_unit(each, prices), money(monthly(each, prices), prices)) for each in idle),
        line("together", "", f"{total}{lacks}"),
        "by use:",
        *(line(each.what, per_unit(each, prices), "") for each in found if each.monthly is None),
        f"free: {', '.join(FREE)}",
        *(f"note: {each}" for each in notes(found, prices, region, age)),
    ]


def line(what: str, unit: str, amount: str) -> str:
    """A line of the table."""
    return f"  {what:<44} {unit:<34} {amount}".rstrip()


def monthly(item: Item, prices: Prices) -> float | None:
    """What it costs a month; None when that is not known."""
    price = prices.prices.get(item.meter)
    return None if price is None or item.monthly is None else price * item.monthly


def per_unit(item: Item, prices: Prices) -> str:
    """What one unit costs."""
    price = prices.prices.get(item.meter)
    shown = UNKNOWN if price is None else f"{price:.6g} {prices.currency}"
    return f"{shown} per {meter_of(item.meter).unit}"


def money(amount: float | None, prices: Prices) -> str:
    return UNKNOWN if amount is None else f"{amount:,.2f} {prices.currency}"


def notes(found: Sequence[Item], prices: Prices, region: str, age: int) -> Iterator[str]:
    """What its reader has to know of the numbers."""
    refresh = "uv run infra cost --refresh"
    missing = sorted({each.meter for each in found} - {*prices.prices})
    if missing:
        yield f"no price is known of {'; '.join(missing)}; {refresh} asks Azure's price list, without a login"
    if prices.date is None:
        return
    yield f"list prices without tax, of {prices.region}, asked for on {prices.date}; a rollout has its instances twice"
    if prices.region != region:
        yield f"they are of {prices.region}, and the project is in {region}; {refresh}"
    if age > OLD:
        yield f"they are older than {OLD} days; {refresh}"
