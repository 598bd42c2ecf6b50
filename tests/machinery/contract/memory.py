"""A platform in this process: the protocol in its plainest form, with real models and real steps."""

import json
import random
import runpy
import shutil
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import small_model
from batched import batch_script

from mlops import TakenError, UserError
from mlops.data.batch_input import check_columns, check_key, input_files
from mlops.data.model_folder import model_columns
from mlops.decide.observed import Deployment, Observed, ObservedBatch
from mlops.platform import ModelVersion, Platform, Reply, Scored, registered_version
from mlops.platform.legal_traffic import check_shares
from mlops.platform.local.batch_output import answers_to, begun, held
from mlops.platform.local.jobs import execute
from mlops.platform.local.traffic import summary
from mlops.platform.pipeline import Source, fill, load_pipeline


class MemoryModels:
    """A registry of folders. `runs` holds the model folder of every run."""

    def __init__(self):
        self.runs = {}
        self.registered = defaultdict(list)
        self.cards = {}

    def register(self, name, run_id, tags):
        self.folder(run_id)
        made = ModelVersion(name, len(self.registered[name]) + 1, run_id, dict(tags))
        self.registered[name].append(made)
        return made

    def keep_card(self, name, run_id, folder):
        self.cards.setdefault(run_id, {path.name: path.read_bytes() for path in folder.iterdir()})
        return f"memory:{run_id}/card"

    def versions(self, name):
        return list(self.registered.get(name, ()))

    def download(self, name, version, to):
        return self.logged_model(registered_version(self, name, version).run_id, to)

    def logged_model(self, run_id, to):
        shutil.rmtree(to, ignore_errors=True)
        return shutil.copytree(self.folder(run_id), to)

    def folder(self, run_id):
        if run_id not in self.runs:
            raise UserError(f"run {run_id}: no model to register")
        return self.runs[run_id]


@dataclass
class MemoryEndpoint:
    slots: dict = field(default_factory=dict)  # what each runs: a Deployment
    loaded: dict = field(default_factory=dict)  # the model of each that is ready, with its columns
    logs: dict = field(default_factory=dict)
    traffic: dict = field(default_factory=dict)
    mirror: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    served: list = field(default_factory=list)
    collected: list = field(default_factory=list)

    def gets_traffic(self, slot):
        return self.traffic.get(slot) or self.mirror.get(slot)


