"""The executor of Azure Pipelines: small pipelines in a real repository, each showing one behaviour."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from ci.azure_devops import execute
from ci.events import Event, PipelineError, Run, Runner

NOBODY = Runner()


@dataclass
class Repository:
    """A bare repository and a clone to fill it from."""

    folder: Path
    remote: Path = field(init=False)

    def __post_init__(self) -> None:
        self.remote, self.clone = self.folder / "remote.git", self.folder / "clone"
        self.git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.git(self.folder, "clone", "--quiet", str(self.remote), str(self.clone))

    def git(self, folder: Path, *arguments: str) -> str:
        names = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
        environment = {**os.environ, **dict.fromkeys(names, "somebody")}
        command = ["git", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout

    def commit(self, files: Mapping[str, str], branch: str = "main", message: str = "change") -> str:
        """Push the files on the branch; the id of the commit."""
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content))
        self.git(self.clone, "checkout", "--quiet", "-B", branch)
        self.git(self.clone, "add", ".")
        self.git(self.clone, "commit", "--quiet", "--allow-empty", "-m", message)
        self.git(self.clone, "push", "--quiet", "origin", branch)
        return self.git(self.clone, "rev-parse", "HEAD").strip()

    def run(self, pipeline: str, runner: Runner = NOBODY, kind: str = "push", **event: object) -> Run:
        """Commit the pipeline and execute it."""
        commit = self.commit({"pipeline.yml": pipeline})
        return execute(self.remote, "pipeline.yml", Event(kind, commit, **event), runner)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def steps(repository: Repository) -> Callable[..., Run]:
    """Run a job of these steps."""
    return lambda text, runner=NOBODY: repository.run("steps:\n" + dedent(text).strip(), runner)


def said(run: Run) -> list[str]:
    """What the commands printed, in order."""
    return [command.output.strip() for command in run.commands]


def test_a_job_runs_its_steps_in_its_checkout(repository: Repository) -> None:
    run = repository.run("steps:\n- script: ls; git status --short --branch\n  displayName: look\n")
    assert (run.triggered, run.result, run.jobs) == (True, "succeeded", {"job": "succeeded"})
    assert (run.commands[0].job, run.commands[0].step, run.commands[0].exit_code) == ("job", "look", 0)
    assert said(run) == ["pipeline.yml\n## HEAD (no branch)"]


def test_a_failed_step_ends_the_job_but_not_what_waits_for_it(steps: Callable[..., Run]) -> None:
    run = steps("""
        - script: exit 3
        - script: echo never
        - script: echo failed
          condition: failed()
        - bash: echo always $(Agent.JobStatus)
          condition: always()
        - script: echo disabled
          condition: always()
          enabled: false
    """)
    assert (run.result, said(run), run.commands[0].exit_code) == ("failed", ["", "failed", "always Failed"], 3)


def test_a_script_goes_on_after_a_line_that_fails(steps: Callable[..., Run]) -> None:
    run = steps("- script: |\n    false\n    echo after >&2")
    assert (run.result, said(run)) == ("succeeded", ["after"])


def test_an_undefined_macro_stays_as_text_and_is_told(steps: Callable[..., Run]) -> None:
    run = steps("- script: echo '$(nothing) $(Build.Reason) $(two words)'")
    assert said(run) == ["$(nothing) IndividualCI $(two words)"]
    assert run.warnings == ["job: $(nothing) is not defined and stays as text"]


def test_variables_can_name_others_but_what_a_script_sets_is_taken_as_it_is(repository: Repository) -> None:
    run = repository.run("""
        variables: {outer: by $(inner), inner: $(Build.Reason)}
        steps:
        - script: echo "$OUTER"; printf "##vso[task.setvariable variable=set]%s(inner)" "$"
        - script: printenv SET
    """)
    assert (said(run)[0].splitlines()[0], said(run)[1]) == ("by IndividualCI", "$(inner)")


def test_the_environment_holds_variables_but_no_secret_and_nothing_of_this_machine(
    steps: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    monkeypatch.setenv("UV_SOMETHING", "passed on")
    environment = {"SYSTEM_COLLECTIONURI": "http://localhost/", "SYSTEM_ACCESSTOKEN": "token"}
    runner = Runner(environment=environment, variables={"web.page": "set"})
    run = steps(
        """
        - script: echo "$SECRET_OF_THIS_MACHINE,$UV_SOMETHING,$WEB_PAGE,$SYSTEM_COLLECTIONURI,$TF_BUILD"
        - script: echo "$(System.CollectionUri),${SYSTEM_ACCESSTOKEN-unset}"
        - script: echo "$SYSTEM_ACCESSTOKEN"
          env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}
        - script: echo "##vso[task.setvariable variable=password;isSecret=true]hidden"
        - script: echo "${PASSWORD-unset},$(password),$([ "$HOME" = ~ ] && ls -A ~)"
        """,
        runner,
    )
    assert said(run)[:3] == [",passed on,set,http://localhost/,True", "http://localhost/,unset", "token"]
    assert said(run)[4] == "unset,hidden,"


def test_messages_of_a_script_change_what_comes_after(steps: Callable[..., Run], tmp_path: Path) -> None:
    tool = tmp_path / "tools" / "tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho tool\n")
    tool.chmod(0o755)
    run = steps(f"""
        - script: |
            echo '##vso[task.setvariable variable=plain]a%0Ab'
            echo '##vso[task.prependpath]{tool.parent}'
            echo '##vso[task.setvariable variable=out;isOutput=true]o'
            echo text > summary.md; echo "##vso[task.uploadsummary]$PWD/summary.md"
          name: first
        - script: echo "$PLAIN $(first.out) ${{FIRST_OUT}} ${{OUT-unset}}"; tool
        - script: echo '##vso[task.complete result=Failed]'
    """)
    assert said(run)[1] == "a\nb o o unset\ntool"
    assert (run.result, run.summaries, run.commands[2].exit_code) == ("failed", ["text\n"], 0)


@pytest.mark.parametrize("path", ["summary.md", "/nowhere/summary.md"])
def test_a_summary_that_is_not_there_fails_the_step(
    steps: Callable[..., Run], path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the agent's folder is not the script's
    (tmp_path / "summary.md").touch()
    run = steps(f"- script: touch summary.md; echo '##vso[task.uploadsummary]{path}'")
    assert run.result == "failed"


STAGES = """
    stages:
    - stage: build
      jobs:
      - job: build
        steps:
        - script: {script}
          name: make
    - stage: deploy
      jobs:
      - deployment: deploy
        environment: production
        strategy: {{runOnce: {{deploy: {{steps: [script: 'ls; echo deployed']}}}}}}
