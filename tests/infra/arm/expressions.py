"""The language between brackets: `[format('{0}-x', parameters('project'))]` as a tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from arm.errors import TemplateError

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))")


@dataclass(frozen=True)
class Literal:
    """A text or a whole number."""

    value: str | int


@dataclass(frozen=True)
class Call:
    """A function, in small letters, and what it is given."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Access:
    """`of.key` or `of[key]`."""

    of: "Node"
    key: "Node"


Node = Literal | Call | Access


def is_expression(text: str) -> bool:
    """Whether Azure evaluates the text; one that begins with two brackets only says the rest."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


@cache
def parse(text: str) -> Node:
    """The tree of an expression with its brackets."""
    reader = _Reader(text, list(_tokens(text, text[1:-1])))
    node = reader.expression()
    if reader.left:
        raise TemplateError(f"unexpected {reader.left[0][1]!r} in {text}")
    return node


def calls(node: Node) -> Iterator[Call]:
    """Every call within, the outer first."""
    if isinstance(node, Call):
        yield node
        for argument in node.arguments:
            yield from calls(argument)
    elif isinstance(node, Access):
        yield from calls(node.of)
        yield from calls(node.key)


def _tokens(whole: str, text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise TemplateError(f"unexpected {text[at]!r} in {whole}")
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


@dataclass
class _Reader:
    """Takes an expression off the tokens that are left."""

    text: str
    left: list[tuple[str, str]]

    def next_is(self, *signs: str) -> bool:
        return bool(self.left) and self.left[0][0] == "sign" and self.left[0][1] in signs

    def take(self, sign: str = "") -> tuple[str, str]:
        if not self.left:
            raise TemplateError(f"{self.text} ends too early")
        token = self.left.pop(0)
        if sign and token != ("sign", sign):
            raise TemplateError(f"{sign!r} expected, {token[1]!r} found in {self.text}")
        return token

    def expression(self) -> Node:
        node = self.start()
        while self.next_is(".", "["):
            if self.take()[1] == ".":
                node = Access(node, Literal(self.take()[1]))
            else:
                node = Access(node, self.expression())
                self.take("]")
        return node

    def start(self) -> Node:
        kind, word = self.take()
        if kind == "text":
            return Literal(word[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(int(word))
        if kind == "name":
            return Call(word.lower(), tuple(self.arguments()))
        raise TemplateError(f"unexpected {word!r} in {self.text}")

    def arguments(self) -> Iterator[Node]:
        self.take("(")
        while not self.next_is(")"):
            yield self.expression()
            if not self.next_is(")"):
                self.take(",")
                if self.next_is(")"):
                    raise TemplateError(f"unexpected ')' after a comma in {self.text}")
        self.take(")")
