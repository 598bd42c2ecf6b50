"""Pages for people, made from the templates beside this file."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from mlops.data.files import write_text

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, facts: Mapping[str, Any], path: Path) -> None:
    """Write the page of that template to the path."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": interval, "failures": failures}
    write_text(path, environment.get_template(f"{template}.jinja").render(facts))


def number(value: float | None) -> str:
    """Four decimals; a hyphen where there is nothing to show, or no such value at all."""
    return f"{value:.4f}" if isinstance(value, int | float) and not math.isnan(value) else "-"


def failures(rate: Mapping[str, Any] | None) -> str:
    """`3 of 650: 0.46 % (0.05 to 1.83)`, or a hyphen where nothing was served."""
    if rate is None:
        return "-"
    percent, low, high = (100 * rate[key] for key in ("rate", "low", "high"))
    return f"{rate['errors']} of {rate['requests']}: {percent:.2f} % ({low:.2f} to {high:.2f})"


def interval(bounds: list[float | None] | None) -> str:
    """`[0.7012, 0.7345]`, or nothing where it is undefined."""
    return f"[{bounds[0]:.4f}, {bounds[1]:.4f}]" if bounds and None not in bounds else ""
