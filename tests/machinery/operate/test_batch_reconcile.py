"""`apply` for a batch endpoint in memory: what is checked before a version scores, and what is said."""

import shutil

import pytest
from batched import SERVING
from contract.memory import MemoryBatches
from hosted import PASSED
from rolled import manifest
from versioned import Versions, save_versions, write_probe

from mlops import TamperedError, UserError
from mlops.operate.batch import BatchReconciler
from mlops.operate.reconcile import Reconciler
from mlops.platform import Platform
from mlops.platform.local.batches import LocalBatches
from mlops.settings.environments import BatchSettings

NAME = "flights-batch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_versions(tmp_path_factory.mktemp("versions"))


@pytest.fixture
def platform(folder):
    models = Versions(folder)
    return Platform("memory", models, None, None, batches=MemoryBatches(models, SERVING))


def reconciler(platform, version, **rules):
    wanted = manifest(version, **rules).model_copy(update={"batch": BatchSettings(endpoint=NAME)})
    return BatchReconciler(Reconciler(platform, wanted, "the test"), 0.5)


def test_a_version_is_probed_compared_and_made_the_default(platform, capsys):
    assert reconciler(platform, 1).run().promoted
    said = capsys.readouterr().out
    assert "probe blue: the answers agree with the offline scores" in said and "beside" not in said
    assert reconciler(platform, 2).run().why == "flights:2 scores by default, from green"
    said = capsys.readouterr().out
    assert f"{NAME}: beside blue, which scores now: 0% of 2 answers changed; they are" in said
    observed = platform.batches.observe(NAME)
    assert observed.default == "green" and {*observed.deployments} == {"blue", "green"}
    assert reconciler(platform, 2).run().promoted and capsys.readouterr().out == ""


def test_to_revert_is_to_make_the_one_before_the_default_again(platform, capsys):
    for version in (1, 2, 1):
        assert reconciler(platform, version).run().promoted
    assert platform.batches.observe(NAME).default == "blue"
    assert capsys.readouterr().out.count("deploy flights:1") == 1


def test_what_does_not_answer_as_it_did_offline_never_scores(platform, folder, capsys):
    assert reconciler(platform, 1).run().promoted
    kept = (folder / "2/probe.json").read_text(encoding="utf-8")
    write_probe(folder / "2", shift=0.01)
    try:
        done = reconciler(platform, 2).run()
    finally:
        (folder / "2/probe.json").write_text(kept, encoding="utf-8")
    assert not done.promoted and "2 of 2 scores differ from the offline ones" in done.why
    assert platform.batches.observe(NAME).default == "blue"


def test_what_is_odd_beside_the_default_never_scores(platform):
    assert reconciler(platform, 1).run().promoted
    done = reconciler(platform, 2, max_disagreement=1e-9).run()
    assert not done.promoted and "apart from stable's" in done.why


def test_a_version_that_cannot_score_the_sample_never_scores(platform, monkeypatch):
    def failing(*_):
        raise UserError("nothing was scored, as its worker ended: KeyError")

    monkeypatch.setattr(platform.batches, "score", failing)
    done = reconciler(platform, 1).run()
    assert not done.promoted and "nothing was scored, as its worker ended: KeyError" in done.why
    assert platform.batches.observe(NAME).default is None


@pytest.mark.parametrize("missing", ["verdict", "model_hash", "commit"])
def test_a_version_without_a_pass_is_refused_before_anything_is_changed(platform, missing):
    platform.models.tags = {key: value for key, value in PASSED.items() if key != missing}
    with pytest.raises(TamperedError, match=r"^model flights:1: it.*--unverified"):
        reconciler(platform, 1).run()
    assert platform.batches.observe(NAME) is None


@pytest.mark.parametrize("registered", [True, False])
def test_in_a_fresh_place_the_default_is_put_back_where_it_can_be(folder, tmp_path, capsys, registered):
    """As in CI, which carries what scores by default, and not its files."""
    there = tmp_path / "versions"
    shutil.copytree(folder, there)
    platform, endpoint = local_platform(tmp_path, there), tmp_path / ".mlops/batch" / NAME
    assert reconciler(platform, 1).run().promoted
    shutil.rmtree(endpoint / "deployments")
    if not registered:
        shutil.rmtree(there / "1")
    capsys.readouterr()
    assert reconciler(platform, 2).run().promoted
    said = capsys.readouterr().out
    assert ("beside blue, which scores now: 0% of 2 answers changed" in said) == registered
    assert ("flights:1 cannot be put back: " in said) != registered


def local_platform(folder, versions):
    """The local platform for batches alone, in that folder."""
    shutil.copytree(SERVING, folder / "serving", dirs_exist_ok=True)
    models = Versions(versions)
    batches = LocalBatches(folder / ".mlops", models, BatchSettings(endpoint=NAME))
    return Platform("memory", models, None, None, batches=batches)


def test_another_run_holds_it(platform):
    with platform.batches.lease(NAME, "another run"), pytest.raises(UserError, match="rolled out by another run"):
        reconciler(platform, 1).run()


def test_without_a_version_there_is_nothing_to_do(platform):
    assert reconciler(platform, None).run().why == "the manifest names no version yet; nothing to score with"
    assert platform.batches.observe(NAME) is None
