"""What a model version was made from: commit, data, run and CI run."""

import getpass
import os
import platform
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.repo.git import ask
from mlops.repo.template import version
from mlops.settings.reading import read_text

FACTS = ("commit", "dirty", "ci_run", "template_version")
VARIABLES = {name: f"LINEAGE_{name.upper()}" for name in FACTS}
PIPELINE_RUN = "AZUREML_ROOT_RUN_ID"  # on Azure ML the model is an output of the pipeline's job, not of the step's


def commit_facts(folder: Path = Path()) -> dict[str, str]:
    """The commit and whether files differ from it. `unknown` outside a Git repository, and before its first commit."""
    commit = ask("rev-parse", "HEAD", folder=folder)
    if commit is None:
        return {"commit": "unknown", "dirty": "unknown"}
    status = ask("status", "--porcelain", "-z", ".", folder=folder) or ""  # -z quotes no name
    differing = [line for line in status.split("\0") if line]
    changed_lock = f" M {ask('rev-parse', '--show-prefix', folder=folder)}uv.lock"
    same = differing == [changed_lock] and has_the_committed_versions(folder / "uv.lock")
    return {"commit": commit, "dirty": "false" if same or not differing else "true"}


def has_the_committed_versions(lock: Path) -> bool:
    """Whether that lock file differs from the commit's in addresses alone, as where uv has just put them in."""
    committed = ask("show", f"HEAD:./{lock.name}", folder=lock.parent) or ""
    try:
        return locked_versions(committed) == locked_versions(read_text(lock, "lock it again"))
    except (UserError, ValueError, KeyError, TypeError):
        return False


def locked_versions(lock: str) -> set[tuple[str, str]]:
    """Name and version of every package from an index. ValueError, KeyError or TypeError when it is no lock file."""
    packages = tomllib.loads(lock)["package"]
    return {(each["name"], each["version"]) for each in packages if "registry" in each["source"]}


def ci_run_url(environment: dict[str, str] | None = None) -> str:
    """The page of the CI run that this process belongs to; `none` on a laptop."""
    values = dict(os.environ) if environment is None else environment
    if values.get("GITHUB_ACTIONS") == "true":
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(values)
    if values.get("TF_BUILD"):
        return "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}".format_map(values)
    return "none"


def who_runs() -> str:
    """Who runs this process, for others to read: the CI run's page, or the user and the machine."""
    url = ci_run_url()
    return f"{getpass.getuser()} on {platform.node()}" if url == "none" else url


def for_a_job() -> dict[str, str]:
    """What a job on another machine cannot find out by itself, as environment variables for it."""
    return {VARIABLES[name]: value for name, value in origin().items()}


def origin() -> dict[str, str]:
    """Commit, dirty flag, CI run and version of the template: as told by the environment, else as found here."""
    if all(variable in os.environ for variable in VARIABLES.values()):
        return {name: os.environ[variable] for name, variable in VARIABLES.items()}
    return {**commit_facts(), "ci_run": ci_run_url(), "template_version": version()}


def training_lineage(split: Mapping[str, Any], run_id: str) -> dict[str, str]:
    """What a model is made from, as flat text, fit for tags. `split` is what split_data wrote into split.json."""
    return {
        "run_id": os.environ.get(PIPELINE_RUN, run_id),
        **origin(),
        "data_hash": split["data_hash"],
        "train_rows": str(split["train"]["rows"]),
        **{f"{part}_to": split[part]["to"] for part in ("train", "test") if "to" in split[part]},
        "python": platform.python_version(),
    }


def description(path: Path = Path("pyproject.toml")) -> str:
    """What the project is for, in its own words; nothing where it does not say."""
    try:
        return str(tomllib.loads(read_text(path, "take it from Git"))["project"]["description"])
    except (UserError, ValueError, KeyError, TypeError):
        return ""
