"""What `infra check` does: whether infra/main.json is what Microsoft's compiler makes of infra/main.bicep.

As generated it was compiled by another one: that they come to the same, only this can show.
"""

from pathlib import Path

from mlops import UserError, counted
from mlops.ci import open_ci
from mlops.ci.pull_request import of_pull_request
from mlops.decide.infrastructure.compiled import places_that_differ
from mlops.operate.infrastructure.demands import TEMPLATE
from mlops.platform.subscription.az import az
from mlops.repo.changes import touching
from mlops.settings.reading import parse_json, read_text

MADE, SOURCE = TEMPLATE.as_posix(), TEMPLATE.with_suffix(".bicep").as_posix()
BUILD = ("bicep", "build", "--file", SOURCE)
MEND = f"`az {' '.join(BUILD)}`"
PARTS = {".bicep", ".json"}  # of the template: what else is in infra/ is read by `infra`, not by the compiler
SHOWN = 3  # places
SPARED = "this pull request changes nothing of it, so that is left to one that does"


def check(*, pull_request: bool) -> bool:
    """Whether it is so, or is no matter of this pull request. UserError when that cannot be told and is one."""
    spared = pull_request and not changes_the_template()
    try:
        places = differences()
    except UserError as error:
        if not spared:
            raise
        print(f"{SOURCE}: not compiled ({error}); {SPARED}")
        return True
    if not places:
        print(f"{MADE}: as `az bicep build` makes it")
        return True
    print(f"{MADE}: `az bicep build` makes another one of {SOURCE}: {told(places)}; {SPARED if spared else MEND}")
    return spared


def changes_the_template() -> bool:
    """Whether this run's pull request has a part of it among what it changes."""
    changes = of_pull_request(open_ci())[1]
    return any(Path(path).suffix in PARTS for path in touching(changes, [str(TEMPLATE.parent)]))


def differences() -> list[str]:
    """Where the template is not as Microsoft's compiler makes it."""
    committed = parse_json(read_text(TEMPLATE, f"put the file back, or make it anew: {MEND}"), TEMPLATE)
    return places_that_differ(committed, az(*BUILD, "--stdout"))


def told(places: list[str]) -> str:
    """The first few of them, and how many there are besides."""
    more = len(places) - SHOWN
    return ", ".join(places[:SHOWN]) + (f" and {counted(more, 'place')} more" if more > 0 else "")
