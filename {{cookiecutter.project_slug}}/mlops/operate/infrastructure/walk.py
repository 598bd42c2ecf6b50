"""What is wanted, looked at and made so, with a line for each while it takes its time."""

from collections.abc import Sequence

from mlops.decide.infrastructure.wanted import Wanted


def differences(wanted: Sequence[Wanted]) -> dict[str, list[str]]:
    """What differs, by the name of the wanted thing; without those that are as they should be."""
    found: dict[str, list[str]] = {}
    place = ""
    for each in wanted:
        if place != (place := each.name.partition(":")[0]):
            print(f"looking at {place}", flush=True)
        if lines := each.observe():
            found[each.name] = lines
    return found


def show(found: dict[str, list[str]]) -> None:
    """The plan, as people read it."""
    for name, lines in found.items():
        print(f"{name}:")
        print("\n".join(f"  {line}" for line in lines))


def typed(question: str) -> str:
    """What a person answers; nothing where there is none to ask."""
    try:
        return input(question).strip()
    except EOFError:
        return ""


def make_so(wanted: Sequence[Wanted]) -> None:
    """Make each so that is not, in order."""
    for each in wanted:
        if each.observe():
            make(each)


def make(wanted: Wanted) -> None:
    """Make one thing so, whatever it is like now."""
    print(f"  making {wanted.name}", flush=True)
    wanted.apply()