"""


def test_a_deployment_has_no_checkout_and_its_environment_is_a_gate(repository: Repository) -> None:
    run = repository.run(STAGES.format(script="'true'"))
    assert run.gates == [("production", True)]
    assert run.jobs == {"build": "succeeded", "deploy": "succeeded"}
    assert [(command.job, command.gate) for command in run.commands] == [("build", ""), ("deploy", "production")]
    assert said(run)[1] == "deployed"


def test_a_failed_stage_skips_the_next_and_asks_nobody(repository: Repository) -> None:
    run = repository.run(STAGES.format(script="'false'"))
    assert (run.result, run.jobs, run.gates) == ("failed", {"build": "failed", "deploy": "skipped"}, [])


def test_a_refused_approval_fails_the_stage(repository: Repository) -> None:
    run = repository.run(STAGES.format(script="'true'"), Runner(refused=frozenset({"production"})))
    assert (run.result, run.jobs["deploy"], run.gates) == ("failed", "failed", [("production", False)])
    assert len(run.commands) == 1


def test_all_approvals_of_a_stage_are_asked_before_its_first_job(repository: Repository) -> None:
    pipeline = """
        stages:
        - stage: all
          jobs:
          - job: plain
            steps: [script: echo plain]
          - deployment: first
            dependsOn: plain
            environment: staging
            strategy: {runOnce: {deploy: {steps: [script: echo first]}}}
          - deployment: second
            condition: false
            environment: {name: production}
            strategy: {runOnce: {deploy: {steps: [script: echo second]}}}
    """
    run = repository.run(pipeline, Runner(refused=frozenset({"production"})))
    assert (run.commands, run.gates) == ([], [("staging", True), ("production", False)])
    run = repository.run(pipeline)
    assert run.jobs == {"all/plain": "succeeded", "all/first": "succeeded", "all/second": "skipped"}


OUTPUTS = """
    stages:
    - stage: one
      jobs:
      - job: a
        steps:
        - script: echo '##vso[task.setvariable variable=color;isOutput=true]red'
          name: paint
    - stage: two
      condition: and(succeeded(), eq(dependencies.one.outputs['a.paint.color'], 'red'))
      jobs:
      - job: b
        steps: [script: 'true']
    - stage: three
      dependsOn: [{needs}]
      variables:
        color: $[ stageDependencies.one.a.outputs['paint.color'] ]
      jobs:
      - job: c
        steps:
        - script: echo '<$(color)>'
        - script: echo '##vso[task.setvariable variable=shape;isOutput=true]round'
          name: draw
      - job: d
        dependsOn: c
        condition: eq(dependencies.c.outputs['draw.shape'], 'round')
        variables: {{shape: "$[ dependencies.c.outputs['draw.shape'] ]"}}
        steps: [script: 'echo $(shape)']
