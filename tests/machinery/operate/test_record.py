"""Every decision of a rollout is on record with what it rests on, can be made again from it, and is drawn as a page."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reconciled import reconciler
from rolled import FAILING, GOOD, World, at_ten_percent, live, manifest, serving

from mlops import UserError
from mlops.commands import rollout_report
from mlops.decide.recorded import again, begins, decision
from mlops.decide.rollout import Evidence, decide
from mlops.operate.record import KEPT, RECORD_FILE, Record
from mlops.report.rollouts import model_of, outcome, rate, read_record, row, worth
from steps.apply import timeline


def recorded(path, world, **how):
    """The lines that a rollout to version 2 left there."""
    run = reconciler(world, **how)
    run.platform.models.numbers = range(1, 2 + KEPT + 2)
    run.record = Record(path, "c0ffee")
    run.run()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "production" / RECORD_FILE


def test_every_decision_can_be_made_again_from_its_line(path):
    lines = recorded(path, serving(1))
    kinds = [line["action"]["kind"] for line in lines]
    assert kinds[:4] == ["Shift", "Deploy", "Probe", "Shift"] and kinds[-1] == "Done"
    assert {"Wait", "Delete"} <= set(kinds)
    assert all(again(line) == line["action"] for line in lines)
    assert {line["commit"] for line in lines} == {"c0ffee"}


@pytest.mark.parametrize("world", [World, lambda: serving(2)], ids=["no endpoint", "at rest"])
def test_what_is_at_rest_leaves_no_record_and_a_first_version_does(path, world):
    if world is World:
        first = recorded(path, World())[0]
        assert first["observed"] is None and again(first) == first["action"]
    else:
        reconciler(serving(2)).run()
        assert not path.exists()


def test_each_rollout_has_a_file_of_its_own_and_the_last_ones_stay(path):
    world, rollouts = serving(1), KEPT + 2
    for version in range(2, 2 + rollouts):
        lines = recorded(path, world, version=version)
        assert {model_of(line) for line in lines} == {f"flights:{version}"}
        assert [begins(line) for line in lines] == [True] + [False] * (len(lines) - 1)
        path.write_bytes(b"\xff\n{}\n[\n" + path.read_bytes()[:-20])
    kept = [path, *(path.with_suffix(f".{number}.jsonl") for number in range(1, KEPT))]
    assert sorted(path.parent.iterdir()) == sorted(kept)
    held = [model_of(json.loads(each.read_bytes().splitlines()[-2])) for each in kept]
    assert held == [f"flights:{1 + rollouts - age}" for age in range(KEPT)]


def test_a_rollout_that_another_run_continues_stays_in_its_file(path):
    world = serving(1)

    def killed(since):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(path, world, measured=killed)
    before = len(read_record(path))
    assert len(recorded(path, world)) > before > 3
    assert [each.name for each in path.parent.iterdir()] == [RECORD_FILE]


@pytest.mark.parametrize(
    ("key", "value"),
    [("time", 1009.0), ("errors", 400), ("action", {"kind": "Done", "promoted": True, "why": "well", "held": False})],
)
def test_a_line_that_was_edited_is_found(key, value):
    observed, evidence = at_ten_percent()
    line = decision("c0ffee", manifest(2), observed, evidence, 1010.0, decide(manifest(2), observed, evidence, 1010.0))
    assert again(line) == line["action"]
    if key == "errors":
        line["evidence"]["bake"]["errors"] = value
    else:
        line[key] = value
    assert again(line) != line["action"]


@pytest.mark.parametrize("name", ["candidate", "bake", "stable", "beside"])
def test_unknown_latencies_are_null_and_read_as_unknown(name):
    observed, evidence = at_ten_percent(**{name: replace(GOOD, p95_ms=float("nan"))})
    line = decision("c0ffee", manifest(2), observed, evidence, 1005.0, decide(manifest(2), observed, evidence, 1005.0))
    assert line["evidence"][name]["p95_ms"] is None
    assert again(json.loads(json.dumps(line, allow_nan=False))) == line["action"]


def test_metrics_that_contradict_each_other_are_on_record_and_never_promoted(path):
    odd = replace(GOOD, requests=3, errors=5)
    lines = recorded(path, serving(1), measured=lambda since: {"blue": GOOD, "green": odd})
    assert len(read_record(path)) == len(lines) and all(again(line) == line["action"] for line in lines)
    assert lines[-1]["action"]["promoted"] is False and "contradict" in lines[-1]["action"]["why"]
    assert [row(line, 0.0)["candidate"] for line in lines if line["evidence"]["candidate"]] != []
    assert {row(line, 0.0)["candidate"] is None for line in lines} == {True}


def test_a_line_that_was_cut_off_harms_no_other(path):
    before = len(recorded(path, serving(1)))
    path.write_bytes(path.read_bytes()[:-20])
    lines = [*path.read_bytes().splitlines()]
    assert len(read_record(path)) == before - 1
    Record(path, "c0ffee").add(json.loads(lines[1]))
    assert len(read_record(path)) == before
    path.write_bytes(b"\xff\n[]\n{}\n" + path.read_bytes())
    assert len(path.read_bytes().splitlines()) == before + 4


@settings(deadline=None)  # the first example pays for importing SciPy
@given(st.data())
def test_no_line_of_a_record_ends_in_a_traceback(tmp_path_factory, data):
    observed, evidence = at_ten_percent()
    line = decision("c0ffee", manifest(2), observed, evidence, 1005.0, decide(manifest(2), observed, evidence, 1005.0))
    place, odd = line, st.sampled_from([None, "", -1, 1e300, [], {}, True, "x"])
    while isinstance(place, dict) and place:
        inside, key = place, data.draw(st.sampled_from(sorted(place)))
        place = place[key]
        if data.draw(st.booleans()):
            break
    inside[key] = data.draw(odd)
    path = tmp_path_factory.mktemp("record") / RECORD_FILE
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    try:
        assert [row(each, each["time"]) for each in read_record(path)]
    except UserError as error:
        assert "no decision is on record" in str(error)


def test_a_disk_that_is_full_stops_no_rollout(path, capsys):
    path.parent.parent.joinpath("production").write_text("a file in the way", encoding="utf-8")
    run = reconciler(serving(1))
    run.record = Record(path, "c0ffee")
    assert run.run().promoted
    assert "a decision could not be put on record" in capsys.readouterr().out


@pytest.mark.parametrize(("behaviour", "outcome"), [(GOOD, "promoted"), (FAILING, "rolled back")])
def test_the_report_shows_the_last_rollout_and_says_that_it_is_decided_the_same(path, capsys, behaviour, outcome):
    recorded(path, World(), version=1)
    capsys.readouterr()
    recorded(path, serving(1), measured=lambda since: {"blue": GOOD, "green": behaviour})
    assert rollout_report.main(["production", "--records", str(path.parent.parent)]) == 0
    said = capsys.readouterr().out
    assert f"### production: flights:2 {outcome}\n" in said and "flights:1 serves" not in said
    assert "each is the same when it is made once more from the record" in said
    seen = "0 of 1000: 0.00 % (0.00 to 0.60)" if behaviour is GOOD else "400 of 500: 80.00 % ("
    assert f"| 10 % | {seen}" in said
    page = path.with_name("rollout.html").read_text(encoding="utf-8")
    assert "data:image/svg+xml;base64," in page and outcome in page


def test_a_decision_that_would_be_another_today_is_said_so(path, capsys):
    lines = recorded(path, serving(1))
    at = next(number for number, line in enumerate(lines) if line["action"]["kind"] == "Wait")
    lines[at]["evidence"]["candidate"]["errors"] = lines[at]["evidence"]["bake"]["errors"] = 400
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert rollout_report.main(["production", "--records", str(path.parent.parent)]) == 1
    said = capsys.readouterr().out
    assert "**1 of them would be another today**" in said and said.count("**(another today)**") == 1


def test_without_a_record_it_is_one_line(tmp_path, capsys):
    assert rollout_report.main(["production", "--records", str(tmp_path)]) == 2
    assert "rollout.jsonl: no decision is on record; apply writes it" in capsys.readouterr().err


def test_in_ci_apply_writes_the_pages_beside_the_record_and_where_there_is_none_says_nothing(path):
    record = Record(path, "c0ffee")
    assert timeline(record, "production") == ""
    recorded(path, serving(1))
    path.with_name("rollout.html").mkdir()
    assert timeline(record, "production") == "", "a page that cannot be written is no reason to fail a rollout"
    path.with_name("rollout.html").rmdir()
    assert "flights:2 promoted" in timeline(record, "production")
    assert "flights:2" in path.with_name("rollout.html").read_text(encoding="utf-8")


def test_of_looks_that_only_wait_the_last_is_shown_and_of_no_requests_no_rate():
    wait, shift = ({"kind": kind, "same": True} for kind in ("Wait", "Shift"))
    assert [worth(*pair) for pair in ((wait, wait), (wait, shift), (wait, None), (shift, wait))] == [False, *[True] * 3]
    assert worth({**wait, "same": False}, wait)
    assert rate({"requests": 0, "errors": 0}) is rate(None) is None


@pytest.mark.parametrize(
    ("action", "ended"),
    [
        ({"kind": "Wait"}, "under way"),
        ({"kind": "Done", "promoted": True, "held": False}, "promoted"),
        ({"kind": "Done", "promoted": False, "held": True}, "held"),
        ({"kind": "Done", "promoted": False}, "rolled back"),
    ],
)
def test_how_a_rollout_ended_is_what_its_last_action_says(action, ended):
    assert outcome(action) == ended


def test_a_withdrawn_candidate_is_on_record_too(path):
    world = serving(1)

    def measured(since):
        if live(world.observed).get("green") == 50:
            raise OSError("no answer")
        return {"green": GOOD, "blue": GOOD}

    lines = recorded(path, world, measured=measured)
    assert "Withdraw" in {line["action"]["kind"] for line in lines}
    assert all(again(line) == line["action"] for line in lines)
    assert decide(manifest(2), world.observed, Evidence(withdrawn="x"), 0.0).promoted is False
