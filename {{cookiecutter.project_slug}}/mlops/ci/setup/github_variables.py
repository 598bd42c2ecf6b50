"""Variables of the repository and of its environments: ids, and no secret."""

from mlops.ci.api import Api
from mlops.decide.infrastructure.wanted import Wanted
from mlops.settings.environments import differences


def variable(api: Api, place: str, name: str, value: str) -> Wanted:
    """The variable with that value. place: `environments/<name>`, or `actions` for the whole repository."""

    def present() -> str | None:
        return value_of(api, place, name)

    def apply() -> None:
        now = present()
        if now is None:
            api.call("POST", f"{place}/variables", {"name": name, "value": value})
        elif now != value:
            api.call("PATCH", f"{place}/variables/{name}", {"value": value})

    return Wanted(title(place, name), lambda: differences({"value": present()}, {"value": value}), apply)


def no_variable(api: Api, place: str, name: str) -> Wanted:
    """No variable of that name there."""

    def observe() -> list[str]:
        return [] if value_of(api, place, name) is None else ["it is still there"]

    def apply() -> None:
        if observe():
            api.call("DELETE", f"{place}/variables/{name}")

    return Wanted(title(place, name), observe, apply)


def value_of(api: Api, place: str, name: str) -> str | None:
    """What it holds; None when there is none, or no such environment."""
    found = api.find(f"{place}/variables/{name}")
    return None if found is None else str(found["value"])


def title(place: str, name: str) -> str:
    where = "" if place == "actions" else f" of {place.removeprefix('environments/')}"
    return f"GitHub: variable {name}{where}"
