"""infra/prices.yml: what things cost by Azure's own price list, when and where it was asked."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mlops.settings.reading import Settings, check, read_yaml

PRICES = Path("infra") / "prices.yml"


class Prices(Settings):
    """List prices without tax, by meter and for one of its units. A meter that is not there has no known price."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    region: str | None
    date: date | None
    prices: Mapping[str, Annotated[float, Field(ge=0)]]


def load_prices(path: Path = PRICES) -> Prices:
    """The price table, checked. UserError naming the first mistake."""
    return check(Prices, read_yaml(path), path)
