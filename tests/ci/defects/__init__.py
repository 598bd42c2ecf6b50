"""Mistakes that a person could make in the pipelines, each one replacement in one file, and how to make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.server import Server
from ci.systems import PIPELINES

USED_BY = {"rollout": ("deploy",)}  # by a file's name, where that is no pipeline's; any other file is used by all


@dataclass(frozen=True)
class Defect:
    """A replacement of text that is there exactly once; with nothing to replace, a new file. then: one more of it."""

    name: str
    kind: str
    file: str
    old: str
    new: str = ""
    then: "Defect | None" = None

    def applied(self, text: str) -> str:
        """The file's text with the mistake in it."""
        if not text and not self.old:
            return self.new
        assert text.count(self.old) == 1, f"{self.name}: {self.old!r} is there {text.count(self.old)} times"
        return text.replace(self.old, self.new)

    def make(self, root: Path) -> None:
        """Make the mistake in the files of that folder."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(self.applied(text), encoding="utf-8")
        if self.then:
            self.then.make(root)

    def pipelines(self) -> Sequence[str]:
        """Those that use the file."""
        name = Path(self.file).stem
        ours = (name,) if name in PIPELINES else USED_BY.get(name, PIPELINES)
        return tuple(dict.fromkeys([*ours, *(self.then.pipelines() if self.then else ())]))

    def files(self) -> list[str]:
        """Those that it is made in."""
        return [self.file, *(self.then.files() if self.then else [])]


def broken(project: Path, defect: Defect, folder: Path) -> Server:
    """A server in the folder whose main holds the project with that one mistake."""
    server = Server.of(project, folder)
    defect.make(server.clone)
    server.push({file: (server.clone / file).read_text(encoding="utf-8") for file in defect.files()})
    return server
