"""What the source says, as a tree."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """Texts and values by turns: an odd number, the first and last are texts."""

    parts: tuple["str | Node", ...]

    @property
    def plain(self) -> str | None:
        """The text, if no value is within."""
        return str(self.parts[0]) if len(self.parts) == 1 else None


@dataclass(frozen=True)
class Plain:
    """A number, true, false or null."""

    value: int | bool | None


@dataclass(frozen=True)
class Name:
    """A symbol."""

    name: str
    line: int


@dataclass(frozen=True)
class Call:
    """A function of Bicep's, or an operator's function of the template language."""

    function: str
    arguments: tuple["Node", ...]
    line: int


@dataclass(frozen=True)
class Member:
    """`of.name`."""

    of: "Node"
    name: str
    line: int


@dataclass(frozen=True)
class Item:
    """`of[key]`."""

    of: "Node"
    key: "Node"
    line: int


@dataclass(frozen=True)
class Mapping:
    """An object."""

    items: tuple[tuple[Text, "Node"], ...]
    line: int

    def get(self, name: str) -> "Node | None":
        """The value of a key that is written out."""
        return next((value for key, value in self.items if key.plain == name), None)


@dataclass(frozen=True)
class Array:
    """A list."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Loop:
    """`[for (item, index) in source: body]`."""

    item: str
    index: str
    source: "Node"
    body: "Node"
    line: int


@dataclass(frozen=True)
class Condition:
    """`if (condition) body`, of a resource or module."""

    condition: "Node"
    body: "Node"


Node = Text | Plain | Name | Call | Member | Item | Mapping | Array | Loop | Condition


@dataclass(frozen=True)
class Declaration:
    """A param, var, resource, module or output."""

    kind: str
    name: str
    line: int
    type: str = ""  # of a resource with its api-version; of a module the file
    value: Node | None = None
    existing: bool = False
    decorators: tuple[Call, ...] = ()

    @property
    def loop(self) -> Loop | None:
        """Its loop, if it has one."""
        return self.value if isinstance(self.value, Loop) else None

    @property
    def condition(self) -> Node | None:
        """Its condition, if it has one."""
        inner = self.value.body if isinstance(self.value, Loop) else self.value
        return inner.condition if isinstance(inner, Condition) else None

    @property
    def body(self) -> Mapping:
        """What stands between its braces."""
        inner = self.value.body if isinstance(self.value, Loop) else self.value
        inner = inner.body if isinstance(inner, Condition) else inner
        assert isinstance(inner, Mapping)  # the parser lets nothing else through
        return inner


@dataclass
class File:
    """A source file."""

    scope: str = "resourceGroup"
    declarations: list[Declaration] = field(default_factory=list)
