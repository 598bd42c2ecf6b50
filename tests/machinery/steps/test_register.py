"""Only a PASS for exactly this model, logged by exactly this run, is registered; and once."""

import json

import pytest
from artefacts import LINEAGE, verdict

from mlops.data.files import hash_folder, write_json
from mlops.platform import ModelVersion, Platform
from steps import register


class Registry:
    """A registry whose run logged the model folder as it was at first."""

    def __init__(self, model):
        self.logged = {path.name: path.read_bytes() for path in model.iterdir()}
        self.made = []

    def versions(self, name):
        return self.made

    def logged_model(self, run_id, to):
        to.mkdir()
        for name, content in self.logged.items():
            (to / name).write_bytes(content)
        return to

    def register(self, name, run_id, tags):
        self.made.append(ModelVersion(name, len(self.made) + 1, run_id, tags))
        return self.made[-1]


@pytest.fixture
def registry(project, monkeypatch):
    """A trained model with a PASS, and the registry that it may go to."""
    write_json(project / "out/model/lineage.json", LINEAGE)
    (project / "out/model/model.pkl").write_bytes(b"pickle")
    model_hash = hash_folder(project / "out/model")
    write_json(project / "out/gate/verdict.json", verdict(model_hash=model_hash))
    registry = Registry(project / "out/model")
    monkeypatch.setattr(register, "open_platform", lambda manifest: Platform("local", registry, None, None))
    return registry


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def test_a_pass_makes_a_version_with_its_lineage(registry, project):
    assert register.main([]) == 0
    [version] = registry.made
    assert version.run_id == "r1"
    expected = {"commit": "c0ffee", "data_hash": "d", "verdict": "PASS", "test_auc": "0.7"}
    assert expected.items() <= version.tags.items()
    assert version.tags["model_hash"] == hash_folder(project / "out/model")


def test_the_same_model_twice_is_one_version(registry, capsys):
    register.main([])
    assert register.main([]) == 0
    assert len(registry.made) == 1
    assert "flights:1 was registered before" in capsys.readouterr().out


def test_a_version_made_before_its_hash_had_this_name_is_known(registry, project):
    old = ModelVersion("flights", 1, "r1", {"artefact": hash_folder(project / "out/model")})
    registry.made.append(old)
    assert register.main([]) == 0
    assert registry.made == [old]


@pytest.mark.parametrize("status", ["FAIL", "INSUFFICIENT", "pass", ""])
def test_without_a_pass_nothing_is_registered(registry, project, status):
    change(project / "out/gate/verdict.json", status=status)
    assert register.main([]) == 1
    assert registry.made == []


def test_a_pass_of_another_model_does_not_count(registry, project):
    change(project / "out/gate/verdict.json", model_hash="another")
    assert register.main([]) == 1
    assert registry.made == []


def test_a_model_changed_after_its_verdict_is_refused(registry, project):
    (project / "out/model/model.pkl").write_bytes(b"swapped")
    assert register.main([]) == 1
    assert registry.made == []


def test_a_run_that_logged_something_else_is_refused(registry, capsys):
    registry.logged["model.pkl"] = b"swapped"
    assert register.main([]) == 1
    assert registry.made == []
    assert "the training run logged another model" in capsys.readouterr().err
