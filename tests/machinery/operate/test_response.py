"""The answer to a report: one issue, and training where it can help, which waits for its cooldown."""

from datetime import UTC, datetime, timedelta

import pytest

from mlops.operate.response import respond

FACTS = {"endpoint": "flights-production", "status": "DRIFT", "quality": {"status": "UNLABELLED"}, "newer_labels": True}


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
        ("DRIFT", "HOLDING", TELL),
        ("DRIFT", "UNLABELLED", TRAIN),
        ("DRIFT", "INSUFFICIENT", TRAIN),
        ("DRIFT", "DEGRADED", TRAIN),
        ("UNSEEN", "HOLDING", TELL),
        ("UNSEEN", "UNLABELLED", TELL),
        ("UNSEEN", "INSUFFICIENT", TELL),
        ("UNSEEN", "DEGRADED", TRAIN),
        ("FAULT", "HOLDING", TELL),
        ("FAULT", "UNLABELLED", TELL),
        ("FAULT", "INSUFFICIENT", TELL),
        ("FAULT", "DEGRADED", TELL),
    ],
)
def test_training_starts_where_it_can_help_and_everything_else_is_told(inputs, quality, asked):
    host = Recording(None)
    respond(host, {**FACTS, "status": inputs, "quality": {"status": quality}}, "report", timedelta())
    assert host.asked == asked


@pytest.mark.parametrize(("inputs", "quality", "asked"), [("DRIFT", "UNLABELLED", TELL), ("STABLE", "DEGRADED", TRAIN)])
def test_drift_trains_on_newer_labels_only_and_lost_quality_has_them(inputs, quality, asked):
    host, facts = Recording(None), {**FACTS, "status": inputs, "quality": {"status": quality}, "newer_labels": False}
    respond(host, facts, "report", timedelta())
    assert host.asked == asked
