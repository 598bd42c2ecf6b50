"""Settings go from one version to another as text: what is not concerned stays byte for byte."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops import UserError
from mlops.settings.migration import migrate

OLD = "# About it all.\ngate:\n  alpha: 0.05   # chance\nmodel:\n  depth: 3\n"
NEW = """\
# About it all.
stages: [a, b]   # in order
gate:
  least: 1       # below it: cannot tell
  alpha: 0.05    # chance
  # of each slice
  slices:
    floor: 0.5   # the least

model:
  depth: 4
  width: 9

# What follows a passing model.
promotion:
  by: request
"""


def test_new_keys_come_with_their_comments_where_the_template_has_them():
    mine = "# Ours.\ngate:\n    alpha: 0.01   # stricter\n\nmodel: {depth: 7}"
    text, done = migrate(mine, OLD, NEW, {})
    assert text == (
        "# Ours.\nstages: [a, b]   # in order\n"
        "gate:\n    least: 1       # below it: cannot tell\n    alpha: 0.01   # stricter\n"
        "    # of each slice\n    slices:\n      floor: 0.5   # the least\n"
        "\nmodel: {depth: 7}\n"
        "\n# What follows a passing model.\npromotion:\n  by: request\n"
    )
    assert done == ["stages: new", "gate.least: new", "gate.slices: new", "promotion: new"]


def test_what_the_user_took_out_does_not_come_back():
    assert migrate("model:\n  depth: 3\n", NEW, NEW, {}) == ("model:\n  depth: 3\n", [])


def test_the_estimators_own_keys_are_nobody_elses():
    assert migrate("model:\n  depth: 7\n", OLD, NEW.partition("# What")[0], {})[1] == ["stages: new"]


def test_a_block_that_the_user_lacks_or_wrote_in_braces_gets_no_part_of_itself():
    text, done = migrate("gate: {alpha: 0.1}\n", OLD, NEW, {})
    assert (yaml.safe_load(text)["gate"], done) == ({"alpha": 0.1}, ["stages: new", "promotion: new"])


@pytest.mark.parametrize(
    ("mine", "expected"),
    [
        ("data:\n  path: here   # ours\n  suite: x\n", "data:\n  uri: here   # ours\n  suite: x\n"),
        ("data: {suite: x, path: here}\n", "data: {suite: x, uri: here}\n"),
        ("data:\n  'path': [a,\n    b]\n", "data:\n  uri: [a,\n    b]\n"),
        ("data:\n  uri: there\n  path: here\n", "data:\n  uri: there\n  path: here\n"),
        ("path: here\n", "path: here\n"),
    ],
)
def test_a_key_gets_its_new_name(mine, expected):
    assert migrate(mine, "", "", {"data.path": "data.uri"})[0] == expected


@pytest.mark.parametrize(
    ("mine", "expected"),
    [
        ("a: 1\nregion: here  # ours\nb: 2", "a: 1\nworkspace:\n  region: here  # ours\nb: 2"),
        ("workspace:\n    name: x\nregion: here", "workspace:\n    region: here\n    name: x\n"),
        ("region: 'h'\nworkspace: {name: x}\n", "workspace: {region: 'h', name: x}\n"),
        ("workspace:\nregion: here\n", "workspace:\n  region: here\n"),
        ("{region: here}\n", "{region: here}\n"),
    ],
)
def test_a_key_moves_to_another_block(mine, expected):
    assert migrate(mine, "", "", {"region": "workspace.region"})[0] == expected


def test_a_key_moves_into_a_block_that_is_new():
    new = "workspace:          # azure only\n  name: x\n  region: any       # short\n"
    text, done = migrate("region: 'here'   # ours\nz: 1\n", "region: any\nz: 1\n", new, {"region": "workspace.region"})
    assert text == "workspace:          # azure only\n  name: x\n  region: 'here'       # short\nz: 1\n"
    assert done == ["region -> workspace.region", "workspace: new"]


def test_a_key_that_is_gone_is_taken_out():
    mine = "name: x\nversion:\n  - a\n  - b\n\n# of data\ndata: 1\n"
    assert migrate(mine, "", "", {"version": None}) == ("name: x\n\n# of data\ndata: 1\n", ["version: taken out"])


@pytest.mark.parametrize("mine", ["a: [", "a: 1\n b: 2\n", "a: 1\n---\nb: 2\n"])
def test_what_is_not_yaml_is_an_error_in_one_line(mine):
    with pytest.raises(UserError, match=r"^not valid YAML \(.*\)$"):
        migrate(mine, "", "", {})


@pytest.mark.parametrize("mine", ["", "# nothing\n", "- a list\n", "text\n"])
def test_what_has_no_keys_stays_as_it_is(mine):
    assert migrate(mine, OLD, NEW, {"a": "b"}) == (mine, [])


LEAVES = st.sampled_from([1, 0.6, "text", "two words", None, "long " * 30, "a: b # c", [], ["x", "y"]])
TABLE = {"path": "uri", "a.path": "a.uri", "gone": None}
ALL, CURRENT = ["a", "b", "path", "uri", "gone"], ["a", "b", "c", "uri"]
often = settings(deadline=None, max_examples=50, derandomize=True)
comments = st.sampled_from(["", "  # said", "\n# above", "\n\n# apart\n"])


class Plain(yaml.SafeDumper):
    """Writes the same list twice, not an alias of it."""

    def ignore_aliases(self, data):
        return True


@st.composite
def texts(draw, keys=ALL):
    """Settings as someone may have written them: any indentation, blocks or braces, comments and empty lines."""
    words = st.sampled_from(keys)
    blocks = st.recursive(LEAVES, lambda inner: st.dictionaries(words, inner, min_size=1, max_size=3), max_leaves=5)
    content = {**draw(st.dictionaries(words, blocks, min_size=1, max_size=4)), "z": {"y": 1}}
    style = {"default_flow_style": draw(st.sampled_from([False, None])), "indent": draw(st.sampled_from([2, 4]))}
    lines = yaml.dump(content, Dumper=Plain, sort_keys=False, width=60, **style).splitlines()
    said = (line if line.startswith(" ") else draw(comments).lstrip(" ") + "\n" + line for line in lines)
    return "\n".join(said) + "\n"


def migrated(content):
    """What the table makes of the values alone."""
    there = {"uri" if key == "path" and "uri" not in content else key: value for key, value in content.items()}
    inner = there.get("a")
    if isinstance(inner, dict):
        there["a"] = {"uri" if key == "path" and "uri" not in inner else key: value for key, value in inner.items()}
    return {key: value for key, value in there.items() if key != "gone"}


@often
@given(texts())
def test_the_values_are_those_that_were_there(mine):
    content = yaml.safe_load(mine)
    assert yaml.safe_load(migrate(mine, "", "", TABLE)[0]) == migrated(content)


@often
@given(texts(), texts(), texts(CURRENT))
def test_a_second_time_changes_nothing(mine, old, new):
    once = migrate(mine, old, new, TABLE)[0]
    assert migrate(once, old, new, TABLE) == (once, [])


@often
@given(texts(), texts(), texts())
def test_every_line_stays_where_no_key_is_renamed(mine, old, new):
    left = iter(migrate(mine, old, new, {})[0].splitlines())
    assert all(line in left for line in mine.splitlines()), "in their order"


@often
@given(texts(), texts(), texts())
def test_every_value_stays_where_no_key_is_renamed(mine, old, new):
    def holds(after, before):
        if isinstance(before, dict) and isinstance(after, dict):
            return all(key in after and holds(after[key], value) for key, value in before.items())
        return after == before

    assert holds(yaml.safe_load(migrate(mine, old, new, {})[0]), yaml.safe_load(mine))
