"""Steps: conditions, environment, shells, and what they say to the runner."""

import pytest

from ci.events import Runner
from ci.github.workbench import said


def test_a_failed_step_ends_the_job_but_not_what_waits_for_it(steps):
    run = steps("""
        - run: echo ${{ job.status }}; exit 3
          name: breaks
        - run: echo never
        - run: echo never
          if: github.ref != ''
        - run: echo failed
          if: failure()
        - run: echo ${{ job.status }}
          if: ${{ !cancelled() }}
        """)
    assert (run.result, said(run)) == ("failed", ["success", "failed", "failure"])
    assert (run.commands[0].step, run.commands[0].exit_code, run.commands[1].step) == ("breaks", 3, "Run echo failed")


def test_a_step_that_may_fail_stops_nothing(steps):
    run = steps("""
        - run: echo x=1 >> "$GITHUB_OUTPUT"; exit 1
          id: fails
          continue-on-error: true
        - run: echo never
          id: skipped
          if: failure()
        - run: echo $FAILS ${{ steps.skipped.outcome }} ${{ steps.fails.outputs.x }}
          env: {FAILS: '${{ steps.fails.outcome }} ${{ steps.fails.conclusion }}'}
        """)
    assert (run.result, said(run)[1]) == ("succeeded", "failure success skipped 1")


def test_the_environment_has_layers(repository):
    run = repository.run("""
        on: push
        env: {A: workflow, B: workflow, C: workflow, D: workflow}
        jobs:
          job:
            runs-on: ubuntu-24.04
            env: {B: job, C: '${{ github.ref_name }}', D: job}
            steps:
              - run: echo "$A,$B,$C"; printf 'D<<X\\none\\ntwo\\nX\\nE=set\\n' >> "$GITHUB_ENV"
              - run: echo "$D,$E,${{ env.E }}"
              - run: echo "$D,${{ env.D }}"
                env: {D: step}
                if: env.D == 'step'
        """)
    assert said(run) == ["workflow,job,main", "one\ntwo,set,set", "step,step"]


def test_a_command_sees_its_runner_and_nothing_of_this_machine(steps, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    monkeypatch.setenv("UV_SOMETHING", "passed on")
    program = tmp_path / "bin" / "program"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    runner = Runner([program.parent], {"GITHUB_API_URL": "http://here", "A": "given"}, {"NAME": "value"})
    run = steps(
        """
        - run: echo "[$SECRET_OF_THIS_MACHINE$GITHUB_TOKEN] $UV_SOMETHING ${{ vars.NAME }}"
        - run: echo $A $GITHUB_API_URL ${{ github.api_url }}
        - run: program
        - run: echo $GITHUB_TOKEN $SAME
          env: {GITHUB_TOKEN: '${{ github.token }}', SAME: '${{ secrets.GITHUB_TOKEN }}'}
        """,
        runner=runner,
    )
    assert said(run) == [
        "[] passed on value",
        "given http://here http://here",
        "found",
        "token-of-this-run token-of-this-run",
    ]


def test_programs_can_be_put_on_the_path(steps):
    run = steps("""
        - run: |
            mkdir bin && printf '#!/bin/sh\\necho mine' > bin/program && chmod +x bin/program
            echo "$PWD/bin" >> "$GITHUB_PATH"
        - run: program
        """)
    assert said(run) == ["", "mine"]


def test_the_two_bashes_differ_in_what_a_pipe_may_lose(steps):
    run = steps("""
        - run: false | true; echo after
        - run: |
            false
            echo never
          continue-on-error: true
        - run: false | true; echo never
          shell: bash
        """)
    assert (said(run), [command.exit_code for command in run.commands]) == (["after", "", ""], [0, 1, 1])


def test_shells_and_folders_have_defaults(repository):
    run = repository.run("""
        on: push
        defaults: {run: {shell: bash, working-directory: inside}}
        jobs:
          job:
            runs-on: ubuntu-24.04
            defaults: {run: {shell: python}}
            steps:
              - run: mkdir inside
                shell: sh
                working-directory: .
              - run: import os; print(os.path.basename(os.getcwd()))
              - run: import os; print(__file__)
                shell: python -B {0}
              - run: echo never
                working-directory: missing
        """)
    assert said(run)[1] == "inside"
    assert [command.exit_code for command in run.commands] == [0, 0, 0, 1]


def test_both_outputs_are_kept_in_order(steps):
    assert said(steps("- run: echo 1; echo 2 >&2; echo 3"))[0].split() == ["1", "2", "3"]


def test_a_summary_is_kept_of_a_failed_step_too(steps):
    run = steps("""
        - run: echo '# One' >> "$GITHUB_STEP_SUMMARY"; exit 1
        - run: echo '# Two' >> "$GITHUB_STEP_SUMMARY"
          if: always()
        """)
    assert run.summaries == ["# One\n", "# Two\n"]


@pytest.mark.parametrize("line", ["no value", "open<<END"])
def test_an_output_that_cannot_be_read_fails_its_step(steps, line):
    run = steps(f"- run: echo '{line}' >> $GITHUB_OUTPUT")
    assert (run.result, run.commands[0].exit_code) == ("failed", 1)
    assert "Unable to process file command" in run.commands[0].output


def test_quotes_within_a_text_stay_as_they_are(steps):
    assert said(steps("- run: echo \"${{ format('a''b''{0}', 'c') }}\"")) == ["a'b'c"]
