"""The local state in a branch: all of it comes back elsewhere, no key goes out, and no run undoes another's."""

import pytest
from hosted import NOBODY, git, write
from tracked import contents, log_run, tracked

from mlops import UserError
from mlops.platform.local.endpoint_state import EndpointState, Slot, read_state, write_state
from mlops.platform.local.models import LocalModels
from mlops.platform.local.records import RECORDS_FILE, Recorder, Request, rows_since
from mlops.platform.local.rehearsal import BRANCH, restore, save
from mlops.platform.tracking import artefacts
from mlops.repo.git import Account

RUN = Account("a run", "run@example.org", "", "")
REQUEST = Request(1.5, "blue", 1, "live", 200, 3.5, b"{}", b"[]")
KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A bare repository."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    git("init", "--quiet", "--bare", str(tmp_path / "flights.git"))
    return tmp_path / "flights.git"


@pytest.fixture
def runner(remote, tmp_path, monkeypatch):
    """Starts a runner of that name: the current folder is a fresh checkout; its `.mlops`."""

    def start(name):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        git("init", "--quiet")
        git("remote", "add", "origin", str(remote))
        return tmp_path / name / ".mlops"

    return start


@pytest.fixture
def saved(runner, tmp_path_factory, remote):
    """The `.mlops` of a runner that has registered a version, made an endpoint and saved."""
    root = runner("first")
    restore(root, RUN)
    (root / "restored").rename(root.parent / "restored")
    root.rmdir()
    tracked(tmp_path_factory, root.parent)
    (root.parent / "restored").rename(root / "restored")
    slot = Slot(model="flights", version=1, port=1, state="ready")
    tags = {"rejected-flights-2": "slow"}
    write_state(root / "endpoints/x", EndpointState(port=8101, key=KEY, tags=tags, deployments={"blue": slot}))
    for name in ("endpoints/x/deployments/blue/model.pkl", "endpoints/x/logs/blue.log", "endpoints/x.lock", "cache/a"):
        write(root / name, "made anew")
    recorder = Recorder(root / "endpoints/x" / RECORDS_FILE)
    recorder.add(REQUEST)
    recorder.flush().result()
    save(root, RUN)  # while the router is there, as in a run
    recorder.close()
    return root


def newest(remote):
    return git("rev-parse", BRANCH, folder=remote)


def small_state(root, text):
    """A state that is quick to make."""
    write(root / "mlflow.db", text)


def test_the_first_rehearsal_finds_nothing(runner):
    root = runner("first")
    assert restore(root, RUN) is False
    assert [path.name for path in root.iterdir()] == ["restored"]


def test_elsewhere_a_version_downloads_whole_and_training_goes_on(saved, runner, tmp_path):
    root = runner("second")
    assert restore(root, RUN) is True
    there = LocalModels(root).download("flights", 1, tmp_path / "downloaded")
    assert contents(there) == contents(next(saved.rglob("artifacts/*/artifacts/model"))), "not a byte of it differs"
    address, run_id = log_run(root.parent)
    assert address.startswith(artefacts(root).as_uri())
    assert LocalModels(root).register("flights", run_id, {}).version == 2
    save(root, RUN)


def test_an_endpoint_comes_back_with_its_memory_and_a_new_key(saved, runner):
    before = read_state(saved / "endpoints/x")
    root = runner("second")
    restore(root, RUN)
    after = read_state(root / "endpoints/x")
    assert len(after.key) > 20 and after.key != KEY and after.changed(key=KEY) == before
    assert before.key == KEY, "the one that saved keeps its own"
    names = {name for name in contents(root) if name.startswith("endpoints") or name.startswith("cache")}
    assert names == {"endpoints/x/endpoint.json", f"endpoints/x/{RECORDS_FILE}"}
    assert rows_since(root / "endpoints/x" / RECORDS_FILE, "*", 0, "TRUE") == [REQUEST]


def test_no_key_is_in_the_branch(saved, remote, tmp_path):
    listed = git("ls-tree", "-r", "--name-only", BRANCH, folder=remote).splitlines()
    assert "endpoints/x/endpoint.json" in listed
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "seen"), BRANCH, folder=remote)
    assert not [name for name, content in contents(tmp_path / "seen").items() if KEY.encode() in content]


def test_the_branch_has_no_history_and_the_working_folder_does_not_notice(saved, remote, runner):
    before = git("status", "--porcelain", folder=saved.parent)
    small_state(saved, "changed")
    first = newest(remote)
    save(saved, RUN)
    assert newest(remote) != first
    assert git("rev-list", "--count", BRANCH, folder=remote) == "1"
    assert git("log", "-1", "--format=%an %ae", BRANCH, folder=remote) == "a run run@example.org"
    assert git("status", "--porcelain", folder=saved.parent) == before


def test_who_did_not_restore_the_newest_state_is_refused_in_one_line(runner, remote):
    first, second = runner("first"), runner("second")
    for root in (first, second):
        restore(root, RUN)
        small_state(root, root.parent.name)
    save(second, RUN)
    kept = newest(remote)
    for _ in ("refused", "and again"):
        with pytest.raises(UserError, match=f"^{BRANCH}: another run has saved its state meanwhile") as refused:
            save(first, RUN)
        assert "\n" not in str(refused.value)
    assert newest(remote) == kept
    save(second, RUN)


def test_who_never_restored_is_refused_where_there_is_a_state(runner, remote):
    for name in ("first", "second"):
        small_state(runner(name), name)
    first = remote.parent / "first" / ".mlops"
    save(first, RUN)
    kept = newest(remote)
    with pytest.raises(UserError, match="another run has saved"):
        save(remote.parent / "second" / ".mlops", RUN)
    assert newest(remote) == kept


def test_a_state_is_never_overwritten_by_an_older_one(runner):
    root = runner("first")
    small_state(root, "first")
    save(root, RUN)
    small_state(root, "not saved yet")
    with pytest.raises(UserError, match="holds a state already, which would be lost"):
        restore(root, RUN)
    assert (root / "mlflow.db").read_text(encoding="utf-8") == "not saved yet"


def test_a_failed_save_leaves_the_branch_as_it_was_and_says_why(runner, remote):
    root = runner("first")
    small_state(root, "first")
    save(root, RUN)
    kept = newest(remote)
    hook = remote / "hooks/pre-receive"
    write(hook, "#!/bin/sh\necho the disk is full >&2\nexit 1\n")
    hook.chmod(0o755)
    small_state(root, "second")
    with pytest.raises(UserError, match=r"^git refused the push: .*the disk is full"):
        save(root, RUN)
    assert newest(remote) == kept
    hook.unlink()
    save(root, RUN)
    assert newest(remote) != kept, "and the next one succeeds"
