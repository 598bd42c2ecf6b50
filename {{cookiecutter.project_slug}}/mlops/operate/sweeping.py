"""A search as jobs of a platform: begun or found again, waited for, its trials read. Nothing of it is kept here."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from mlops import UserError
from mlops.decide.search.runs import LATE
from mlops.decide.search.trials import best, in_short
from mlops.platform import Sweep, Sweeps, SweepState

PAUSE = 5.0  # seconds between two looks
PATIENCE = 12  # looks at a search that is over, until values that are not there yet count as lost


def swept(sweeps: Sweeps, job: str, sweep: Sweep, used: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> SweepState:
    """The state of the search once it is over. UserError when nothing can come of it.

    used: of the parameters of a trial those that are worth a word.
    """
    said, left = "", PATIENCE
    while True:
        state = sweeps.look(job, sweep)
        if state.failed:
            page = sweeps.page(job)
            raise UserError(f"search {job} failed: {state.failed}; see {page}, and run this again: it begins anew")
        if (line := told(state, sweep, used)) != said:
            print(said := line, flush=True)
        left -= state.over
        if state.over and not (state.late and left):
            break
        time.sleep(PAUSE)
    if state.default is None or state.default.why == LATE:
        raise UserError(f"search {job}: the parameters that are there have no value yet; run this again in a while")
    return state


def told(state: SweepState, sweep: Sweep, used: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> str:
    """`7 of 40 trials are over; best auc 0.6912 (family forest)`"""
    line = f"{len(state.trials) + state.silent} of {sweep.search.trials} trials are over"
    line += f", {state.silent} of them without a word" if state.silent else ""
    place = best(state.trials, sweep.higher)
    if place is None:
        return line
    tried = in_short(used(state.trials[place].params)) or "the model as it is"
    return f"{line}; best {sweep.metric} {state.trials[place].value:.4f} ({tried})"
