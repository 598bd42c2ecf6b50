"""New values in a settings file: what they are, and that nothing else changes."""

from pathlib import Path

import pytest
import yaml

from mlops import UserError
from mlops.settings.values import with_values

FILE = Path("project.yml")
TEXT = """# mine
a: 1   # one
model:                # passed on
  # how fast
  rate: 0.1           # slow

  leaves: 12
  # the last one

gate: {metric: auc}   # the end
"""


def test_values_change_and_comments_stay():
    assert with_values(TEXT, "model", {"rate": 0.05, "leaves": 20}, FILE) == TEXT.replace("0.1 ", "0.05 ").replace(
        "leaves: 12", "leaves: 20"
    )


def test_a_value_that_stays_is_not_written_again():
    text = TEXT.replace("0.1 ", "1.0e-1 ")
    assert with_values(text, "model", {"rate": 0.1}, FILE) == text


def test_new_keys_come_at_the_blocks_end():
    found = with_values(TEXT, "model", {"family": "a: b", "deep": True}, FILE)
    assert found == TEXT.replace("  leaves: 12\n", "  leaves: 12\n  family: 'a: b'\n  deep: true\n")


@pytest.mark.parametrize("block", ["{}", "{rate: 0.1}", "{rate: 0.1, leaves: [1,\n  2]}"])
def test_a_block_in_braces_stays_one(block):
    found = with_values(f"model: {block}   # mine\nb: 1\n", "model", {"rate": 0.2, "family": "x"}, FILE)
    assert found.endswith("   # mine\nb: 1\n") and "{" in found
    assert yaml.safe_load(found)["model"] == {**yaml.safe_load(block), "rate": 0.2, "family": "x"}


@pytest.mark.parametrize("text", ["base: &b 3\nmodel:\n  rate: *b\n", "base: &b {rate: 3}\nmodel: *b\n"])
def test_what_cannot_be_edited_is_said_with_what_to_write(text):
    with pytest.raises(UserError, match=r"project.yml: its block model cannot be edited; write there: rate: 0.5"):
        with_values(text, "model", {"rate": 0.5}, FILE)
