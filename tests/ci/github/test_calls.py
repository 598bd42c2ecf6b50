"""Workflows that call another one."""

import pytest

from ci.events import PipelineError, Runner
from ci.github.workbench import CALLED, said

CALLEE = """
    on:
      workflow_call:
        inputs:
          environment: {type: string, required: true}
          dry: {type: boolean, default: true}
          count: {type: number}
        outputs:
          said: {value: '${{ jobs.inner.outputs.said }}'}
    jobs:
      inner:
        runs-on: ubuntu-24.04
        environment: ${{ inputs.environment }}
        outputs: {said: '${{ steps.say.outputs.said }}'}
        steps:
          - id: say
            run: echo said=${{ inputs.environment }}${{ inputs.dry == true }}${{ inputs.count }} >> "$GITHUB_OUTPUT"
    """
CALLER = """
    on: push
    permissions: {contents: read}
    jobs:
      call:
        uses: ./.github/workflows/called.yml
        with: {environment: staging}
      after:
        needs: call
        runs-on: ubuntu-24.04
        steps: [{run: 'echo ${{ needs.call.outputs.said }}'}]
    """


def test_a_called_workflow_gives_outputs(repository):
    run = repository.run(CALLER, files={CALLED: CALLEE})
    assert said(run)[-1] == "stagingtrue0"
    assert run.gates == [("staging", True)]
    assert run.jobs == {"call / inner": "succeeded", "call": "succeeded", "after": "succeeded"}
    refused = repository.again(Runner(refused=frozenset({"staging"})))
    assert refused.jobs == {"call / inner": "failed", "call": "failed", "after": "skipped"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{environment: a, other: b}", "no input 'other'"),
        ("{dry: true}", "'environment' is required"),
        ("{environment: a, dry: 'true'}", "'dry' must be a boolean"),
        ("{environment: a, dry: \"${{ 'true' }}\"}", "'dry' must be a boolean"),
        ("{environment: a, count: many}", "'count' must be a number"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(repository, given, message):
    with pytest.raises(PipelineError, match=message):
        repository.run(CALLER.replace("{environment: staging}", given), files={CALLED: CALLEE})


def test_a_call_that_is_never_made_has_to_fit_too(repository):
    wrong = CALLER.replace("{environment: staging}", "{environment: a, dry: 'true'}\n        if: false")
    with pytest.raises(PipelineError, match="'dry' must be a boolean"):
        repository.run(wrong, files={CALLED: CALLEE})


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("      inner:\n", "      inner:\n        permissions: {id-token: write}\n"),
        ("      inner:\n", "      inner:\n        permissions: write-all\n"),
        (
            "    jobs:\n      inner:\n",
            "    permissions: {id-token: write}\n    jobs:\n      inner:\n        permissions: {}\n",
        ),
    ],
)
def test_a_called_workflow_cannot_have_more_permissions_than_its_caller(repository, right, wrong):
    assert right in CALLEE
    with pytest.raises(PipelineError, match="is only allowed"):
        repository.run(CALLER, files={CALLED: CALLEE.replace(right, wrong)})
