"""Bad answers are refused in one line that says how to mend them; good ones at the edge are taken."""

import importlib.util
import re
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from conftest import QUESTIONS, ROOT, Render

specification = importlib.util.spec_from_file_location("pre_gen_project", ROOT / "hooks" / "pre_gen_project.py")
hook = importlib.util.module_from_spec(specification)
specification.loader.exec_module(hook)

GOOD = {
    "project_name": "Flight Delays",
    "project_slug": "flight-delays",
    "description": "Will it be late?",
    "author": "The team",
    "azure_region": "eastus",
    "python_version": "3.12",
    "_python_versions": QUESTIONS["_python_versions"],
}
EMPTY = "{}: empty; write a few words"
LONG = "{}: {} characters are too many; use at most {}"
CHARACTER = '{}: {} is not allowed; leave out ", \\, braces, tabs and line breaks'
SHAPE = "project_slug: {} must be lower-case letters, digits and single dashes, like flight-delays"
LENGTH = "project_slug: {} has {} characters; use 3 to 21"
DEVICE = "project_slug: {} is a device on Windows and cannot name a folder; choose another word"
REGION = "azure_region: {} is not a region's short name; write it like eastus or westeurope"
PYTHON = "python_version: {} is not supported; choose 3.13, 3.12 or 3.11"
BAD = [
    ("project_name", "", EMPTY.format("project_name")),
    ("project_name", "  ", EMPTY.format("project_name")),
    ("project_name", "x" * 61, LONG.format("project_name", 61, 60)),
    ("project_name", 'Flight "Delays"', CHARACTER.format("project_name", "'\"'")),
    ("project_name", "Flight\\Delays", CHARACTER.format("project_name", "'\\\\'")),
    ("project_name", "Flight\nDelays", CHARACTER.format("project_name", "'\\n'")),
    ("project_name", "Flight {Delays", CHARACTER.format("project_name", "'{'")),
    ("project_name", "Flight\u202eDelays", CHARACTER.format("project_name", "'\\u202e'")),
    ("description", "", EMPTY.format("description")),
    ("description", "x" * 201, LONG.format("description", 201, 200)),
    ("description", 'ends here"', CHARACTER.format("description", "'\"'")),
    ("description", '"""', CHARACTER.format("description", "'\"'")),
    ("description", "ends in \\", CHARACTER.format("description", "'\\\\'")),
    ("description", "a\tb", CHARACTER.format("description", "'\\t'")),
    ("author", "", EMPTY.format("author")),
    ("author", "x" * 81, LONG.format("author", 81, 80)),
    ("author", "Ada}", CHARACTER.format("author", "'}'")),
    ("author", "Ada\x00", CHARACTER.format("author", "'\\x00'")),
    ("project_slug", "Flight-Delays", SHAPE.format("'Flight-Delays'")),
    ("project_slug", "flight_delays", SHAPE.format("'flight_delays'")),
    ("project_slug", "flight delays", SHAPE.format("'flight delays'")),
    ("project_slug", "flight.delays", SHAPE.format("'flight.delays'")),
    ("project_slug", "flight--delays", SHAPE.format("'flight--delays'")),
    ("project_slug", "-flight", SHAPE.format("'-flight'")),
    ("project_slug", "flight-", SHAPE.format("'flight-'")),
    ("project_slug", "2flights", SHAPE.format("'2flights'")),
    ("project_slug", "flüge", SHAPE.format("'fl\\xfcge'")),
    ("project_slug", "flight-delays\n", SHAPE.format("'flight-delays\\n'")),
    ("project_slug", "ab", LENGTH.format("ab", 2)),
    ("project_slug", "a" * 22, LENGTH.format("a" * 22, 22)),
    ("project_slug", "con", DEVICE.format("con")),
    ("project_slug", "nul", DEVICE.format("nul")),
    ("project_slug", "com1", DEVICE.format("com1")),
    ("project_slug", "lpt9", DEVICE.format("lpt9")),
    ("azure_region", "", REGION.format("''")),
    ("azure_region", "East US", REGION.format("'East US'")),
    ("azure_region", "westEurope", REGION.format("'westEurope'")),
    ("azure_region", "west-europe", REGION.format("'west-europe'")),
    ("azure_region", "us", REGION.format("'us'")),
    ("azure_region", "a" * 31, REGION.format(repr("a" * 31))),
    ("python_version", "3.10", PYTHON.format("'3.10'")),
    ("python_version", "3.12.1", PYTHON.format("'3.12.1'")),
    ("python_version", "3.1", PYTHON.format("'3.1'")),
    ("python_version", "", PYTHON.format("''")),
]
EDGE = [
    ("project_name", "x" * 60),
    ("project_name", "Über-pünktlich: it's 100 % #1"),
    ("description", "-- it's: [yes], 'no', & more <-- 飞机"),
    ("author", "O'Brien & Söhne <ops@example.org>"),
    ("project_slug", "abc"),
    ("project_slug", "a" * 21),
    ("project_slug", "a-1-b-2"),
    ("project_slug", "console"),
    ("project_slug", "com1-flights"),
    ("azure_region", "eastus2"),
]
AZURE_ENDPOINT = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
AZURE_WORKSPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")


