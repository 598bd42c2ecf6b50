"""Whether a version may serve: it passed the gate, as it is, or the manifest says why it serves all the same."""

import tempfile
from pathlib import Path

from mlops import TamperedError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_folder, read_json
from mlops.data.provenance import contradiction
from mlops.data.sbom import REQUIREMENTS, SBOM_FILE, changes, packages, read_sbom
from mlops.platform import Models, ModelVersion, Platform
from mlops.platform.local import ROOT
from mlops.platform.local.rehearsal import RESTORED
from mlops.repo.history import Named, pinned
from mlops.settings.environments import ModelSettings

LINEAGE = ("run_id", "commit", "data_hash")
REGISTERED = Path("out") / "registered.json"  # what `register` made in this run


def doubt(version: ModelVersion, named: Named | ModelSettings) -> str:
    """Why the version may not serve, or nothing. named: what the manifest says of it."""
    if named.hash and version.model_hash and version.model_hash != named.hash:
        return "its tags name another content than model.hash of the manifest"
    if named.unverified:
        return ""
    if version.tags.get("verdict") != "PASS":
        return "it has no PASS of the gate"
    missing = [key for key in LINEAGE if not version.tags.get(key)]
    if missing or not version.model_hash:
        return f"its tags do not say {missing[0] if missing else 'the hash of its content'}"
    return ""


def registered_facts(version: ModelVersion) -> dict[str, object]:
    """What `register` writes down of the version."""
    return {"model": version.name, "version": version.version, "model_hash": version.model_hash}


def check_vouched(platform: Platform, version: ModelVersion) -> None:
    """TamperedError when nothing but the rehearsal's branch, which others may push to, says what the version is."""
    if platform.name != "local" or not (ROOT / RESTORED).exists():
        return
    made_here = REGISTERED.exists() and read_json(REGISTERED, Artefact) == registered_facts(version)
    if not made_here and version.model_hash not in pinned(version.version):
        raise TamperedError(
            f"model {version.name}:{version.version}: it came with the rehearsal's branch; neither did this run"
            " register it, nor does a manifest name it with its hash; run `run_pipeline` and `register` first"
        )


def content_hash(models: Models, version: ModelVersion) -> str:
    """The hash of the version's content as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        return hash_folder(models.download(version.name, version.version, Path(folder) / "model"))


def check_trusted(version: ModelVersion, named: Named | ModelSettings) -> None:
    """TamperedError with the way out when the version may not serve."""
    refuse(version, doubt(version, named))


def check_provenance(version: ModelVersion, named: Named | ModelSettings, folder: Path) -> None:
    """TamperedError when the version's files are not what their provenance says, or that is not what its tags say.

    A version that was promoted before its hash was kept in Git is of before provenance was kept, too.
    """
    if named.hash and not named.unverified:
        refuse(version, contradiction(folder, version.tags))


def refuse(version: ModelVersion, why: str) -> None:
    """TamperedError with the way out, if there is a reason."""
    if why:
        raise TamperedError(
            f"model {version.name}:{version.version}: {why}; `register` makes versions that may serve,"
            ' and `promote <environment> --version N --unverified "reason"` is the way round, for all to see'
        )


def other_packages(folder: Path) -> list[str]:
    """What an endpoint would be built from now and was not when the model was tried, as `numpy 2.3.0 -> 2.4.0`."""
    bill = folder / SBOM_FILE
    return changes(read_sbom(bill), packages(REQUIREMENTS)) if bill.exists() and REQUIREMENTS.exists() else []
