"""GitHub's workflows without GitHub: static checks, and execution on this machine. README.md says what is modelled."""

from ci.github.execution import execute
from ci.github.packages import install, installed
from ci.github.rules import check, unpinned

__all__ = ["check", "execute", "install", "installed", "unpinned"]
