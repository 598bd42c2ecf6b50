"""What of a subscription a test may change: what its region has, how much is left, who may do what."""

from dataclasses import dataclass, field

SIZES = {"Standard_DS3_v2": ("standardDSv2Family", 4), "Standard_E4s_v3": ("standardESv3Family", 4)}  # family, cores
LOW_PRIORITY, TOTAL = "Total Cluster Low Priority Regional vCPUs", "Total Cluster Dedicated Regional vCPUs"
OF_DSV2 = "Standard DSv2 Family Cluster Dedicated vCPUs"


@dataclass
class Limits:
    """Everything is allowed, until a test says otherwise."""

    unregistered: set[str] = field(default_factory=set)  # resource providers, in small letters
    forbidden: list[str] = field(default_factory=list)  # actions that who is logged in lacks
    sizes: set[str] = field(default_factory=lambda: set(SIZES))  # what the region has
    cores: dict[str, int] = field(default_factory=lambda: {LOW_PRIORITY: 100, TOTAL: 100, OF_DSV2: 100})
    broken: dict[str, str] = field(default_factory=dict)  # why resources of a template fail, by a part of their ids
