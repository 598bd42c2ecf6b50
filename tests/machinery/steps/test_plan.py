"""What merging changes is shown for each environment that it changes; a later job learns whether work is left."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hosted import (
    PRODUCTION,
    STAGING,
    SYSTEMS,
    clone_project,
    commit,
    endpoint,
    git,
    outputs,
    register,
    run_of,
)
from this_process import ourselves

from conftest import edit
from mlops import UserError
from mlops.commands import status
from mlops.decide.observed import Deployment, Observed, Traffic
from mlops.platform.local.endpoint_state import EndpointState, Slot, write_state
from mlops.settings.environments import load_manifest
from steps import apply, plan

BASE = STAGING.with_name("base.yml")


@pytest.fixture
def branch(tmp_path, monkeypatch):
    """The current folder is a clone of the project on a branch of its own, with version 7 registered; its remote."""
    bare = clone_project(tmp_path, monkeypatch)
    register(7)
    git("checkout", "--quiet", "-b", "work")
    return bare


def promoted(path=STAGING, version=7):
    edit(path, "version: null ", f"version: {version} ")


@pytest.mark.parametrize("committed", [True, False])
def test_a_changed_version_is_shown_for_its_environment_alone(branch, capsys, committed):
    promoted()
    if committed:
        commit("promote")
    assert plan.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == "**staging**: merging changes\n- `model.version: none -> 7`\n"


def test_a_changed_base_shows_in_every_environment(branch, capsys):
    edit(BASE, "bake: 20s", "bake: 2m")
    plan.main(["--pull-request"])
    shown = "merging changes\n- `rollout.bake: 20.0 -> 120.0`\n"
    assert capsys.readouterr().out == f"**production**: {shown}\n**staging**: {shown}"


def test_a_new_environment_shows_all_that_it_says(branch, capsys):
    text = STAGING.read_text(encoding="utf-8").replace("staging", "canary")
    STAGING.with_name("canary.yml").write_text(text, encoding="utf-8")
    plan.main(["--pull-request"])
    said = capsys.readouterr().out
    assert "**canary**: merging changes\n" in said and "- `endpoint.name: none -> flights-canary`" in said
    assert "staging**" not in said


@pytest.mark.parametrize("committed", [True, False])
def test_a_removed_environment_is_said_so(branch, capsys, committed):
    PRODUCTION.unlink()
    if committed:
        commit("no production")
    promoted()
    assert plan.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == (
        "**production**: merging changes\n- production: removed\n\n"
        "**staging**: merging changes\n- `model.version: none -> 7`\n"
    )


@pytest.mark.parametrize("path", ["README.md", "environments/base.yml"])
def test_no_changed_manifest_is_said_so(branch, capsys, path):
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert plan.main(["--pull-request"]) == 0
    assert capsys.readouterr().out == "Merging into origin/main changes no manifest.\n"


def test_what_others_have_merged_meanwhile_is_not_this_branchs_change(branch, capsys):
    git("checkout", "--quiet", "main")
    promoted(PRODUCTION)
    commit("by others")
    git("push", "--quiet", "origin", "main")
    git("checkout", "--quiet", "work")
    promoted()
    plan.main(["--pull-request"])
    assert capsys.readouterr().out == "**staging**: merging changes\n- `model.version: none -> 7`\n"


def test_a_version_that_is_not_registered_is_bad_input(branch, capsys):
    promoted(version=8)
    assert plan.main(["--pull-request"]) == 2
    assert capsys.readouterr().err == "error: model flights has no version 8; there is 7\n"


@pytest.mark.parametrize("system", SYSTEMS)
def test_in_ci_the_target_is_the_pull_requests_and_the_page_shows_it(branch, monkeypatch, capsys, tmp_path, system):
    promoted()
    commit("promote")
    git("push", "--quiet", "origin", "work")
    with run_of(system, branch, monkeypatch, pull_request=3):
        git("update-ref", "-d", "refs/remotes/origin/main")
        assert plan.main(["--pull-request"]) == 0
    section = "**staging**: merging changes\n- `model.version: none -> 7`"
    assert (tmp_path / "work/out/summary/plan.md").read_text(encoding="utf-8") == section
    assert section in capsys.readouterr().out


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(("version", "changes"), [(7, "true"), (None, "false")])
def test_a_later_job_learns_whether_there_is_a_difference(branch, monkeypatch, capsys, system, version, changes):
    if version:
        promoted(PRODUCTION)
    with run_of(system, branch, monkeypatch) as service:
        assert plan.main(["production", "--output"]) == 0
        assert outputs(service, capsys.readouterr().out) == {"changes": changes}


def test_without_flags_the_exit_code_says_whether_there_is_a_difference(branch, capsys):
    assert plan.main(["production"]) == 0
    assert capsys.readouterr().out == "flights-production\n  no difference\n"
    promoted(PRODUCTION)
    assert plan.main(["production"]) == 1
    told = "some 495 requests on the candidate rule out 1.0% more failures: about 25 s at 20 requests a second"
    assert capsys.readouterr().out == (
        f"flights-production\n  + endpoint flights-production\n  + flights:7 at 100 %\n    {told}\n"
    )
    endpoint("flights-production")
    assert plan.main(["production"]) == 1
    assert capsys.readouterr().out == f"flights-production\n  + flights:7 at 100 %\n    {told}\n"


def test_a_setting_that_waits_for_the_next_version_is_said_wherever_the_endpoint_is_shown(branch, capsys):
    promoted(PRODUCTION)
    edit(BASE, "explain: false", "explain: true")
    slot = Slot(model="flights", version=7, port=1, state="ready", process=ourselves())
    tags, router = {"stable": "blue"}, ourselves()
    state = EndpointState(
        port=1, key="key", deployments={"blue": slot}, traffic={"blue": 100}, tags=tags, router=router
    )
    write_state(Path(".mlops/endpoints/flights-production"), state)
    line = "! endpoint.explain: blue serves with false, and true is set; that comes with the next version"
    assert plan.main(["production"]) == 0
    assert capsys.readouterr().out.startswith(f"flights-production\n  no difference\n  {line}")
    assert apply.main(["production"]) == 0
    assert capsys.readouterr().out.startswith(f"flights-production: flights:7 serves from blue\n{line}")
    assert status.main([]) == 0
    assert f" {line}" in capsys.readouterr().out


def measuring(served):
    """A platform whose endpoint has served that, or cannot be asked."""

    def measure(name, since, limit_ms):
        if isinstance(served, Exception):
            raise served
        return served

    return SimpleNamespace(endpoints=SimpleNamespace(measure=measure))


@pytest.mark.parametrize(
    ("served", "rate", "line"),
    [
        ({"blue": Traffic(36_000, 0, 5.0)}, 10, "about 95 s at 20 requests a second"),
        ({"blue": Traffic(36_000, 720, 5.0)}, 10, "about 600 s at 20 requests a second"),
        ({"blue": Traffic(36_000, 720, 5.0)}, 0, "about 1200 s at 10 requests a second"),
        ({"blue": Traffic(36, 0, 5.0)}, 0, "! at 0.01 requests a second 1.0% more failures cannot be ruled out by the"),
        ({}, 0, "! at 0 requests a second 1.0% more failures cannot be ruled out by the deadline"),
        (OSError("no answer"), 20, "about 95 s at 20 requests a second"),
        (UserError("the port is taken"), 20, "about 95 s at 20 requests a second"),
    ],
)
def test_a_plan_says_how_long_it_takes_at_the_traffic_of_the_last_hour(project, served, rate, line):
    edit(BASE, "synthetic_rate: 20", f"synthetic_rate: {rate}")
    deployment = Deployment("blue", "flights", 6, "ready")
    observed = Observed({"blue": deployment}, {"blue": 100}, {}, {"stable": "blue"})
    told = plan.effort(load_manifest("production"), measuring(served), observed)
    seconds = re.search(r"about (\d+) s", told)
    if seconds:
        wanted = int(re.search(r"about (\d+) s", line)[1])
        assert int(seconds[1]) == pytest.approx(wanted, rel=0.15)
        assert told.endswith(line.partition(" s ")[2])
    else:
        assert told.startswith(line)


def test_an_environment_or_the_pull_request_must_be_named(branch):
    for arguments in ([], ["production", "--pull-request"]):
        with pytest.raises(SystemExit, match="2"):
            plan.main(arguments)


def test_planning_on_this_machine_imports_nothing_of_azures(project):
    code = "import sys; from steps import plan; plan.main(['staging']); sys.exit('azure' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
