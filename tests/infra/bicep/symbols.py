"""What the names of a file stand for, and the ids of its resources as expressions of the template language."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bicep.errors import BicepError
from bicep.nodes import Call, Declaration, File, Item, Name, Node

if TYPE_CHECKING:
    from bicep.emitter import Emitter

GROUPS = "Microsoft.Resources/resourceGroups"
HERE = "subscription().subscriptionId"
MODULES = "Microsoft.Resources/deployments"


@dataclass(frozen=True)
class Local:
    """What loop variables stand for, as expressions."""

    names: dict[str, str] = field(default_factory=dict)

    def with_loop(self, declaration: Declaration, source: str, index: str) -> "Local":
        """With the variables of the declaration's loop, at an index."""
        loop = declaration.loop
        if loop is None:
            return self
        return replace(
            self, names={**self.names, loop.item: f"{source}[{index}]", **({loop.index: index} if loop.index else {})}
        )


@dataclass
class Symbols:
    """The declarations of a file by name, and which of them were used."""

    path: Path
    file: File
    by_name: dict[str, Declaration] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for one in self.file.declarations:
            if one.kind != "output":
                if one.name in self.by_name:
                    raise BicepError(self.path, one.line, f"{one.name!r} is declared twice")
                self.by_name[one.name] = one

    def find(self, name: Name) -> Declaration:
        """What a name stands for."""
        if name.name not in self.by_name:
            raise BicepError(self.path, name.line, f"there is no {name.name!r}")
        self.used.add(name.name)
        return self.by_name[name.name]

    def deployed(self, node: Node) -> tuple[Declaration, Node | None] | None:
        """The resource or module that an expression names, with the index of one of a loop; None if it names none."""
        name, index = (node.of, node.key) if isinstance(node, Item) else (node, None)
        if not isinstance(name, Name) or self.by_name.get(name.name, None) is None:
            return None
        found = self.by_name[name.name]
        if found.kind not in {"resource", "module"}:
            return None
        self.used.add(name.name)
        if (found.loop is not None) != (index is not None):
            raise BicepError(self.path, name.line, f"{name.name!r} is {'a loop' if found.loop else 'no loop'}")
        return found, index

    def check_used(self) -> None:
        """Refuse what nothing uses, as Bicep's linter does."""
        for name, one in self.by_name.items():
            if name not in self.used and (one.kind in {"param", "var"} or one.existing):
                raise BicepError(self.path, one.line, f"nothing uses {name!r}")


@dataclass(frozen=True)
class Ids:
    """Names and ids of declared resources."""

    emitter: "Emitter"

    def local(self, one: Declaration, index: str | None, local: Local) -> Local:
        """The variables of its own loop, at the index that it is asked for."""
        if one.loop is None or index is None:
            return local
        return local.with_loop(one, self.emitter.text(one.loop.source, local), index)

    def names(self, one: Declaration, index: str | None, local: Local) -> list[str]:
        """Its name and those of the resources that it is a part of, the outermost first."""
        inner, name, parent = self.local(one, index, local), one.body.get("name"), one.body.get("parent")
        assert name is not None  # the parser lets nothing else through
        if one.name in self.emitter.naming:
            raise BicepError(self.emitter.symbols.path, one.line, f"the name of {one.name!r} needs itself")
        self.emitter.naming.append(one.name)
        last = self.emitter.text(name, inner)
        self.emitter.naming.pop()
        if parent is None:
            return [last]
        outer = self.named(parent, one)
        return [*self.names(outer[0], self.index(outer[1], inner), inner), last]

    def index(self, node: Node | None, local: Local) -> str | None:
        """An index as an expression."""
        return None if node is None else self.emitter.text(node, local)

    def named(self, node: Node, user: Declaration) -> tuple[Declaration, Node | None]:
        """The resource that `parent` or `scope` names."""
        found = self.emitter.symbols.deployed(node)
        if found is None:
            raise BicepError(self.emitter.symbols.path, user.line, f"{user.name!r} needs the name of a resource here")
        return found

    def id_of(self, one: Declaration, index: str | None, local: Local) -> str:
        """Its id."""
        inner, scope = self.local(one, index, local), one.body.get("scope")
        if one.kind == "module":
            place = "" if scope is None else f"{', '.join(self.group(scope, one, inner))}, "
            return f"resourceId({place}'{MODULES}', {self.names(one, index, local)[0]})"
        kind = one.type.partition("@")[0]
        listed, depth = self.names(one, index, local), kind.count("/")
        if len(listed) == 1 < depth:  # the whole way stands in its name
            listed = [f"split({listed[0]}, '/')[{number}]" for number in range(depth)]
        names = ", ".join(listed)
        if kind == GROUPS:
            return f"subscriptionResourceId('{kind}', {names})"
        if isinstance(scope, Call):
            return f"resourceId({', '.join(self.group(scope, one, inner))}, '{kind}', {names})"
        if scope is not None:
            outer = self.named(scope, one)
            place = self.id_of(outer[0], self.index(outer[1], inner), inner)
            return f"extensionResourceId({place}, '{kind}', {names})"
        at_subscription = self.emitter.symbols.file.scope == "subscription"
        return f"{'subscriptionResourceId' if at_subscription else 'resourceId'}('{kind}', {names})"

    def group(self, scope: Node, user: Declaration, local: Local) -> tuple[str, str]:
        """The subscription and the name of the resource group that a scope is."""
        if isinstance(scope, Call):
            if scope.function != "resourceGroup" or len(scope.arguments) not in {1, 2}:
                raise BicepError(self.emitter.symbols.path, user.line, "this scope is outside the subset")
            *of, name = (self.emitter.text(argument, local) for argument in scope.arguments)
            return (of[0] if of else HERE), name
        one, index = self.named(scope, user)
        if not one.type.startswith(f"{GROUPS}@"):
            raise BicepError(self.emitter.symbols.path, user.line, f"{one.name!r} is no resource group")
        return HERE, self.names(one, self.index(index, local), local)[0]
