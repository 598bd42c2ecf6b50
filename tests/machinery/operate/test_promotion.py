"""Changes of a manifest's version: that one word, the versions of its history, and nothing half done."""

import json
from pathlib import Path

import pytest
import yaml
from hosted import NOBODY, commit, git, write
from hypothesis import given
from hypothesis import strategies as st

from mlops import UserError
from mlops.ci import Proposal
from mlops.operate.promotion import change, with_named
from mlops.repo.history import Named, named, pinned

PATH = Path("environments") / "staging.yml"
ONE, TWO = "1" * 63 + "f", "2" * 63 + "e"


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
    changed = with_named(text, Named(None if after == "null" else after), PATH)
    assert changed == text.replace(f"\n  version: {before}\n", f"\n  version: {after}\n")


@pytest.mark.parametrize("text", ["", "model:\n", "model: 7\n", "model: {name: flights}\n", "version: 7\n", "[broken"])
def test_a_manifest_without_a_version_of_its_own_is_refused(text):
    with pytest.raises(UserError, match=r"staging\.yml: has no model\.version of its own"):
        with_named(text, Named(8), PATH)


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
    assert [each.version for each in named(PATH)] == [9, 10, 9, None]


def test_a_version_has_every_hash_that_a_manifest_ever_gave_it(repository):
    production = PATH.with_name("production.yml")
    for path, version, digest in ((PATH, 1, ONE), (PATH, 1, TWO), (PATH, 2, ONE), (production, 3, ONE)):
        write(path, f"model: {{version: {version}, hash: {digest}}}\n")
        commit("promote")
    write(production, f"model: {{version: 4, hash: {TWO}}}\n")
    assert [pinned(version) for version in (1, 2, 3, 4, 5)] == [{ONE, TWO}, {ONE}, {ONE}, {TWO}, set()]


@pytest.mark.parametrize(
    "text",
    [
        "model:\n  name: flights\n  version: 7  # kept\nendpoint: {port: 1}\n",
        "model:\n    version: 7\n    name: flights",
        "model: {name: flights, version: 7}\n",
        "model: {version: 7, name: flights, unverified: old}  # kept\nrollout: {bake: 1s}\n",
        'model:\n  version: 7\n  hash: "0"\n  name: flights\n',
    ],
)
def test_hash_and_reason_are_written_beside_the_version_and_taken_back(text):
    known = yaml.safe_load(text)
    changed = with_named(text, Named(8, ONE, "hotfix: no data yet # really"), PATH)
    said = {"version": 8, "hash": ONE, "unverified": "hotfix: no data yet # really"}
    assert yaml.safe_load(changed) == known | {"model": known["model"] | said}
    assert [line for line in text.splitlines() if "kept" in line] in (
        [],
        [
            line.replace("version: 8", "version: 7")
            .replace(f', hash: "{ONE}"', "")
            .replace(json.dumps(said["unverified"]), "old")
            for line in changed.splitlines()
            if "kept" in line
        ],
    )
    again = yaml.safe_load(with_named(changed, Named(9), PATH))
    assert again["model"] == {"name": "flights", "version": 9, "hash": None, "unverified": None}


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
        change(Refusing(), Proposal("branch", "title", "body", [path]), Named(8), commit=commit)
    assert path.read_text(encoding="utf-8") == "model: {version: 7}"
