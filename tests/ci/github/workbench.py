"""What the tests of this folder share: a server with workflows on it, and short ways to write those."""

from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Any

from ci.events import Event, Run, Runner
from ci.github import execute
from ci.github.rules import ACTIONS
from ci.server import Server

WORKFLOW = ".github/workflows/workflow.yml"
CALLED = ".github/workflows/called.yml"
ACTION = ".github/actions/act/action.yml"
NOBODY = Runner()
PULL_REQUEST = {"branch": "main", "number": 7, "source": "feature"}
USES = {name: f"{name}@{action['commit']} # {action['version']}" for name, action in ACTIONS.items()}
CHECKOUT = f"- uses: {USES['actions/checkout']}\n  with: {{persist-credentials: false}}\n"
COMPOSITE = """
    name: act
    description: Acts.
    inputs:
      word: {description: A word., default: usual}
      other: {description: Another one., required: true}
    outputs:
      said: {description: What it said., value: '${{ steps.say.outputs.said }}'}
    runs:
      using: composite
      steps:
        - id: say
          shell: bash
          run: |
            echo "${{ inputs.word }} $OUTER $(basename "$GITHUB_ACTION_PATH")"
            echo said=${{ inputs.word }} >> "$GITHUB_OUTPUT"
        - if: inputs.word == 'wrong'
          shell: bash
          run: exit 1
        - if: failure()
          shell: bash
          run: echo after
    """


@dataclass
class Repository:
    """A server with workflows on it."""

    server: Server

    def run(self, text: str, runner: Runner = NOBODY, files: dict[str, str] | None = None, **event: Any) -> Run:
        """Push the workflow and other files, and execute it for an event of that push."""
        texts = {WORKFLOW: text, **(files or {})}
        self.server.push({name: dedent(content) for name, content in texts.items()})
        return self.again(runner, **event)

    def again(self, runner: Runner = NOBODY, **event: Any) -> Run:
        """Execute it as it is."""
        return execute(
            self.server.bare, WORKFLOW, Event(**{"kind": "push", "commit": self.server.head(), **event}), runner
        )


def said(run: Run) -> list[str]:
    """What the commands printed, in order."""
    return [command.output.strip() for command in run.commands]


def jobs(**texts: str) -> str:
    """A workflow for pushes, of jobs that each print their name; each text holds more lines of its job."""
    head = "on: push\njobs:\n"
    usual = "runs-on: ubuntu-24.04\n"
    steps = "steps:\n- run: echo ${{ github.job }}\n"
    bodies = {name: f"{usual}{dedent(text)}\n{'' if 'steps:' in text else steps}\n" for name, text in texts.items()}
    return head + "".join(f"  {name}:\n{indent(body, '    ')}" for name, body in bodies.items())
