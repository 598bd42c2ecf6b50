"""Azure's public price list, https://prices.azure.com: no login, list prices without tax."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from mlops import UserError
from mlops.data.files import write_text
from mlops.decide.infrastructure.meters import meter_of
from mlops.settings.prices import PRICES, Prices
from mlops.settings.reading import read_text

ADDRESS = "https://prices.azure.com/api/retail/prices"
TIMEOUT = (10, 60)  # seconds to connect, and to wait for the answer


def ask(names: Iterable[str], region: str, currency: str, address: str = ADDRESS) -> Iterator[tuple[str, float | None]]:
    """The price of each meter in the region, None where the list has none, or several. UserError without an answer."""
    for name in names:
        meter = meter_of(name)
        where = " and ".join(f"{field} eq '{value}'" for field, value in meter.where.items())
        rows = pages(address, {"currencyCode": f"'{currency}'", "$filter": f"armRegionName eq '{region}' and {where}"})
        found = {row["retailPrice"] for row in rows if meter.means(row)}
        yield name, found.pop() if len(found) == 1 else None


def pages(address: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """All rows of the answer, page by page. UserError when it is none."""
    import requests

    asked: Mapping[str, str] | None = query
    try:
        while address:
            response = requests.get(address, params=asked, timeout=TIMEOUT)
            response.raise_for_status()
            answer = response.json()
            yield from ({**row, "retailPrice": float(row["retailPrice"])} for row in answer["Items"])
            address, asked = answer.get("NextPageLink") or "", None
    except (requests.RequestException, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the price list cannot be asked ({reason}); try again later, prices are as before") from None


def keep(prices: Mapping[str, float | None], region: str, currency: str, today: date, path: Path = PRICES) -> Prices:
    """Write down the prices that are known, below the comment that the file begins with."""
    known = {name: price for name, price in sorted(prices.items()) if price is not None}
    kept = Prices(currency=currency, region=region, date=today, prices=known)
    above = "".join(line for line in read_text(path, "put the file back").splitlines(True) if line.startswith("#"))
    write_text(path, above + yaml.safe_dump(kept.model_dump(), sort_keys=False, allow_unicode=True))
    return kept
