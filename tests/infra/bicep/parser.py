"""A source file as its declarations."""

from pathlib import Path

from bicep.expressions import Reader
from bicep.lexer import Lexer
from bicep.nodes import Call, Condition, Declaration, File, Loop, Mapping, Node, Text

TYPES = {"array", "bool", "int", "object", "string"}
SCOPES = {"resourceGroup", "subscription"}
DECORATORS = {"allowed", "batchSize", "description", "maxLength", "maxValue", "minLength", "minValue", "secure"}


def parse(file: Path) -> File:
    """The declarations of a file. BicepError for what is outside the subset."""
    return _Parser(file, Lexer(file, file.read_text(encoding="utf-8")).all()).parse()


class _Parser(Reader):
    def parse(self) -> File:
        found, decorators = File(), list[Call]()
        self.skip_lines()
        while self.next.kind != "end":
            if self.next_is("@"):
                decorators.append(self.decorator())
            elif self.next_is("targetScope"):
                found.scope = self.scope()
            else:
                found.declarations.append(self.declaration(tuple(decorators)))
                decorators = []
            if self.next.kind not in {"newline", "end"}:
                raise self.wrong(f"a new line expected, {self.next.text or self.next.kind!r} found")
            self.skip_lines()
        if decorators:
            raise self.wrong("a decorator of nothing", decorators[0].line)
        return found

    def decorator(self) -> Call:
        line = self.take("@").line
        node = self.expression()
        if not isinstance(node, Call) or node.function not in DECORATORS:
            raise self.wrong("this decorator is outside the subset", line)
        return node

    def scope(self) -> str:
        line = self.take("targetScope").line
        self.take("=")
        node = self.expression()
        if not isinstance(node, Text) or node.plain not in SCOPES:
            raise self.wrong(f"a scope is one of {sorted(SCOPES)} here", line)
        return node.plain

    def declaration(self, decorators: tuple[Call, ...]) -> Declaration:
        token = self.take()
        makers = {"param": self.param, "var": self.var, "output": self.output}
        if token.kind == "name" and token.text in makers:
            return makers[token.text](token.line, decorators)
        if token.kind == "name" and token.text in {"resource", "module"}:
            return self.deployed(token.text, token.line, decorators)
        raise self.wrong(f"{token.text or token.kind!r} is outside the subset", token.line)

    def typed(self) -> tuple[str, str]:
        name, kind = self.take(kind="name").text, self.take(kind="name")
        if kind.text not in TYPES:
            raise self.wrong(f"type {kind.text!r} is outside the subset", kind.line)
        return name, kind.text

    def param(self, line: int, decorators: tuple[Call, ...]) -> Declaration:
        name, kind = self.typed()
        value: Node | None = None
        if self.next_is("="):
            self.take()
            value = self.expression()
        return Declaration("param", name, line, kind, value, decorators=decorators)

    def var(self, line: int, decorators: tuple[Call, ...]) -> Declaration:
        name = self.take(kind="name").text
        self.take("=")
        return Declaration("var", name, line, value=self.expression(), decorators=decorators)

    def output(self, line: int, decorators: tuple[Call, ...]) -> Declaration:
        name, kind = self.typed()
        self.take("=")
        return Declaration("output", name, line, kind, self.expression(), decorators=decorators)

    def deployed(self, kind: str, line: int, decorators: tuple[Call, ...]) -> Declaration:
        name, what = self.take(kind="name").text, self.text(self.take(kind="text")).plain
        if what is None or (kind == "resource" and what.count("@") != 1):
            raise self.wrong("a type with its api-version, or a file, expected", line)
        existing = self.next_is("existing")
        if existing:
            self.take()
        self.take("=")
        value = self.conditioned()
        inner = value.body if isinstance(value, Loop) else value
        inner = inner.body if isinstance(inner, Condition) else inner
        if not isinstance(inner, Mapping) or inner.get("name") is None:
            raise self.wrong(f"{kind} {name!r} has no name", line)
        return Declaration(kind, name, line, what, value, existing, decorators)
