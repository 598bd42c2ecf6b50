"""Files that people write or steps leave, read and checked: a mistake is one line with the file and the key.

Every file comes in through `read_text`, and what it says through `parse_yaml` or `parse_json`: whatever bytes it holds,
they end in plain values or in a UserError.
"""

import json
import re
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops import UserError

if TYPE_CHECKING:
    LOADER = yaml.SafeLoader
else:
    LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times quicker, where there is one

LARGEST = 16  # MiB of a file
DEEPEST, MOST = 50, 100_000  # blocks within each other, and values in a file, each alias written out
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"  # it becomes part of addresses, paths, branches and filters
KEYS = "its keys, which docs/reference.md names, or put the file back"
SHOWN = 300  # characters of what a file says, or of a parser's reason
BLOCKS = {"model_type", "dict_type", "list_type"}  # mistakes where keys or a list were wanted
CONVERSION = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of a value to its type
INT, FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
ODD = re.compile("[_:]|^[-+]?0[0-9bx]")  # of a number
OPENING, CLOSING = yaml.CollectionStartEvent, yaml.CollectionEndEvent


class PlainYaml(LOADER):
    """YAML with less room for error: a key stands once in its mapping, a number is what it looks like."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
            if str(key.value) in seen:
                problem = f"{reprlib.repr(key.value)} stands here twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except CONVERSION:  # such as 2013-13-45, which looks like a date, or `!!int x`
            value = reprlib.repr(node.value)
            problem = f"{value} is no {node.tag.rpartition(':')[2]}; correct it, or put it in quotes"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None

    def plain_number(self, node: yaml.ScalarNode) -> Any:
        """A number in decimals. YAML also reads 017, 0x1, 1_0 and 1:30 as numbers, and as others than they look."""
        text = str(self.construct_scalar(node))
        if ODD.search(text):
            problem = f"{text} is no plain number; write it in decimals, or put it in quotes"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return self.construct_yaml_int(node) if node.tag == INT else self.construct_yaml_float(node)


for tag in (INT, FLOAT):
    PlainYaml.add_constructor(tag, PlainYaml.plain_number)


class Settings(BaseModel):
    """A block of settings: an unknown key, a wrong type or an infinite number is an error; nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Asked for what is not there: a key that unread.py has taken out, for one."""
            if name in type(self).model_fields:
                raise UserError(
                    f"project.yml: {name}: this step is said not to read it; take it out of mlops/settings/unread.py"
                )
            return super().__getattr__(name)


SettingsType = TypeVar("SettingsType", bound=BaseModel)
Reason = Annotated[str, Field(pattern=r"\S")]


def read_text(path: Path, mend: str) -> str:
    """The text of a file. UserError, which ends with what mends it, when it is no file, too large or no UTF-8."""
    if not path.is_file():
        raise UserError(f"{path}: not a file; {mend}")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST * 2**20 + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {mend}") from None
    if len(content) > LARGEST * 2**20:
        raise UserError(f"{path}: larger than {LARGEST} MiB; {mend}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}: not text in UTF-8, from line {line} on; {mend}") from None
    if "\0" in text:  # UTF-16 without its mark, or what a full disk leaves
        raise UserError(f"{path}: not text in UTF-8, as there is a zero byte in it; {mend}")
    return text


def read_yaml(path: Path, instead: str = KEYS) -> dict[str, Any]:
    """The mapping in a YAML file. UserError when it is missing, broken or not a mapping.

    instead: what to write into one in which nothing stands.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; run this in the project's folder")
    return parse_yaml(read_text(path, "put the file back, or save it as UTF-8"), path, instead)


def parse_yaml(text: str, path: Path, instead: str = KEYS) -> dict[str, Any]:
    """The mapping in the text of that file. UserError when it is broken or not a mapping."""
    try:
        check_depth(text)
        loader = PlainYaml(text)
        node = check_size(loader.get_single_node())
        content = loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML ({one_line(error)})") from None
    if content is None:
        raise UserError(f"{path}: nothing stands in it; write {instead}")
    return mapping(content, path)


def compose(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, which know where they stand. YAMLError when it is broken, too deep or too large."""
    check_depth(text)
    return check_size(yaml.compose(text, Loader=yaml.SafeLoader))


def check_depth(text: str) -> None:
    """YAMLError when blocks lie too deep within each other. To compose such nodes could end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, OPENING) - isinstance(event, CLOSING)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} blocks within each other")


def check_size(root: yaml.Node | None) -> yaml.Node | None:
    """The same node. YAMLError when its aliases make it endless or far larger than it looks."""
    waiting, values = [(root, 1)] if root else [], 0
    while waiting:
        node, depth = waiting.pop()
        values += 1
        if depth > DEEPEST + 1 or values > MOST:
            problem = f"more than {MOST:,} values or {DEEPEST} blocks within each other, with its aliases written out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if isinstance(node, yaml.MappingNode):
            waiting += [(part, depth + 1) for entry in node.value for part in entry]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in node.value]
    return root


def parse_json(text: str, path: Path) -> dict[str, Any]:
    """The mapping in the text of that file. UserError when it is broken or not a mapping."""
    try:
        content = json.loads(text, object_pairs_hook=each_once)
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()  # half a character, which could never be printed
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({one_line(error)})") from None
    return mapping(content, path)


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping of these keys and values. ValueError when a key stands there twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{reprlib.repr(name)} stands in a mapping twice")
        found[name] = value
    return found


def mapping(content: Any, path: Path) -> dict[str, Any]:
    """The content of that file. UserError when it is anything but keys and values."""
    if not isinstance(content, dict):
        found = "a list" if isinstance(content, list) else "a single value"
        raise UserError(f"{path}: expected keys and values, got {found}; write lines such as `key: value`")
    return content


def one_line(text: object) -> str:
    """What it says, on one line that can be read at once."""
    words = " ".join(str(text).split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN]}…"


def check(kind: type[SettingsType], content: dict[str, Any], path: Path, at: str = "") -> SettingsType:
    """The content, which stands at that key, as settings of that kind. UserError with the file and first wrong key."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {one_line(describe(error, at))}") from None


def describe(error: ValidationError, at: str = "") -> str:
    """The first mistake in one line, a misspelt key before the one that is missing because of it."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    key = ".".join(filter(None, [at, *map(str, first["loc"])]))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if first["type"] == "missing":
        return f"{key}: missing"
    if first["input"] is None and first["type"] in BLOCKS:
        return f"{key}: nothing stands there; write what belongs to it, or take the line out"
    of_block = first["type"] == "value_error" and isinstance(first["input"], dict)  # its message names the key
    if not key or of_block:
        return message
    return f"{key}: {message}, got {first['input']!r}"
