"""Expressions of the source as trees."""

from collections.abc import Iterator
from pathlib import Path

from bicep.errors import BicepError
from bicep.lexer import Token
from bicep.nodes import Array, Call, Condition, Item, Loop, Mapping, Member, Name, Node, Plain, Text

OPERATORS: list[dict[str, str]] = [  # what binds least first
    {"??": "coalesce"},
    {"||": "or"},
    {"&&": "and"},
    {"==": "equals", "!=": "not equals"},
    {"<": "less", ">": "greater", "<=": "lessOrEquals", ">=": "greaterOrEquals"},
    {"+": "add", "-": "sub"},
    {"*": "mul", "/": "div", "%": "mod"},
]
WORDS = {"true": True, "false": False, "null": None}


class Reader:
    """Takes trees off the tokens of a file."""

    def __init__(self, file: Path, tokens: list[Token]) -> None:
        self.file, self.tokens, self.at = file, tokens, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def next_is(self, *words: str) -> bool:
        return self.next.kind in {"sign", "name"} and self.next.text in words

    def wrong(self, what: str, line: int = 0) -> BicepError:
        return BicepError(self.file, line or self.next.line, what)

    def take(self, *words: str, kind: str = "") -> Token:
        """The next token, which has to be one of these words, or of this kind."""
        token = self.next
        if (words and not self.next_is(*words)) or (kind and token.kind != kind):
            wanted = " or ".join(map(repr, words)) or f"a {kind}"
            raise self.wrong(f"{wanted} expected, {token.text or token.kind!r} found")
        self.at += token.kind != "end"
        return token

    def skip_lines(self) -> None:
        while self.next.kind == "newline":
            self.at += 1

    def expression(self) -> Node:
        condition = self.operation(0)
        if not self.next_is("?"):
            return condition
        line = self.take().line
        one = self.expression()
        self.skip_lines()
        self.take(":")
        return Call("if", (condition, one, self.expression()), line)

    def operation(self, level: int) -> Node:
        if level == len(OPERATORS):
            return self.unary()
        left = self.operation(level + 1)
        while self.next_is(*OPERATORS[level]):
            sign = self.take()
            function = OPERATORS[level][sign.text]
            both = (left, self.operation(level + 1))
            left = Call(function.removeprefix("not "), both, sign.line)
            if function.startswith("not "):
                left = Call("not", (left,), sign.line)
        return left

    def unary(self) -> Node:
        if self.next_is("!"):
            line = self.take().line
            return Call("not", (self.unary(),), line)
        if self.next_is("-"):
            self.take()
            return Plain(-int(self.take(kind="number").text))
        node = self.primary()
        while self.next_is(".", "["):
            sign = self.take()
            if sign.text == ".":
                node = Member(node, self.take(kind="name").text, sign.line)
            else:
                node = Item(node, self.expression(), sign.line)
                self.take("]")
            if self.next_is("("):
                raise self.wrong("functions of a resource are outside the subset")
        return node

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Plain(int(token.text))
        if token.kind == "text":
            return self.text(token)
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            node = self.expression()
            self.take(")")
            return node
        if token.text == "{":
            return Mapping(tuple(self.entries()), token.line)
        if token.text == "[":
            return self.loop(token.line) if self.next_is("for") else Array(tuple(self.listed("]")))
        raise self.wrong(f"unexpected {token.text or token.kind!r}", token.line)

    def text(self, token: Token) -> Text:
        return Text(tuple(self.part(part) for part in token.parts))

    def part(self, part: str | tuple[Token, ...]) -> str | Node:
        if isinstance(part, str):
            return part
        inner = Reader(self.file, list(part))
        node = inner.expression()
        inner.take(kind="end")
        return node

    def named(self, token: Token) -> Node:
        if token.text in WORDS:
            return Plain(WORDS[token.text])
        if self.next_is("("):
            self.take()
            return Call(token.text, tuple(self.listed(")")), token.line)
        return Name(token.text, token.line)

    def listed(self, closing: str) -> Iterator[Node]:
        """Expressions up to the closing sign, on lines of their own or with commas."""
        self.skip_lines()
        while not self.next_is(closing):
            yield self.expression()
            self.between(closing)
        self.take()

    def entries(self) -> Iterator[tuple[Text, Node]]:
        self.skip_lines()
        seen = set()
        while not self.next_is("}"):
            token = self.take()
            if token.kind not in {"name", "text"}:
                raise self.wrong(f"a key expected, {token.text or token.kind!r} found", token.line)
            key = Text((token.text,)) if token.kind == "name" else self.text(token)
            if key.plain is not None and key.plain in seen:
                raise self.wrong(f"{key.plain!r} stands there twice", token.line)
            seen.add(key.plain)
            self.take(":")
            yield key, self.expression()
            self.between("}")
        self.take()

    def between(self, closing: str) -> None:
        """A comma or a new line, before the next one."""
        if not self.next_is(",", closing) and self.next.kind != "newline":
            raise self.wrong(f"a new line expected, {self.next.text or self.next.kind!r} found")
        if self.next_is(","):
            self.take()
        self.skip_lines()

    def loop(self, line: int) -> Loop:
        self.take("for")
        item, index = "", ""
        if self.next_is("("):
            self.take()
            item = self.take(kind="name").text
            self.take(",")
            index = self.take(kind="name").text
            self.take(")")
        else:
            item = self.take(kind="name").text
        self.take("in")
        source = self.expression()
        self.take(":")
        body = self.conditioned()
        self.skip_lines()
        self.take("]")
        return Loop(item, index, source, body, line)

    def conditioned(self) -> Node:
        if not self.next_is("if"):
            return self.expression()
        self.take()
        self.take("(")
        condition = self.expression()
        self.take(")")
        return Condition(condition, self.expression())
