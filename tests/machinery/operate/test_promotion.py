"""Changes of a manifest's version: that one word, the versions of its history, and nothing half done."""

from pathlib import Path

import pytest
from hosted import NOBODY, commit, git, write
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.ci import Proposal
from mlops.operate.promotion import change, versions_named, with_version

PATH = Path("environments") / "staging.yml"


@given(
    before=st.integers(1, 10**6) | st.none(),
    after=st.integers(1, 10**6) | st.none(),
    comment=st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=30),
    model_first=st.booleans(),
)
def test_nothing_but_the_version_changes(before, after, comment, model_first):
    before, after = ("null" if version is None else version for version in (before, after))
    model = f"model:\n  name: 'a b'  # {comment}\n  version: {before}\n"
    other = f"# top {comment}\nendpoint: {{name: x, version: 1}}  # kept\n\nrollout:\n  steps: [10,   100]\n"
    text = model + other if model_first else other + model
    changed = with_version(text, None if after == "null" else after, PATH)
    assert changed == text.replace(f"\n  version: {before}\n", f"\n  version: {after}\n")


@pytest.mark.parametrize("text", ["", "model:\n", "model: 7\n", "model: {name: flights}\n", "version: 7\n", "[broken"])
def test_a_manifest_without_a_version_of_its_own_is_refused(text):
    with pytest.raises(UserError, match=r"staging\.yml: has no model\.version of its own"):
        with_version(text, 8, PATH)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch", "main")


def test_the_history_names_versions_newest_first_and_what_was_broken_once_does_no_harm(repository):
    texts = [
        "model: {version: null}",
        "model: {version: 9}",
        "<<<<<<< HEAD\nmodel: [",
        "model: 7",
        "model: {version: 2013-13-45}",
        "model: {version: 0x1}",
        "model: {version: seven}",
        "[" * 1000,
        "model: {version: 10}",
    ]
    for text in texts:
        write(PATH, text)
        commit("change")
    PATH.unlink()
    commit("gone for a while")
    write(PATH, "model:\n  version: 9\n")
    commit("back")
    assert versions_named(PATH) == [9, 10, 9, None]


class Refusing:
    """A host that accepts nothing; it shows what it was asked."""

    def propose(self, proposal):
        raise UserError(f"no to {proposal.paths[0].read_text(encoding='utf-8')}")

    def publish(self, title, paths, starts):
        raise UserError(f"no to {paths[0].read_text(encoding='utf-8')}, {starts}")


@pytest.mark.parametrize(("commit", "asked"), [(False, r"no to model: \{version: 8\}$"), (True, r"8\}, deploy$")])
def test_a_refusal_leaves_the_file_as_it_was(tmp_path, commit, asked):
    path = tmp_path / "staging.yml"
    path.write_text("model: {version: 7}", encoding="utf-8")
    with pytest.raises(UserError, match=asked):
        change(Refusing(), Proposal("branch", "title", "body", [path]), 8, commit=commit)
    assert path.read_text(encoding="utf-8") == "model: {version: 7}"