"""


def test_outputs_reach_stages_and_jobs_that_depend_on_them(repository: Repository) -> None:
    run = repository.run(OUTPUTS.format(needs="one, two"))
    assert run.jobs == {"one": "succeeded", "two": "succeeded", "three/c": "succeeded", "three/d": "succeeded"}
    assert (said(run)[2], said(run)[-1]) == ("<red>", "round")


def test_an_output_of_a_stage_that_is_not_in_depends_on_is_empty(repository: Repository) -> None:
    assert said(repository.run(OUTPUTS.format(needs="two")))[2] == "<>"


def test_outputs_of_a_deployment_are_led_by_its_name(repository: Repository) -> None:
    run = repository.run("""
        jobs:
        - deployment: deploy
          environment: staging
          strategy:
            runOnce:
              deploy:
                steps:
                - script: echo '##vso[task.setvariable variable=slot;isOutput=true]blue'
                  name: set
        - job: after
          dependsOn: deploy
          variables: {slot: "$[ dependencies.deploy.outputs['deploy.set.slot'] ]"}
          steps: [script: 'echo $(slot)']
    """)
    assert (said(run)[-1], [*run.jobs]) == ("blue", ["deploy", "after"])


def test_conditions_see_all_that_came_before(repository: Repository) -> None:
    stage = "- stage: {}\n  condition: {}\n  jobs: [job: x, steps: [script: '{}']]\n".replace(
        "[job: x, steps: [script: '{}']]", "[{{job: x, steps: [{{script: '{}'}}]}}]"
    )
    run = repository.run(
        "stages:\n"
        + stage.format("first", "", "false")
        + stage.format("second", "", "true")
        + stage.format("after_failure", "failed()", "true")
        + stage.format("default", "", "true")
        + stage.format("always", "always()", "true")
        + stage.format("by_name", "in(dependencies.always.result, ''Succeeded'')".replace("''", "'"), "true")
    )
    ran = [job for job, result in run.jobs.items() if result != "skipped"]
    assert ran == ["first", "after_failure", "always", "by_name"]


def test_a_matrix_runs_each_leg_by_its_own_variables(repository: Repository) -> None:
    run = repository.run("""
        stages:
        - stage: test
          jobs:
          - job: test
            strategy: {matrix: {old: {python: '3.10'}, new: {python: '3.20'}}}
            steps: [script: 'echo $(python); test $(python) = 3.20']
    """)
    assert (said(run), run.result) == (["3.10", "3.20"], "failed")
    assert run.jobs == {"test (old)": "failed", "test (new)": "succeeded", "test": "failed"}


def test_each_job_starts_in_an_empty_workspace_and_artifacts_carry_over(repository: Repository) -> None:
    run = repository.run("""
        jobs:
        - job: make
          steps:
          - checkout: none
          - script: mkdir out; echo made > out/file
          - publish: out
            artifact: result
          - task: PublishPipelineArtifact@1
            inputs: {targetPath: $(Build.SourcesDirectory)/out/file, artifact: one}
        - job: take
          dependsOn: make
          steps:
          - script: ls
          - download: current
            artifact: result
          - script: cat $(Pipeline.Workspace)/result/file
        - deployment: use
          dependsOn: make
          environment: staging
          strategy: {runOnce: {deploy: {steps: [script: cat $(Pipeline.Workspace)/one/file]}}}
    """)
    assert (said(run), run.artifacts) == (["", "pipeline.yml", "made", "made"], ["out", "out/file"])


@pytest.mark.parametrize(
    "step", ["publish: nowhere\n  artifact: x", "download: current\n  artifact: x", "script: ls\n  workingDirectory: x"]
)
def test_a_path_that_is_not_there_fails_the_step(steps: Callable[..., Run], step: str) -> None:
    assert steps(f"- {step}").result == "failed"


def test_an_artifact_cannot_be_published_twice(steps: Callable[..., Run]) -> None:
    publish = "- publish: pipeline.yml\n  artifact: x\n"
    assert (steps(publish).result, steps(publish * 2).result) == ("succeeded", "failed")


def test_a_checkout_is_as_deep_as_it_says(repository: Repository) -> None:
    repository.commit({"a": "1"})
    repository.commit({"b": "1"}, branch="other")
    repository.git(repository.clone, "checkout", "--quiet", "main")
    count = "git rev-list --count HEAD; git branch --all --list 'origin/*' | wc -l"
    run = repository.run(f"""
        jobs:
        - job: shallow
          steps: [script: "{count}"]
        - job: deep
          steps: [{{checkout: self, fetchDepth: 0}}, script: "{count}"]
    """)
    assert said(run) == ["1\n0", "2\n2"]


def test_a_pull_request_is_checked_out_as_its_merge(repository: Repository) -> None:
    base = repository.commit({"pipeline.yml": "steps:\n- script: ls; env | grep ^SYSTEM_PULL | sort\n  env: {X: y}\n"})
    repository.commit({"new": "1"}, branch="feature")
    repository.git(repository.clone, "checkout", "--quiet", "--detach", base)
    repository.git(repository.clone, "merge", "--quiet", "--no-ff", "-m", "merge", "feature")
    repository.git(repository.clone, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge")
    merge = repository.git(repository.clone, "rev-parse", "HEAD").strip()
    run = execute(repository.remote, "pipeline.yml", Event("pull_request", merge, number=7, source="feature"), Runner())
    assert said(run)[0].splitlines() == [
        "new",
        "pipeline.yml",
        "SYSTEM_PULLREQUEST_PULLREQUESTID=7",
        "SYSTEM_PULLREQUEST_SOURCEBRANCH=refs/heads/feature",
        "SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main",
        "SYSTEM_PULLREQUEST_TARGETBRANCHNAME=main",
    ]


def test_a_job_can_push(repository: Repository, steps: Callable[..., Run]) -> None:
    run = steps("""
        - script: |
            git -c user.name=x -c user.email=x commit --quiet --message new --allow-empty
            git push --quiet origin HEAD:refs/heads/b
    """)
    assert run.result == "succeeded"
    assert repository.git(repository.remote, "log", "-1", "--format=%s", "b") == "new\n"


def test_what_outlives_its_job_is_killed(steps: Callable[..., Run], tmp_path: Path) -> None:
    note = tmp_path / "id"
    asleep = f"grep --quiet sleep /proc/$(cat {note})/cmdline"
    run = steps(f"- script: setsid sleep 600 & echo $! > {note}; until {asleep}; do true; done")
    command = Path("/proc") / note.read_text().strip() / "cmdline"
    assert run.result == "succeeded"
    with contextlib.suppress(OSError):
        assert command.read_bytes() == b""


def test_what_a_leftover_prints_is_in_no_later_output(steps: Callable[..., Run], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    os.mkfifo(tmp_path / "done")
    run = steps(f"""
        - script: (read line < {tmp_path}/go; echo late; echo > {tmp_path}/done) &
        - script: echo > {tmp_path}/go; read line < {tmp_path}/done
    """)
    assert said(run) == ["", ""]


def test_the_service_connection_is_in_the_output(steps: Callable[..., Run]) -> None:
    cli = "- task: AzureCLI@2\n  inputs: {scriptType: bash, scriptLocation: inlineScript, inlineScript: echo hi"
    assert said(steps(cli + ", azureSubscription: azure-staging}")) == ["azureSubscription: azure-staging\nhi"]
    with pytest.raises(PipelineError, match="needs an azureSubscription"):
        steps(cli + ", azureSubscription: ''}")


def test_the_task_knows_its_connection_and_later_steps_what_it_tells_them(steps: Callable[..., Run]) -> None:
    told = (
        "##vso[task.setvariable variable=WHO]$AZURESUBSCRIPTION_CLIENT_ID of $AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
    )
    run = steps(
        f"""
        - task: AzureCLI@2
          inputs:
            azureSubscription: staging
            scriptType: bash
            scriptLocation: inlineScript
            inlineScript: echo "{told}"
        - script: echo "$WHO, $AZURESUBSCRIPTION_CLIENT_ID"
        """,
        Runner(ids={"AZURE_CLIENT_ID": "client"}),
    )
    assert said(run)[1] == "client of staging,", "not what the task itself was told"


def test_what_passes_in_silence_is_told(steps: Callable[..., Run]) -> None:
    run = steps("""
        - checkout: self
          persistCredentials: true
        - script: exit 1
          displayName: weak
          continueOnError: true
        - script: echo '##vso[task.setvariable variable=x;isOutput=true]y'
    """)
    told = ["persistCredentials", "'weak'", "without a name"]
    assert run.result == "succeeded"
    assert all(part in warning for part, warning in zip(told, run.warnings, strict=True))


def test_parameters_come_from_the_person_who_starts_it(repository: Repository) -> None:
    pipeline = """
        trigger: none
        parameters:
        - {name: count, type: number, default: 2}
        - {name: fast, type: boolean, default: false}
        - {name: to, type: string, default: a, values: [a, b]}
        steps:
        - script: echo ${{ parameters.count }} ${{ parameters.fast }} ${{ parameters.to }}
    """
    assert not repository.run(pipeline).triggered
    run = repository.run(pipeline, kind="manual", inputs={"fast": "true", "to": "b"})
    assert said(run) == ["2 True b"]
    for wrong in ({"count": "many"}, {"fast": "maybe"}, {"to": "c"}, {"unknown": "x"}):
        with pytest.raises(PipelineError, match=next(iter(wrong))):
            repository.run(pipeline, kind="manual", inputs=wrong)


def test_templates_are_found_from_the_file_that_names_them(repository: Repository) -> None:
    repository.commit(
        {
            "ci/stage.yml": """
                parameters: [{name: names, type: object}]
                stages:
                - ${{ each name in parameters.names }}:
                  - stage: ${{ name }}
                    variables: [template: values.yml]
                    jobs: [template: /ci/jobs/job.yml]
            """,
            "ci/values.yml": "variables: {level: deep}",
            "ci/jobs/job.yml": "jobs:\n- job: x\n  steps: [template: ../steps.yml]",
            "ci/steps.yml": "steps:\n- script: echo $(level) $(System.StageName)",
        }
    )
    run = repository.run("stages:\n- template: ci/stage.yml\n  parameters: {names: [one, two]}\n")
    assert ([*run.jobs], said(run)) == (["one", "two"], ["deep one", "deep two"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps:\n- ${{ if false }}:\n  - script: ${{ nope('x') }}", "pipeline.yml:3: unrecognized function 'nope'"),
        ("steps:\n- script: ${{ nope.x }}", "unrecognized value 'nope'"),
        ("steps:\n- script: ${{ variables.nope }}", "unexpected reference 'variables.nope'"),
        ("steps:\n- script: a\n  condition: eq(dependencies.x, 1)", "unrecognized value 'dependencies'"),
        ("steps:\n- script: a\n  script: b", "appears twice"),
        ("steps:\n- script: &a a\n- script: *a", "anchors"),
        ("steps:\n- pwsh: a", "no stand-in"),
        ("steps:\n- checkout: self\n  fetchDepth: all", "a whole number"),
        ("steps:\n- task: Docker@2", "no stand-in for the task 'Docker@2'"),
        ("steps:\n- script: a\n  name: a-b", "the step name 'a-b'"),
        ("jobs:\n- job: a-b\n  steps: []", "'a-b' is no name"),
        ("jobs:\n- job: a\n  dependsOn: b\n  steps: []", "depends on 'b'"),
        ("jobs:\n- {job: a, dependsOn: b}\n- {job: b, dependsOn: a}", "circle"),
        ("stages:\n- {stage: a, condition: stageDependencies.x.y, jobs: [{job: a}]}", "'stageDependencies'"),
        ("extends: {template: x.yml}", "'extends' is not supported"),
        ("steps:\n- template: x.yml@other", "other repositories"),
        ("steps:\n- template: x.yml", "x.yml: no such file"),
        ("parameters: {a: b}\nsteps: []", "not of type 'array'"),
        ("parameters:\n- {name: a, type: string}\nsteps: []", "'a' needs a value"),
        ("steps: ${{ if", "not of type 'array'"),
        ("steps:\n- script: ${{ if", "is not closed"),
    ],
)
def test_what_the_server_would_refuse_never_runs(repository: Repository, text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        repository.run(text)
