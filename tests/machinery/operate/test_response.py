"""The answer to a report: one issue, and training, which waits for its cooldown and for nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from mlops.operate.response import respond

FACTS = {"endpoint": "flights-production", "status": "DRIFT", "quality": {"status": "UNLABELLED"}}


class Recording:
    """A host on which training was last started then; it remembers what it was asked."""

    def __init__(self, last, pages=True):
        self.last, self.pages, self.asked = last, pages, []

    def issue(self, title, body):
        self.asked.append((title, body))
        return "the issue" if self.pages else ""

    def start(self, pipeline):
        self.asked.append(pipeline)
        return "the run" if self.pages else ""

    def last_started(self, pipeline):
        return self.last


ISSUE = ("Monitoring flights-production", "report")


@pytest.mark.parametrize("age", [None, timedelta(hours=13)])
def test_drift_trains_when_it_was_never_started_or_long_ago(age):
    host = Recording(age and datetime.now(UTC) - age)
    done = respond(host, FACTS, "report", timedelta(hours=12))
    assert done == ["issue: the issue", "training: the run"] and host.asked == [ISSUE, "train"]


def test_where_there_are_no_pages_it_says_what_is_done_elsewhere():
    done = respond(Recording(None, pages=False), FACTS, "report", timedelta())
    assert done == ["issue: opened in CI only; the report is above", "training: started in CI only"]


def test_within_the_cooldown_it_says_since_when():
    last = datetime.now(UTC) - timedelta(hours=11)
    host = Recording(last)
    line = f"not trained: train was started {last:%Y-%m-%d %H:%M}, less than 0.5 days ago"
    assert respond(host, FACTS, "report", timedelta(hours=12)) == ["issue: the issue", line]
    assert host.asked == [ISSUE]


def test_no_cooldown_trains_every_time():
    host = Recording(datetime.now(UTC))
    assert respond(host, FACTS, "report", timedelta())[-1] == "training: the run"


NOTHING, TELL, TRAIN = [], [ISSUE], [ISSUE, "train"]


@pytest.mark.parametrize(
    ("inputs", "quality", "asked"),
    [
        ("STABLE", "HOLDING", NOTHING),
        ("STABLE", "UNLABELLED", NOTHING),
        ("STABLE", "INSUFFICIENT", TELL),
        ("STABLE", "DEGRADED", TRAIN),
        ("INSUFFICIENT", "HOLDING", TELL),
        ("INSUFFICIENT", "UNLABELLED", TELL),
        ("INSUFFICIENT", "INSUFFICIENT", TELL),
        ("INSUFFICIENT", "DEGRADED", TRAIN),
        ("DRIFT", "HOLDING", TRAIN),
        ("DRIFT", "UNLABELLED", TRAIN),
        ("DRIFT", "INSUFFICIENT", TRAIN),
        ("DRIFT", "DEGRADED", TRAIN),
    ],
)
def test_drift_and_lost_quality_train_once_and_doubt_is_told(inputs, quality, asked):
    host = Recording(None)
    respond(host, {**FACTS, "status": inputs, "quality": {"status": quality}}, "report", timedelta())
    assert host.asked == asked
