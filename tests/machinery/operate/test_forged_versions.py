"""A version made by hand, with the tags and the hash of one that passed: `apply` asks how it came to be."""

import json

import pytest
from hosted import PASSED
from reconciled import reconciler, with_model
from rolled import serving

from mlops import TamperedError, UserError
from mlops.data.provenance import write_provenance
from mlops.data.sbom import SBOM_FILE, write_sbom

PROBE = {"request": {"input_data": {"columns": ["a"], "data": [[1], [2]]}}, "scores": [0.1, 0.2]}


@pytest.fixture
def rollout(tmp_path, monkeypatch):
    """A rollout of version 2, which its manifest names with its hash; `made` is the model folder that it downloads."""
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "made"
    requirements = tmp_path / "serving/image/requirements.txt"
    requirements.parent.mkdir(parents=True)
    requirements.write_text("numpy==2.4.6\n", encoding="utf-8")
    made.mkdir()
    (made / "probe.json").write_text(json.dumps(PROBE), encoding="utf-8")
    write_sbom({"numpy": "2.4.6"}, made / SBOM_FILE)
    write_provenance(made, PASSED, requirements)
    rollout = reconciler(serving(1))
    rollout.manifest = with_model(rollout.manifest, hash=PASSED["model_hash"])
    rollout.platform.models.download = lambda name, version, to: made.rename(to)
    rollout.made = made
    return rollout


def test_a_version_that_tells_how_it_came_to_be_is_rolled_out(rollout, capsys):
    assert rollout.run().promoted
    assert "another package" not in capsys.readouterr().out


def test_one_that_does_not_is_refused_before_anything_is_changed(rollout):
    (rollout.made / "provenance.json").unlink()
    with pytest.raises(TamperedError, match=r"^model flights:2: it has no provenance\.json; .*--unverified"):
        rollout.run()
    assert rollout.platform.endpoints.written == 0


@pytest.mark.parametrize("name", ["probe.json", "sbom.cdx.json", "code.py"])
def test_files_of_another_model_are_refused(rollout, name):
    (rollout.made / name).write_text("{}", encoding="utf-8")
    with pytest.raises(TamperedError, match=rf"flights:2: provenance\.json is not about its {name}"):
        rollout.run()
    assert rollout.platform.endpoints.written == 0


@pytest.mark.parametrize("key", ["commit", "data_hash", "run_id"])
def test_the_lineage_of_another_is_refused(rollout, key):
    rollout.platform.models.tags = PASSED | {key: "0ther"}
    with pytest.raises(TamperedError, match=rf"provenance\.json says {key} {PASSED[key]}, and its lineage 0ther"):
        rollout.run()


def test_what_is_no_statement_is_one_line(rollout):
    (rollout.made / "provenance.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match=r"provenance\.json: "):
        rollout.run()


def test_a_reason_lets_it_in_for_all_to_see(rollout, capsys):
    (rollout.made / "provenance.json").unlink()
    rollout.manifest = with_model(rollout.manifest, unverified="the vendor's")
    assert rollout.run().promoted
    assert "unverified: the vendor's" in capsys.readouterr().out


def test_a_version_of_before_hashes_were_kept_in_git_needs_none(rollout):
    (rollout.made / "provenance.json").unlink()
    rollout.manifest = with_model(rollout.manifest, hash=None)
    assert rollout.run().promoted


def test_other_packages_than_it_was_tried_with_are_said(rollout, tmp_path, capsys):
    (tmp_path / "serving/image/requirements.txt").write_text("numpy==2.5.0\n", encoding="utf-8")
    assert rollout.run().promoted
    assert "flights:2 was tried with another package: numpy 2.4.6 -> 2.5.0" in capsys.readouterr().out
