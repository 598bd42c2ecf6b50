"""Component commands: their placeholders, checked and filled in."""

import re
import shlex
from collections.abc import Mapping

from mlops.pipeline.keys import OutputPort, Parameter, Port
from mlops.pipeline.place import Place

ANY = re.compile(r"\$\{\{(.*?)\}\}")
PLACEHOLDER = re.compile(r"\$\{\{\s*((?:inputs|outputs)\.\w+)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
SHELL = frozenset("();<>|&")


def check_command(
    place: Place, command: str, inputs: Mapping[str, Port | Parameter], outputs: Mapping[str, OutputPort]
) -> None:
    """UserError when the command and the component's inputs and outputs do not fit together."""
    check_words(place.at("command"), command)
    declared = [*(f"inputs.{name}" for name in inputs), *(f"outputs.{name}" for name in outputs)]
    for name in ANY.findall(command):
        place.at("command").known("the component", "placeholder", name.strip(), declared)
    always, used = names_in(OPTIONAL.sub("", command)), names_in(command)
    for name in declared:
        if name not in used:
            raise place.at(*name.split(".")).mistake("the command does not use it")
    for name, port in inputs.items():
        if port.optional and f"inputs.{name}" in always:
            raise place.at("inputs", name).mistake("is optional, so the command may name it within $[[...]] only")


def check_words(place: Place, command: str) -> None:
    """UserError when the command is more than one program with its arguments: it runs without a shell here."""
    if "\n" in command.strip():
        raise place.mistake("must be one line; write it with >- instead of |")
    try:
        words = list(shlex.shlex(ANY.sub("value", command), posix=True, punctuation_chars=True))
    except ValueError as error:
        raise place.mistake(f"cannot be read: {str(error).lower()}") from None
    for word in words:
        if set(word) <= SHELL:
            raise place.mistake(f"{word} needs a shell; a step is one program with its arguments")


def names_in(text: str) -> set[str]:
    """The placeholders in the text: `inputs.data`."""
    return set(PLACEHOLDER.findall(text))


def fill(command: str, values: Mapping[str, str]) -> list[str]:
    """The command as arguments. An optional part `$[[...]]` goes when one of its values is not there."""

    def keep(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in PLACEHOLDER.findall(match[1])) else ""

    tight = PLACEHOLDER.sub(lambda match: f"${{{{{match[1]}}}}}", OPTIONAL.sub(keep, command))
    return [PLACEHOLDER.sub(lambda match: values[match[1]], word) for word in shlex.split(tight)]
