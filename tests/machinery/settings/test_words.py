"""Numbers of things in messages: one is one."""

import pytest

from mlops import counted

WORDS = [
    (0, "0 rows"),
    (1, "1 row"),
    (2, "2 rows"),
    (2790, "2,790 rows"),
    (1.0, "1 row"),
    (0.5, "0.5 rows"),
    (7.0, "7 rows"),
]


@pytest.mark.parametrize(("number", "words"), WORDS)
def test_a_noun_stands_as_its_number_asks(number, words):
    assert counted(number, "row") == words
