"""Every edit of a file's content that changes what it says: no list of mistakes, but all of a kind."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

SHOWN = {"name", "displayName"}  # of a step or schedule; a job's and a workflow's name are facts


def edits(content: Any) -> Iterator[Any]:
    """The content, each time with one thing in it edited."""
    for path in paths(content):
        for edit in (another, without, with_one_more, turned_round, in_quotes, as_one):
            edited = deepcopy(content)
            if edit(path, edited):
                yield edited


def reshaped(content: Any) -> Iterator[Any]:
    """The content, each time with a value of another kind somewhere."""
    for path in paths(content):
        for value in ("", [], {}, ["x"], [[{"run": ["x"]}]]):
            edited = deepcopy(content)
            at(edited, path[:-1])[path[-1]] = deepcopy(value)
            yield edited


def paths(node: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where everything is: keys and places in lists."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


def at(content: Any, path: tuple) -> Any:
    for key in path:
        content = content[key]
    return content


def is_shown_only(path: tuple, content: Any) -> bool:
    """Whether it is by what name a step is shown."""
    holder = at(content, path[:-1])
    in_a_list = len(path) > 1 and isinstance(path[-2], int)
    job = isinstance(holder, dict) and {"job", "deployment", "stage"} & holder.keys()
    step = isinstance(holder, dict) and {"run", "uses"} & holder.keys()
    return in_a_list and path[-1] in SHOWN and not job and bool(step or path[-1] == "displayName")


def another(path: tuple, content: Any) -> bool:
    holder, is_text = at(content, path[:-1]), isinstance(at(content, path), str)
    if not is_text or is_shown_only(path, content):
        return False
    holder[path[-1]] += "x"
    return True


def without(path: tuple, content: Any) -> bool:
    if is_shown_only(path, content):
        return False
    del at(content, path[:-1])[path[-1]]
    return True


def with_one_more(path: tuple, content: Any) -> bool:
    block = at(content, path)
    if isinstance(block, dict):
        block["unheardOf"] = "1"
    elif isinstance(block, list):
        block.append("unheard of")
    return not isinstance(block, str)


def turned_round(path: tuple, content: Any) -> bool:
    block = at(content, path)
    if not isinstance(block, list) or len(block) < 2:
        return False
    block.reverse()
    return True


def in_quotes(path: tuple, content: Any) -> bool:
    """A list or an empty block as the text that looks like it."""
    block = at(content, path)
    if block == {} or (isinstance(block, list) and all(isinstance(each, str) for each in block)):
        at(content, path[:-1])[path[-1]] = f"[{', '.join(block)}]" if block else "{}"
        return True
    return False


def as_one(path: tuple, content: Any) -> bool:
    """A list whose parts are one text."""
    block = at(content, path)
    if not isinstance(block, list) or len(block) < 2 or not all(isinstance(each, str) for each in block):
        return False
    block[:] = [", ".join(block)]
    return True
