"""Parameters as text and back: on the command line of a trial that runs elsewhere, and in its run."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mlops import UserError
from mlops.decide.search.asking import Space, plain
from mlops.settings.search import Points

PLAIN = re.compile(r"[\w.+-]+( [\w.+-]+)*")  # what a command line takes as it stands, between quotes


def spelled(value: Any) -> str:
    """One value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_spelling(space: Space) -> None:
    """UserError for a list whose values are not told apart by plain text."""
    for name, points in space.items():
        texts = [spelled(each) for each in points.choices or []]
        for place, text in enumerate(texts):
            if text in texts[:place] or not PLAIN.fullmatch(text):
                raise UserError(
                    f"search.space.{name}: on another machine {text!r} cannot be told apart;"
                    " take it out, or write it with letters, digits and . + - _ alone"
                )


def meant(points: Points, text: str) -> Any:
    """The value that the text means, as a search here would try it. KeyError or ValueError when it can be none.

    What is drawn between low and high is brought to the nearest value that may be tried.
    """
    if points.choices is not None:
        return {spelled(each): each for each in points.choices}[text]
    assert points.low is not None and points.high is not None  # as settings/search.py has seen to
    if points.whole:
        return min(max(round(float(text)), int(points.low)), int(points.high))
    return plain(float(text), points)


def parameters_of(words: Iterable[str], space: Space) -> dict[str, Any]:
    """The parameters that `name=value` of each say; none where there are no words. UserError for any others."""
    texts: Mapping[str, str] = dict(word.partition("=")[::2] for word in words)
    if texts and texts.keys() != space.keys():
        raise UserError(f"--parameters: search.space has {', '.join(space)}, got {', '.join(texts)}")
    found = {}
    for name in [name for name in space if texts]:
        try:
            found[name] = meant(space[name], texts[name])
        except (KeyError, ValueError) as error:
            raise UserError(f"--parameters: {name}: no value of search.space ({error})") from None
    return found
