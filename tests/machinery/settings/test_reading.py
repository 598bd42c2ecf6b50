"""What a file says, whatever bytes it holds: plain values, or one line with the file and the place."""

import pytest
from damage import BOMB

from mlops import UserError
from mlops.settings import reading
from mlops.settings.reading import DEEPEST, Settings, check, compose, parse_json, read_text, read_yaml

LINKS = ["a0: &a0 x", *(f"a{n}: &a{n} {'[' * 40}*a{n - 1}{']' * 40}" for n in range(1, 60))]
CHAIN = "\n".join(LINKS)
BROKEN = {
    "a date": ("a: 2013-13-45", "'2013-13-45' is no timestamp; correct it, or put it in quotes"),
    "a number that is none": ("a: !!int x", "'x' is no int; correct it"),
    "a truth that is none": ("a: !!bool x", "'x' is no bool; correct it"),
    "a time that is none": ("a: !!timestamp 1", "'1' is no timestamp"),
    "a mapping that is none": ("a: !!map x", "expected a mapping node"),
    "an object": ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    "too many digits": (f"a: {'9' * 5000}", "is no int"),
    "a key twice": ("a: 1\nb: 2\na: 3", "'a' stands here twice"),
    "a key that is a list": ("? [a]\n: 1", "found unhashable key"),
    "octal": ("a: 017", "017 is no plain number; write it in decimals, or put it in quotes"),
    "underlined": ("a: 1_0.5", "1_0.5 is no plain number"),
    "base 60": ("a: 1:30", "1:30 is no plain number"),
    "deep": ("[" * (DEEPEST + 1), f"more than {DEEPEST} blocks within each other"),
    "so deep that a parser would end": ("- " * 300_000, f"more than {DEEPEST} blocks"),
    "endless": ("a: &a [*a]", "with its aliases written out"),
    "a bomb": (BOMB, "with its aliases written out"),
    "deep by aliases": (CHAIN, "with its aliases written out"),
    "a list": ("- a", "expected keys and values, got a list; write lines such as `key: value`"),
    "a text": ("a", "expected keys and values, got a single value; write lines such as `key: value`"),
    "nothing": ("", f"nothing stands in it; write {reading.KEYS}"),
    "a comment": ("# a: b", f"nothing stands in it; write {reading.KEYS}"),
    "null": ("null", f"nothing stands in it; write {reading.KEYS}"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_yaml_is_one_line(tmp_path, kind):
    text, line = BROKEN[kind]
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_yaml(path)
    said = str(error.value)
    assert said.startswith(f"{path}: ") and line in said
    assert "\n" not in said and len(said) < 500


@pytest.mark.parametrize("kind", ["deep", "so deep that a parser would end", "endless", "a bomb", "deep by aliases"])
def test_nodes_are_as_careful(kind):
    with pytest.raises(reading.yaml.YAMLError):
        compose(BROKEN[kind][0])


def test_numbers_texts_and_aliases_that_are_plain_come_through(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("a: &x [0, -7, 1.5, .5, 1.0e+3, .inf]\nb: *x\nc: '017'\nd: 1_a\ne: 2013-01-05T\n", encoding="utf-8")
    numbers = [0, -7, 1.5, 0.5, 1e3, float("inf")]
    assert read_yaml(path) == {"a": numbers, "b": numbers, "c": "017", "d": "1_a", "e": "2013-01-05T"}


BYTES = {
    "UTF-16": ("a: ü\n".encode("utf-16"), "not text in UTF-8, from line 1 on"),
    "UTF-16 without its mark": ("a: b\n".encode("utf-16-le"), "not text in UTF-8, as there is a zero byte in it"),
    "Latin-1": ("a: b\nc: ü\n".encode("latin-1"), "not text in UTF-8, from line 2 on"),
    "a full disk": (b"a: b\n" + b"\0" * 4096, "not text in UTF-8, as there is a zero byte in it"),
    "huge": (b"a" * (reading.LARGEST * 2**20 + 1), f"larger than {reading.LARGEST} MiB"),
}


@pytest.mark.parametrize("kind", BYTES)
def test_what_is_no_text_is_one_line_with_what_mends_it(tmp_path, kind):
    content, line = BYTES[kind]
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError, match=f"a: {line}; put it right$"):
        read_text(tmp_path / "a", "put it right")


def test_a_folder_in_its_place_and_a_mark_of_utf_8(tmp_path):
    with pytest.raises(UserError, match=r"not a file; put it right$"):
        read_text(tmp_path, "put it right")
    (tmp_path / "a.yml").write_text("a: ü\n", encoding="utf-8-sig")
    assert read_yaml(tmp_path / "a.yml") == {"a": "ü"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1, "a": 2}', "'a' stands in a mapping twice"),
        ("[" * 100_000, "not valid JSON"),
        ('{"a": ' * 100_000, "not valid JSON"),
        ('{"a": ["\\ud800"]}', "not valid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("null", "expected keys and values, got a single value"),
        ('"PASS"', "expected keys and values, got a single value"),
    ],
)
def test_broken_json_is_one_line(tmp_path, text, line):
    with pytest.raises(UserError) as error:
        parse_json(text, tmp_path / "a.json")
    assert line in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 500


def test_what_a_mistake_quotes_is_cut(tmp_path):
    class Short(Settings):
        a: int

    with pytest.raises(UserError) as error:
        check(Short, {"a": "x" * 10_000}, tmp_path / "a.yml")
    assert len(str(error.value)) < 500 and str(error.value).endswith("…")
