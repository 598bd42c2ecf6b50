"""The shell around `decide/batch.py`: the version that serves scores files by default, too."""

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import TamperedError, UserError
from mlops.data.model_folder import model_columns
from mlops.data.probe import read_probe
from mlops.data.scoring_script import scoring_script
from mlops.data.tables import readable
from mlops.decide.actions import BatchAction, CreateEndpoint, Delete, Deploy, Done, MakeDefault, Probe
from mlops.decide.agreement import disagreement, oddness
from mlops.decide.batch import BatchEvidence, compare, decide
from mlops.decide.observed import ObservedBatch
from mlops.decide.rollout import label
from mlops.operate.reconcile import Reconciler
from mlops.platform import Batches, Order

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE, PROBABILITY = "sample.parquet", "probability_"


@dataclass
class BatchReconciler:
    """One run of `apply`, once the endpoint is as the manifest says. threshold: of a score, between two answers."""

    rollout: Reconciler
    threshold: float

    def __post_init__(self) -> None:
        self.manifest = self.rollout.manifest
        assert self.manifest.batch and self.rollout.platform.batches
        self.name = self.manifest.batch.endpoint
        self.batches: Batches = self.rollout.platform.batches

    def run(self) -> Done:
        """Act until the batch endpoint is at rest."""
        evidence = BatchEvidence()
        action = decide(self.manifest, self.batches.observe(self.name), evidence)
        if isinstance(action, Done):
            return action
        self.rollout.check_version()
        with self.batches.lease(self.name, self.rollout.holder):
            while True:
                observed = self.batches.observe(self.name)
                action = decide(self.manifest, observed, evidence)
                if isinstance(action, Done):
                    return action
                evidence = self.act(action, observed or ObservedBatch(), evidence)

    def act(self, action: BatchAction, observed: ObservedBatch, evidence: BatchEvidence) -> BatchEvidence:
        """Carry out one action, say what is done, and return what is known after it."""
        match action:
            case CreateEndpoint():
                self.say("create the batch endpoint")
                self.batches.create(self.name)
            case Delete(slot):
                self.say(f"delete {slot}")
                self.batches.delete_deployment(self.name, slot)
            case Deploy(slot, model, version):
                self.say(f"deploy {model}:{version} to {slot}")
                return replace(evidence, tried={**evidence.tried, slot: self.deploy(slot, model, version)})
            case Probe(slot):
                problem = self.probe(slot, observed)
                self.say(f"probe {slot}: {problem or 'the answers agree with the offline scores'}")
                return replace(evidence, probe=problem)
            case MakeDefault(slot):
                self.say(f"{label(self.manifest.model)} in {slot} scores by default from now on")
                self.batches.make_default(self.name, slot)
        return evidence

    def deploy(self, slot: str, model: str, version: int) -> str:
        """Why the deployment failed, or nothing. That an older version is not to be had stands in no one's way."""
        try:
            return self.batches.deploy(self.name, slot, model, version).reason
        except UserError as error:
            wanted = self.manifest.model
            if isinstance(error, TamperedError) or (model, version) == (wanted.name, wanted.version):
                raise
            self.say(f"{model}:{version} cannot be put back: {error}")
            return str(error)

    def probe(self, slot: str, observed: ObservedBatch) -> str:
        """What is wrong with the slot's answers to the sample rows, alone or beside the default's; or nothing."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            wanted = self.write_sample(folder)
            status, said = self.answers(folder, slot, wanted)
            return disagreement(status, said, wanted) or self.beside_default(folder, said, observed.default)

    def beside_default(self, folder: Path, said: Mapping[str, Any], default: str | None) -> str:
        """What is odd about these answers beside the default's to the same rows; how they differ is said."""
        if default is None:
            return ""
        status, theirs = self.answers(folder, default, said)
        if status != 200:
            self.say(f"the answers could not be compared with those of {default}: {theirs}")
            return ""
        if found := compare(said, theirs, self.threshold):
            self.say(f"beside {default}, which scores now: {found}")
        return oddness(said, theirs, self.manifest.rollout.max_disagreement)

    def write_sample(self, folder: Path) -> dict[str, Any]:
        """The rows that came with the version, as a file to score; the answers that they must get."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        model = self.manifest.model
        home = self.rollout.platform.models.download(model.name, model.version or 0, folder / "model")
        sample, script = read_probe(home), scoring_script()
        rows = script.read_rows(json.dumps(sample["request"]), model_columns(home))
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), folder / SAMPLE)
        answer: dict[str, Any] = sample["answer"]
        return answer

    def answers(self, folder: Path, slot: str, like: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and body of the slot's answer to the sample, as if it were an endpoint's: of 500 the reason."""
        import pyarrow.parquet as pq

        output = folder / slot
        try:
            done = self.batches.score(self.name, Order(folder / SAMPLE, output, [], slot), lambda _: None)
        except UserError as error:
            return 500, str(error)
        for why in done.failed.values():
            return 500, why
        with readable(output / SAMPLE):
            return 200, as_endpoint(pq.read_table(output / SAMPLE), like.get("labels", []))

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self.name}: {text}", flush=True)


def as_endpoint(answers: "pa.Table", labels: list[Any]) -> dict[str, Any]:
    """A file of answers as an endpoint would have said it. labels: of their true types, as far as they are known."""
    if "class" not in answers.column_names:
        name = "score" if "score" in answers.column_names else "value"
        return {f"{name}s": answers[name].to_pylist()}
    known = {f"{PROBABILITY}{label}": label for label in labels}
    names = [name for name in answers.column_names if name.startswith(PROBABILITY)]
    rows = zip(*(answers[name].to_pylist() for name in names), strict=True)
    told = [known.get(name, name.removeprefix(PROBABILITY)) for name in names]
    return {"classes": answers["class"].to_pylist(), "labels": told, "probabilities": [list(row) for row in rows]}
