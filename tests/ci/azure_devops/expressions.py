"""Expressions: parsed once, so that an error is found even where nothing is evaluated; evaluated as often as needed."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci.azure_devops.functions import FUNCTIONS, STATUS_FUNCTIONS
from ci.azure_devops.loading import refuse
from ci.azure_devops.values import Value, look_up, text
from ci.events import PipelineError

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d*\.?\d+)|(?P<string>'(?:[^']|'')*')|(?P<word>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))"
)
CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "null": None}

Status = Callable[[str, Sequence[str]], bool]  # what a status function answers to its arguments


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Item:
    collection: "Tree"
    key: "Tree"


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple["Tree", ...]


Tree = Literal | Name | Item | Call


class Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, source: str, names: Collection[str], status: bool) -> None:
        self.source, self.status = source, status
        self.names = {name.lower() for name in names}
        self.tokens = list(self.cut())
        self.position = 0

    def error(self, message: str) -> PipelineError:
        return refuse(self.source, f"{message} in the expression `{self.source.strip()}`")

    def cut(self) -> Iterator[tuple[str, str]]:
        position, end = 0, len(self.source.rstrip())
        while position < end:
            match = TOKEN.match(self.source, position)
            if match is None:
                raise self.error(f"unexpected symbol {self.source[position:].strip()[0]!r}")
            yield match.lastgroup or "", match[match.lastgroup or 0]
            position = match.end()

    def peek(self) -> str:
        """The next token if it is a sign."""
        kind, token = self.tokens[self.position] if self.position < len(self.tokens) else ("", "")
        return token if kind == "sign" else ""

    def take(self) -> tuple[str, str]:
        if self.position == len(self.tokens):
            raise self.error("unexpected end")
        self.position += 1
        return self.tokens[self.position - 1]

    def expect(self, sign: str) -> None:
        if self.take() != ("sign", sign):
            raise self.error(f"expected {sign!r}")

    def whole(self) -> Tree:
        tree = self.value()
        if self.position < len(self.tokens):
            raise self.error(f"unexpected symbol {self.tokens[self.position][1]!r}")
        return tree

    def value(self) -> Tree:
        kind, token = self.take()
        if kind == "number":
            return Literal(float(token))
        if kind == "string":
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "sign":
            raise self.error(f"unexpected symbol {token!r}")
        if self.peek() == "(":
            return self.items(self.call(token))
        if token.lower() in CONSTANTS:
            return Literal(CONSTANTS[token.lower()])
        if token.lower() not in self.names:
            raise self.error(f"unrecognized value {token!r}")
        return self.items(Name(token.lower()))

    def call(self, name: str) -> Call:
        self.expect("(")
        arguments = []
        while self.peek() != ")":
            arguments.append(self.value())
            if self.peek() != ")":
                self.expect(",")
                if self.peek() == ")":
                    raise self.error("expected a value after ','")
        self.expect(")")
        least, most = self.arity(name)
        if not least <= len(arguments) <= most:
            raise self.error(f"{name!r} does not take {len(arguments)} arguments")
        return Call(name.lower(), tuple(arguments))

    def arity(self, name: str) -> tuple[int, int]:
        if self.status and name.lower() in STATUS_FUNCTIONS:
            return 0, STATUS_FUNCTIONS[name.lower()]
        if name.lower() not in FUNCTIONS:
            raise self.error(f"unrecognized function {name!r}")
        return FUNCTIONS[name.lower()].least, FUNCTIONS[name.lower()].most

    def items(self, tree: Tree) -> Tree:
        """The tree with the `.name` and `[key]` that follow it."""
        while self.peek() in (".", "["):
            if self.take()[1] == "[":
                tree = Item(tree, self.value())
                self.expect("]")
                continue
            kind, name = self.take()
            if kind != "word":
                raise self.error("expected a name after '.'")
            tree = Item(tree, Literal(name))
        return tree


def parse(source: str, names: Collection[str], status: bool = False) -> Tree:
    """The tree. names: what may be read. status: whether `succeeded()` and the like are known here."""
    return Parser(source, names, status).whole()


def evaluate(tree: Tree, scope: Mapping[str, Value], status: Status | None = None) -> Value:
    """The value. scope: what the names stand for, by lower-case name."""
    match tree:
        case Literal(value):
            return value
        case Name(name):
            return scope[name]
        case Item(collection, key):
            return look_up(evaluate(collection, scope, status), evaluate(key, scope, status))
        case Call(function, arguments):
            values = [evaluate(argument, scope, status) for argument in arguments]
            if function in FUNCTIONS:
                return FUNCTIONS[function].call(*values)
            assert status is not None
            return status(function, [text(value) for value in values])


def references(tree: Tree) -> Iterator[tuple[str, ...]]:
    """What is read, as far as it is written out: `('variables', 'Build.Reason')`."""
    match tree:
        case Call(_, arguments):
            for argument in arguments:
                yield from references(argument)
        case Name(name):
            yield (name,)
        case Item(collection, key):
            yield from (path(tree),) if path(tree) else references(collection)
            yield from references(key)


def path(tree: Tree) -> tuple[str, ...]:
    """The whole chain of names and literal keys; empty when it is no such chain."""
    match tree:
        case Name(name):
            return (name,)
        case Item(collection, Literal(key)) if path(collection):
            return (*path(collection), text(key))
        case _:
            return ()
