"""What Azure's price list calls the things that a project pays for.

The names are those of https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DAYS, HOURS = 365 / 12, 730.0  # of a month, as Azure's own calculator counts them
LOW = " Low Priority"
OTHERS = ("Windows", "Spot", LOW.strip())  # offers of the same machine that are not meant


@dataclass(frozen=True)
class Meter:
    """One price: of which unit, and what its row of the list has.

    where: fields and their values. marked: a word that its meter's name ends with. without: words that neither this
    name nor its product's may have.
    """

    unit: str
    where: Mapping[str, str]
    marked: str = ""
    without: tuple[str, ...] = ()

    def means(self, row: Mapping[str, object]) -> bool:
        """Whether the row of the price list is this price: by use, from the first unit on."""
        named = f"{row.get('productName', '')} {row.get('meterName', '')}"
        return (
            row.get("type") == "Consumption"
            and not row.get("tierMinimumUnits")
            and all(row.get(name) == value for name, value in self.where.items())
            and str(row.get("meterName", "")).endswith(self.marked)
            and not any(word in named for word in self.without)
        )


METERS: Mapping[str, Meter] = {
    "container registry, Basic": Meter("day", {"meterName": "Basic Registry Unit"}),
    "container registry, Premium": Meter("day", {"meterName": "Premium Registry Unit"}),
    "private endpoint": Meter("hour", {"meterName": "Standard Private Endpoint"}),
    "alarm": Meter("month", {"meterName": "Alerts Metric Monitored"}),
    "alarm by a log": Meter("month", {"meterName": "Alerts System Log Monitored at 15 Minute Frequency"}),
    "private DNS zone": Meter("month", {"serviceName": "Azure DNS", "meterName": "Private Zone"}),
    "logs": Meter("GB", {"serviceName": "Log Analytics", "meterName": "Analytics Logs Data Ingestion"}),
    "blobs": Meter("GB and month", {"productName": "General Block Blob v2", "meterName": "Hot LRS Data Stored"}),
    "secrets": Meter("10,000 calls", {"serviceName": "Key Vault", "meterName": "Operations", "skuName": "Standard"}),
    "events": Meter("million", {"serviceName": "Event Grid", "meterName": "Standard Event Operations"}),
    "logic app": Meter("action", {"serviceName": "Logic Apps", "meterName": "Consumption Built-in Actions"}),
}


def machine(size: str, low_priority: bool = False) -> tuple[str, Meter]:
    """The price of an hour of a virtual machine with Linux, and its name in the table."""
    where = {"serviceName": "Virtual Machines", "armSkuName": size}
    if low_priority:
        return f"{size}, low priority", Meter("hour", where, LOW, OTHERS[:2])
    return size, Meter("hour", where, without=OTHERS)


def meter_of(name: str) -> Meter:
    """The meter of that name in the table."""
    size, low, _ = name.partition(", low priority")
    return METERS[name] if name in METERS else machine(size, bool(low))[1]
