"""A worker: the batch scoring script of a deployment in a process of its own, told what to score line by line.

Each line of standard input is a JSON list of paths; each of standard output a JSON object: `ready` once, the `rows` of
a `file` that were scored just now, then `done` with what the script returned or `failed` with the reason by file, and
the `errno` of the machine's own trouble. When whoever asks is gone, even without a word, this process ends.
"""

import json
import os
import queue
import sys
import threading
from typing import Any


def listen(waiting: "queue.SimpleQueue[list[str]]") -> None:
    """Take in what is asked; end the process at the end of it, whatever is under way."""
    for line in sys.stdin:
        waiting.put(json.loads(line))
    os._exit(0)


def answer(script: Any, paths: list[str]) -> dict[str, Any]:
    """What became of these files."""
    try:
        return {"done": script.run(paths)}
    except script.NotScoredError as error:
        return {"failed": error.failed}
    except OSError as error:
        names = [os.path.basename(path) for path in paths]  # noqa: PTH119
        return {"failed": dict.fromkeys(names, " ".join(str(error).split())), "errno": error.errno}


def main() -> None:
    said = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a model prints belongs to the log
    waiting: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(waiting,), daemon=True).start()
    sys.path.insert(0, sys.argv[1])
    import batch_score  # type: ignore[import-not-found]

    def tell(**facts: Any) -> None:
        said.write(json.dumps(facts) + "\n")

    batch_score.each_block = lambda name, rows: tell(file=name, rows=rows)
    batch_score.init()
    tell(ready=True)
    while True:
        tell(**answer(batch_score, waiting.get()))


if __name__ == "__main__":
    main()
