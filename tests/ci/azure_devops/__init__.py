"""Azure Pipelines without Azure: static checks, and execution on this machine. README.md says what is modelled."""

from ci.azure_devops.execution import execute
from ci.azure_devops.rules import check

__all__ = ["check", "execute"]
