"""Literals: the inputs that are numbers, booleans and texts, and what a component says of them."""

from typing import Any

from mlops.pipeline.keys import Parameter
from mlops.pipeline.place import Place

TYPES = {"number": (int, float), "integer": (int,), "boolean": (bool,), "string": (str,)}
NUMBERS = ("number", "integer")


def is_literal(value: Any) -> bool:
    """Whether YAML gave a value that a component can be given as text."""
    return isinstance(value, (str, bool, int, float))


def check_parameter(place: Place, parameter: Parameter) -> None:
    """UserError when the declaration contradicts itself."""
    for key, types in {"min": NUMBERS, "max": NUMBERS, "enum": ("string",)}.items():
        if getattr(parameter, key) is not None and parameter.type not in types:
            raise place.at(key).mistake(f"is for a {' or '.join(types)}, and this is a {parameter.type}")
    if parameter.default is not None:
        check_literal(place.at("default"), parameter.default, parameter)


def check_literal(place: Place, value: Any, parameter: Parameter) -> None:
    """UserError when the value is not one that the parameter takes."""
    boolean = isinstance(value, bool)
    if not isinstance(value, TYPES[parameter.type]) or boolean != (parameter.type == "boolean"):
        raise place.mistake(f"must be of type {parameter.type}, got {value!r}{remedy(parameter)}")
    if parameter.min is not None and not value >= parameter.min:
        raise place.mistake(f"must be at least {parameter.min:g}, got {value!r}")
    if parameter.max is not None and not value <= parameter.max:
        raise place.mistake(f"must be at most {parameter.max:g}, got {value!r}")
    if parameter.enum is not None and value not in parameter.enum:
        raise place.mistake(f"must be one of {', '.join(parameter.enum)}, got {value!r}")


def remedy(parameter: Parameter) -> str:
    """YAML reads 1.10 as a number and `no` as a boolean."""
    return "; quote it" if parameter.type == "string" else ""
