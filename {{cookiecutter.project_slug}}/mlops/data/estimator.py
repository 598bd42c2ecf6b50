"""Where models are made: `build` of model/estimator.py, the one seam between the machinery and its user's code."""

import inspect
import re
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.settings.reading import one_line
from mlops.settings.search import Points

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ADDRESS = " at 0x"  # in what Python says of an object that says nothing of itself
UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")  # Python's words
MOST_NAMED = 5
GROUPS = {"interpret": "interpretable"}  # the group of pyproject.toml that has the package


def built(parameters: Mapping[str, Any]) -> "Pipeline":
    """An unfitted model. UserError when it needs a package that is not installed, or does not know a parameter."""
    try:
        return made(parameters)
    except TypeError as error:
        if (name := unknown(error, parameters)) is None:
            raise
        near = nearest(name, parameters)
        raise UserError(f"project.yml: model.{name}: there is no such parameter; the nearest are {near}") from None


def made(parameters: Mapping[str, Any]) -> "Pipeline":
    """The same, with whatever `build` raises."""
    from model.estimator import build

    try:
        model: Pipeline = build(**parameters)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        mend = f"uv sync --inexact --group {GROUPS[package]}" if package in GROUPS else f"uv add {package}"
        raise UserError(f"model/: needs the package {package}, which is not here; {mend}") from None
    return model


def unknown(error: Exception, parameters: Mapping[str, Any]) -> str | None:
    """The parameter that `build`, or what it calls, does not know; that may know it without the name of a family."""
    found = UNEXPECTED.search(str(error))
    like = [name for name in parameters if found and name.endswith(found[1])]
    return next((name for name in like if complaint(without(parameters, name)) != str(error)), None)


def complaint(parameters: Mapping[str, Any]) -> str:
    """What `build` says against the parameters, or nothing."""
    try:
        made(parameters)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def without(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != name}


def nearest(name: str, parameters: Mapping[str, Any]) -> str:
    """The names most like it of `build`'s parameters and, with its family before them, of what the model is made of."""
    from model.estimator import build

    known = [key for key, each in inspect.signature(build).parameters.items() if each.kind is not each.VAR_KEYWORD]
    with suppress(Exception):  # whatever a person's own code raises, and a model need not tell its parameters
        model = made(without(parameters, name))
        inner = {key.rpartition("__")[2] for key in model.get_params() if "__" in key}
        family = f"{parameters['family']}_" if name.startswith(f"{parameters.get('family')}_") else ""
        known += sorted(f"{family}{key}" for key in inner)
    return ", ".join(get_close_matches(name, known, n=3, cutoff=0.5) or known[:MOST_NAMED])


def identity(parameters: Mapping[str, Any]) -> str:
    """What tells the model of these parameters from others: a parameter that `build` has no use for is none of it.

    Where the model does not say what it is made of, as with functions in it, the parameters themselves.
    """
    model = built(parameters)
    said = repr(sorted(model.get_params().items())) if hasattr(model, "get_params") else ADDRESS
    return repr(sorted(parameters.items())) if ADDRESS in said else said


def check_space(model: Mapping[str, Any], space: Mapping[str, Points]) -> None:
    """UserError when `build` does not know a parameter that is to be tried, or refuses one of its values.

    Each is tried with every other choice too, since one of these may be the family that knows it.
    """
    choices = [{name: value} for name, points in space.items() for value in points.choices or ()]
    for name, points in space.items():
        for value in points.choices or (points.low, points.high):
            for other in choices:
                refusal({**model, **other, name: value}, space)
            if why := refusal({**model, name: value}, space):
                raise UserError(f"search.space.{name}: build of model/estimator.py refuses {value} ({why})")


def refusal(parameters: Mapping[str, Any], space: Mapping[str, Points]) -> str:
    """Why `build` refuses the parameters, or nothing. UserError when it does not know one of those that are tried."""
    try:
        made(parameters)
    except (TypeError, ValueError) as error:
        name = unknown(error, parameters)
        if name in space:
            near = nearest(str(name), parameters)
            raise UserError(f"search.space.{name}: there is no such parameter; the nearest are {near}") from None
        return one_line(error)
    return ""
