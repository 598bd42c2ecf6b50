"""The local state in a branch: all of it comes back elsewhere, no key goes out, and no run undoes another's."""

from pathlib import Path

import pytest
from hosted import NOBODY, git, write
from tracked import contents, log_run, tracked

from mlops import UserError
from mlops.data.files import write_json
from mlops.decide.observed import Deployment, ObservedBatch
from mlops.platform.local.batch_state import BatchSlot, BatchState
from mlops.platform.local.batches import LocalBatches
from mlops.platform.local.endpoint_state import EndpointState, Slot, read_state, write_state
from mlops.platform.local.models import LocalModels
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request, rows_since
from mlops.platform.local.rehearsal import BRANCH as OLDER
from mlops.platform.local.rehearsal import branch_of, restore, save
from mlops.platform.tracking import artifacts_folder
from mlops.repo.git import Account
from mlops.settings.environments import BatchSettings

RUN = Account("a run", "run@example.org", "", "")
BRANCH = branch_of("flights")
REQUEST = Request(1.5, "blue", 1, "live", 200, 3.5, b"{}", b"[]")
KEY = "a-key-that-nobody-may-see"
KEYS = {"key": KEY, "scoring_key": "another-that-nobody-may-see"}


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A bare repository."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    git("init", "--quiet", "--bare", str(tmp_path / "flights.git"))
    return tmp_path / "flights.git"


@pytest.fixture
def runner(remote, tmp_path, monkeypatch):
    """Starts a runner of that name: the current folder is the project in a fresh checkout; its `.mlops`."""

    def start(name, below=""):
        project = tmp_path / name / below
        project.mkdir(parents=True)
        git("init", "--quiet", folder=tmp_path / name)
        git("remote", "add", "origin", str(remote), folder=tmp_path / name)
        monkeypatch.chdir(project)
        return project / ".mlops"

    return start


@pytest.fixture
def saved(runner, tmp_path_factory, remote):
    """The `.mlops` of a runner that has registered a version, made an endpoint and saved."""
    root = runner("first")
    restore(root, BRANCH, RUN)
    (root / "restored").rename(root.parent / "restored")
    root.rmdir()
    tracked(tmp_path_factory, root.parent)
    (root.parent / "restored").rename(root / "restored")
    slot = Slot(model="flights", version=1, port=1, state="ready")
    tags = {"rejected-flights-2": "slow"}
    write_state(root / "endpoints/x", EndpointState(port=8101, **KEYS, tags=tags, deployments={"blue": slot}))
    for name in ("endpoints/x/deployments/blue/model.pkl", "endpoints/x/logs/blue.log", "endpoints/x.lock", "cache/a"):
        write(root / name, "made anew")
    batch = BatchState(deployments={"blue": BatchSlot(model="flights", version=1)}, default="blue")
    write_json(root / "batch/y/batch.json", batch.model_dump())
    write(root / "batch/y/deployments/blue/score.py", "made anew")
    recorder = Recorder(root / "endpoints/x" / RECORDS_FILE)
    recorder.add(REQUEST)
    recorder.flush().result()
    save(root, BRANCH, RUN)  # while the router is there, as in a run
    recorder.close()
    return root


def newest(remote):
    return git("rev-parse", BRANCH, folder=remote)


def test_what_scores_files_comes_back_without_its_files(saved, runner):
    root = runner("second")
    restore(root, BRANCH, RUN)
    assert {name for name in contents(root) if name.startswith("batch")} == {"batch/y/batch.json"}
    gone = ObservedBatch({"blue": Deployment("blue", "flights", 1, "failed", "its files are gone")}, "blue")
    assert LocalBatches(root, LocalModels(root), BatchSettings(endpoint="any-name")).observe("y") == gone


def small_state(root, text):
    """A state that is quick to make."""
    write(root / "mlflow.db", text)


def test_the_first_rehearsal_finds_nothing(runner):
    root = runner("first")
    assert restore(root, BRANCH, RUN) == ""
    assert [path.name for path in root.iterdir()] == ["restored"]


def test_elsewhere_a_version_downloads_whole_and_training_goes_on(saved, runner, tmp_path):
    root = runner("second")
    assert restore(root, BRANCH, RUN) == BRANCH
    (version,) = LocalModels(root).versions("flights")
    there = LocalModels(root, lambda number: {version.model_hash}).download("flights", 1, tmp_path / "downloaded")
    assert contents(there) == contents(next(saved.rglob("artifacts/*/artifacts/model"))), "not a byte of it differs"
    address, run_id = log_run(root.parent)
    assert address.startswith(artifacts_folder(root).as_uri())
    assert LocalModels(root).register("flights", run_id, {}).version == 2
    save(root, BRANCH, RUN)


def test_an_endpoint_comes_back_with_its_memory_and_a_new_key(saved, runner):
    before = read_state(saved / "endpoints/x")
    root = runner("second")
    restore(root, BRANCH, RUN)
    after = read_state(root / "endpoints/x")
    assert after.changed(**KEYS) == before
    assert min(len(after.key), len(after.scoring_key)) > 20
    assert not {after.key, after.scoring_key} & {*KEYS.values()}
    assert before.key == KEY, "the one that saved keeps its own"
    modes = {(root / "endpoints/x" / name).stat().st_mode & 0o777 for name in ("endpoint.json", RECORDS_FILE)}
    assert modes == {0o600}, "for its owner alone, as when it was made"
    names = {name for name in contents(root) if name.startswith("endpoints") or name.startswith("cache")}
    assert names == {"endpoints/x/endpoint.json", f"endpoints/x/{RECORDS_FILE}"}
    assert rows_since(root / "endpoints/x" / RECORDS_FILE, "*", 0, "TRUE") == [REQUEST]


