"""A `Reconciler` whose platform and clock are in memory."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from hosted import PASSED
from rolled import GOOD, World, manifest

from mlops import TamperedError
from mlops.decide.actions import CreateEndpoint, Delete, Deploy, Scale, Shift
from mlops.decide.observed import Traffic
from mlops.operate.reconcile import Reconciler
from mlops.platform import ModelVersion, Platform, Reply


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, world):
        self.world = world

    def now(self):
        return self.world.now

    def wait(self, seconds):
        self.world.now += seconds


class Registry:
    """A registry of versions that come with a probe of two rows. poisoned: those with another content."""

    tags = PASSED
    poisoned, numbers = (), (1, 2)

    def __init__(self):
        self.downloaded = []

    def versions(self, name):
        return [ModelVersion(name, version, "run", self.tags) for version in self.numbers]

    def download(self, name, version, to):
        if version in self.poisoned:
            raise TamperedError(f"model {name}:{version}: its content is not what passed")
        self.downloaded.append(version)
        to.mkdir()
        (to / "probe.json").write_text(
            '{"request": {"input_data": {"columns": ["a"], "data": [[1], [2]]}}, "scores": [0.1, 0.2]}'
        )
        return to


@dataclass
class Endpoints:
    """The rules of `World` behind the platform's protocol, written to by none but who holds the lease.

    fails: why a write of a deployment does. log: what a slot wrote. measured: what slots served, since a time.
    statuses: of the first answers; the later ones are 200.
    """

    world: World
    answers: Sequence[float] = (0.1, 0.2)
    of_stable: Sequence[float] | str | None = None  # None: the same
    lost_readings: int = 0
    lost_answers: int = 0
    fails: str = ""
    log: str = ""
    measured: Callable[[float], dict[str, Traffic]] = lambda since: {"blue": GOOD, "green": GOOD}
    statuses: Sequence[int] = ()
    scored: list[str | None] = field(default_factory=list)  # the slots that were asked; None: the public route
    rows: list[list[list[int]]] = field(default_factory=list)  # that they were asked
    holders: list[str] = field(default_factory=list)
    held: bool = False
    written: int = 0

    @contextmanager
    def lease(self, endpoint, holder):
        self.holders.append(holder)
        self.held = True
        yield
        self.held = False

    def write(self, action, **how):
        self.written += 1
        assert self.held, "written without the lease"
        assert self.written < 100, "does not end"
        self.world.act(action, **how)

    def observe(self, endpoint):
        return self.world.observed

    def create(self, endpoint, port):
        self.write(CreateEndpoint())

    def deploy(self, endpoint, slot, model, version):
        self.write(Deploy(slot, model, version), starts=not self.fails)
        placed = self.world.observed.deployments[slot]
        return replace(placed, reason=self.fails) if self.fails else placed

    def logs(self, endpoint, slot, lines):
        return self.log

    def update(self, endpoint, traffic, mirror, tags):
        self.write(Shift(traffic, tags, ""))
        self.world.observed = replace(self.world.observed, mirror=dict(mirror))

    def scale(self, endpoint, slot):
        self.write(Scale(slot))

    def delete_deployment(self, endpoint, slot):
        self.write(Delete(slot))

    def score(self, endpoint, payload, slot=None):
        self.scored.append(slot)
        self.rows.append(payload["input_data"]["data"])
        if self.lost_answers:
            self.lost_answers -= 1
            raise ConnectionError("cut off")
        status, *self.statuses = self.statuses or (200,)
        answers = self.of_stable if self.of_stable and slot == self.world.observed.tags.get("stable") else self.answers
        rows = len(payload["input_data"]["data"])
        body = answers if isinstance(answers, str) else {"scores": list(answers)[:rows]}
        return Reply(status, body, slot or "blue", 1.0)

    def measure(self, endpoint, since, limit_ms):
        if self.lost_readings:
            self.lost_readings -= 1
            raise OSError("no answer")
        return self.measured(since)


def with_model(manifest, **values):
    return manifest.model_copy(update={"model": manifest.model.model_copy(update=values)})


def reconciler(world, version=2, instances=(1, 1), **endpoints):
    platform = Platform("memory", Registry(), Endpoints(world, **endpoints), None)
    return Reconciler(platform, manifest(version, instances), "the test", clock=Clock(world))
