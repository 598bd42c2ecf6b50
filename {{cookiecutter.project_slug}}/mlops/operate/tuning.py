"""The trials of a search, one after the other; each is kept as soon as it is over."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from filelock import FileLock, Timeout

from mlops import UserError
from mlops.data.files import read_json, write_json
from mlops.data.search_file import Searched
from mlops.decide.search.asking import ask
from mlops.decide.search.trials import Trial, best, hopeless, in_short, needed
from mlops.operate.measuring import Measure, attempt
from mlops.platform.tracking import LOCAL_FOLDER, SearchRuns
from mlops.settings.search import Search

FOLDER = LOCAL_FOLDER / "search"


class Kept:
    """The trials of one search, in a file that is named by all that decides them, so no other search can go on there.

    facts: what Searched says but for the trials. decided_by: what else decides them. Trials beyond `most` do not count.
    """

    def __init__(self, facts: Mapping[str, Any], decided_by: Any, most: int) -> None:
        text = json.dumps([facts, decided_by], sort_keys=True, default=str)
        self.path = FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
        self.facts: Mapping[str, Any] = facts
        self.run, self.default = None, None
        self.trials: list[Trial] = []
        if self.path.exists():
            said = read_json(self.path, Searched, "delete it, and the search begins anew")
            self.run, self.default = said.get("run"), said["default"] and trial_of(said["default"])
            self.trials = [trial_of(each) for each in said["trials"][:most]]

    def content(self) -> dict[str, Any]:
        """As Searched describes it."""
        default = self.default and told(self.default)
        return {**self.facts, "default": default, "trials": [told(each) for each in self.trials]}

    def write(self) -> None:
        write_json(self.path, {**self.content(), "run": self.run})

    @property
    def others(self) -> int:
        """How many other searches are kept beside it."""
        return len({*FOLDER.glob("*.json")} - {self.path})


def told(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), "value": trial.value}


def trial_of(said: Mapping[str, Any]) -> Trial:
    return Trial(**{name: value for name, value in said.items() if name != "value"})


@contextmanager
def alone() -> Iterator[None]:
    """UserError while another search is under way here."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(FOLDER / "lock", timeout=0):
            yield
    except Timeout:
        raise UserError(f"{FOLDER}: another tune is under way; wait for it or stop it") from None


class Tuning:
    """A search that begins, or goes on where it was stopped."""

    def __init__(
        self, search: Search, model: Mapping[str, Any], kept: Kept, measure: Measure, identity: Callable[..., str]
    ) -> None:
        """identity: of parameters, what is the same for two that make one model; that is not tried twice."""
        self.search, self.model, self.kept, self.measure, self.identity = search, model, kept, measure, identity
        self.higher = bool(kept.facts["higher"])
        self.known = {self.identity({**model, **each.params}) for each in kept.trials}

    def run(self, runs: SearchRuns) -> None:
        """The trials that are still to be made."""
        self.kept.run = runs.parent
        if self.kept.default is None:
            self.kept.default = attempt({}, self.measure(self.model))
            self.over(runs, "as it is", self.kept.default)
        while len(self.kept.trials) < self.search.trials and self.seconds_left() > 0:
            asked = ask(self.search.space, self.search.seed, self.kept.trials, self.higher, self.is_known)
            if asked is None:
                print("there seems to be nothing else to try")
                break
            self.known.add(self.identity({**self.model, **asked}))
            trial = attempt(asked, self.measure({**self.model, **asked}), self.gives_up)
            self.kept.trials.append(trial)
            self.over(runs, f"trial {len(self.kept.trials)} of {self.search.trials}", trial)
        runs.end()

    def is_known(self, asked: Mapping[str, Any]) -> bool:
        return self.identity({**self.model, **asked}) in self.known

    def gives_up(self, values: Sequence[float]) -> bool:
        """Whether the other folds are worth no time."""
        return len(values) < self.search.folds and hopeless(values, self.kept.trials, self.higher)

    def over(self, runs: SearchRuns, name: str, trial: Trial) -> None:
        """Keep it, say it, log it."""
        self.kept.write()
        print(self.line(name, trial), flush=True)
        metrics = {f"fold_{place + 1}": value for place, value in enumerate(trial.values)}
        value = {} if trial.value is None else {self.kept.facts["metric"]: trial.value}
        runs.log(name, {**self.model, **trial.params}, {**metrics, **value}, trial.state)

    def line(self, name: str, trial: Trial) -> str:
        metric, place = self.kept.facts["metric"], best(self.kept.trials, self.higher)
        found = f"failed: {trial.why}" if trial.state == "failed" else "given up"
        found = found if trial.value is None else f"{metric} {trial.value:.4f}"
        tried = in_short(needed(self.model, trial.params, self.identity))
        found = f"{found} ({tried})" if tried else found
        if place is None:
            return f"{name}: {found}"
        value = self.kept.trials[place].value
        return f"{name}: {found}; best {value:.4f} (trial {place + 1}); about {duration(self.expected())} left"

    def spent(self) -> float:
        """Seconds that the trials took, those before an interruption too."""
        return sum(each.seconds for each in self.kept.trials)

    def seconds_left(self) -> float:
        return math.inf if self.search.minutes is None else 60 * self.search.minutes - self.spent()

    def expected(self) -> float:
        """How many seconds it will still take."""
        each = self.spent() / max(1, len(self.kept.trials))
        return max(0.0, min(each * (self.search.trials - len(self.kept.trials)), self.seconds_left()))


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
