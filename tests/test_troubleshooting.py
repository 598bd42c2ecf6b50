"""docs/troubleshooting.md holds every message that ends a command with exit code 2 or 3, and no other."""

import ast
import re
from collections.abc import Iterator

from conftest import TEMPLATE

# their last argument is the message
MAKERS = {"UserError", "TakenError", "TamperedError", "RefusedError", "mistake", "ValueError"}
BUILDERS = {"describe", "explain", "nothing_yet"}  # they return one
PASSED_ON = {*BUILDERS, "join", "one_line"}  # what they say is read elsewhere; `mistake` joins what its callers say
PYDANTICS = ("Input should be …", "String should match pattern …", "… should have at least …")
PAGE = (TEMPLATE / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ENTRIES = [entry.strip().replace("\\|", "|") for entry in re.findall("``(.+?)``(?!`)", PAGE)]


def called(node: ast.AST) -> str:
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def texts(node: ast.AST, tree: ast.Module) -> list[str]:
    """What the expression may say, with … for what varies; of a name, what is assigned to it in that file."""
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)]
    if isinstance(node, ast.Name):
        assigned = (each for each in ast.walk(tree) if isinstance(each, ast.Assign))
        values = [each.value for each in assigned if ast.unparse(each.targets[0]) == node.id]
        return [text for value in values for text in texts(value, tree)]
    return [node.value] if isinstance(node, ast.Constant) else ["…"] if called(node) in PASSED_ON else []


def messages() -> Iterator[tuple[str, str]]:
    """Every message, with the file and line that make it."""
    yield from ((text, "pydantic") for text in PYDANTICS)
    for path in [*TEMPLATE.glob("steps/*.py"), *TEMPLATE.glob("mlops/**/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            found, place = [], f"{path.relative_to(TEMPLATE).as_posix()}:{getattr(node, 'lineno', 0)}"
            if called(node) in MAKERS:
                found = texts(node.args[-1], tree)
                assert found, f"{place}: this test cannot read the message; write it as one text"
            elif isinstance(node, ast.FunctionDef) and node.name in BUILDERS:
                parts = [each for each in ast.walk(node) if isinstance(each, ast.JoinedStr)]
                found = [text for each in parts for text in texts(each, tree)]
            yield from ((text.removeprefix("…: "), place) for text in found)


def named_by(entry: str, said: set[str]) -> set[str]:
    """Of the texts whose constant parts the entry has, in order, the longest. It may begin with a file or key."""
    likes = {text: ".*".join(map(re.escape, text.split("…"))) for text in said}
    fits = [text for text, like in likes.items() if re.fullmatch(f"(.*: )?{like}(, got …)?", entry)]
    return {text for text in fits if len(text) == max(map(len, fits))}


def test_every_message_has_an_entry_and_every_entry_a_message() -> None:
    said = {text: place for text, place in messages() if len(re.findall("[a-z]", text)) > 3}  # the rest: `…: …`
    named = {entry: named_by(entry, {*said}) for entry in ENTRIES}
    lacking = [f"{place}: {text}: no entry" for text, place in said.items() if text not in set().union(*named.values())]
    stale = [f"{entry}: said nowhere" for entry, fits in named.items() if not fits]
    assert not lacking + stale, "correct docs/troubleshooting.md:\n" + "\n".join(lacking + stale)
