"""What `infra cost` shows, and how its prices are asked for anew."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mlops.decide.infrastructure.cost import Item, items, table
from mlops.decide.infrastructure.places import places
from mlops.platform.subscription import price_list
from mlops.settings.environments import Manifest
from mlops.settings.infrastructure import Infrastructure
from mlops.settings.prices import load_prices


def cost_table(manifests: Mapping[str, Manifest], settings: Infrastructure) -> list[str]:
    """The lines of the table. manifests: of the stages, in order."""
    prices, today = load_prices(), datetime.now(UTC).date()
    age = (today - prices.date).days if prices.date else 0
    return table(costly(manifests, settings), prices, region_of(manifests), age)


def refresh(manifests: Mapping[str, Manifest], settings: Infrastructure) -> None:
    """Ask Azure's price list for all that the project has, and keep what it says."""
    region, currency, found = region_of(manifests), load_prices().currency, {}
    names = sorted({each.meter for each in costly(manifests, settings)})
    for name, price in price_list.ask(names, region, currency):
        print(
            f"  {name}: {'not in the list, or not only once' if price is None else f'{price:g} {currency}'}", flush=True
        )
        found[name] = price
    price_list.keep(found, region, currency, datetime.now(UTC).date())


def costly(manifests: Mapping[str, Manifest], settings: Infrastructure) -> list[Item]:
    """All that costs."""
    return items(manifests, settings, [place.name for place in places(manifests, settings.registry)])


def region_of(manifests: Mapping[str, Manifest]) -> str:
    """The region that all of it is in: the first stage's."""
    return next(iter(manifests.values())).workspace.region
