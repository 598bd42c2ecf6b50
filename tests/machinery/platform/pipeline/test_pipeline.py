"""The pipeline's file: every way to break it is one line, and what is left in order can run."""

import os
from dataclasses import replace
from graphlib import CycleError
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_pipeline import FILES, LEFT, OURS, SOUND, change, write_pipeline

from conftest import ROOT
from mlops import UserError
from mlops.platform.pipeline import Job, Source, fill, load_pipeline
from mlops.platform.pipeline.graph import in_order

FILE = Path("pipelines/train.yml")


@pytest.fixture(autouse=True)
def small(tmp_path):
    """The current folder holds a small pipeline of two jobs, prepare and fit."""
    write_pipeline(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", OURS)
def test_a_mistake_is_one_line_with_file_and_key(small, name):
    change(small, OURS[name].edits)
    with pytest.raises(UserError) as error:
        load_pipeline(FILE)
    assert str(error.value).replace(os.sep, "/") == f"pipelines/{OURS[name].says}"


@pytest.mark.parametrize("name", [*SOUND, *LEFT])
def test_what_azure_ml_runs_or_refuses_itself_is_let_through(small, name):
    change(small, {**SOUND, **LEFT}[name].edits)
    assert [job.name for job in load_pipeline(FILE).jobs] == ["prepare", "fit"]


texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["${{parent.inputs.rate}}", "${{parent.jobs.fit.outputs.model}}", "azureml:a", "file:.", "..", "$[[", "a\nb", "'"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts | st.integers(), inner, max_size=2),
    max_leaves=4,
)


def places(tree):
    """Every mapping in the tree with each of its keys."""
    for key, value in tree.items():
        yield tree, key
        yield from places(value) if isinstance(value, dict) else ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["train.yml", "components/fit.yml"]), st.data(), anything)
def test_whatever_stands_anywhere_is_read_or_refused_in_one_line(small, name, data, value):
    content = yaml.safe_load(FILES[f"pipelines/{name}"])
    mapping, key = data.draw(st.sampled_from(list(places(content))))
    mapping[key] = value
    write_pipeline(small)
    (small / "pipelines" / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        load_pipeline(FILE)
    except UserError as error:
        assert "\n" not in str(error)


def test_a_missing_file_says_where_to_run():
    with pytest.raises(UserError, match=r"other\.yml: no such file; run this in the project's folder"):
        load_pipeline(Path("pipelines/other.yml"))


def test_a_pipeline_has_jobs(small):
    (small / FILE).write_text("type: pipeline", encoding="utf-8")
    with pytest.raises(UserError, match=r"train\.yml: jobs: missing$"):
        load_pipeline(FILE)


def test_a_sound_pipeline_is_read_whole(small):
    plan = load_pipeline(FILE)
    prepare, fit = plan.jobs
    assert plan.inputs == {
        "data": str(small / "data"),
        "weather": str(small / "data/weather.csv"),
        "rate": "0.1",
        "kind": "linear",
    }
    assert prepare.inputs == {"data": Source("", "data"), "weather": Source("", "weather")}
    assert (prepare.outputs, prepare.optional) == ({"rows": "rows"}, frozenset())
    assert prepare.command.startswith("python -m steps.prepare ${{inputs.data}} ")
    assert fit.inputs == {
        "rows": Source("prepare", "rows"),
        "rate": Source("", "rate"),
        "kind": Source("", "kind"),
        "rounds": "10",
        "verbose": "False",
    }, "what is not bound has its default, or is left out"
    assert fit.optional == {"champion"}


def test_what_a_job_sets_itself_is_read(small):
    edits = {
        "data: ${{parent.inputs.data}}": "data: {type: uri_folder, path: ../data}",
        "rate: ${{parent.inputs.rate}}": "rate: 0.5",
        "component: components/fit.yml": "component: components/fit.yml\n    environment_variables: {THREADS: 2}",
    }
    change(small, {"train.yml": edits})
    prepare, fit = load_pipeline(FILE).jobs
    assert prepare.inputs["data"] == str(small / "data")
    assert (fit.inputs["rate"], fit.variables, prepare.variables) == ("0.5", {"THREADS": "2"}, {})


def test_data_without_a_path_has_no_value_yet(small):
    change(small, {"train.yml": {", path: ../data}": "}"}})
    assert load_pipeline(FILE).inputs["data"] is None


def test_the_projects_own_pipeline_is_wired():
    plan = load_pipeline(ROOT / FILE)
    assert [job.name for job in plan.jobs] == [
        "validate_data",
        "split_data",
        "train",
        "try_serving",
        "evaluate",
        "diagnose",  # before the gate, which may end the run: of a model that it refuses people ask most
        "gate",
    ]
    assert plan.jobs[2].inputs["split"] == Source("split_data", "split")


def test_fill_keeps_a_path_with_spaces_whole_and_drops_an_optional_part():
    command = "python -m steps.a --x ${{inputs.x}} $[[--y ${{ inputs.y }}]]"
    assert fill(command, {"inputs.x": "my data"}) == ["python", "-m", "steps.a", "--x", "my data"]
    assert fill(command, {"inputs.x": "a", "inputs.y": "b"})[-2:] == ["--y", "b"]


def job(number, upstream):
    inputs = {f"from_{each}": Source(f"job_{each}", "out") for each in upstream} | {"data": Source("", "data")}
    return Job(f"job_{number}", "true", inputs, frozenset(), {"out": f"out_{number}"}, {})


@st.composite
def wirings(draw):
    """Jobs that read only from jobs of a lower number, in any order."""
    count = draw(st.integers(1, 8))
    jobs = [
        job(number, draw(st.sets(st.integers(0, number - 1)) if number else st.just(set()))) for number in range(count)
    ]
    return draw(st.permutations(jobs))


@given(wirings())
def test_every_job_comes_once_and_after_those_that_it_reads(jobs):
    ordered = in_order(jobs)
    assert sorted(each.name for each in ordered) == sorted(each.name for each in jobs)
    done = set()
    for each in ordered:
        assert each.upstream <= done
        done.add(each.name)


@given(wirings(), st.data())
def test_any_cycle_is_refused(jobs, data):
    """Along the way from a job back to one that it reads from, at whatever distance, one more wire closes a circle."""
    by_name = {each.name: each for each in jobs}
    last = first = data.draw(st.sampled_from(jobs))
    while first.upstream and data.draw(st.booleans()):
        first = by_name[data.draw(st.sampled_from(sorted(first.upstream)))]
    closed = replace(first, inputs={**first.inputs, "back": Source(last.name, "out")})
    with pytest.raises(CycleError):
        in_order([closed if each is first else each for each in jobs])
