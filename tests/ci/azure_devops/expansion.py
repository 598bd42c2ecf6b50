"""What the server does to a file before anything runs: every `${{ }}` gives way to its value."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from ci.azure_devops.expressions import Tree, evaluate, parse, references
from ci.azure_devops.loading import Node, Text, placed, refuse
from ci.azure_devops.values import Value, text, truth

Scope = Mapping[str, Value]  # parameters, variables and the loops around, by lower-case name

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
DIRECTIVE = re.compile(r"\s*\$\{\{\s*(if|elseif|else|each|insert)\b((?:(?!\}\}).)*)\}\}\s*", re.DOTALL)
LOOP = re.compile(r"([A-Za-z_]\w*)\s+in\s+(.*)", re.DOTALL)
FROM_SERVER = ("build.", "system.")  # such a variable is empty where the server has no value for it


def expand(node: Node, scope: Scope) -> Value:
    """The node with all expressions evaluated and all branches taken."""
    if isinstance(node, list):
        return expand_list(node, scope)
    if isinstance(node, dict):
        return expand_mapping(node, scope)
    return expand_text(node, scope)


def expand_text(source: str, scope: Scope) -> Value:
    """A string that is one expression becomes its value, whatever kind; within a string all becomes text."""
    only = EXPRESSION.fullmatch(source.strip())
    if only and source.count("${{") == 1:
        value = evaluate(parsed(only[1], source, scope), scope)
        return placed(value, getattr(source, "where", "")) if isinstance(value, str) else value
    if source.count("${{") != len(EXPRESSION.findall(source)):
        raise refuse(source, "an expression is not closed")
    result = EXPRESSION.sub(lambda match: text(evaluate(parsed(match[1], source, scope), scope)), source)
    return placed(result, getattr(source, "where", ""))


def parsed(expression: str, source: str, names: Collection[str]) -> Tree:
    return parse(placed(expression, getattr(source, "where", "")), names)


def expand_list(node: list[Node], scope: Scope) -> list[Value]:
    """A list put into a list becomes part of it, unless it was written as one of its own: the empty key marks it."""
    pairs = [
        next(iter(item.items())) if is_directive(item) else (Text() if isinstance(item, list) else None, item)
        for item in node
    ]
    result = []
    for key, body, inner in taken(pairs, scope):
        value = expand(body, inner)
        result.extend(value if isinstance(value, list) and key is None else [value])
    return result


def is_directive(item: Node) -> bool:
    return isinstance(item, dict) and len(item) == 1 and directive(next(iter(item))) is not None


def expand_mapping(node: dict[Text, Node], scope: Scope) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for key, body, inner in taken(node.items(), scope):
        value = expand(body, inner)
        if key is not None:
            value = {placed(text(expand_text(key, inner)), getattr(key, "where", "")): value}
        if not isinstance(value, dict):
            raise refuse(next(iter(node)), "expected a mapping below the directive")
        for name in value:
            if name in result:
                raise refuse(name, f"{str(name)!r} is already defined")
        result.update(value)
    return result


def directive(key: str | None) -> tuple[str, str] | None:
    """The word and the rest of `${{ if ... }}` and the like."""
    match = DIRECTIVE.fullmatch(key) if key is not None else None
    return (match[1], match[2].strip()) if match else None


def taken(pairs: Iterable[tuple[Text | None, Node]], scope: Scope) -> Iterator[tuple[Text | None, Node, Scope]]:
    """The pairs that stay, each with what it can read. The body of a directive has no key."""
    done: bool | None = None  # whether a branch of the `if` above was taken; None when there is no `if` above
    for key, body in pairs:
        word, rest = directive(key) or ("", "")
        if word in ("elseif", "else") and done is None:
            raise refuse(key or "", f"{word!r} without an 'if' before it")
        if word in ("if", "elseif", "else"):
            hit = (word == "if" or not done) and (word == "else" or truth(evaluate(parsed(rest, key, scope), scope)))
            done = hit if word == "if" else None if word == "else" else done or hit
            if hit:
                yield None, body, scope
            continue
        done = None
        if word == "each":
            yield from ((None, body, inner) for inner in repeated(rest, key, scope))
        else:
            yield (None if word == "insert" else key), body, scope


def repeated(rest: str, key: Text, scope: Scope) -> Iterator[Scope]:
    """What the body of a loop can read, once for each item."""
    name, source = loop(rest, key)
    items = evaluate(parsed(source, key, scope), scope)
    if isinstance(items, dict):
        items = [{"key": name, "value": value} for name, value in items.items()]
    for item in items or []:
        yield {**scope, name.lower(): item}


def loop(rest: str, key: Text) -> tuple[str, str]:
    """The name and the expression of `each name in expression`."""
    match = LOOP.fullmatch(rest)
    if match is None:
        raise refuse(key, "expected `each name in expression`")
    return match[1], match[2]


def scan(node: Node, scope: Scope) -> None:
    """Refuse what is wrong in any expression, also where no branch leads, and names that nothing defines."""
    if isinstance(node, list):
        for item in node:
            scan(item, scope)
    elif isinstance(node, dict):
        for key, body in node.items():
            scan(body, scan_key(key, scope))
    else:
        for expression in EXPRESSION.findall(node):
            scan_expression(expression, node, scope)


def scan_key(key: Text, scope: Scope) -> Scope:
    """What the body below the key can read."""
    word, rest = directive(key) or ("", "")
    if word in ("if", "elseif"):
        scan_expression(rest, key, scope)
    elif word == "each":
        name, source = loop(rest, key)
        scan_expression(source, key, scope)
        return {**scope, name.lower(): None}
    elif not word:
        scan(key, scope)
    return scope


def scan_expression(expression: str, source: str, scope: Scope) -> None:
    for name, *keys in references(parsed(expression, source, scope)):
        if name not in ("parameters", "variables") or not keys:
            continue
        known = any(keys[0].lower() == key.lower() for key in scope[name])
        if not known and not (name == "variables" and keys[0].lower().startswith(FROM_SERVER)):
            raise refuse(source, f"unexpected reference '{name}.{keys[0]}'")
