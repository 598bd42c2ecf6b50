"""The contract suite of the platforms on Azure ML: the tests that the other platforms pass, through the stand-in.

It is no live pass: docs/live.md says what only a workspace can show.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import measured
import pytest
from looped import Looped

from conftest import MACHINERY, Project
from standin import StandIn
from standin.hosts import of_a_job

OPTIONS = ("-k", "azureml and not test_batches", "-rA", "-p", "no:cacheprovider")  # it scores no files yet
SUITE = ("-c", str(MACHINERY / "pytest.ini"), str(MACHINERY / "contract"), *OPTIONS)
WORKSPACE = {"LIVE_RESOURCE_GROUP": "flight-delays", "LIVE_WORKSPACE": "flight-delays"}
SAID = re.compile(r"(\d+) (passed|failed|skipped|errors?)")
TOKEN = re.compile(rb"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|[?&]sig=[\w%]{10,}")  # Entra's, and a blob's signed address


@dataclass
class Played:
    """A run of the suite: its exit code, all that it printed, the files that it left, and Azure as it was then."""

    code: int
    printed: str
    left: Path
    azure: StandIn


@pytest.fixture(scope="module")
def played(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    project, left = Looped(installed.folder), tmp_path_factory.mktemp("left") / "base"
    images = tmp_path_factory.getbasetemp().parent / "azure-images"  # of all workers
    with StandIn(tmp_path_factory.mktemp("azure"), images=images) as azure:
        done = subprocess.run(
            [project.python, *measured.command(measured.AZURE), *SUITE, f"--basetemp={left}"],
            cwd=project.folder,
            env={**project.variables(), **azure.environment, **of_a_job(installed.folder), **WORKSPACE},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        yield Played(done.returncode, done.stdout, left, azure)


def test_it_passes_and_skips_nothing(played: Played) -> None:
    assert played.code == 0, played.printed
    [(count, outcome)] = SAID.findall(played.printed.splitlines()[-1])
    assert outcome == "passed" and int(count) >= 25
    assert played.azure.cloud.scored, "the models were asked"


def test_every_request_keeps_to_azures_contracts(played: Played) -> None:
    played.azure.check()


def test_no_client_of_mlflow_3_was_at_work(played: Played) -> None:
    assert [each.path for each in played.azure.log if "logged-models" in each.path] == []


def test_it_cleans_up_after_itself(played: Played) -> None:
    assert [name for name in played.azure.cloud.resources if "/onlineendpoints/" in name] == []


def test_no_secret_is_printed_or_left_in_a_file(played: Played) -> None:
    kept = [played.left, *(played.azure.cloud.folder / name for name in ("blobs", "deployments"))]
    texts = {str(path): path.read_bytes() for folder in kept for path in folder.rglob("*") if path.is_file()}
    assert [path for path in texts if path.endswith("log.txt")], "the deployments left their logs"
    secrets = [secret.encode() for secret in played.azure.cloud.secrets.values()]
    assert len(secrets) >= 3, "at least what signs tokens, and an endpoint's two keys"
    for name, text in {**texts, "the output": played.printed.encode()}.items():
        assert not [secret for secret in secrets if secret in text], name
        assert not TOKEN.search(text), name
