"""The served model describes itself: a kept validator finds no fault, a client made of the document asks it.

And Schemathesis asks what the document allows and what it forbids; with as many cases as one likes, of an endpoint that
serves: `st run --header "Authorization: Bearer KEY" --url http://127.0.0.1:PORT openapi.json --max-examples 2000`.
"""

import importlib
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from looped import ENDPOINT, Looped
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from conftest import Render

CLIENT = "endpoint_client"
CASES = 150
AS_SAID = [
    not_a_server_error,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def served(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """A project whose first model is in production."""
    project = Looped(render(tmp_path_factory.mktemp("served")).folder)
    project.install()
    project.git("config", "user.name", "test")
    project.git("config", "user.email", "test@example.org")
    for command in (
        ["run_pipeline"],
        ["register"],
        ["promote", "production", "--version", "1"],
        ["apply", "production"],
    ):
        project.command(*command)
    yield project
    project.command("stop")


@pytest.fixture(scope="module")
def address(served: Looped) -> tuple[str, str]:
    """URL and key."""
    state = served.read(f".mlops/endpoints/{ENDPOINT}/endpoint.json")
    return f"http://127.0.0.1:{state['port']}", state["key"]


@pytest.fixture(scope="module")
def document(address: tuple[str, str]) -> dict[str, Any]:
    url, key = address
    question = urllib.request.Request(f"{url}/swagger.json?version=3", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(question, timeout=300) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def client(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that a generator makes of the document."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "settings.yml").write_text("post_hooks: []\n", encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(folder / "openapi.json")]
    command += ["--meta", "none", "--config", str(folder / "settings.yml"), "--output-path", str(folder / CLIENT)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and "WARN" not in done.stdout + done.stderr, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        importlib.import_module(f"{CLIENT}.api.default.score")
        yield importlib.import_module(CLIENT)


@pytest.fixture
def probe(served: Looped) -> tuple[list[dict[str, Any]], dict[str, Any], list[float]]:
    """The probe's rows, one by one and as a table, and their scores."""
    found = served.read("out/model/probe.json")
    table = found["request"]["input_data"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]], table, found["answer"]["scores"]


def test_the_document_is_sound(document: dict[str, Any]) -> None:
    validate(document)
    assert list(document["paths"]) == ["/score"]


def test_a_client_made_of_it_asks_in_every_form(client: ModuleType, address: tuple[str, str], probe: Any) -> None:
    (url, key), (rows, table, scores) = address, probe
    endpoint, models = client.AuthenticatedClient(base_url=url, token=key), client.models
    forms = {
        "InputData": {"input_data": table},
        "DataframeSplit": {"dataframe_split": table},
        "DataframeRecords": {"dataframe_records": rows},
        "Inputs": {"inputs": {name: [row[name] for row in rows] for name in table["columns"]}},
    }
    for name, form in forms.items():
        answer = client.api.default.score.sync(client=endpoint, body=getattr(models, name).from_dict(form))
        assert answer.scores == pytest.approx(scores, abs=1e-6), name
    one = client.api.default.score.sync(client=endpoint, body=models.Row.from_dict(rows[0]))
    assert one.scores == pytest.approx(scores[:1], abs=1e-6)


def test_its_mistakes_are_told_as_the_document_says(client: ModuleType, address: tuple[str, str], probe: Any) -> None:
    row = client.models.Row.from_dict(probe[0][0] | {"distance": "far"})
    endpoint = client.AuthenticatedClient(base_url=address[0], token=address[1])
    answer = client.api.default.score.sync(client=endpoint, body=row)
    assert answer.error == "column 'distance': row 0 must be a number or null, got 'far'"


@pytest.mark.parametrize("mode", [*GenerationMode], ids=lambda mode: mode.value)
def test_whatever_is_sent_is_answered_as_the_document_says(
    document: dict[str, Any], address: tuple[str, str], mode: GenerationMode
) -> None:
    """What it allows, and what it forbids. Of times it knows no more than that they are text, so that most is 400."""
    url, key = address
    score, statuses = schemathesis.openapi.from_dict(document)["/score"]["POST"], Counter[int]()

    @settings(max_examples=CASES, suppress_health_check=[*HealthCheck])
    @given(score.as_strategy(mode))
    def ask(case: Case) -> None:
        answer = case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {key}"}, checks=AS_SAID)
        statuses[answer.status_code] += 1

    ask()
    assert 400 in statuses and statuses.keys() <= {200, 400, 401}, "401: it may spoil the key, too"
