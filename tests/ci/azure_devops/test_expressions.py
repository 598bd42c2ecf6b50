"""Laws and examples of expressions and of what is built from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.azure_devops.expansion import expand, scan
from ci.azure_devops.expressions import evaluate, parse
from ci.azure_devops.loading import parse as parse_file
from ci.azure_devops.messages import messages
from ci.events import PipelineError

SCALARS = st.none() | st.booleans() | st.integers(-999, 999).map(float) | st.text(max_size=5)
TEXTS = st.text(max_size=8)
BOOLEANS = st.booleans()


def value(source: str, **names: Any) -> Any:
    return evaluate(parse(source, names), names)


@given(TEXTS)
def test_a_quoted_text_is_itself(text: str) -> None:
    assert value("'" + text.replace("'", "''") + "'") == text


@given(SCALARS, SCALARS)
def test_not_equal_is_the_opposite_of_equal(a: Any, b: Any) -> None:
    assert value("ne(a, b)", a=a, b=b) is not value("eq(a, b)", a=a, b=b)
    assert value("eq(a, a)", a=a) is True


@given(SCALARS, st.lists(SCALARS, min_size=2, max_size=2))
def test_in_is_any_equal(a: Any, others: list[Any]) -> None:
    names = {"a": a, "b": others[0], "c": others[1]}
    assert value("in(a, b, c)", **names) == value("or(eq(a, b), eq(a, c))", **names)
    assert value("notIn(a, b, c)", **names) == value("not(in(a, b, c))", **names)


@given(SCALARS, SCALARS)
def test_not_and_is_or_not(a: Any, b: Any) -> None:
    assert value("not(and(a, b))", a=a, b=b) == value("or(not(a), not(b))", a=a, b=b)
    assert value("xor(a, b)", a=a, b=b) == value("ne(not(a), not(b))", a=a, b=b)


@given(st.integers(-999, 999).map(float), st.integers(-999, 999).map(float))
def test_exactly_one_of_less_equal_greater(a: float, b: float) -> None:
    assert [value(f"{name}(a, b)", a=a, b=b) for name in ("lt", "eq", "gt")].count(True) == 1
    assert value("le(a, b)", a=a, b=b) == value("ge(b, a)", a=a, b=b)


@given(TEXTS)
def test_split_and_join_give_the_text_back(text: str) -> None:
    assert value("join(',', split(text, ','))", text=text) == text


@given(TEXTS)
def test_a_string_without_expressions_is_left_alone(text: str) -> None:
    assert "${{" in text or expand(text, {}) == text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("eq(true, 'false')", True),  # the right one becomes the kind of the left one
        ("eq('TRUE', true)", True),
        ("eq(1, 'x')", False),
        ("eq('', null)", True),
        ("lt('1.10', '1.9')", True),
        ("contains('ABC', 'b')", True),
        ("startsWith('refs/heads/main', 'REFS')", True),
        ("format('{0} {{1}} {1}', 'a', 2)", "a {1} 2"),
        ("coalesce('', null, 'c')", "c"),
        ("iif(eq(1, 1), 'yes', 'no')", "yes"),
        ("length('abc')", 3.0),
        ("box['A'].b", "deep"),
        ("box.none.deeper", None),
        ("upper(trim(' a '))", "A"),
    ],
)
def test_examples(source: str, expected: Any) -> None:
    assert value(source, box={"a": {"b": "deep"}}) == expected


@pytest.mark.parametrize(
    "source",
    [
        "",
        "eq(1)",
        "eq(1, 2, 3)",
        "eq(1, 2",
        "eq(1, 2,)",
        "a == b",
        '"x"',
        "none(1)",
        "b",
        "a.",
        "a[1",
        "(a)",
        "lt(1, 'x')",
    ],
)
def test_what_is_wrong_is_refused(source: str) -> None:
    with pytest.raises(PipelineError):
        value(source, a=1.0)


def expanded(text: str, **parameters: Any) -> Any:
    document, scope = parse_file("file.yml", text), {"parameters": parameters, "variables": {}}
    scan(document, scope)
    return expand(document, scope)


def test_one_branch_of_a_condition_stays() -> None:
    text = (
        "${{ if eq(parameters.a, 1) }}: {x: one}\n${{ elseif eq(parameters.a, 2) }}: {x: two}\n${{ else }}: {x: more}"
    )
    assert [expanded(text, a=float(a)) for a in (1, 2, 3)] == [{"x": "one"}, {"x": "two"}, {"x": "more"}]


def test_lists_are_put_into_lists_and_mappings_into_mappings() -> None:
    text = """
    a: [first, "${{ parameters.more }}", [own]]
    b:
      - ${{ each pair in parameters.pairs }}:
          - ${{ pair.key }}=${{ pair.value }}
    c: {"${{ insert }}": "${{ parameters.pairs }}", "k${{ 1 }}": v}
    """
    result = expanded(text, more=["x", "y"], pairs={"p": "q"})
    assert result == {"a": ["first", "x", "y", ["own"]], "b": ["p=q"], "c": {"p": "q", "k1": "v"}}


@pytest.mark.parametrize(
    "text",
    [
        "${{ else }}: {a: b}",
        "{'${{ if true }}': {a: 1}, b: 2, '${{ else }}': {c: 3}}",
        "${{ each x of parameters.a }}: {a: b}",
        "a: ${{ parameters.b }}",
        "a: x ${{ 1 ",
        "a: x${{ parameters.a }}",
        "{a: 1, '${{ if true }}': {a: 2}}",
        "'${{ if false }}': {a: '${{ broken( }}'}",
    ],
)
def test_broken_templates_are_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"file\.yml:1|cannot be put"):
        expanded(text, a=["list"])


def test_messages_are_found_anywhere_in_a_line_and_unescaped() -> None:
    found = messages("x ##vso[task.setvariable variable=a%3Bb;isOutput=TRUE]1%0A2%AZP250A\n[task.complete]no")
    assert [(m.name, m.properties["variable"], m.says("isoutput"), m.data) for m in found] == [
        ("task.setvariable", "a;b", True, "1\n2%0A")
    ]