@pytest.mark.parametrize(("key", "answer", "line"), BAD)
def test_a_bad_answer_gets_its_line(key: str, answer: str, line: str) -> None:
    assert hook.mistakes({**GOOD, key: answer}) == [line]
    assert "\n" not in line


@pytest.mark.parametrize(("key", "answer"), EDGE)
def test_a_good_answer_at_the_edge_is_taken(key: str, answer: str) -> None:
    assert hook.mistakes({**GOOD, key: answer}) == []


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"description": 'x"""\\'}, CHARACTER.format("description", "'\"'")),
        ({"author": "Ada\nB"}, CHARACTER.format("author", "'\\n'")),
        ({"project_slug": "a" * 22}, LENGTH.format("a" * 22, 22)),
        ({"azure_region": "East US"}, REGION.format("'East US'")),
        ({"python_version": "3.14"}, PYTHON.format("'3.14'")),
    ],
)
def test_the_user_sees_the_line_and_nothing_is_left(
    render: Render, tmp_path: Path, capfd: pytest.CaptureFixture[str], answers: dict[str, str], line: str
) -> None:
    with pytest.raises(FailedHookException):
        render(tmp_path, **answers)
    assert capfd.readouterr().err.splitlines()[0] == f"error: {line}"
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Flight Delays", "flight-delays"),
        ("Über Pünktlich!", "uber-punktlich"),
        ("Delays of all flights out of New York", "delays-of-all-flights"),
        ("x" * 60, "x" * 21),
    ],
)
def test_the_slug_follows_from_the_name(render: Render, tmp_path: Path, name: str, slug: str) -> None:
    assert render(tmp_path, project_name=name).folder == tmp_path / slug


@given(st.text("abc", min_size=20, max_size=24) | st.text("az09-", max_size=23) | st.text(max_size=23))
def test_every_slug_that_passes_is_legal_on_azure(slug: str) -> None:
    names = [] if hook.slug_mistakes(slug) else [f"{slug}-staging", f"{slug}-production"]
    assert all(AZURE_ENDPOINT.fullmatch(name) for name in names)
    assert not names or AZURE_WORKSPACE.fullmatch(slug)


@given(st.dictionaries(st.sampled_from([*GOOD]), st.text()))
def test_no_answer_breaks_out_of_the_hook(answers: dict[str, str]) -> None:
    """The hook is rendered as Python source before it runs."""
    environment = Environment(extensions=["cookiecutter.extensions.JsonifyExtension"])
    source = (ROOT / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    rendered = environment.from_string(source).render(cookiecutter=answers)
    literal = re.search(r'json\.loads\((r""".*?""")\)', rendered, re.DOTALL)
    assert hook.json.loads(eval(literal[1])) == answers
