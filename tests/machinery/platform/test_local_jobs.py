"""Training pipelines on this machine: the jobs of the pipeline's file as processes, with re-use."""

import re
import shutil
from pathlib import Path

import pytest

from conftest import FIXTURE, ROOT, edit
from mlops import UserError
from mlops.platform.local import forking
from mlops.platform.local.jobs import LocalJobs
from mlops.platform.local.scoring import REQUIREMENTS
from mlops.settings.project import load_project
from mlops.settings.unread import UNREAD, VARIABLE

FAIRNESS = "{group_by: [carrier], metric: selection_rate, max_difference: 0.2, min_rows: 50}"

TWO_STEPS = """
type: pipeline
settings: {default_compute: serverless}
inputs:
  text: {type: uri_folder, path: text}
  note: {type: uri_folder}
outputs:
  upper: {type: uri_folder}
  counted: {type: uri_folder}
jobs:
  count:
    type: command
    component: count.yml
    inputs: {upper: "${{parent.jobs.shout.outputs.upper}}", note: "${{parent.inputs.note}}"}
    outputs: {counted: "${{parent.outputs.counted}}"}
  shout:
    type: command
    component: shout.yml
    inputs: {text: "${{parent.inputs.text}}"}
    outputs: {upper: "${{parent.outputs.upper}}"}
"""
SHOUT = """
type: command
environment: azureml:training:1
inputs: {text: {type: uri_folder}}
outputs: {upper: {type: uri_folder}}
command: python -m steps.shout ${{inputs.text}} ${{ outputs.upper }}
"""
COUNT = """
type: command
environment: azureml:training:1
inputs: {upper: {type: uri_folder}, note: {type: uri_folder, optional: true}}
outputs: {counted: {type: uri_folder}}
command: python -m steps.count ${{inputs.upper}} $[[--note ${{inputs.note}}]] ${{outputs.counted}}
"""
SHOUT_CODE = """
import sys, pathlib
source, target = map(pathlib.Path, sys.argv[1:])
text = (source / "words").read_text()
print("shouting", text)
if text == "quiet":
    sys.exit("will not shout")
(target / "words").write_text(text.upper())
"""
COUNT_CODE = """
import os, sys, pathlib
print("loud" if os.environ.get("LOUD") else "soft")
(pathlib.Path(sys.argv[-1]) / "arguments").write_text(" ".join(sys.argv[2:-1]))
"""


@pytest.fixture
def two_steps(tmp_path, monkeypatch):
    """A small project with a pipeline of two steps, in the current folder; the `steps` package is its own."""
    for name, text in {
        "pipelines/two.yml": TWO_STEPS,
        "pipelines/shout.yml": SHOUT,
        "pipelines/count.yml": COUNT,
        "pipelines/text/words": "hello",
        "steps/__init__.py": "",
        "steps/shout.py": SHOUT_CODE,
        "steps/count.py": COUNT_CODE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(forking, "PACKAGES", ["json"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["forked", "from nothing"])
def way(request, monkeypatch):
    """Both ways of starting a step's process."""
    if request.param == "forked" and not forking.AVAILABLE:
        pytest.skip("forks are for Linux")
    monkeypatch.setattr(forking, "AVAILABLE", request.param == "forked")
    return "ForkServerProcess" if request.param == "forked" else "MainProcess"


def run(folder, **inputs):
    return LocalJobs(folder / ".mlops").run(folder / "pipelines/two.yml", inputs, folder / "out")


def cached(folder):
    """The logs of all steps so far."""
    return (folder / ".mlops/cache").glob("*/log.txt")


def test_the_steps_run_in_order_and_their_outputs_stand_in_out(two_steps, way, capsys):
    assert run(two_steps) == 0
    assert (two_steps / "out/upper/words").read_text() == "HELLO"
    assert (two_steps / "out/counted/arguments").read_text() == ""
    printed = capsys.readouterr().out
    assert re.search(r"done +shout .*s\ndone +count .*s\n", printed)


def test_steps_after_the_first_are_forks_where_that_is_safe_and_see_the_code_of_the_moment(two_steps, way):
    for turn in ("first", "second"):  # of two lengths: Python takes same-sized code of one second for unchanged
        told = f"import multiprocessing\nprint('{turn}', multiprocessing.current_process().name)\n"
        for name, code in (("shout", SHOUT_CODE), ("count", COUNT_CODE)):
            (two_steps / f"steps/{name}.py").write_text(told + code, encoding="utf-8")
        run(two_steps)
        logs = {path.parent.name[:5]: path for path in sorted(cached(two_steps), key=lambda path: path.stat().st_mtime)}
        said = {name: path.read_text(encoding="utf-8").splitlines()[0].split("-")[0] for name, path in logs.items()}
        assert said == {"shout": f"{turn} MainProcess", "count": f"{turn} {way}"}


def test_a_second_run_reuses_everything_and_a_change_only_what_it_touches(two_steps, capsys):
    run(two_steps)
    capsys.readouterr()
    shutil.rmtree(two_steps / "out")
    assert run(two_steps) == 0
    assert capsys.readouterr().out == "re-used shout\nre-used count\n"
    assert (two_steps / "out/upper/words").read_text() == "HELLO"
    assert run(two_steps, note=str(two_steps)) == 0
    printed = capsys.readouterr().out
    assert "re-used shout" in printed and "re-used count" not in printed
    assert (two_steps / "out/counted/arguments").read_text() == f"--note {two_steps}"


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "pipelines/text/words").write_text("other"),
        lambda folder: (folder / "steps/shout.py").write_text(SHOUT_CODE + "print()\n"),
        lambda folder: (folder / "pipelines/shout.yml").write_text(SHOUT.replace("python -m", "python  -m")),
    ],
    ids=["input", "code", "command"],
)
def test_a_changed_input_code_or_command_runs_the_step_again(two_steps, capsys, change):
    run(two_steps)
    change(two_steps)
    capsys.readouterr()
    assert run(two_steps) == 0
    assert "re-used" not in capsys.readouterr().out


