"""Files damaged as people, editors, full disks and attackers damage them: seeded, so that each can be had again."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

YAML_VALUES = (
    *("", "null", "true", "no", "[]", "{}", "x", "-1", "0", "7", "3.5", "1e999", ".inf", "-.inf", ".nan", "9" * 400),
    *("2013-13-45", "2013-01-05", "12:99:99", "1:30", "0x1", "01", "1_0", "0b2", "1e5", "٣s", "999999999999h", "0s"),
    *("!!int x", "!!float x", "!!bool x", "!!timestamp 1", "!!binary x", "!!set {a}", "!!omap [a]", "!!pairs [a]"),
    *("!!null x", "!!python/object/apply:os.getcwd []", "!unknown x", "!!map x", "!!seq x", "!!str [a]", "!!int [a]"),
    *("&a [*a]", "*nowhere", "&a", "<<: {a: 1}", "? x", "? [a, b]", "{[a]: b}", "@x", "`x`", "%x", "%YAML 3.0", "---"),
    *('"\\ud800"', '"\\0"', '"\\x07"', "'", '"', "|", ">", "#", "- x", "a: b: c", "[" * 60, "[" * 5000, "{a: " * 3000),
    *("../../x", "/dev/zero", "a" * 5000, "a'; DROP TABLE x", "ü", "\u2028", "\ufffe", "${{parent.inputs.x}}", "\t"),
)
JSON_VALUES: tuple[Any, ...] = (
    *(None, True, [], {}, "", "x", -1, 0, 1, 1.5, 2**31, 2**63, 2**70, 1e308, float("nan"), float("inf"), "PASS", [[]]),
    *([None], {"a": {}}, "../../x", "\ud800", "\0", "a" * 5000, "2013-13-45", "-1", "--output=x", "ü\u2028", [1, "a"]),
    *({"x": 1}, ["blue"], {"blue": 101}, {"since": "x"}, {"": ""}),
)
BOMB = "bomb: [&a0 [x], {}]\n".format(", ".join(f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)))
PIECES = (b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b":", b'"', b"{", b"]", b"\xed\xa0\x80")
DEEP = (b"[" * 100_000, b'{"a": ' * 100_000, b"- " * 100_000)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """Some bytes are others."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 5)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def inserted(content: bytes, rng: random.Random) -> bytes:
    """Something stands there that does not belong there."""
    at = rng.randint(0, len(content))
    return content[:at] + rng.choice(PIECES) * rng.randint(1, 3) + content[at:]


def cut(content: bytes, rng: random.Random) -> bytes:
    """The end is not there, or a piece in the middle."""
    first, last = sorted(rng.randint(0, len(content)) for _ in range(2))
    return content[:first] + (content[last:] if rng.random() < 0.5 else b"")


def encoded(content: bytes, rng: random.Random) -> bytes:
    """Saved by an editor in another encoding."""
    text = content.decode(errors="replace")
    return text.encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7"]), "replace")


def nothing_like_it(content: bytes, rng: random.Random) -> bytes:
    """Another document altogether."""
    small = (b"", b"\n", b"null", b"[]", b"{}", b'"PASS"', b"3", b"PASS", b"- a\n- b\n", b"\0" * 4096)
    return rng.choice([*small, *DEEP, BOMB.encode(), BOMB.encode() + content, content * 2])


def other_line(content: bytes, rng: random.Random) -> bytes:
    """A line of YAML is missing, there twice, indented otherwise, or has another value."""
    lines = content.decode(errors="replace").splitlines()
    at = rng.randrange(len(lines)) if lines else 0
    line = lines[at] if lines else ""
    key, colon, _ = line.partition(":")
    value = rng.choice(YAML_VALUES)
    other = f"{key}: {value}" if colon else f"- {value}"
    changed = [[], [line, line], [" " + line], [line[1:]], [line, value], [other]]
    lines[at : at + 1] = rng.choices(changed, [1, 1, 1, 1, 1, 12])[0]
    return "\n".join(lines).encode(errors="surrogatepass")


def other_value(content: bytes, rng: random.Random) -> bytes:
    """A value of JSON, at any depth, is missing, there twice, or another one."""
    try:
        holder = {"": json.loads(content)}
    except ValueError:
        return other_line(content, rng)
    node: Any = holder
    key: Any = ""
    while isinstance(node[key], dict | list) and node[key] and rng.random() < 0.85:
        node = node[key]
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
    before = json.dumps(node[key])
    if rng.random() < 0.15 and node is not holder:
        del node[key]
    else:
        node[key] = rng.choice(JSON_VALUES)
    text = json.dumps(holder.get(""))
    if isinstance(node, dict) and key and rng.random() < 0.1:
        text = text.replace(f"{json.dumps(key)}: ", f"{json.dumps(key)}: {before}, {json.dumps(key)}: ", 1)
    return text.encode()


Change = Callable[[bytes, random.Random], bytes]
CHANGES: tuple[Change, ...] = (flipped, inserted, cut, encoded, nothing_like_it)


def damage(path: Path, rng: random.Random) -> str:
    """Damage the file; in a word, how."""
    if rng.random() < 0.02:
        path.unlink()
        path.mkdir()
        return "a folder"
    meant: Change = {".yml": other_line, ".json": other_value, "": other_line}.get(path.suffix, flipped)
    change = meant if rng.random() < 0.6 else rng.choice(CHANGES)
    path.write_bytes(change(path.read_bytes(), rng))
    return change.__name__


def put_back(path: Path, content: bytes) -> None:
    """The file as it was, whatever is there now."""
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
