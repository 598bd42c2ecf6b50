"""The shell around `rollout.decide`: observe, decide, act, until there is nothing left to do."""

import math
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from textwrap import indent
from typing import Any

from mlops.data.probe import read_probe
from mlops.decide.actions import Action, CreateEndpoint, Delete, Deploy, Done, Move, Probe, Scale, Shift, Wait, Withdraw
from mlops.decide.agreement import disagreement, oddness
from mlops.decide.difference import kept
from mlops.decide.observed import Observed, Traffic
from mlops.decide.recorded import decision
from mlops.decide.rollout import Evidence, decide, live, rejection_tag, runs, stable_slot
from mlops.operate.record import Record
from mlops.operate.trust import check_provenance, check_trusted, other_packages
from mlops.platform import Platform, version_here
from mlops.settings.environments import Manifest

LOOKS_A_BAKE = 20
SOONEST, LATEST = 0.5, 10.0  # seconds between two looks at the metrics
RETRY_AFTER = 0.5  # seconds
FAILED_LOG_LINES = 50
READ_ATTEMPTS = 3
PROBE_ATTEMPTS = 3
NO_TRAFFIC = Traffic(0, 0, math.nan)


class Clock:
    """Real time; a test brings its own."""

    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Reconciler:
    """One run of `apply`. It keeps nothing that the next run would miss."""

    platform: Platform
    manifest: Manifest
    holder: str = "this process"  # who holds the endpoint meanwhile, for a run that is refused
    clock: Clock = field(default_factory=Clock)
    record: Record | None = None
    said: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # settings that wait for the next version, as last seen

    @property
    def name(self) -> str:
        return self.manifest.endpoint.name

    def run(self) -> Done:
        """Act until the endpoint is at rest: promoted or rolled back."""
        evidence = Evidence(watched_from=self.clock.now())
        action = self.next(self.platform.endpoints.observe(self.name), evidence)
        if isinstance(action, Done):
            return action
        self.check_version()
        with self.platform.endpoints.lease(self.name, self.holder):  # only where there is something to change
            while True:
                observed = self.platform.endpoints.observe(self.name)
                evidence = self.look(observed, evidence)
                action = self.next(observed, evidence, self.record)
                if isinstance(action, Done):
                    return action
                evidence = self.act(action, observed or Observed(), evidence)

    def check_version(self) -> None:
        """UserError unless the version that the manifest names may serve, as it is: before anything is changed."""
        model = self.manifest.model
        version = version_here(self.platform, model.name, model.version)
        check_trusted(version, model)
        if model.unverified:
            self.say(f"{model.name}:{model.version} is unverified: {model.unverified}")
        with tempfile.TemporaryDirectory() as scratch:
            folder = self.platform.models.download(model.name, version.version, Path(scratch) / "model")
            check_provenance(version, model, folder)
            for change in other_packages(folder):
                self.say(f"{model.name}:{model.version} was tried with another package: {change}")
            self.sample = read_probe(folder)

    def next(self, observed: Observed | None, evidence: Evidence, record: Record | None = None) -> Action:
        """The one next action, put on record."""
        now, self.kept = self.clock.now(), kept(self.manifest, observed)
        action = decide(self.manifest, observed, evidence, now)
        if record:
            try:
                record.add(decision(record.commit, self.manifest, observed, evidence, now, action))
            except OSError as error:  # a full disk is no reason to leave a rollout where it is
                self.say(f"a decision could not be put on record: {error}")
        return action

    def look(self, observed: Observed | None, evidence: Evidence) -> Evidence:
        """The evidence with fresh metrics, where a candidate gets live traffic."""
        if observed is None or "since" not in observed.tags:
            return evidence
        since, started = observed.moment("since"), observed.moment("started")
        live_since = observed.moment("live") if "live" in observed.tags else since  # not written before 0.2.0
        try:
            measured = {moment: self.measure(moment) for moment in {since, live_since, started}}
        except OSError:
            return replace(evidence, candidate=None)
        stable = stable_slot(observed) or ""
        candidate = next((slot for slot in live(observed) if runs(observed.deployments[slot], self.manifest.model)), "")
        return replace(
            evidence,
            candidate=measured[live_since].get(candidate, NO_TRAFFIC),
            bake=measured[since].get(candidate, NO_TRAFFIC),
            stable=measured[started].get(stable, NO_TRAFFIC),
            beside=measured[since].get(stable, NO_TRAFFIC),
        )

    def measure(self, since: float) -> dict[str, Traffic]:
        """Traffic by slot; tries a few times, because one lost reading is no reason to roll back."""
        for attempt in range(READ_ATTEMPTS):
            try:
                limit = self.manifest.rollout.max_p95_latency_ms
                return dict(self.platform.endpoints.measure(self.name, since, limit))
            except OSError:
                if attempt == READ_ATTEMPTS - 1:
                    raise
                self.clock.wait(RETRY_AFTER)
        raise AssertionError("unreachable")

    def act(self, action: Action, observed: Observed, evidence: Evidence) -> Evidence:
        """Carry out one action, say what is done, and return what is known after it."""
        match action:
            case Wait(why):
                self.say(why)
                self.watch(observed)
            case Probe(slot):
                return replace(evidence, probe=self.ask(slot, observed), probed=observed.tags.get("since", ""))
            case Deploy(slot):
                reason = self.deploy(action, live(observed).get(slot, 0))
                return replace(evidence, tried={**evidence.tried, slot: reason})
            case Scale(slot):
                self.change(action)
                return replace(evidence, tried={**evidence.tried, slot: ""})
            case Withdraw():
                self.change(action)
                return replace(evidence, withdrawn=action.why)
            case _:
                self.change(action)
        return evidence

    def change(self, action: Action) -> None:
        """Change the endpoint, which teaches nothing about the candidate."""
        endpoints = self.platform.endpoints
        match action:
            case CreateEndpoint() | Move():
                self.say("create the endpoint" if isinstance(action, CreateEndpoint) else "another port is wanted")
                endpoints.create(self.name, self.manifest.endpoint.port)
            case Shift(traffic, tags, why) | Withdraw(traffic, tags, why):
                self.say(why)
                endpoints.update(self.name, traffic, {}, tags)
            case Delete(slot):
                self.say(f"delete {slot}")
                endpoints.delete_deployment(self.name, slot)
            case Scale(slot):
                self.say(f"scale {slot} to what the manifest says")
                endpoints.scale(self.name, slot)

    def ask(self, slot: str, observed: Observed) -> str:
        """What is wrong with the answers of the slot to the sample rows, alone or beside stable's; or nothing."""
        problem = self.probe(slot) or self.compare(stable_slot(observed))
        share = live(observed).get(slot)
        at = f" at {share} %" if share else ""
        self.say(f"probe {slot}{at}: {problem or 'the answers agree with the offline scores'}")
        return problem

    def deploy(self, action: Deploy, share: int) -> str:
        """Deploy what the manifest names, or restart another version; why that failed, or nothing."""
        slot, model, version = action.slot, action.model, action.version
        if (model, version) != (self.manifest.model.name, self.manifest.model.version):
            self.fetch_sample(model, version)  # what is restarted is compared with its hash, too
        self.say(f"deploy {model}:{version} to {slot} at {share} %")
        placed = self.platform.endpoints.deploy(self.name, slot, model, version)
        if placed.state == "failed":
            self.show_failure(slot, placed.reason)
        return placed.reason

    def show_failure(self, slot: str, reason: str) -> None:
        """Why the slot failed, and how its log ends, if it wrote one."""
        log = self.platform.endpoints.logs(self.name, slot, FAILED_LOG_LINES)
        self.say(f"{slot} failed: {reason}" + ("; its log ends:" if log else ""))
        if log:
            print(indent(log, "  "), flush=True)

    def probe(self, slot: str | None = None) -> str:
        """What is wrong with the answers of the slot, or of the public route, to the sample rows; or nothing."""
        sample, problem = self.sample, ""
        for attempt in range(PROBE_ATTEMPTS):
            if attempt:
                self.clock.wait(RETRY_AFTER)
            try:
                reply = self.platform.endpoints.score(self.name, sample["request"], slot)
            except OSError as error:
                problem = f"no answer: {error}"
                continue
            problem = disagreement(reply.status, reply.body, sample["answer"])
            if reply.status < 500:
                break
        return problem

    def compare(self, stable: str | None) -> str:
        """What is odd about the answers to the sample rows beside those that stable gives; nothing without these."""
        if stable is None:
            return ""
        try:
            reply = self.platform.endpoints.score(self.name, self.sample["request"], stable)
        except OSError as error:
            self.say(f"the answers could not be compared with those of {stable}: {error}")
            return ""
        if reply.status != 200 or not isinstance(reply.body, dict):
            self.say(f"the answers could not be compared with those of {stable}: status {reply.status}")
            return ""
        return oddness(self.sample["answer"], reply.body, self.manifest.rollout.max_disagreement)

    @cached_property
    def sample(self) -> dict[str, Any]:
        """The sample rows that came with the version, and the answer that they must get."""
        return self.fetch_sample(self.manifest.model.name, self.manifest.model.version or 0)

    def fetch_sample(self, model: str, version: int) -> dict[str, Any]:
        """The same of any version. UserError when its content is not what passed the gate."""
        with tempfile.TemporaryDirectory() as folder:
            return read_probe(self.platform.models.download(model, version, Path(folder) / "model"))

    def watch(self, observed: Observed) -> None:
        """Let time pass, sending sample requests over the public route if the manifest asks for them."""
        rate, pause = self.manifest.rollout.synthetic_rate, look_every(self.manifest.rollout.bake)
        requests = round(rate * pause)
        sample = self.sample["request"]["input_data"]
        for number in range(requests):
            row = {"columns": sample["columns"], "data": [sample["data"][number % len(sample["data"])]]}
            with suppress(OSError):  # whether requests are lost is for the metrics to say
                self.platform.endpoints.score(self.name, {"input_data": row})
            self.clock.wait(1 / rate)
        if not requests:
            self.clock.wait(pause)

    def forget_rejection(self) -> None:
        """Let a version that was rolled back be tried again."""
        observed = self.platform.endpoints.observe(self.name)
        tag = rejection_tag(self.manifest.model)
        if observed and tag in observed.tags:
            tags = {key: value for key, value in observed.tags.items() if key != tag}
            with self.platform.endpoints.lease(self.name, self.holder):
                self.platform.endpoints.update(self.name, observed.traffic, observed.mirror, tags)

    def say(self, text: str) -> None:
        """One line a change; the same line is not said twice in a row."""
        if [text] != self.said[-1:]:
            print(f"{time.strftime('%H:%M:%S')} {self.name}: {text}", flush=True)
            self.said.append(text)


def look_every(bake: float) -> float:
    """Seconds between two looks: often within a bake, but no metrics service wants to be asked all the time."""
    return min(max(bake / LOOKS_A_BAKE, SOONEST), LATEST)
