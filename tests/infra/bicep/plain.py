"""The declarations of a file that are no resources: param, var and output."""

import json
from pathlib import Path
from typing import Any

from bicep.emitter import Emitter
from bicep.errors import BicepError
from bicep.nodes import Array, Call, Declaration, Loop, Plain, Text
from bicep.parser import parse
from bicep.symbols import Ids, Local, Symbols

KEYS = {"allowed": "allowedValues"}


class Plainly:
    """Compiles them, one by one."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise BicepError(path, 1, "there is no such file")
        self.path, self.symbols = path, Symbols(path, parse(path))
        self.emitter = Emitter(self.symbols)
        self.ids = Ids(self.emitter)

    def wrong(self, one: Declaration, what: str) -> BicepError:
        return BicepError(self.path, one.line, what)

    def parameter(self, one: Declaration) -> dict[str, Any]:
        found: dict[str, Any] = {"type": one.type}
        for decorator in one.decorators:
            name = decorator.function
            if name == "secure":
                found["type"] = {"string": "securestring", "object": "secureobject"}[one.type]
            elif name == "description":
                found["metadata"] = {"description": self.constant(decorator, one)}
            elif name == "batchSize":
                raise self.wrong(one, "@batchSize is for loops of resources")
            else:
                found[KEYS.get(name, name)] = self.constant(decorator, one)
        if one.value is not None:
            found["defaultValue"] = self.emitter.value(one.value, Local())
        return found

    def constant(self, decorator: Call, one: Declaration) -> Any:
        """The one argument of a decorator, written out."""
        [argument] = decorator.arguments if len(decorator.arguments) == 1 else [None]
        if not isinstance(argument, Plain | Text | Array):
            raise self.wrong(one, f"@{decorator.function} takes one value that is written out")
        return self.emitter.value(argument, Local())

    def variables(self, declared: list[Declaration]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in declared:
            if isinstance(one.value, Loop):
                found.setdefault("copy", []).append(self.emitter.copy(one.name, one.value, Local()))
            elif one.value is not None:
                found[one.name] = self.emitter.value(one.value, Local())
            if "reference(" in json.dumps(found):
                raise self.wrong(one, "a var of what Azure knows is outside the subset")
            self.emitter.behind[one.name], self.emitter.needed = self.emitter.needed, []
        return found

    def output(self, one: Declaration) -> dict[str, Any]:
        if isinstance(one.value, Loop):
            return {"type": one.type, "copy": self.emitter.copy("", one.value, Local())}
        assert one.value is not None
        return {"type": one.type, "value": self.emitter.value(one.value, Local())}