def test_a_failed_step_stops_the_run_shows_its_log_and_leaves_no_old_outputs(two_steps, way, capsys):
    run(two_steps)
    (two_steps / "pipelines/text/words").write_text("quiet")
    assert run(two_steps) == 1
    printed = capsys.readouterr().out
    assert "shouting quiet" in printed and "will not shout" in printed and "log.txt" in printed
    assert not (two_steps / "out/counted").exists(), "an output of the run before must not pass for one of this run"
    (two_steps / "pipelines/text/words").write_text("hello")
    assert run(two_steps) == 0


def test_a_killed_step_is_run_again(two_steps, capsys):
    run(two_steps)
    for marker in (two_steps / ".mlops/cache").glob("*/done.json"):
        marker.unlink()
    capsys.readouterr()
    assert run(two_steps) == 0
    assert "re-used" not in capsys.readouterr().out


def test_a_second_run_at_the_same_time_is_refused(two_steps):
    from filelock import FileLock

    (two_steps / ".mlops").mkdir()
    with FileLock(two_steps / ".mlops/pipeline.lock"), pytest.raises(UserError, match="another run_pipeline"):
        run(two_steps)


def test_an_unknown_input_is_refused(two_steps):
    with pytest.raises(UserError, match="no input 'txt'; it has text, note"):
        run(two_steps, txt="x")


def test_data_in_a_workspace_is_refused(two_steps):
    with pytest.raises(UserError, match=r"inputs\.text: azureml:text:1 is in a workspace; this machine needs"):
        run(two_steps, text="azureml:text:1")


def test_a_job_of_the_serving_image_runs_in_an_endpoints_python_and_again_when_its_packages_change(two_steps, capsys):
    all_of_them = (ROOT / "serving" / REQUIREMENTS).read_text(encoding="utf-8")
    packages = two_steps / "serving" / REQUIREMENTS
    packages.parent.mkdir(parents=True)
    packages.write_text(re.search(r"^zipp==(?:.*\\\n)*.*\n", all_of_them, flags=re.MULTILINE)[0], encoding="utf-8")
    packages.with_name("Dockerfile").touch()
    edit(two_steps / "pipelines/count.yml", "azureml:training:1", "{build: {path: ../serving/image}}")
    (two_steps / "steps/count.py").write_text("import sys, zipp\nprint(sys.prefix)\n", encoding="utf-8")
    assert run(two_steps) == 0
    (log,) = (two_steps / ".mlops/cache").glob("count-*/log.txt")
    assert Path(log.read_text(encoding="utf-8").strip()).parent == two_steps / ".mlops/serving"
    with packages.open("a", encoding="utf-8") as file:
        file.write("# another\n")
    capsys.readouterr()
    assert run(two_steps) == 0
    printed = capsys.readouterr().out
    assert "re-used shout" in printed and "re-used count" not in printed


