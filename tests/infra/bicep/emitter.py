"""Expressions of the template language, made of those of the source."""

from typing import Any

from bicep.errors import BicepError
from bicep.nodes import Array, Call, Condition, Declaration, Item, Loop, Mapping, Member, Name, Node, Plain, Text
from bicep.symbols import Ids, Local, Symbols

# Functions of Bicep that mean the same in the template language.
FUNCTIONS = {
    "array", "base64", "bool", "concat", "contains", "deployment", "empty", "endsWith", "environment", "first",
    "flatten", "format", "guid", "int", "intersection", "join", "json", "last", "length", "listCallbackUrl", "max",
    "min", "padLeft", "range", "replace", "resourceGroup", "resourceId", "skip", "split", "startsWith", "string",
    "subscription", "subscriptionResourceId", "substring", "take", "tenant", "toLower", "toUpper", "trim", "union",
    "uniqueString", "uri",
}  # fmt: skip
OPERATORS = {
    "add", "and", "coalesce", "div", "equals", "greater", "greaterOrEquals", "if", "less", "lessOrEquals", "mod",
    "mul", "not", "or", "sub",
}  # fmt: skip

Needed = tuple[Declaration, str | None, Local]


class Emitter:
    """Writes the expressions of one file, and remembers what the declaration at hand has to wait for."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.needed: list[Needed] = []
        self.behind: dict[str, list[Needed]] = {}  # what is needed by whoever uses a var
        self.naming: list[str] = []  # the resources whose names are being written
        self.inner: list[str] = []  # the indexes of the loops within values that are being written
        self.loaded: dict[str, str] = {}  # texts of other files, by the name of their variable

    def wrong(self, line: int, what: str) -> BicepError:
        return BicepError(self.symbols.path, line, what)

    def value(self, node: Node, local: Local) -> Any:
        """A value as JSON, with expressions where something has to be evaluated."""
        if isinstance(node, Plain) and node.value is not None:
            return node.value
        if isinstance(node, Text) and node.plain is not None:
            return f"[{node.plain}" if node.plain.startswith("[") else node.plain
        if isinstance(node, Mapping):
            return self.mapping(node, local)
        if isinstance(node, Array):
            return [self.value(item, local) for item in node.items]
        return f"[{self.text(node, local)}]"

    def mapping(self, node: Mapping, local: Local) -> dict[str, Any]:
        """An object. Loops over its properties stand together, as the language has them."""
        found: dict[str, Any] = {}
        for key, item in node.items:
            if isinstance(item, Loop):
                found.setdefault("copy", []).append(self.copy(str(key.plain), item, local))
            else:
                found[self.value(key, local)] = self.value(item, local)
        return found

    def copy(self, name: str, loop: Loop, local: Local) -> dict[str, Any]:
        """A loop within a value."""
        source, index = self.text(loop.source, local), f"copyIndex('{name}')" if name else "copyIndex()"
        names = {**local.names, loop.item: f"{source}[{index}]", **({loop.index: index} if loop.index else {})}
        named = {"name": name} if name else {}
        self.inner.append(index)
        found = {**named, "count": f"[length({source})]", "input": self.value(loop.body, Local(names))}
        self.inner.pop()
        return found

    def text(self, node: Node, local: Local) -> str:
        """A value as an expression."""
        if isinstance(node, Plain):
            return "null()" if node.value is None else _constant(node.value)
        if isinstance(node, Text):
            return self.interpolated(node, local)
        if isinstance(node, Name):
            return self.named(node, local)
        if isinstance(node, Call):
            return self.called(node, local)
        if isinstance(node, Member):
            return self.member(node, local)
        if isinstance(node, Item):
            return f"{self.text(node.of, local)}[{self.text(node.key, local)}]"
        if isinstance(node, Mapping):
            parts = [self.text(part, local) for pair in node.items for part in pair]
            return f"createObject({', '.join(parts)})"
        if isinstance(node, Array):
            return f"createArray({', '.join(self.text(item, local) for item in node.items)})"
        assert isinstance(node, Loop | Condition)
        raise self.wrong(getattr(node, "line", 0), "a loop or condition is outside the subset here")

    def interpolated(self, node: Text, local: Local) -> str:
        if node.plain is not None:
            return _quoted(node.plain)
        pattern, values = "", []
        for part in node.parts:
            if isinstance(part, str):
                pattern += part.replace("{", "{{").replace("}", "}}")
            else:
                pattern += f"{{{len(values)}}}"
                values.append(self.text(part, local))
        return f"format({', '.join([_quoted(pattern), *values])})"

    def named(self, node: Name, local: Local) -> str:
        if node.name in local.names:
            return local.names[node.name]
        found = self.symbols.find(node)
        if found.kind in {"resource", "module"}:
            raise self.wrong(node.line, f"{node.name!r} as a whole is outside the subset; take its id or a property")
        self.needed += self.behind.get(node.name, [])
        return f"{'parameters' if found.kind == 'param' else 'variables'}('{node.name}')"

    def called(self, node: Call, local: Local) -> str:
        if node.function == "loadTextContent":
            return self.load(node)
        if node.function not in FUNCTIONS | OPERATORS:
            raise self.wrong(node.line, f"there is no function {node.function!r} in the subset")
        return f"{node.function}({', '.join(self.text(argument, local) for argument in node.arguments)})"

    def load(self, node: Call) -> str:
        """The text of another file, as a variable of its own."""
        name = node.arguments[0].plain if len(node.arguments) == 1 and isinstance(node.arguments[0], Text) else None
        file = self.symbols.path.parent / (name or "")
        if name is None or not file.is_file():
            raise self.wrong(node.line, f"there is no file {name!r}")
        text = file.read_text(encoding="utf-8")
        variable = next((key for key, other in self.loaded.items() if other == text), f"$fxv#{len(self.loaded)}")
        self.loaded[variable] = text
        return f"variables('{variable}')"

    def member(self, node: Member, local: Local) -> str:
        """A property: of a resource or module something that Azure knows, else of a value."""
        found = self.symbols.deployed(node.of)
        if found is not None:
            return self.of_deployed(node, found, local)
        inner = node.of
        if isinstance(inner, Member) and inner.name == "outputs" and self.symbols.deployed(inner.of):
            return f"{self.text(inner, local)}.{node.name}.value"
        return f"{self.text(inner, local)}.{node.name}"

    def of_deployed(self, node: Member, found: tuple[Declaration, Node | None], local: Local) -> str:
        one, at = found
        ids = Ids(self)
        index = ids.index(at, local)
        of_inner = index is not None and any(each in index for each in self.inner)
        self.needed.append((one, None if of_inner else index, local))  # of such a loop all are waited for
        if node.name == "id":
            return ids.id_of(one, index, local)
        if node.name == "name":
            return ids.names(one, index, local)[-1]
        if one.kind == "module":
            if node.name != "outputs":
                raise self.wrong(node.line, f"a module has outputs, no {node.name!r}")
            return f"reference({ids.id_of(one, index, local)}, '{MODULE_VERSION}').outputs"
        version = one.type.partition("@")[2]
        if node.name == "properties":
            return f"reference({ids.id_of(one, index, local)}, '{version}')"
        return f"reference({ids.id_of(one, index, local)}, '{version}', 'full').{node.name}"


MODULE_VERSION = "2024-03-01"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _constant(value: int | bool) -> str:
    return f"{str(value).lower()}()" if isinstance(value, bool) else str(value)
