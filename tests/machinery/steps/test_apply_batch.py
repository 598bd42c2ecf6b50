"""What scores files follows what serves: `apply`, `plan` and `status` of an environment with a batch endpoint."""

from pathlib import Path

import pytest
from batched import SERVING
from contract.memory import MemoryBatches
from reconciled import Endpoints
from rolled import serving
from versioned import Versions, save_versions

from conftest import edit
from mlops.commands import status
from mlops.decide.rollout import rejection_tag
from mlops.platform import Platform
from mlops.settings.environments import load_manifest
from steps import apply, plan

STAGING, NAME = Path("environments/staging.yml"), "flights-staging-batch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_versions(tmp_path_factory.mktemp("versions"))


@pytest.fixture
def platform(project, folder, monkeypatch):
    """Staging names version 1, which serves, and has a batch endpoint that is not there yet."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    edit(STAGING, "version: null ", "version: 1 ")
    with STAGING.open("a", encoding="utf-8") as file:
        file.write(f"batch: {{endpoint: {NAME}}}\n")
    models = Versions(folder)
    made = Platform("memory", models, Endpoints(serving(1)), None, batches=MemoryBatches(models, SERVING))
    for module in (apply, plan, status):
        monkeypatch.setattr(module, "open_platform", lambda manifest: made)
    monkeypatch.setattr(plan, "check_registered", lambda manifest: None)
    monkeypatch.setattr(Endpoints, "url", lambda self, endpoint: "memory://", raising=False)
    return made


def test_what_serves_comes_to_score_by_default(platform, capsys):
    assert plan.main(["staging"]) == 1
    assert f"  + batch endpoint {NAME}\n  + flights:1 scores by default\n" in capsys.readouterr().out
    assert apply.main(["staging"]) == 0
    assert f"{NAME}: flights:1 scores by default, from blue\n" in capsys.readouterr().out
    assert platform.batches.observe(NAME).default == "blue"
    assert plan.main(["staging"]) == 0 and "no difference" in capsys.readouterr().out
    assert apply.main(["staging"]) == 0


def test_what_was_rolled_back_does_not(platform, capsys):
    world, model = platform.endpoints.world, load_manifest("staging").model
    edit(STAGING, "version: 1 ", "version: 2 ")
    tag = rejection_tag(load_manifest("staging").model)
    world.observed.tags[tag] = "it fails"
    assert model.version == 1 and apply.main(["staging"]) == 1
    assert platform.batches.observe(NAME) is None and NAME not in capsys.readouterr().out


def test_what_does_not_score_as_it_was_trained_is_a_no(platform, capsys, monkeypatch):
    monkeypatch.setattr("mlops.operate.batch.disagreement", lambda *_: "1 of 2 scores differ from the offline ones")
    assert apply.main(["staging"]) == 1
    assert f"{NAME}: flights:1 does not score: 1 of 2 scores differ from the offline ones\n" in capsys.readouterr().out
    assert platform.batches.observe(NAME).default is None


def test_status_says_what_scores_and_that_apply_is_next(platform, capsys):
    assert status.main([]) == 0
    said = capsys.readouterr().out
    assert f"{NAME}: nothing yet\n" in said and "uv run apply staging" in said
    assert apply.main(["staging"]) == 0
    capsys.readouterr()
    assert status.main([]) == 0
    said = capsys.readouterr().out
    assert f"{NAME}: flights:1 scores files by default, ready\n" in said and "uv run apply staging" not in said