class MemoryEndpoints:
    """Endpoints whose deployments are the functions of the project's own serving/score.py."""

    def __init__(self, models, script):
        self.models = models
        self.script = runpy.run_path(str(script))
        self.endpoints = {}
        self.holders = {}
        self.random = random.Random(0)

    @contextmanager
    def lease(self, endpoint, holder):
        if endpoint in self.holders:
            other = self.holders[endpoint]
            raise TakenError(f"{endpoint} is being rolled out by {other}; try again when that has ended")
        self.holders[endpoint] = holder
        try:
            yield
        finally:
            del self.holders[endpoint]

    def observe(self, endpoint):
        if endpoint not in self.endpoints:
            return None
        there = self.endpoints[endpoint]
        traffic = {slot: there.traffic.get(slot, 0) for slot in there.slots}
        return Observed(dict(there.slots), traffic, there.mirror, there.tags)

    def url(self, endpoint):
        self.there(endpoint)
        return f"memory://{endpoint}/score"

    def create(self, endpoint, port):
        self.endpoints.setdefault(endpoint, MemoryEndpoint())

    def deploy(self, endpoint, slot, model, version):
        there, wanted = self.there(endpoint), registered_version(self.models, model, version)
        placed = there.slots.get(slot)
        same = placed is not None and (placed.model, placed.version) == (model, version)
        if same and placed.state == "ready":
            return placed
        if placed and not same and there.gets_traffic(slot):
            raise UserError(f"{endpoint}: {slot} serves {placed.model}:{placed.version}; take its traffic away first")
        sys.modules.pop(small_model.PACKAGE, None)  # another model's code of the same name
        try:
            there.loaded[slot] = self.script["load"](self.models.folder(wanted.run_id))
            state, there.logs[slot] = "ready", ""
        except Exception:
            state, there.logs[slot] = "failed", traceback.format_exc()
        reason = there.logs[slot].strip().rpartition("\n")[2]
        there.slots[slot] = Deployment(slot, model, version, state, reason)
        return there.slots[slot]

    def update(self, endpoint, traffic, mirror, tags):
        there = self.there(endpoint)
        ready = {slot for slot, placed in there.slots.items() if placed.state == "ready"}
        check_shares(there.slots, traffic, mirror, ready)
        there.traffic, there.mirror, there.tags = dict(traffic), dict(mirror), dict(tags)

    def scale(self, endpoint, slot):
        pass

    def delete_deployment(self, endpoint, slot):
        there = self.there(endpoint)
        if there.gets_traffic(slot):
            raise UserError(f"{endpoint}: {slot} has live or mirrored traffic; take it away first")
        there.slots.pop(slot, None)

    def delete(self, endpoint):
        self.endpoints.pop(endpoint, None)

    def score(self, endpoint, payload, slot=None):
        there = self.there(endpoint)
        if slot is not None:
            return self.answer(there, slot, payload, "direct")
        for copied, share in there.mirror.items():
            if self.random.random() * 100 < share:
                self.answer(there, copied, payload, "mirrored")
        slots = [name for name, share in there.traffic.items() if share]
        chosen = self.random.choices(slots, [there.traffic[name] for name in slots])[0]
        return self.answer(there, chosen, payload, "live")

    def answer(self, there, slot, payload, kind):
        """What the slot's model says, recorded."""
        model, schema = there.loaded[slot]
        now, start = time.time(), time.perf_counter()
        try:
            frame = self.script["read_rows"](json.dumps(payload), schema)
            status, body = 200, {"scores": model.predict_proba(frame)[:, 1].tolist()}
            asked = {"version": there.slots[slot].version, "inputs": payload["input_data"]}
            there.collected.append({"time": now, "slot": slot, **asked, "outputs": body})
        except self.script["BadRequestError"] as mistake:
            status, body = 400, {"error": str(mistake)}
        except Exception:
            status, body = 500, {"error": "the model failed"}
        took = (time.perf_counter() - start) * 1000
        there.served.append({"time": now, "slot": slot, "kind": kind, "status": status, "milliseconds": took})
        return Reply(status, body, slot, took)

    def measure(self, endpoint, since, limit_ms):
        there = self.there(endpoint)
        live = [each for each in there.served if each["kind"] == "live" and each["time"] >= since]
        return {
            slot: summary([(each["status"], each["milliseconds"]) for each in live if each["slot"] == slot], limit_ms)
            for slot in there.slots
        }

    def collected(self, endpoint, since):
        return [each for each in self.there(endpoint).collected if each["time"] >= since]

    def logs(self, endpoint, slot, lines=50):
        return "\n".join(self.there(endpoint).logs[slot].splitlines()[-lines:])

    def there(self, endpoint):
        if endpoint not in self.endpoints:
            known = ", ".join(sorted(self.endpoints)) or "none"
            raise UserError(f"there is no endpoint {endpoint!r}; there is {known}")
        return self.endpoints[endpoint]


class MemoryJobs:
    """A pipeline's commands, one after the other, in the current folder."""

    def run(self, pipeline, inputs, out):
        plan = load_pipeline(pipeline)
        for name in inputs.keys() - plan.inputs.keys():
            raise UserError(f"{pipeline}: the pipeline has no input {name!r}; it has {', '.join(plan.inputs)}")
        for name in (name for job in plan.jobs for name in job.outputs.values()):
            shutil.rmtree(out / name, ignore_errors=True)
        values, made = {**plan.inputs, **inputs}, {}
        for job in plan.jobs:
            filled = {f"inputs.{key}": value_of(source, values, made) for key, source in job.inputs.items()}
            for own, name in job.outputs.items():
                (out / name).mkdir(parents=True)
                made[job.name, own] = filled[f"outputs.{own}"] = str(out / name)
            code = execute(fill(job.command, filled), out / f"{job.name}.log", job.variables)
            if code:
                return code
        return 0


