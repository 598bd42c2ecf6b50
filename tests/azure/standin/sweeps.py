"""Sweep jobs: points drawn from the search space, each tried by a run below the sweep's own, several at a time.

Names, parents and states of trials are those of the service (`<sweep>_0`, ...). Who proposes them is not: by chance,
with the seed that was given, also where Bayesian sampling is asked for.
"""

import math
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from standin import history, wiring
from standin.messages import AzureError
from standin.work import EXIT, KNOWN, StepError, Work

BAYESIAN = {"choice", "uniform", "quniform"}  # what that sampling knows, by Microsoft's documentation
NONE_LEFT = "User errors were found in all of the child runs."
MOST = 1000  # trials of a sweep


def check_sweep(properties: dict[str, Any]) -> None:
    """AzureError 400 when the service could not sample that space."""
    kind, space = properties["samplingAlgorithm"]["samplingAlgorithmType"], properties["searchSpace"]
    unknown = {name for name, *_ in space.values()} - (BAYESIAN if kind == "Bayesian" else DISTRIBUTIONS.keys())
    if unknown or kind not in ("Bayesian", "Random"):
        raise AzureError(400, "UserError", f"{kind} sampling does not support {', '.join(sorted(unknown)) or 'this'}.")
    if kind == "Bayesian" and properties.get("earlyTermination"):
        raise AzureError(400, "UserError", "Bayesian sampling does not support early termination.")
    if not 1 <= properties["limits"].get("maxTotalTrials", MOST) <= MOST:
        raise AzureError(400, "UserError", f"maxTotalTrials must be between 1 and {MOST}.")


def rounded(value: float, step: float) -> float:
    return round(value / step) * step


DISTRIBUTIONS = {
    "choice": lambda dice, values: dice.choice(values),
    "uniform": lambda dice, low, high: dice.uniform(low, high),
    "quniform": lambda dice, low, high, step: rounded(dice.uniform(low, high), step),
    "loguniform": lambda dice, low, high: math.exp(dice.uniform(low, high)),
    "qloguniform": lambda dice, low, high, step: rounded(math.exp(dice.uniform(low, high)), step),
}


def points(space: dict[str, Any], seed: int, count: int) -> Iterator[dict[str, str]]:
    """So many points of the space, as the text that a command line is given."""
    dice = random.Random(seed)
    for _ in range(count):
        yield {name: str(DISTRIBUTIONS[kind](dice, *given)) for name, (kind, given) in space.items()}


class SweepWork(Work):
    """Trials of one command, each with other parameters."""

    def go(self) -> None:
        """Fails when no trial came to its end."""
        limits, values = self.said["limits"], self.inputs(self.said.get("inputs"))
        count, seed = limits.get("maxTotalTrials", MOST), self.said["samplingAlgorithm"].get("seed") or 0
        trials = enumerate(points(self.said["searchSpace"], seed, count))
        with ThreadPoolExecutor(limits.get("maxConcurrentTrials", count)) as pool:
            ended = list(pool.map(lambda one: self.trial(one[0], values, one[1]), trials))
        if not any(ended):
            raise StepError(NONE_LEFT)

    def trial(self, number: int, values: dict[str, str], point: dict[str, str]) -> bool:
        """Try one point; whether it came to its end."""
        if self.canceled.is_set():
            return False
        said, name = self.said["trial"], f"{self.job['name']}_{number}"
        child = self.begin(name, name, parent=self.job["name"], environment=said["environmentId"])
        job = self.as_job(child, said["command"])
        try:
            searched = {f"search_space.{name}": value for name, value in point.items()}
            line = wiring.command(said["command"], {**values, **searched})
            own = said.get("environmentVariables") or {}
            exit_code = self.execute(self.folder / name, line, said["codeId"], child, own)
            if exit_code:
                raise StepError(EXIT.format(exit_code, history.STEP_LOG))
        except KNOWN as problem:
            self.end_part(job, child, problem)
            return False
        self.end_part(job, child, None)
        return True
