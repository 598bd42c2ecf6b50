"""The registry: versions are numbers, and each is the very model that its run logged."""

import pytest

from mlops import UserError
from mlops.data.files import hash_folder


def test_versions_rise_as_numbers_and_keep_their_tags(bench):
    models, run, name = bench.platform.models, bench.train("first"), f"{bench.name}-ten"
    assert list(models.versions(name)) == []
    made = [models.register(name, run, {"run_id": run, "turn": str(turn)}) for turn in range(1, 11)]
    there = models.versions(name)
    assert [each.version for each in made] == [each.version for each in there] == list(range(1, 11))
    assert [each.tags["turn"] for each in there] == [str(turn) for turn in range(1, 11)]
    assert {(each.name, each.run_id, each.tags["run_id"]) for each in there} == {(name, run, run)}


def test_what_is_registered_is_what_the_run_logged(bench, tmp_path):
    models, version = bench.platform.models, bench.version("first")
    for to in ("downloaded", "fetched"):
        (tmp_path / to).mkdir()
        (tmp_path / to / "stale.txt").touch()
    assert models.download(bench.name, version, tmp_path / "downloaded") == tmp_path / "downloaded"
    assert models.logged_model(bench.train("first"), tmp_path / "fetched") == tmp_path / "fetched"
    logged = hash_folder(bench.model_folder("first"))
    assert [hash_folder(tmp_path / to) for to in ("downloaded", "fetched")] == [logged, logged]


def test_a_card_is_kept_beside_the_model_once_and_is_none_of_its_content(bench, tmp_path):
    models, run = bench.platform.models, bench.train("first")
    logged = hash_folder(bench.model_folder("first"))
    addresses = []
    for text in ("first", "second"):
        (tmp_path / "card").mkdir(exist_ok=True)
        (tmp_path / "card/model_card.md").write_text(text, encoding="utf-8")
        addresses.append(models.keep_card(bench.name, run, tmp_path / "card"))
    assert addresses[0] == addresses[1] and run in addresses[0]
    assert hash_folder(models.logged_model(run, tmp_path / "model")) == logged


def test_an_unknown_version_names_those_that_there_are(bench, tmp_path):
    known = ", ".join(str(each.version) for each in bench.platform.models.versions(bench.name)) or "none"
    with pytest.raises(UserError, match=f"^model {bench.name} has no version 99; there is {known}$"):
        bench.platform.models.download(bench.name, 99, tmp_path / "model")


def test_a_run_that_is_not_there_has_nothing_to_register(bench, tmp_path):
    models, name = bench.platform.models, f"{bench.name}-none"
    with pytest.raises(UserError, match="no-such-run"):
        models.logged_model("no-such-run", tmp_path / "model")
    with pytest.raises(UserError, match="no-such-run"):
        models.register(name, "no-such-run", {})
    assert list(models.versions(name)) == []
