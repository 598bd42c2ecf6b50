"""Jobs: their order, conditions, matrices, outputs, approvals and machines."""

import pytest

from ci.events import PipelineError, Runner
from ci.github.workbench import jobs, said


def test_what_needs_a_failed_job_is_skipped_however_far_behind(repository):
    run = repository.run(
        jobs(
            fails="steps:\n- run: exit 3",
            next="needs: fails",
            last="needs: [next]",
            after_failure="needs: next\nif: failure()",
            always="needs: next\nif: always()",
            not_cancelled="needs: next\nif: ${{ !cancelled() && needs.next.result == 'skipped' }}",
            after_always="needs: always",
            alone="",
        )
    )
    assert run.result == "failed"
    ran = {"after_failure", "always", "not_cancelled", "alone"}
    assert {name for name, result in run.jobs.items() if result == "succeeded"} == ran
    assert {name for name, result in run.jobs.items() if result == "skipped"} == {"next", "last", "after_always"}
    assert run.commands[0].exit_code == 3


def test_a_condition_stands_behind_success_unless_it_names_a_status(repository):
    run = repository.run(
        jobs(
            skipped="if: ${{ github.ref == 'refs/heads/other' }}",
            behind="needs: skipped\nif: github.ref == 'refs/heads/main'",
            despite="needs: skipped\nif: (!failure()) && github.ref == 'refs/heads/main'",
        )
    )
    assert run.jobs == {"skipped": "skipped", "behind": "skipped", "despite": "succeeded"}
    assert run.result == "succeeded"


def test_a_run_of_skipped_jobs_is_skipped(repository):
    assert repository.run(jobs(job="if: false")).result == "skipped"


def test_jobs_run_after_those_they_need(repository):
    run = repository.run(jobs(last="needs: [middle, first]", middle="needs: first", first=""))
    assert said(run) == ["first", "middle", "last"]


def test_outputs_pass_from_step_to_job_to_job(repository):
    run = repository.run(
        jobs(
            first="""
                outputs: {text: '${{ steps.say.outputs.text }}', nothing: '${{ steps.other.outputs.text }}'}
                steps:
                  - id: say
                    run: printf 'text<<END\\none=1\\n\\ntwo\\nEND\\nother=x\\n' >> "$GITHUB_OUTPUT"
                """,
            second="""
                needs: first
                steps:
                  - run: echo "$TEXT[${{ needs.first.outputs.nothing }}]"
                    env: {TEXT: '${{ needs.first.outputs.text }}'}
                """,
        )
    )
    assert said(run) == ["", "one=1\n\ntwo[]"]


def test_a_matrix_has_legs(repository):
    run = repository.run(
        jobs(
            test="""
                strategy:
                  matrix:
                    os: [a, b]
                    python: [1, 2]
                    exclude: [{os: a, python: 2}]
                    include: [{extra: some}, {os: b, extra: more}, {os: c, python: 3}]
                steps:
                  - run: echo ${{ matrix.os }}${{ matrix.python }}${{ matrix.extra }}; [ ${{ matrix.os }} != c ]
                """,
            after="needs: test",
        )
    )
    assert said(run) == ["a1some", "b1more", "b2more", "c3"]
    legs = {
        "test (a, 1, some)": "succeeded",
        "test (b, 1, more)": "succeeded",
        "test (b, 2, more)": "succeeded",
        "test (c, 3)": "failed",
    }
    assert run.jobs == {**legs, "test": "failed", "after": "skipped"}


def test_the_legs_of_a_matrix_share_their_outputs(repository):
    run = repository.run(
        jobs(
            test="""
                strategy: {matrix: {one: [a, b]}}
                outputs: {a: '${{ steps.say.outputs.a }}', b: '${{ steps.say.outputs.b }}'}
                steps: [{id: say, run: 'echo ${{ matrix.one }}=said >> "$GITHUB_OUTPUT"'}]
                """,
            after="needs: test\nsteps: [{run: 'echo ${{ needs.test.outputs.a }} ${{ needs.test.outputs.b }}'}]",
        )
    )
    assert said(run)[-1] == "said said"


