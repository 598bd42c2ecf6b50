"""What a plan or an organisation does not allow: one sentence, and the rest goes on."""

import re
from collections.abc import Callable

from mlops.ci.api import RefusedError
from mlops.decide.infrastructure.wanted import Wanted

LIMITED = (403, 409, 422)
WORDS = re.compile(r"\b(plan|upgrade|organi[sz]ation|enterprise)\b", re.IGNORECASE)


def unless_limited(write: Callable[[], object], meaning: str) -> str:
    """Nothing when it was done; one sentence when the host's plan or the organisation does not have it."""
    try:
        write()
    except RefusedError as error:
        said = str(error).partition(" the server answered ")[2]  # what comes before it has names of the user's own
        if error.status not in LIMITED or not WORDS.search(said):
            raise
        return f"{meaning} ({error})"
    return ""


def where_offered(wanted: Wanted, meaning: str) -> Wanted:
    """The same, which says what the plan lacks where it would have ended in a refusal."""

    def observe() -> list[str]:
        found: list[str] = []
        limit = unless_limited(lambda: found.extend(wanted.observe()), meaning)
        return [limit] if limit else found

    def apply() -> None:
        if limit := unless_limited(wanted.apply, meaning):
            print(f"{wanted.name}: {limit}")

    return Wanted(wanted.name, observe, apply)
