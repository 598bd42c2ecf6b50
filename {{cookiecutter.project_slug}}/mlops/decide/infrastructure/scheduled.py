"""Azure's own schedules as facts that people read, and how those that there are differ from those that should be."""

import re
from collections.abc import Mapping

Facts = Mapping[str, str]

NONE = "none"
SPARK = "Standard_E4s_v3"  # what a monitor runs on: the smallest machine of Azure ML's Spark
INPUTS = ("data", "champion", "criterion")  # what a run is told; the rest of its inputs are files of the project
ASSET = re.compile(r"(?:^azureml:|/data/)([^/:]+)(?::|/versions/)([^/:]+)$")
STORED = re.compile(r"/datastores/([^/]+)/paths/(.*)$")


def differences(there: Facts | None, wanted: Facts | None) -> list[str]:
    """A line for each fact that is not as it should be. None: no such schedule."""
    if wanted is None:
        return [] if there is None else [f"there -> {NONE}"]
    both = [(key, (there or {}).get(key, NONE), wanted.get(key, NONE)) for key in {**wanted, **(there or {})}]
    return [f"{key}: {now} -> {then}" for key, now, then in both if now != then]


def inputs_of(values: Mapping[str, str]) -> Facts:
    """The inputs that a scheduled run is given, by name. Of those that no later run sees change it is said."""
    return {
        f"{name}, a copy" if ASSET.search(values[name]) else name: short(values[name])
        for name in INPUTS
        if name in values
    }


def short(address: str) -> str:
    """An address of data without where its workspace is: Azure gives it back longer than it was sent."""
    if match := ASSET.search(address):
        return f"{match[1]}:{match[2]}"
    match = STORED.search(address)
    return f"{match[1]}/{match[2]}" if match else address
