"""Pages for people, made from the templates beside this file."""

import base64
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from mlops import counted
from mlops.data.files import write_text

TEMPLATES = Path(__file__).parent / "templates"
MARKUP = re.compile(r"([\\`*\[\]|#])")


def render(template: str, facts: Mapping[str, Any], path: Path) -> None:
    """Write the page of that template to the path."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for said in (number, interval, failures, markdown, counted):
        environment.filters[said.__name__] = said
    write_text(path, environment.get_template(f"{template}.jinja").render(facts))


def address_of(svg: bytes) -> str:
    """An SVG picture as a data address, so that a page needs no other file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def number(value: float | None) -> str:
    """Four decimals; a hyphen where there is nothing to show, or no such value at all."""
    return f"{value:.4f}" if isinstance(value, int | float) and not math.isnan(value) else "-"


def markdown(text: str) -> str:
    """The text as a line of Markdown, whatever it holds: nothing in it is a link, a mention or the end of a cell."""
    return MARKUP.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;").replace("@", "@\u200b")


def failures(rate: Mapping[str, Any] | None) -> str:
    """`3 of 650: 0.46 % (0.05 to 1.83)`, or a hyphen where nothing was served."""
    if rate is None:
        return "-"
    percent, low, high = (100 * rate[key] for key in ("rate", "low", "high"))
    return f"{rate['errors']} of {rate['requests']}: {percent:.2f} % ({low:.2f} to {high:.2f})"


def interval(bounds: list[float | None] | None) -> str:
    """`[0.7012, 0.7345]`, or nothing where it is undefined."""
    return f"[{bounds[0]:.4f}, {bounds[1]:.4f}]" if bounds and None not in bounds else ""
