"""The year that `uv run demo --year` replays: `python year.py [DAYS]`, in the project's environment and folder.

Real flights from April to December, day by day: their requests are sent to the endpoint, and `monitor` looks at those
of the last week. When a month is over its labels arrive, and what CI does then is done here: train, gate, register,
promote, apply. Nothing waits for the calendar.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import pandas as pd
from rich.progress import track
from rich.table import Table
from story import ENVIRONMENT, MONTHS, Story, StoryError, arrive, begin, console, endpoint, git, prepare, read

from mlops.data.model_folder import payload
from mlops.operate.response import no_help
from mlops.platform.local import local_platform
from mlops.settings.project import load_project

WEEK = 7  # days that `monitor` looks back
QUIET = ("STABLE", "HOLDING", "UNLABELLED")


@dataclass
class Event:
    """A line of the table: what happened on those days, what came of it, and why."""

    first: str
    last: str
    what: str
    outcome: str
    why: str


def days() -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    """Each day that is yet to come, with its flights."""
    for path in sorted(MONTHS.glob("*.parquet")):
        flights = pd.read_parquet(path)
        yield from flights.groupby(flights["time_hour"].dt.normalize())


@cache
def features() -> list[str]:
    return load_project().features


def ask(flights: pd.DataFrame) -> None:
    """Their requests, as one."""
    endpoints = local_platform().endpoints
    headers = {"Authorization": f"Bearer {endpoints.key(endpoint())}", "Content-Type": "application/json"}
    body = json.dumps(payload(flights[features()])).encode()
    with urllib.request.urlopen(urllib.request.Request(endpoints.url(endpoint()), body, headers)) as answer:
        if len(json.load(answer)["scores"]) != len(flights):
            raise StoryError("the endpoint has not answered every row")


def train(story: Story, what: str, day: str) -> Event:
    """Train, and release what passes."""
    with story.scene(what) as row:
        if story.train(row):
            story.release(row)
    verdict = read(Path("out/gate/verdict.json"))
    reasons = [f"{check['name']}: {check['seen']}" for check in verdict["checks"] if check["status"] != "PASS"]
    return Event(day, day, what, f"{verdict['status']}; {row.outcome}", "; ".join(reasons) or row.auc)


def watch(story: Story, since: float, day: str) -> Event:
    """What `monitor` says on that day of the requests since then, and why."""
    story.call("monitor", ENVIRONMENT, "--hours", str((time.time() - since) / 3600), expect=(0, 1))
    facts = read(Path("out/monitor/drift.json"))
    quality = facts["quality"]
    why = [f"{each['kind']} of {', '.join(each['features'])}" for each in facts["faults"]]
    why += [f"{each['feature']} {each['moved']}" for each in facts["features"] if each["drifted"]][:2]
    why += ["season not in training"] * (facts["status"] == "UNSEEN")
    why += [facts["how"]] * (facts["status"] == "INSUFFICIENT")
    why += [f"{each['name']}: {each['seen']}" for each in quality.get("checks", []) if each["status"] != "PASS"]
    said = f"inputs {facts['status']}, quality {quality['status']}"
    alarm = facts["status"] not in QUIET or quality["status"] not in QUIET
    outcome = f"not trained: {no_help(facts)}" if no_help(facts) else "training would be started"
    return Event(day, day, said, outcome if alarm else "", "; ".join(why))


def joined(events: list[Event]) -> list[Event]:
    """Days on which the same was said of the same, as one line; quiet ones are left out."""
    lines: list[Event] = []
    for event in events:
        if lines and (lines[-1].what, lines[-1].outcome) == (event.what, event.outcome):
            lines[-1].last = event.last
        else:
            lines.append(event)
    return [line for line in lines if line.outcome]


def replay(story: Story, number: int) -> list[Event]:
    """That many days."""
    prepare()
    month = "2013-04"
    answered = [time.time()]  # the start, and when each day was: `monitor` counts back from when it has loaded all
    events = [train(story, "January to March: the first model", "2013-04-01")]
    if local_platform().endpoints.observe(endpoint()) is None:
        raise StoryError(f"the first model did not pass the gate: {events[0].why}")
    for day, flights in track(list(islice(days(), number)), "replaying the year", console=console):
        date = f"{day:%Y-%m-%d}"
        if date[:7] != month:
            arrive([month])
            events.append(train(story, f"the labels of {month} arrive", date))
            month = date[:7]
        ask(flights)
        answered.append(time.time())
        events.append(watch(story, answered[-WEEK - 1 :][0], date))
    return events


def close(events: list[Event], seconds: float) -> None:
    """The table, and how many alarms there were."""
    table = Table("days", "what", "outcome", "why", title="What the year brought")
    for each in joined(events):
        when = each.first if each.first == each.last else f"{each.first} to {each.last}"
        table.add_row(when, each.what, each.outcome, each.why)
    console.print(table)
    watched = [event for event in events if event.what.startswith("inputs")]
    alarms = [event for event in watched if event.outcome]
    unexplained = [event for event in alarms if not event.why]
    console.print(f"\n{len(watched)} days watched, alarms on {len(alarms)}, {len(unexplained)} of them without a cause")
    console.print(git("log", "--format=  %h %s", "--", "environments").rstrip(), soft_wrap=True)
    console.print(f"\ntook {seconds:.0f} s", soft_wrap=True)


def main() -> int:
    story, start = begin(), time.monotonic()
    try:
        events = replay(story, int(sys.argv[1]))
    except StoryError as error:
        console.print(f"[red]the demo failed:[/] {error}")
        return 1
    finally:
        story.call("stop")
    close(events, time.monotonic() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