def test_damaged_records_are_left_out_and_all_else_is_saved(saved, runner):
    (saved / "endpoints/x" / RECORDS_FILE).write_bytes(b"x" * 5000)
    save(saved, BRANCH, RUN)
    root = runner("second")
    assert restore(root, BRANCH, RUN) == BRANCH
    assert [path.name for path in (root / "endpoints/x").iterdir()] == ["endpoint.json"]


def test_no_key_is_in_the_branch(saved, remote, tmp_path):
    listed = git("ls-tree", "-r", "--name-only", BRANCH, folder=remote).splitlines()
    assert "endpoints/x/endpoint.json" in listed
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "seen"), BRANCH, folder=remote)
    assert not [name for name, content in contents(tmp_path / "seen").items() if b"nobody-may-see" in content]


def test_below_the_root_of_a_bigger_repository_all_of_it_comes_back(runner):
    root = runner("first", "models/flights")
    small_state(root, "flights")
    write(root / "artifacts/1/a", "a")
    save(root, BRANCH, RUN)
    root = runner("second", "models/flights")
    assert restore(root, BRANCH, RUN) == BRANCH
    assert {"mlflow.db": b"flights", "artifacts/1/a": b"a"}.items() <= contents(root).items()
    assert git("status", "--porcelain", ".", "..", "../..") == "?? models/"
    there = git("ls-files", "--others", folder=root.parents[2]).splitlines()
    assert all(name.startswith("models/flights/.mlops/") for name in there)


def test_two_projects_in_one_repository_have_a_branch_each(runner):
    names = ("flights", "fares")
    for name in names:
        root = runner(f"first-{name}", f"models/{name}")
        assert restore(root, branch_of(name), RUN) == ""
        small_state(root, name)
        save(root, branch_of(name), RUN)
    for name in names:
        root = runner(f"second-{name}", f"models/{name}")
        assert restore(root, branch_of(name), RUN) == branch_of(name)
        assert (root / "mlflow.db").read_text(encoding="utf-8") == name


@pytest.mark.parametrize(("below", "found"), [("", OLDER), ("models/flights", "")])
def test_a_branch_without_the_name_is_taken_up_by_the_project_that_has_the_repository_to_itself(runner, below, found):
    older = runner("older")
    small_state(older, "older")
    save(older, OLDER, RUN)
    restored = runner("first", below)
    assert restore(restored, BRANCH, RUN) == found
    small_state(restored, "newer")
    save(restored, BRANCH, RUN)
    assert restore(runner("second", below), BRANCH, RUN) == BRANCH


def test_who_failed_to_restore_cannot_overwrite_what_is_there(runner):
    small_state(runner("first"), "first")
    save(Path(".mlops"), BRANCH, RUN)
    root = runner("second")
    (root.parent / ".git/shallow.lock").write_text("", encoding="utf-8")  # Git cannot fetch
    with pytest.raises(UserError, match=r"^git refused the fetch"):
        restore(root, BRANCH, RUN)
    small_state(root, "empty")
    with pytest.raises(UserError, match="another run has saved"):
        save(root, BRANCH, RUN)


def test_the_branch_has_no_history_and_the_working_folder_does_not_notice(saved, remote, runner):
    before = git("status", "--porcelain", folder=saved.parent)
    small_state(saved, "changed")
    first = newest(remote)
    save(saved, BRANCH, RUN)
    assert newest(remote) != first
    assert git("rev-list", "--count", BRANCH, folder=remote) == "1"
    assert git("log", "-1", "--format=%an %ae", BRANCH, folder=remote) == "a run run@example.org"
    assert git("status", "--porcelain", folder=saved.parent) == before


def test_who_did_not_restore_the_newest_state_is_refused_in_one_line(runner, remote):
    first, second = runner("first"), runner("second")
    for root in (first, second):
        restore(root, BRANCH, RUN)
        small_state(root, root.parent.name)
    save(second, BRANCH, RUN)
    kept = newest(remote)
    for _ in ("refused", "and again"):
        with pytest.raises(UserError, match=f"^{BRANCH}: another run has saved its state meanwhile") as refused:
            save(first, BRANCH, RUN)
        assert "\n" not in str(refused.value)
    assert newest(remote) == kept
    save(second, BRANCH, RUN)


def test_who_never_restored_is_refused_where_there_is_a_state(runner, remote):
    for name in ("first", "second"):
        small_state(runner(name), name)
    first = remote.parent / "first" / ".mlops"
    save(first, BRANCH, RUN)
    kept = newest(remote)
    with pytest.raises(UserError, match="another run has saved"):
        save(remote.parent / "second" / ".mlops", BRANCH, RUN)
    assert newest(remote) == kept


def test_a_state_is_never_overwritten_by_an_older_one(runner):
    root = runner("first")
    small_state(root, "first")
    save(root, BRANCH, RUN)
    small_state(root, "not saved yet")
    with pytest.raises(UserError, match="holds a state already, which would be lost"):
        restore(root, BRANCH, RUN)
    assert (root / "mlflow.db").read_text(encoding="utf-8") == "not saved yet"


def test_a_failed_save_leaves_the_branch_as_it_was_and_says_why(runner, remote):
    root = runner("first")
    small_state(root, "first")
    save(root, BRANCH, RUN)
    kept = newest(remote)
    hook = remote / "hooks/pre-receive"
    write(hook, "#!/bin/sh\necho the disk is full >&2\nexit 1\n")
    hook.chmod(0o755)
    small_state(root, "second")
    with pytest.raises(UserError, match=r"^git refused the push: .*the disk is full"):
        save(root, BRANCH, RUN)
    assert newest(remote) == kept
    hook.unlink()
    save(root, BRANCH, RUN)
    assert newest(remote) != kept, "and the next one succeeds"
