"""Batch endpoints: what is deployed, what scores by default, and what becomes of an order."""

import pyarrow.parquet as pq
import pytest
from batched import answer_files, flights, write_flights

from mlops import TakenError, UserError
from mlops.data.model_folder import load_model
from mlops.decide.observed import Deployment, ObservedBatch
from mlops.platform import Order
from mlops.platform.local.batch_output import held

SIZES = [30, 1, 0, 70]


@pytest.fixture(scope="module")
def batches(bench):
    """The platform's, with an endpoint of the bench's name: the first model in blue, the second in green."""
    batches = bench.platform.batches
    if batches is None:
        pytest.skip(f"platform {bench.platform.name} scores no files yet")
    try:
        batches.create(bench.name)
        for slot, kind in (("blue", "first"), ("green", "second")):
            batches.deploy(bench.name, slot, bench.name, bench.version(kind))
        yield batches
    finally:
        batches.delete(bench.name)


@pytest.fixture
def scoring(bench, batches):
    """Blue scores by default."""
    batches.make_default(bench.name, "blue")
    return batches


def order(tmp_path, sizes=SIZES, **more):
    """The frames by file name, and the order to score them."""
    frames = write_flights(tmp_path / "in", sizes)
    return frames, Order(tmp_path / "in", tmp_path / "out", ["flight"], **more)


def silent(text):
    pass


def expected(bench, kind, rows, folder):
    """The scores of the model itself."""
    model = load_model(bench.platform.models.download(bench.name, bench.version(kind), folder / kind))
    return model.predict_proba(rows[["time_hour", "carrier", "distance"]])[:, 1].tolist() if len(rows) else []


def test_an_endpoint_is_made_once_and_deleted_once(bench, batches):
    name = f"{bench.name}-2"
    assert batches.observe(name) is None
    try:
        batches.create(name)
        batches.create(name)
        assert batches.observe(name) == ObservedBatch()
    finally:
        batches.delete(name)
    assert batches.observe(name) is None
    batches.delete(name)


def test_what_is_not_there_is_said_so(bench, batches, tmp_path):
    with pytest.raises(UserError, match="there is no batch endpoint 'nowhere'"):
        batches.make_default("nowhere", "blue")
    name = f"{bench.name}-3"
    batches.create(name)
    try:
        with pytest.raises(UserError, match=f"{name}: no version scores by default yet"):
            batches.score(name, order(tmp_path)[1], silent)
        with pytest.raises(UserError, match="blue is not ready to score; deploy to it first"):
            batches.make_default(name, "blue")
        assert not (tmp_path / "out").exists()
    finally:
        batches.delete(name)


def test_deployments_are_ready_and_one_is_the_default(bench, scoring):
    first, second = bench.version("first"), bench.version("second")
    blue, green = Deployment("blue", bench.name, first, "ready"), Deployment("green", bench.name, second, "ready")
    assert scoring.observe(bench.name) == ObservedBatch({"blue": blue, "green": green}, "blue")
    assert scoring.deploy(bench.name, "blue", bench.name, first) == blue
    scoring.create(bench.name)
    assert scoring.observe(bench.name) == ObservedBatch({"blue": blue, "green": green}, "blue")


def test_the_default_is_neither_replaced_nor_deleted(bench, scoring):
    before = scoring.observe(bench.name)
    with pytest.raises(UserError, match="blue is the default; make another one the default first"):
        scoring.deploy(bench.name, "blue", bench.name, bench.version("second"))
    with pytest.raises(UserError, match="blue is the default; make another one the default first"):
        scoring.delete_deployment(bench.name, "blue")
    assert scoring.observe(bench.name) == before


def test_an_unknown_version_leaves_the_slot_as_it_is(bench, scoring):
    before = scoring.observe(bench.name)
    with pytest.raises(UserError, match=bench.name):
        scoring.deploy(bench.name, "green", bench.name, 99)
    assert scoring.observe(bench.name) == before


def test_each_file_gets_the_answers_of_the_default_model(bench, scoring, tmp_path):
    frames, asked = order(tmp_path)
    done = scoring.score(bench.name, asked, silent)
    assert (done.model, done.version, done.files, done.before) == (bench.name, bench.version("first"), 4, 0)
    assert (done.rows, done.failed) == (sum(SIZES), {}) and done.seconds > 0
    assert sorted(answer_files(asked.output)) == sorted(frames)
    for name, rows in frames.items():
        found = pq.read_table(asked.output / name)
        assert found.column_names == ["flight", "score", "version", "time"]
        assert found["flight"].to_pylist() == rows["flight"].tolist()
        assert found["score"].to_pylist() == pytest.approx(expected(bench, "first", rows, tmp_path / "model"))
        assert set(found["version"].to_pylist()) <= {bench.version("first")}


def test_the_time_is_that_of_the_run_in_every_file(bench, scoring, tmp_path):
    frames, asked = order(tmp_path, [5, 5])
    scoring.score(bench.name, asked, silent)
    times = {time for name in frames for time in pq.read_table(asked.output / name)["time"].to_pylist()}
    assert len(times) == 1


def test_another_slot_scores_when_it_is_asked_to(bench, scoring, tmp_path):
    frames, asked = order(tmp_path, [40], slot="green")
    scoring.score(bench.name, asked, silent)
    found = pq.read_table(asked.output / "00.parquet")["score"].to_pylist()
    assert found == pytest.approx(expected(bench, "second", frames["00.parquet"], tmp_path / "model"))
    assert scoring.observe(bench.name).default == "blue"


