"""A place in a YAML file, so that a mistake found there can say where it is."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.settings.reading import SettingsType, check


@dataclass(frozen=True)
class Place:
    file: Path
    keys: tuple[str, ...] = ()

    @property
    def shown(self) -> Path:
        """The file as a person would write its path."""
        return Path(os.path.normpath(self.file))

    def at(self, *keys: str) -> "Place":
        """A place further in."""
        return replace(self, keys=(*self.keys, *keys))

    def mistake(self, text: str) -> UserError:
        """The error to raise for what is wrong here."""
        line = ": ".join(filter(None, [".".join(self.keys), text]))
        return UserError(f"{self.shown}: {' '.join(line.split())}")  # what it quotes may go over several lines

    def read(self, kind: type[SettingsType], content: Any) -> SettingsType:
        """What stands here, as settings of that kind. UserError naming the first wrong key."""
        if not isinstance(content, dict):
            raise self.mistake(f"expected keys and values, got {content!r}")
        self.refuse_empty(content)
        return check(kind, content, self.shown, ".".join(self.keys))

    def refuse_empty(self, content: Any) -> None:
        """UserError when a key, here or further in, has no value. An output may go without."""
        for key, value in content.items() if isinstance(content, dict) else []:
            if value is None and self.keys[-1:] != ("outputs",):
                raise self.at(str(key)).mistake("has no value; give it one or take it out")
            self.at(str(key)).refuse_empty(value)

    def known(self, owner: str, kind: str, name: str, names: Iterable[str]) -> None:
        """UserError when the name is none of those that its owner has."""
        if name not in (names := list(names)):
            raise self.mistake(f"{owner} has no {kind} {name!r}; it has {', '.join(names) or 'none'}")

    def path(self, text: str) -> Path:
        """The file or folder that the text names, seen from this file. UserError when it is not there."""
        path = self.file.parent / text
        if not path.exists():
            raise self.mistake(f"{text} does not exist, seen from {self.shown.parent}")
        return path

    def folder(self, text: str) -> Path:
        """The same, when it is a folder."""
        path = self.path(text)
        if not path.is_dir():
            raise self.mistake(f"{text} is a file, and a folder is wanted")
        return path

    def regular_file(self, text: str) -> Path:
        """The same, when it is a file."""
        path = self.path(text)
        if not path.is_file():
            raise self.mistake(f"{text} is a folder, and a file is wanted")
        return path