def test_a_matrix_can_come_from_another_job(repository):
    run = repository.run(
        jobs(
            first="""
                outputs: {list: '${{ steps.list.outputs.list }}'}
                steps: [{id: list, run: 'echo ''list=["x", "y"]'' >> "$GITHUB_OUTPUT"'}]
                """,
            second="""
                needs: first
                strategy: {matrix: {one: '${{ fromJSON(needs.first.outputs.list) }}'}}
                steps: [{run: 'echo ${{ matrix.one }}'}]
                """,
        )
    )
    assert said(run)[1:] == ["x", "y"]


def test_a_job_that_may_fail_stops_nothing(repository):
    run = repository.run(jobs(fails="continue-on-error: true\nsteps: [{run: exit 1}]", after="needs: fails"))
    assert run.jobs == {"fails": "failed", "after": "succeeded"}
    assert run.result == "succeeded"


def test_a_leg_that_may_fail_stops_nothing(repository):
    legs = """
        continue-on-error: ${{ matrix.one == 'new' }}
        strategy: {matrix: {one: [old, new]}}
        steps: [{run: "[ ${{ matrix.one }} = old ]"}]
        """
    run = repository.run(jobs(test=legs, after="needs: test"))
    assert run.jobs == {"test (old)": "succeeded", "test (new)": "failed", "test": "failed", "after": "succeeded"}


def test_an_approval_is_asked_for_before_the_first_step(repository):
    text = jobs(
        staging="environment: staging",
        production="needs: staging\nenvironment: {name: \"${{ github.ref_name == 'main' && 'production' || 'x' }}\"}",
        last="needs: production",
    )
    run = repository.run(text)
    assert run.gates == [("staging", True), ("production", True)]
    assert [(command.job, command.gate) for command in run.commands] == [
        ("staging", "staging"),
        ("production", "production"),
        ("last", ""),
    ]
    refused = repository.again(Runner(refused=frozenset({"production"})))
    assert refused.gates == [("staging", True), ("production", False)]
    assert refused.jobs == {"staging": "succeeded", "production": "failed", "last": "skipped"}
    assert (refused.result, len(refused.commands)) == ("failed", 1)


def test_every_job_has_an_empty_machine(repository):
    leave = "steps:\n- run: ls -A; ls -A ~; touch left ~/left; echo A=1 >> $GITHUB_ENV"
    run = repository.run(jobs(first=leave, second=leave + "\n- run: echo [$A]"))
    assert said(run) == ["", "", "[1]"]


def test_nothing_outlives_its_job(repository, tmp_path):
    note = tmp_path / "process"
    alive = f"grep --quiet sleep /proc/$(cat '{note}')/cmdline"
    start = f"nohup sleep 600 & echo $! > '{note}'; until {alive}; do true; done"
    run = repository.run(
        jobs(
            first=f"steps:\n- run: {start}\n- run: {alive} && echo alive",
            second=f"needs: first\nsteps:\n- run: {alive}",
        )
    )
    assert said(run)[1] == "alive"
    assert run.jobs == {"first": "succeeded", "second": "failed"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on: push\njobs: {a: {runs-on: x, steps: [{run: x}], what: 1}}", "Unexpected value 'what'"),
        (jobs(a="", b="needs: c"), "depends on unknown job 'c'"),
        (jobs(a="", b="needs: [a, c]", c="needs: b"), "cycle"),
        (jobs(a="if: nothing.x == 1"), "Unrecognized named-value: 'nothing'"),
        ("on: push\njobs: {a: {uses: ./.github/workflows/missing.yml}}", "no workflow .github/workflows/missing.yml"),
        (jobs(a="steps: [{run: '${{ hashFiles(''x'') }}'}]"), "hashFiles is not modelled"),
    ],
)
def test_what_cannot_be_started_is_refused(repository, text, message):
    with pytest.raises(PipelineError, match=message):
        repository.run(text)