def test_a_job_without_outputs_runs(two_steps, capsys):
    edit(two_steps / "pipelines/count.yml", "outputs: {counted: {type: uri_folder}}", "")
    edit(two_steps / "pipelines/count.yml", " ${{outputs.counted}}", " .")
    edit(two_steps / "pipelines/two.yml", '    outputs: {counted: "${{parent.outputs.counted}}"}\n', "")
    edit(two_steps / "pipelines/two.yml", "  counted: {type: uri_folder}\n", "")
    assert run(two_steps) == 0
    assert "done    count" in capsys.readouterr().out


def test_a_jobs_own_variables_reach_its_process_and_count_for_reuse(two_steps, way, capsys):
    run(two_steps)
    edit(
        two_steps / "pipelines/two.yml",
        "component: count.yml",
        "component: count.yml\n    environment_variables: {LOUD: 1}",
    )
    capsys.readouterr()
    assert run(two_steps) == 0
    printed = capsys.readouterr().out
    assert "re-used shout" in printed and "re-used count" not in printed
    logs = [path.read_text(encoding="utf-8") for path in (two_steps / ".mlops/cache").glob("count-*/log.txt")]
    assert sorted(logs) == ["loud\n", "soft\n"]


def test_a_change_in_a_jobs_own_data_runs_it_again(two_steps, capsys):
    edit(
        two_steps / "pipelines/two.yml",
        '{text: "${{parent.inputs.text}}"}',
        "{text: {type: uri_folder, path: text}}",
    )
    run(two_steps)
    (two_steps / "pipelines/text/words").write_text("other")
    capsys.readouterr()
    assert run(two_steps) == 0
    assert "re-used" not in capsys.readouterr().out


def test_an_edit_of_what_a_step_does_not_read_of_the_project_runs_the_later_ones_alone(two_steps, capsys, monkeypatch):
    monkeypatch.setitem(UNREAD, "shout", ("report", "gate.floors"))
    write = (two_steps / "project.yml").write_text
    write("report: {rows: false}\ngate: {floors: {auc: 0.6}, seed: 1}\n")
    run(two_steps)
    for text, again in (
        ("# a remark\nreport: {rows: false}\ngate: {floors: {auc: 0.6}, seed: 1}\n", []),
        ("report: {rows: true}\ngate: {floors: {auc: 0.6}, seed: 1}\n", ["count"]),
        ("gate: {floors: {auc: 0.7}, seed: 1}\n", ["count"]),
        ("gate: {seed: 2}\n", ["shout", "count"]),
        ("gate: {seed: 2}\nnew: key\n", ["shout", "count"]),
    ):
        write(text)
        capsys.readouterr()
        assert run(two_steps) == 0
        assert re.findall(r"^done +(\w+)", capsys.readouterr().out, re.MULTILINE) == again, text


READING = """
from mlops.settings.project import load_project
project = load_project()
print(project.gate.seed, project.fairness)
print(project.{key})
"""


@pytest.mark.parametrize(
    ("key", "fails"), [("report.rows", True), ("gate.slices.floor", True), ("gate.slices.columns", False)]
)
def test_a_step_that_reads_what_it_is_said_not_to_read_fails(two_steps, way, capsys, key, fails):
    shutil.copy(FIXTURE / "project.yml", two_steps)
    edit(two_steps / "pipelines/two.yml", "parent.jobs.shout", "parent.jobs.train")
    edit(two_steps / "pipelines/two.yml", "  shout:\n", "  train:\n")
    (two_steps / "steps/shout.py").write_text(READING.format(key=key), encoding="utf-8")
    assert run(two_steps) == fails
    line = f"project.yml: {key.removesuffix('.rows').rpartition('.')[2]}: this step is said not to read it; take it out"
    assert (line in capsys.readouterr().out) == fails


def test_every_key_that_a_step_does_not_read_is_one_of_the_project(project, monkeypatch):
    edit(project / "project.yml", "gate:\n", f"fairness: {FAIRNESS}\ngate:\n")
    monkeypatch.setenv(VARIABLE, " ".join(UNREAD["train"]))
    read = load_project()
    for block, key in ((read, "report"), (read.fairness, "alpha"), (read.gate.slices, "floor")):
        with pytest.raises(UserError, match=f"^project.yml: {key}: this step is said not to read it"):
            getattr(block, key)
    with pytest.raises(AttributeError, match="nothing"):
        read.nothing  # noqa: B018
    assert read.fairness.group_by == ["carrier"] and read.gate.threshold == 0.5
