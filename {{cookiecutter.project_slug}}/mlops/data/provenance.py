"""How a model folder came to be: an in-toto statement with SLSA's provenance, about every other file of the folder.

Source: https://in-toto.io/Statement/v1 and https://slsa.dev/provenance/v1. Nothing signs it: that Git names the hash of
the whole folder is what holds it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_file, read_json, write_json
from mlops.settings.reading import one_line

PROVENANCE_FILE = "provenance.json"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:gitops-azure-ml:train:1"  # which dependencies and parameters are named, and as what
SOURCE, DATA = "source", "data"
PARAMETERS = ("train_rows", "python", "dirty", "template_version")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file below the folder but the statement itself, by its path there."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: hash_file(path) for name, path in sorted(paths.items()) if name != PROVENANCE_FILE}


def predicate(facts: Mapping[str, str], requirements: Path) -> dict[str, Any]:
    """What was built from what, and by whom, in SLSA's fields. facts: the lineage."""
    made_from = {
        SOURCE: {"gitCommit": facts["commit"]},
        DATA: {"sha256": facts["data_hash"]},
        requirements.name: {"sha256": hash_file(requirements)},
    }
    return {
        "buildDefinition": {
            "buildType": BUILD,
            "externalParameters": {key: facts[key] for key in PARAMETERS if key in facts},
            "resolvedDependencies": [{"name": name, "digest": digest} for name, digest in made_from.items()],
        },
        "runDetails": {"builder": {"id": facts.get("ci_run", "none")}, "metadata": {"invocationId": facts["run_id"]}},
    }


def write_provenance(folder: Path, facts: Mapping[str, str], requirements: Path) -> None:
    """The statement about the folder as it is now: nothing may be added to it afterwards."""
    from google.protobuf.json_format import MessageToDict
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    subjects = [ResourceDescriptor(name, digest={"sha256": digest}).pb for name, digest in digests(folder).items()]
    statement = Statement(subjects, PREDICATE, predicate(facts, requirements))
    statement.validate()
    write_json(folder / PROVENANCE_FILE, MessageToDict(statement.pb))


def read_provenance(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The digests that the statement names, and the lineage that it tells. UserError when it is no such statement."""
    from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
    from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as Message

    path = folder / PROVENANCE_FILE
    try:
        statement = Statement.copy_from_pb(ParseDict(read_json(path, Artefact), Message()))
        statement.validate()
        told = ParseDict(MessageToDict(statement.pb.predicate), Provenance())
    except (ParseError, ValueError) as error:
        raise UserError(f"{path}: no statement of how a model was made ({one_line(error)}); train it again") from None
    named = {each.name: each.digest["sha256"] for each in statement.pb.subject}
    made_from = {each.name: each.digest for each in told.build_definition.resolved_dependencies}
    lineage = {
        "commit": made_from[SOURCE]["gitCommit"] if SOURCE in made_from else "",
        "data_hash": made_from[DATA]["sha256"] if DATA in made_from else "",
        "run_id": told.run_details.metadata.invocation_id,
    }
    return named, lineage


def contradiction(folder: Path, facts: Mapping[str, str]) -> str:
    """Why the folder is not what its provenance says, or nothing. facts: the lineage as told elsewhere."""
    if not (folder / PROVENANCE_FILE).exists():
        return f"it has no {PROVENANCE_FILE}"
    named, lineage = read_provenance(folder)
    there = digests(folder)
    if differing := sorted(name for name in {**named, **there} if named.get(name) != there.get(name)):
        return f"{PROVENANCE_FILE} is not about its {differing[0]}"
    for key, value in lineage.items():
        if value != facts.get(key):
            return f"{PROVENANCE_FILE} says {key} {value or 'nothing'}, and its lineage {facts.get(key, 'nothing')}"
    return ""
