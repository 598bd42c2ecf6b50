"""A search elsewhere: what is said of it, when its end is believed, and when it is given up."""

import pytest

from mlops import UserError
from mlops.decide.search.runs import LATE
from mlops.decide.search.trials import Trial
from mlops.operate import sweeping
from mlops.operate.sweeping import PATIENCE, swept
from mlops.platform import Sweep, SweepState
from mlops.platform.azureml.sweeps import AS_IT_IS, has_failed
from mlops.settings.search import Points, Search

SWEEP = Sweep("tune-1", Search(trials=3, space={"depth": Points(low=1, high=9)}), "auc", True, None)
GOOD, BETTER = (Trial({"depth": depth}, "complete", [value], 1.0) for depth, value in ((2, 0.6), (3, 0.7)))
BAD = Trial({"depth": 9}, "failed", [], 1.0, "ValueError: no")
WAITS = Trial({"depth": 4}, "failed", [], 1.0, LATE)
AS_IS = Trial({}, "complete", [0.5], 1.0)


def state(*trials, over=False, default=AS_IS, failed="", silent=0):
    late = sum(each.why == LATE for each in [*trials, default] if each)
    return SweepState(over, failed, default, trials, late, silent)


class Seen:
    """A platform whose search goes through these states, and stays in the last one."""

    def __init__(self, *states):
        self.states, self.looks = states, 0

    def begin(self, sweep):
        return sweep.name

    def look(self, job, sweep):
        self.looks += 1
        return self.states[min(self.looks, len(self.states)) - 1]

    def page(self, job):
        return f"https://{job}"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(sweeping, "PAUSE", 0.0)


def watched(*states):
    seen = Seen(*states)
    return swept(seen, "tune-1", SWEEP, lambda params: params), seen.looks


def test_it_says_how_many_are_over_and_the_best_whenever_that_changes(capsys):
    end = state(GOOD, BETTER, over=True, silent=1)
    found, looks = watched(state(), state(), state(GOOD), state(GOOD, BETTER), end)
    assert (found, looks) == (end, 5)
    assert capsys.readouterr().out.splitlines() == [
        "0 of 3 trials are over",
        "1 of 3 trials are over; best auc 0.6000 (depth 2)",
        "2 of 3 trials are over; best auc 0.7000 (depth 3)",
        "3 of 3 trials are over, 1 of them without a word; best auc 0.7000 (depth 3)",
    ]


def test_a_best_that_changes_nothing_is_called_so(capsys):
    swept(Seen(state(GOOD, over=True)), "tune-1", SWEEP, lambda params: {})
    assert capsys.readouterr().out == "1 of 3 trials are over; best auc 0.6000 (the model as it is)\n"


def test_values_that_are_late_are_waited_for_and_no_longer_than_that():
    arrived = state(GOOD, BETTER, over=True)
    assert watched(state(GOOD, WAITS, over=True), arrived) == (arrived, 2)
    lost = state(GOOD, WAITS, over=True)
    assert watched(lost) == (lost, PATIENCE)


@pytest.mark.parametrize("default", [None, Trial({}, "failed", [], 1.0, LATE)])
def test_without_a_value_of_what_is_there_no_winner_is_made(default):
    with pytest.raises(UserError, match="search tune-1: the parameters that are there have no value yet"):
        watched(state(BETTER, over=True, default=default))


def test_a_failed_one_is_one_line_with_its_cause_and_where_to_look():
    line = "search tune-1 failed: MemoryError: all of it; see https://tune-1, and run this again: it begins anew"
    with pytest.raises(UserError, match=line):
        watched(state(over=True, failed="MemoryError: all of it"))


DONE = {"tune-1": "Completed", f"tune-1{AS_IT_IS}": "Completed"}


@pytest.mark.parametrize(
    ("changes", "trials", "failed"),
    [
        ({}, [GOOD, BAD], False),
        ({}, [BAD], False),  # for the model's own fault: that is a result
        ({}, [GOOD, None], False),
        ({}, [BAD, None], True),  # a machine, or the image, and no value at all
        ({"tune-1": "Running"}, [None], False),  # others may still have one
        ({"tune-1": "Failed"}, [BAD], True),
        ({"tune-1": "Failed"}, [GOOD, None], False),  # nothing that was measured is lost
        ({"tune-1": "Failed"}, [WAITS], False),  # it may still have one
        ({"tune-1": "Canceled"}, [GOOD], False),  # its minutes are over
        ({f"tune-1{AS_IT_IS}": "Failed"}, [GOOD], True),  # nothing to compare with
        ({f"tune-1{AS_IT_IS}": "Canceled"}, [GOOD], True),
    ],
)
def test_a_search_has_failed_where_nothing_can_come_of_it(changes, trials, failed):
    assert has_failed("tune-1", {**DONE, **changes}, trials) is failed
