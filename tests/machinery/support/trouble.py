"""A service of which one write goes wrong, counted from the first. Nothing of the project is imported."""

import os
import signal
from dataclasses import dataclass

from services import WRITES, RefusalError

REFUSED, LOST, KILLED = "refused", "lost", "killed"
KINDS = (REFUSED, LOST, KILLED) if hasattr(os, "fork") else (REFUSED, LOST)


@dataclass
class Trouble:
    """What happens at the write of that number. refused: nothing of it is done, however often it is asked for.

    lost: it is done, and nobody hears of it. killed: it is done, and whoever asked is gone.
    """

    kind: str
    at: int
    process: int = 0


class Troubled:
    """Beside a Service: its writes, counted."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.trouble = None
        self.written = []
        self.refused = ()

    def answer(self, request):
        if request.method not in WRITES:
            return super().answer(request)
        asked = request.method, request.path
        self.written.append(asked)
        trouble = self.trouble if self.trouble and self.trouble.at == len(self.written) else None
        if trouble and trouble.kind == REFUSED:
            self.refused = asked
        if asked == self.refused:
            raise RefusalError(500, "planned")
        answered = super().answer(request)
        if trouble and trouble.kind == KILLED:
            os.kill(trouble.process, signal.SIGKILL)
        if trouble:
            raise ConnectionAbortedError
        return answered

    def calm(self):
        """Nothing goes wrong any more; the count begins anew."""
        self.trouble, self.refused, self.written = None, (), []
