"""What an expression means within one template: its parameters and variables, the copies, what is made so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from arm import parameters
from arm.errors import TemplateError
from arm.expressions import Access, Call, Literal, Node, is_expression, parse
from arm.functions import PURE, member, yes_or_no
from arm.ids import resource_id
from arm.surroundings import SURROUNDINGS, Environment

Live = Callable[[str], Mapping[str, Any] | None]


@dataclass
class World:
    """What all templates of one deployment share."""

    environment: Environment
    live: Live
    made: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by id in small letters, as they became


class Scope:
    """Evaluates one template's expressions."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, Any], place: str, world: World) -> None:
        self.place, self.world = place, world
        self.variables: Mapping[str, Any] = template.get("variables", {})
        self.parameters: dict[str, Any] = {}
        self.copies: dict[str, int] = {}  # "": that of the resource itself
        self.ids: dict[str, str] = {}  # of the template's resources, by name and by symbolic name
        self.own: set[str] = set()  # all those ids, in small letters
        self.waits: frozenset[str] | None = None  # for what the resource at hand waits; None: for all
        self.begun: list[str] = []  # variables that are being evaluated
        self.starting = False  # names, conditions and numbers of copies are being evaluated, before anything is made
        declared = template.get("parameters", {})
        for name in parameters.undeclared(declared, given):
            raise TemplateError(f"parameter {name!r} is given, but not declared")
        for name, part in declared.items():
            self.parameters[name.lower()] = parameters.value_of(name, part, given, self.value)

    def value(self, part: Any) -> Any:
        """A part of the template with its expressions evaluated and its copies made."""
        if isinstance(part, Mapping):
            found = {self.value(key): self.value(item) for key, item in part.items() if not _is_copy(key, item)}
            for copy in part.get("copy", []) if _is_copy("copy", part.get("copy")) else []:
                found[copy["name"]] = self.repeated(copy["name"], copy)
            return found
        if isinstance(part, list):
            return [self.value(item) for item in part]
        if not isinstance(part, str):
            return part
        return self.run(parse(part)) if is_expression(part) else part[part.startswith("[[") :]

    def repeated(self, name: str, copy: Mapping[str, Any]) -> list[Any]:
        """What `copy` in properties, variables or outputs makes."""
        found, before = [], dict(self.copies)
        for index in range(self.value(copy["count"])):
            self.copies = before | {name.lower(): index} | ({} if "" in before else {"": index})
            found.append(self.value(copy["input"]))
        self.copies = before
        return found

    def run(self, node: Node) -> Any:
        """The value of an expression."""
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Access):
            return member(self.run(node.of), self.run(node.key))
        if node.function == "if":
            return self.choice(node)
        arguments = [self.run(argument) for argument in node.arguments]
        try:
            return self.function(node.function)(*arguments)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise TemplateError(f"{node.function}({', '.join(map(repr, arguments))}): {error}") from error

    def function(self, name: str) -> Callable[..., Any]:
        """One of the template at hand, of where it is deployed, or of nothing but what it is given."""
        if name in SURROUNDINGS:
            return partial(SURROUNDINGS[name], self.world.environment)
        found: Callable[..., Any] | None = getattr(self, f"call_{name}", PURE.get(name))
        if found is None:
            raise TemplateError(f"there is no function {name!r}")
        return found

    def choice(self, node: Call) -> Any:
        """Only the side that is chosen is evaluated."""
        if len(node.arguments) != 3:
            raise TemplateError(f"if() takes three arguments, not {len(node.arguments)}")
        condition, one, other = node.arguments
        return self.run(one if yes_or_no(self.run(condition)) else other)

    def call_parameters(self, name: str) -> Any:
        if name.lower() not in self.parameters:
            raise TemplateError(f"parameter {name!r} is not declared")
        return self.parameters[name.lower()]

    def call_variables(self, name: str) -> Any:
        """Evaluated where it is asked for, for it may need others."""
        if name.lower() in self.begun:
            raise TemplateError(f"variable {name!r} needs itself")
        self.begun.append(name.lower())
        try:
            copies = self.variables.get("copy", [])
            for copy in copies:
                if copy["name"].lower() == name.lower():
                    return self.repeated(copy["name"], copy)
            for key, part in self.variables.items():
                if key.lower() == name.lower():
                    return self.value(part)
        finally:
            self.begun.pop()
        raise TemplateError(f"variable {name!r} is not declared")

    def call_copyindex(self, *given: Any) -> int:
        name = given[0] if given and isinstance(given[0], str) else ""
        if name.lower() not in self.copies:
            raise TemplateError(f"copyIndex({name}) outside of its loop")
        return self.copies[name.lower()] + (given[-1] if given and isinstance(given[-1], int) else 0)

    def call_resourcegroup(self) -> dict[str, Any]:
        if "/resourceGroups/" not in self.place:
            raise TemplateError("resourceGroup() in a template that is not deployed to a resource group")
        found = self.world.made.get(self.place.lower()) or self.world.live(self.place)
        if found is None:
            raise TemplateError(f"there is no resource group {self.place}")
        return {"id": self.place, "name": self.place.split("/")[4]} | dict(found)

    def call_resourceid(self, *given: str) -> str:
        """Of this subscription or group, or of another that is named before the type."""
        place, rest = self.place, list(given)
        if "/" not in rest[0]:
            names = [rest.pop(0) for _ in range(2 if "/" not in rest[1] else 1)]
            subscription = (
                names.pop(0) if len(names) == 2 or len(names[0]) == 36 else self.world.environment.subscription
            )
            place = f"/subscriptions/{subscription}" + (f"/resourceGroups/{names[0]}" if names else "")
        return resource_id(place, *rest)

    def call_subscriptionresourceid(self, *given: str) -> str:
        place = f"/subscriptions/{self.world.environment.subscription}"
        return resource_id(place, *given) if "/" in given[0] else resource_id(f"/subscriptions/{given[0]}", *given[1:])

    def call_reference(self, what: str, _api_version: str = "", full: str = "") -> Any:
        """The properties of a resource that is made before, or that Azure has."""
        if self.starting:
            raise TemplateError(f"reference({what}): names, conditions and copies are known before anything is made")
        id_ = what if what.startswith("/") else self.ids.get(what, "")
        key = id_.lower()
        if not id_:
            raise TemplateError(f"reference({what}): no resource of this name")
        inside = key in self.own or key in self.world.made
        if inside and (key not in self.world.made or (self.waits is not None and key not in self.waits)):
            raise TemplateError(f"reference({id_}): nothing waits for it (dependsOn)")
        found = self.world.made[key] if inside else self.world.live(id_)
        if found is None:
            raise TemplateError(f"reference({id_}): there is no such resource")
        return dict(found) if full.lower() == "full" else found["properties"]

    def call_listcallbackurl(self, what: str, _api_version: str) -> dict[str, str]:
        """The address of a workflow's trigger, which Azure knows only of one that is made."""
        self.call_reference(what.rsplit("/triggers/", 1)[0])
        return {"value": f"https://prod.logic.azure.com{what}/paths/invoke?sig=made-up"}


def _is_copy(key: str, part: Any) -> bool:
    """Whether it is the language's `copy`, not a property of that name."""
    return key == "copy" and isinstance(part, list) and all(isinstance(one, Mapping) and "count" in one for one in part)
