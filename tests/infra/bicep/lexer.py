"""The source as tokens."""

import re
from dataclasses import dataclass
from pathlib import Path

from bicep.errors import BicepError

TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/|\#disable-next-line[^\n]*)
      | (?P<newline>\n)
      | (?P<raw>'''.*?''')
      | (?P<quote>')
      | (?P<number>\d+)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||\?\?|[-+*/%<>!?:.,=@(){}\[\]])""",
    re.DOTALL | re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\", "$": "$"}


@dataclass(frozen=True)
class Token:
    """kind: text, number, name, sign, newline or end. Of a text with values within: its parts, texts and tokens."""

    kind: str
    text: str
    line: int
    parts: tuple["str | tuple[Token, ...]", ...] = ()


@dataclass
class Lexer:
    """Reads one file."""

    file: Path
    source: str
    at: int = 0

    def all(self) -> list[Token]:
        """Every token, and an end."""
        return self.until("")

    @property
    def line(self) -> int:
        return self.source.count("\n", 0, self.at) + 1

    def until(self, closing: str) -> list[Token]:
        """The tokens up to the sign that closes what is open, which is taken too; "": up to the end."""
        found: list[Token] = []
        depth = 0
        while self.at < len(self.source):
            line, match = self.line, TOKEN.match(self.source, self.at)
            if match is None:
                raise BicepError(self.file, line, f"unexpected {self.source[self.at]!r}")
            kind, text = str(match.lastgroup), match[0]
            self.at = match.end()
            if kind == "sign" and text == closing and not depth:
                return [*found, Token("end", "", line)]
            depth += (kind == "sign" and text in "{[(") - (kind == "sign" and text in "}])")
            if kind == "quote":
                found.append(self.text(line))
            elif kind == "raw":
                found.append(Token("text", "", line, (text[3:-3].removeprefix("\n"),)))
            elif kind != "space":
                found.append(Token(kind, text, line))
        if closing:
            raise BicepError(self.file, self.line, f"{closing!r} is missing")
        return [*found, Token("end", "", self.line)]

    def text(self, line: int) -> Token:
        """A text, whose quote is taken: what stands in it, and the tokens of each value within."""
        parts: list[str | tuple[Token, ...]] = []
        written = ""
        while self.at < len(self.source) and self.source[self.at] not in "'\n":
            if self.source.startswith("${", self.at):
                self.at += 2
                parts += [written, tuple(self.until("}"))]
                written = ""
            elif self.source[self.at] == "\\":
                written += self.escaped()
            else:
                written += self.source[self.at]
                self.at += 1
        if not self.source.startswith("'", self.at):
            raise BicepError(self.file, line, "the text does not end on its line")
        self.at += 1
        return Token("text", "", line, (*parts, written))

    def escaped(self) -> str:
        """What a backslash and a letter stand for."""
        letter = self.source[self.at + 1 : self.at + 2]
        if letter not in ESCAPES or not letter:
            raise BicepError(self.file, self.line, f"no text has \\{letter}")
        self.at += 2
        return ESCAPES[letter]
