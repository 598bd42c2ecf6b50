"""Bodies against the models inside the azure-ai-ml wheel: always the contract of the very version that is pinned."""

import datetime
import enum
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

MODELS = {  # by what stands below the workspace, in small letters
    "": "Workspace",
    "codes": "CodeContainer",
    "codes/versions": "CodeVersion",
    "components": "ComponentContainer",
    "components/versions": "ComponentVersion",
    "computes": "ComputeResource",
    "data": "DataContainer",
    "data/versions": "DataVersionBase",
    "datastores": "Datastore",
    "environments": "EnvironmentContainer",
    "environments/versions": "EnvironmentVersion",
    "jobs": "JobBase",
    "models": "ModelContainer",
    "models/versions": "ModelVersion",
    "onlineendpoints": "OnlineEndpoint",
    "onlineendpoints/deployments": "OnlineDeployment",
    "schedules": "Schedule",
}
SILENT = {"onlineendpoints/regeneratekeys": "RegenerateEndpointKeysRequest"}  # actions without an answer
IN_PART = "PartialMinimalTrackedResourceWithSku"  # what changes a deployment where it is
PLAIN = {
    str: (str, "text"),
    bool: (bool, "a boolean"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    datetime.datetime: (str, "a time"),
    datetime.timedelta: (str, "a duration"),
}


def check(kind: str, body: Any, sent: bool, in_part: bool = False) -> list[str]:
    """What is wrong with the body of a resource of this kind, or of a change of it, in a request (sent) or a reply."""
    from azure.ai.ml._restclient.arm_ml_service import models

    name = IN_PART if in_part else MODELS.get(kind.lower().partition("/")[2])
    if name is None:
        return [f"the wheel has no model of {kind}"]
    return list(_model(getattr(models, name), body, sent, "$"))


def silent(kind: str, action: str) -> str | None:
    """The model of what an action takes that answers nothing: Microsoft's type files leave those out."""
    return SILENT.get(f"{kind}/{action}".lower().partition("/")[2])


def check_action(model: str, body: Any) -> list[str]:
    """What is wrong with what is sent to such an action."""
    from azure.ai.ml._restclient.arm_ml_service import models

    return list(_model(getattr(models, model), body, True, "$"))


def _check(kind: Any, value: Any, sent: bool, path: str) -> Iterator[str]:
    """What is wrong with a value that an annotation describes."""
    if value is None or kind is Any:
        return
    if get_origin(kind) is Union:
        yield from _union(kind, value, sent, path)
    elif get_origin(kind) is Literal:
        yield from _choice([str(getattr(one, "value", one)) for one in get_args(kind)], value, path)
    elif get_origin(kind) is list:
        yield from _items(kind, value, sent, path)
    elif get_origin(kind) is dict:
        yield from _entries(kind, value, sent, path)
    elif kind in PLAIN:
        yield from _plain(kind, value, path)
    else:
        yield from _model(kind, value, sent, path)


def _union(kind: Any, value: Any, sent: bool, path: str) -> Iterator[str]:
    """A value that may be of several kinds: the complaints of the kind that it is nearest to."""
    options = [one for one in get_args(kind) if one is not type(None)]
    enums = [one for one in options if isinstance(one, type) and issubclass(one, enum.Enum)]
    if enums:
        yield from _choice([member.value for one in enums for member in one], value, path)
    else:
        yield from min((list(_check(one, value, sent, path)) for one in options), key=len)


def _choice(allowed: list[str], value: Any, path: str) -> Iterator[str]:
    """Whether the value is one of the allowed words; case does not count, as in the service."""
    if str(value).lower() not in {word.lower() for word in allowed}:
        yield f"{path}: {value!r} is none of {sorted(allowed)}"


def _items(kind: Any, value: Any, sent: bool, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is not a list"
        return
    for number, item in enumerate(value):
        yield from _check(get_args(kind)[0], item, sent, f"{path}[{number}]")


def _entries(kind: Any, value: Any, sent: bool, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is not an object"
        return
    for key, item in value.items():
        yield from _check(get_args(kind)[1], item, sent, f"{path}.{key}")


def _plain(kind: type, value: Any, path: str) -> Iterator[str]:
    """Text, numbers, times: JSON's true is not a number, and a duration is written as in P1DT2H."""
    wanted, name = PLAIN[kind]
    fits = isinstance(value, wanted) and isinstance(value, bool) == (kind is bool)
    if not fits or (kind is datetime.timedelta and not value.startswith("P")):
        yield f"{path}: {value!r} is not {name}"


def _model(model: type, value: Any, sent: bool, path: str) -> Iterator[str]:
    """An object: no unknown property, nothing read-only sent, nothing required missing."""
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is not an object"
        return
    model, complaint = _variant(model, value)
    if complaint:
        yield f"{path}.{complaint}"
    fields = _fields(model)
    for key, item in value.items():
        if key not in fields:
            yield f"{path}: unknown property {key!r}"
            continue
        kind, visibility = fields[key]
        if sent and "create" not in visibility:
            yield f"{path}.{key}: read-only, but sent"
        yield from _check(kind, item, sent, f"{path}.{key}")
    for key, (kind, visibility) in fields.items():
        if value.get(key) is None and type(None) not in get_args(kind) and (not sent or "create" in visibility):
            yield f"{path}: required {key!r} is missing"


def _variant(model: type, value: dict[str, Any]) -> tuple[type, str | None]:
    """The subclass that the discriminators in the value choose, and what is wrong with the last one, if anything."""
    while getattr(model, "__mapping__", None):
        _fields(model)
        key = next((field._rest_name for field in model._attr_to_rest_field.values() if field._is_discriminator), None)
        chosen = {name.lower(): one for name, one in model.__mapping__.items()}.get(str(value.get(key)).lower())
        if chosen is None:
            return model, f"{key}: {value.get(key)!r} is none of {sorted(model.__mapping__)}"
        if chosen is model:
            break
        model = chosen
    return model, None


@cache
def _fields(model: type) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Of each property by its name on the wire: its annotation, and in which operations it is visible."""
    from azure.ai.ml._restclient.arm_ml_service import models

    model({})  # the models build their tables when first made
    hints = get_type_hints(model, localns={"_models": models})
    return {
        field._rest_name: (hints[name], tuple(field._visibility or ("read", "create")))
        for name, field in model._attr_to_rest_field.items()
    }
