"""Files dealt out to workers, tried again where they failed, until all are done or given up."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlops import UserError
from mlops.decide.batching import MiniBatch, Progress, again, deal
from mlops.platform.local.batch_output import answers_to
from mlops.platform.local.batch_workers import EndedError, Worker, Workplace
from mlops.settings.environments import BatchSettings

SAID_EVERY = 2.0  # seconds


class BatchRun:
    """One run over the files. Its threads, one a worker, share what is below; only with the lock."""

    def __init__(
        self,
        place: Workplace,
        output: Path,
        files: Sequence[Path],
        lengths: Mapping[str, int],
        settings: BatchSettings,
        say: Callable[[str], None],
    ) -> None:
        """files: those that are to be scored; lengths: the rows of each by name, where known."""
        self.place, self.output, self.settings, self.say = place, output, settings, say
        self.files = {path.name: path for path in files}
        self.sizes = {path.name: path.stat().st_size for path in files}
        self.lengths = lengths
        self.lock = threading.Lock()
        self.waiting = deque(deal([*self.files], settings.mini_batch))
        self.done: dict[str, int] = {}
        self.under_way: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.stopped: BaseException | None = None
        self.workers: dict[int, Worker] = {}
        self.start = self.said = time.monotonic()

    def run(self) -> None:
        """Returns when every file is done or failed. UserError when no worker starts, OSError when there is no room."""
        count = min(self.settings.instance_count, len(self.waiting))
        with ThreadPoolExecutor(max(1, count)) as threads:
            try:
                for ended in [threads.submit(self.work, number) for number in range(1, count + 1)]:
                    ended.result()
            except BaseException as error:  # an interrupt, too: what is under way is given up
                self.stop(error)
                raise
        if self.stopped:
            raise self.stopped

    def work(self, number: int) -> None:
        """One worker after the other, as long as there is anything to do."""
        while self.waiting and not self.stopped:
            with Worker(self.place, number) as worker:
                self.workers[number] = worker
                try:
                    worker.wait_until_ready()
                except EndedError as error:
                    self.stop(UserError(f"{self.output}: nothing was scored, as {error}; see {worker.log}"))
                self.feed(worker)

    def feed(self, worker: Worker) -> None:
        """Give the worker one mini batch after the other, until there is none or it ends."""
        while (batch := self.take()) is not None:
            try:
                said = worker.ask([self.files[name] for name in batch.files], self.told)
            except EndedError as error:
                self.over(batch, dict.fromkeys(batch.files, str(error)))
                break
            self.over(batch, said.get("failed", {}))
            if number := said.get("errno"):
                self.stop(OSError(number, os.strerror(number)))

    def take(self) -> MiniBatch | None:
        with self.lock:
            return self.waiting.popleft() if self.waiting and not self.stopped else None

    def over(self, batch: MiniBatch, failed: Mapping[str, str]) -> None:
        """Write down what became of the mini batch. A file is done when its answers are there, whatever was said."""
        with self.lock:
            rows = {name: self.under_way.pop(name, 0) for name in batch.files}
            left = [name for name in batch.files if not answers_to(self.output, self.files[name]).exists()]
            self.done |= {name: rows[name] for name in batch.files if name not in left}
            retried = again(batch, left, self.settings.retries)
            self.waiting += retried
            if not retried:
                self.failed |= {name: failed.get(name, "it has no answers") for name in left}

    def told(self, name: str, rows: int) -> None:
        """So many rows of that file more; said to whoever watches, now and then."""
        with self.lock:
            self.under_way[name] = self.under_way.get(name, 0) + rows
            if time.monotonic() - self.said >= SAID_EVERY:
                self.said = time.monotonic()
                self.say(str(self.progress()))

    def progress(self) -> Progress:
        over = {**dict.fromkeys(self.failed, 0), **self.done}
        return Progress(self.sizes, self.lengths, over, self.under_way, time.monotonic() - self.start)

    def stop(self, why: BaseException) -> None:
        """Begin nothing more, and end the workers."""
        with self.lock:
            self.stopped = self.stopped or why
        for worker in [*self.workers.values()]:
            worker.process.kill()
