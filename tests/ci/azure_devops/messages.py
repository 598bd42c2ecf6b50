"""What scripts say to the agent: `##vso[area.name property=value;...]data` in a line of their output."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MESSAGE = re.compile(r"##vso\[(?P<name>[\w.]+)(?:\s+(?P<properties>[^\]]*))?\](?P<data>.*)")
ESCAPES = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%AZP25": "%"}  # the percent sign last


@dataclass(frozen=True)
class Message:
    """properties: by lower-case name."""

    name: str
    properties: Mapping[str, str]
    data: str

    def says(self, flag: str) -> bool:
        """Whether the property is there and true."""
        return self.properties.get(flag, "").lower() == "true"


def messages(output: str) -> Iterator[Message]:
    """The messages of an output, in order."""
    for line in output.splitlines():
        match = MESSAGE.search(line)
        if match:
            pairs = (pair.partition("=") for pair in (match["properties"] or "").split(";") if "=" in pair)
            properties = {name.strip().lower(): unescape(value) for name, _, value in pairs}
            yield Message(match["name"].lower(), properties, unescape(match["data"]))


def unescape(text: str) -> str:
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    return text