def value_of(source, values, made):
    """The literal, the pipeline's input or the folder that an earlier job wrote."""
    if not isinstance(source, Source):
        return source
    return made[source.job, source.name] if source.job else values[source.name]


@dataclass
class MemoryBatch:
    slots: dict = field(default_factory=dict)  # what each scores with: a Deployment
    default: str | None = None


class MemoryBatches:
    """Batch endpoints whose orders are done in this process, one file after the other, each tried once."""

    def __init__(self, models, serving):
        self.models, self.serving = models, serving
        self.endpoints, self.holders = {}, {}
        self.folder = tempfile.TemporaryDirectory()

    lease = MemoryEndpoints.lease

    def observe(self, endpoint):
        there = self.endpoints.get(endpoint)
        return there and ObservedBatch(dict(there.slots), there.default)

    def create(self, endpoint):
        self.endpoints.setdefault(endpoint, MemoryBatch())

    def deploy(self, endpoint, slot, model, version):
        there, placed = self.there(endpoint), Deployment(slot, model, version, "ready")
        registered_version(self.models, model, version)
        if there.default == slot and there.slots[slot] != placed:
            raise UserError(f"{endpoint}: {slot} is the default; make another one the default first")
        there.slots[slot] = placed
        return placed

    def make_default(self, endpoint, slot):
        if slot not in self.there(endpoint).slots:
            raise UserError(f"{endpoint}: {slot} is not ready to score; deploy to it first")
        self.there(endpoint).default = slot

    def delete_deployment(self, endpoint, slot):
        if slot == self.there(endpoint).default:
            raise UserError(f"{endpoint}: {slot} is the default; make another one the default first")
        self.there(endpoint).slots.pop(slot, None)

    def delete(self, endpoint):
        self.endpoints.pop(endpoint, None)

    def score(self, endpoint, order, say):
        there, start = self.there(endpoint), time.monotonic()
        placed = there.slots.get(order.slot or there.default)
        if placed is None:
            raise UserError(f"{endpoint}: no version scores by default yet")
        model = Path(self.folder.name) / endpoint / placed.model / str(placed.version)
        if not model.exists():
            self.models.download(placed.model, placed.version, model)
        files = input_files(order.source)
        check_columns(files, [*model_columns(model)], order.key)
        check_key(files, order.key)
        with held(order.output, order.holder):
            run = begun(order.output, placed.model, placed.version, order.key, files)
            todo = [path for path in files if not answers_to(order.output, path).exists()]
            failed, rows = self.done(model, order, run, todo)
        seconds = time.monotonic() - start
        return Scored(placed.model, placed.version, len(files), len(files) - len(todo), rows, seconds, failed)

    def done(self, model, order, run, files):
        """The files that failed, with the reason, and how many rows were scored."""
        failed, rows = {}, 0
        with ExitStack() as stack:
            try:
                script = stack.enter_context(batch_script(model, order.output, order.key, run.time, self.serving))
            except Exception as error:
                raise UserError(f"{order.output}: nothing was scored, as {error!r}") from None
            for path in files:
                try:
                    rows += sum(int(line.rpartition(" ")[2]) for line in script.run([str(path)]))
                except script.NotScoredError as error:
                    failed |= error.failed
        return failed, rows

    def there(self, endpoint):
        if endpoint not in self.endpoints:
            raise UserError(f"there is no batch endpoint {endpoint!r}; `apply` makes it")
        return self.endpoints[endpoint]


def memory_platform(script):
    """A platform that is gone when this process is."""
    models = MemoryModels()
    batches = MemoryBatches(models, script.parent)
    return Platform("memory", models, MemoryEndpoints(models, script), MemoryJobs(), batches=batches)