def test_ordered_again_only_what_is_missing_is_scored_and_comes_out_the_same(bench, scoring, tmp_path):
    _, asked = order(tmp_path)
    scoring.score(bench.name, asked, silent)
    before = answer_files(asked.output)
    (asked.output / "03.parquet").unlink()
    done = scoring.score(bench.name, asked, silent)
    assert (done.before, done.rows) == (3, 70)
    assert answer_files(asked.output) == before
    assert scoring.score(bench.name, asked, silent).before == 4


def test_a_damaged_file_and_a_row_that_fails_are_named_and_all_else_is_done(bench, scoring, tmp_path):
    frames, asked = order(tmp_path)
    (asked.source / "01.parquet").write_bytes(b"PAR1, and then nothing")
    rows = flights(30, 3)
    rows.loc[11, "distance"] = -1.0
    rows.to_parquet(asked.source / "03.parquet")
    done = scoring.score(bench.name, asked, silent)
    assert [*done.failed] == ["01.parquet", "03.parquet"] and done.rows == 30
    frames["01.parquet"].to_parquet(asked.source / "01.parquet")
    again = scoring.score(bench.name, asked, silent)
    assert (again.before, again.rows, [*again.failed]) == (2, 1, ["03.parquet"]), "one was mended"
    assert done.failed["03.parquet"] == "row 11: AssertionError: a negative distance"
    assert sorted(answer_files(asked.output)) == ["00.parquet", "01.parquet", "02.parquet"]
    assert len(done.failed["01.parquet"].splitlines()) == 1


def test_mended_it_is_done_by_the_same_run_only_where_nothing_else_has_changed(bench, scoring, tmp_path):
    _, asked = order(tmp_path, [5, 5])
    scoring.score(bench.name, asked, silent)
    before = answer_files(asked.output)
    for name, rows in {"00": flights(5, 8), "02": flights(6, 9)}.items():  # what has answers, and one more
        kept = (asked.source / "00.parquet").read_bytes()
        rows.to_parquet(asked.source / f"{name}.parquet")
        with pytest.raises(UserError, match=rf"answers to other files than there are now \({name}\.parquet\)"):
            scoring.score(bench.name, asked, silent)
        (asked.source / f"{name}.parquet").unlink()
        (asked.source / "00.parquet").write_bytes(kept)
    assert answer_files(asked.output) == before


def test_a_folder_with_answers_of_another_version_or_with_anything_else_is_refused(bench, scoring, tmp_path):
    _, asked = order(tmp_path, [5])
    scoring.score(bench.name, asked, silent)
    before = answer_files(asked.output)
    scoring.make_default(bench.name, "green")
    with pytest.raises(UserError, match=f"answers of {bench.name}:{bench.version('first')}, and .* scores now"):
        scoring.score(bench.name, asked, silent)
    assert answer_files(asked.output) == before
    other = tmp_path / "full"
    other.mkdir()
    (other / "mine.txt").touch()
    with pytest.raises(UserError, match=r"full: not empty \(mine\.txt\)"):
        scoring.score(bench.name, Order(asked.source, other, ["flight"]), silent)
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("trouble", ["none", "empty", "mixed", "repeated"])
def test_an_order_that_cannot_be_done_writes_nothing(bench, scoring, tmp_path, trouble):
    _, asked = order(tmp_path, [5, 5])
    if trouble in {"none", "empty"}:
        for path in [*asked.source.iterdir(), *([asked.source] if trouble == "none" else [])]:
            path.rmdir() if path.is_dir() else path.unlink()
    else:
        rows = flights(5, 0)
        (rows if trouble == "repeated" else rows.drop(columns="distance")).to_parquet(asked.source / "01.parquet")
    with pytest.raises(UserError):
        scoring.score(bench.name, asked, silent)
    assert not asked.output.exists()


def test_a_model_that_cannot_be_loaded_scores_nothing(bench, scoring, tmp_path):
    scoring.delete_deployment(bench.name, "green")
    try:
        scoring.deploy(bench.name, "green", bench.name, bench.version("broken"))
        _, asked = order(tmp_path, [5], slot="green")
        with pytest.raises(UserError, match=r"nothing was scored, as .*UnpicklingError"):
            scoring.score(bench.name, asked, silent)
        assert answer_files(asked.output) == {}
    finally:
        scoring.delete_deployment(bench.name, "green")
        scoring.deploy(bench.name, "green", bench.name, bench.version("second"))


def test_who_writes_holds_the_folder_against_every_other(bench, scoring, tmp_path):
    _, asked = order(tmp_path, [5])
    with held(asked.output, "the first run"):
        with pytest.raises(TakenError, match="the first run writes answers there"):
            scoring.score(bench.name, asked, silent)
        assert answer_files(asked.output) == {}
    assert scoring.score(bench.name, asked, silent).rows == 5


def test_apply_holds_the_endpoint_against_every_other(bench, batches):
    with (
        batches.lease(bench.name, "the first holder"),
        pytest.raises(TakenError, match="being rolled out by the first holder"),
        batches.lease(bench.name, "the second holder"),
    ):
        pass
    with batches.lease(bench.name, "the third holder"):
        pass


def test_what_is_not_the_default_is_deleted(bench, scoring):
    scoring.delete_deployment(bench.name, "green")
    assert scoring.observe(bench.name).deployments.keys() == {"blue"}
    scoring.delete_deployment(bench.name, "green")
    scoring.deploy(bench.name, "green", bench.name, bench.version("second"))
