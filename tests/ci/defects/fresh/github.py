"""Fresh mistakes in a project's GitHub workflows."""

from ci.defects import Defect
from ci.defects.github import (
    ASK,
    CHECK_OUT,
    CHECKOUT,
    DEPLOY,
    MONITOR,
    PULL_REQUEST,
    ROLL_OUT,
    ROLLOUT,
    SETUP,
    TOKEN,
    TRAIN,
    TRAIN_AND_GATE,
)

APPLY = 'run: uv run apply "$ENVIRONMENT"'
UPLOAD = """\
      - name: Keep the reports
        if: ${{ !cancelled() }}
        uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
        with: {name: "reports-${{ github.run_attempt }}", path: out}
"""
SET_UP = """\
      - name: Set up
        uses: ./.github/actions/setup # zizmor: ignore[self-repository] some tools do not know $/ yet
"""
COMMENT = f"""\
      - name: Comment
        if: ${{{{ !cancelled() }}}}
{TOKEN}        run: uv run comment
"""
JUDGE = "      - name: Train and gate\n        run: uv run run_pipeline --pull-request\n"
IDS = "AZURE_CLIENT_ID: "
CHECKS = "    name: checks\n"
BRANCHES = "    branches: [main]\n"
DEPLOY_PATHS = "    paths: [environments/**, serving/**]\n"
TRAIN_JOB = "    timeout-minutes: 300\n"
MACHINE = "    runs-on: ubuntu-24.04\n"
STRANGER = """\
name: try
on:
  pull_request:
jobs:
  try:
    runs-on: ubuntu-24.04
    permissions: write-all
    steps:
      - run: uv run apply production
"""


def inserted(before: str, step: str) -> str:
    return f"      - name: Also\n        run: {step}\n{before}"


DEFECTS = [
    # when
    Defect(
        "clocks of train and monitor swapped",
        "clock",
        TRAIN,
        "17 3 * * 1",
        "7 6 * * *",
        Defect("", "", MONITOR, "7 6 * * *", "17 3 * * 1"),
    ),
    Defect("monitored twice a day", "clock", MONITOR, '"7 6 * * *"\n', '"7 6 * * *"\n    - cron: "7 18 * * *"\n'),
    Defect("monitored on weekdays", "clock", MONITOR, "7 6 * * *", "7 6 * * 1-5"),
    Defect("repaired every hour", "clock", DEPLOY, "47 5 * * *", "47 * * * *"),
    Defect("every push monitors", "trigger", MONITOR, "on:\n", "on:\n  push:\n    branches: [main]\n"),
    Defect(
        "deploy after any train",
        "trigger",
        DEPLOY,
        "  workflow_dispatch:\n",
        "  workflow_dispatch:\n  workflow_run:\n    workflows: [train]\n    types: [completed]\n",
    ),
    Defect(
        "anyone with a token trains",
        "trigger",
        TRAIN,
        "  workflow_dispatch:\n",
        "  workflow_dispatch:\n  repository_dispatch:\n",
    ),
    Defect(
        "a person chooses what is deployed",
        "trigger",
        DEPLOY,
        "  workflow_dispatch:\n",
        "  workflow_dispatch:\n    inputs:\n      environment: {type: string, default: production}\n",
    ),
    Defect("tags deploy", "filter", DEPLOY, BRANCHES, BRANCHES + '    tags: ["v*"]\n'),
    Defect("release branches deploy", "filter", DEPLOY, BRANCHES, '    branches: [main, "release/**"]\n'),
    Defect("all branches but one deploy", "filter", DEPLOY, BRANCHES, "    branches-ignore: [develop]\n"),
    Defect("paths the other way round", "filter", DEPLOY, "    paths: [env", "    paths-ignore: [env"),
    Defect("only the top of serving deploys", "filter", DEPLOY, "serving/**", "serving/*"),
    Defect("only one manifest deploys", "filter", DEPLOY, "environments/**", "environments/production.yml"),
    Defect("only the model's Python trains", "filter", TRAIN, "model/**", "model/*.py"),
    Defect("new data trains nothing", "filter", TRAIN, "uv.lock]", 'uv.lock, "!data/**"]'),
    Defect("pull requests into any branch", "filter", PULL_REQUEST, "[main]", '["*"]'),
    # the required check
    Defect("checked when opened only", "required check", PULL_REQUEST, BRANCHES, BRANCHES + "    types: [opened]\n"),
    Defect(
        "checked when the model changes", "required check", PULL_REQUEST, BRANCHES, BRANCHES + "    paths: [model/**]\n"
    ),
    Defect(
        "not checked when documents change",
        "required check",
        PULL_REQUEST,
        BRANCHES,
        BRANCHES + '    paths-ignore: ["**.md"]\n',
    ),
    Defect(
        "forks are not checked",
        "required check",
        PULL_REQUEST,
        CHECKS,
        CHECKS + "    if: github.event.pull_request.head.repo.full_name == github.repository\n",
    ),
    Defect(
        "drafts are not checked",
        "required check",
        PULL_REQUEST,
        CHECKS,
        CHECKS + "    if: ${{ !github.event.pull_request.draft }}\n",
    ),
    Defect(
        "bots are not checked",
        "required check",
        PULL_REQUEST,
        CHECKS,
        CHECKS + "    if: github.actor != 'dependabot[bot]'\n",
    ),
    Defect("the check is called otherwise", "required check", PULL_REQUEST, CHECKS, "    name: Checks\n"),
    Defect(
        "the check has a version in its name",
        "required check",
        PULL_REQUEST,
        CHECKS,
        '    name: checks\n    strategy:\n      matrix:\n        python: ["3.12"]\n',
    ),
    Defect("the check cannot fail", "required check", PULL_REQUEST, CHECKS, CHECKS + "    continue-on-error: true\n"),
    Defect(
        "only the settings are tested",
        "required check",
        PULL_REQUEST,
        "uv run check",
        "uv run pytest tests/test_settings.py",
    ),
    # limits
    Defect("train ends after half an hour", "limit", TRAIN, "minutes: 300", "minutes: 30"),
    Defect(
        "limits of train and monitor swapped",
        "limit",
        TRAIN,
        "minutes: 300",
        "minutes: 60",
        Defect("", "", MONITOR, "minutes: 60", "minutes: 300"),
    ),
    Defect("rollout may last a day", "limit", ROLLOUT, "minutes: 120", "minutes: 1440"),
    Defect("rollout's step is cut off", "limit", ROLLOUT, APPLY, f"timeout-minutes: 5\n        {APPLY}"),
    Defect("reports gone after a day", "limit", TRAIN, "path: out}", "path: out, retention-days: 1}"),
    # identity and rights
    Defect("trained in production's name", "identity", TRAIN, "environment: training", "environment: production"),
    Defect("monitored in production's name", "identity", MONITOR, "environment: monitoring", "environment: production"),
    Defect(
        "the tenant is written down",
        "identity",
        TRAIN,
        "${{ vars.AZURE_TENANT_ID }}",
        "9f1c2b7e-3c55-4a07-8d21-0a4f4c5f9b10",
    ),
    Defect(
        "a subscription of one environment for all",
        "identity",
        ROLLOUT,
        "${{ vars.AZURE_SUBSCRIPTION_ID }}",
        "${{ vars.PRODUCTION_SUBSCRIPTION_ID }}",
    ),
    Defect(
        "another environment by hand",
        "identity",
        TRAIN,
        "environment: training",
        "environment: ${{ github.event_name == 'workflow_dispatch' && 'test' || 'staging' }}",
    ),
    Defect(
        "rollout with somebody's token",
        "identity",
        ROLLOUT,
        TOKEN + "        " + APPLY,
        TOKEN.replace("github.token", "secrets.ADMIN_TOKEN") + "        " + APPLY,
    ),
    Defect(
        "a pull request may log in",
        "right",
        PULL_REQUEST,
        "      contents: read # check out\n",
        "      contents: read # check out\n      id-token: write\n",
    ),
    Defect(
        "train may publish packages",
        "right",
        TRAIN,
        "      id-token: write # log in to Azure\n",
        "      id-token: write # log in to Azure\n      packages: write\n",
    ),
    Defect("compare may push", "right", DEPLOY, "contents: read", "contents: write"),
    Defect("monitor may do everything", "right", MONITOR, "permissions: {}", "permissions: {contents: write}"),
    # one at a time, once
    Defect(
        "one group for all environments",
        "concurrency",
        ROLLOUT,
        "group: rollout-${{ inputs.environment }}",
        "group: rollout",
    ),
    Defect(
        "deploy is cancelled by the next push",
        "concurrency",
        DEPLOY,
        "permissions: {}\n",
        "permissions: {}\nconcurrency: {group: deploy, cancel-in-progress: true}\n",
    ),
    Defect(
        "pull requests cancel each other",
        "concurrency",
        PULL_REQUEST,
        "pull-request-${{ github.event.pull_request.number }}",
        "pull-request",
    ),
    Defect("monitor waits for train", "concurrency", MONITOR, "group: monitor", "group: train"),
    Defect(
        "a push cancels training",
        "concurrency",
        TRAIN,
        "in-progress: false",
        "in-progress: ${{ github.event_name == 'push' }}",
    ),
    Defect("rolled out again when it fails", "retry", ROLLOUT, APPLY, f'{APPLY} || uv run apply "$ENVIRONMENT"'),
    Defect(
        "rolled out three times",
        "retry",
        ROLLOUT,
        APPLY,
        'run: for i in 1 2 3; do uv run apply "$ENVIRONMENT" && break; done',
    ),
    Defect(
        "rolled out by an action that repeats",
        "retry",
        ROLLOUT,
        APPLY,
        "uses: nick-fields/retry@ad984534de44a9489a53aefd81eb77f87c70dc60 # v4.0.0\n"
        '        with: {max_attempts: 3, timeout_minutes: 60, command: uv run apply "$ENVIRONMENT"}',
    ),
    # the checkout
    Defect("rollout of another branch", "checkout", ROLLOUT, "{fetch-depth: 0, ", "{ref: release, fetch-depth: 0, "),
    Defect(
        "rollout of another repository",
        "checkout",
        ROLLOUT,
        "{fetch-depth: 0, ",
        "{repository: example/other, fetch-depth: 0, ",
    ),
    Defect(
        "half a checkout", "checkout", DEPLOY, "{fetch-depth: 0, ", "{sparse-checkout: environments, fetch-depth: 0, "
    ),
    Defect("leftovers of the last run stay", "checkout", TRAIN, "{fetch-depth: 0, ", "{clean: false, fetch-depth: 0, "),
    Defect("two commits of history", "checkout", DEPLOY, "fetch-depth: 0", "fetch-depth: 2"),
    Defect(
        "pulled before it is rolled out",
        "checkout",
        ROLLOUT,
        ROLL_OUT,
        inserted(ROLL_OUT, "git pull --rebase origin main"),
    ),
    Defect(
        "locked anew before training", "checkout", TRAIN, TRAIN_AND_GATE, inserted(TRAIN_AND_GATE, "uv lock --upgrade")
    ),
    Defect(
        "settings edited before training",
        "checkout",
        TRAIN,
        TRAIN_AND_GATE,
        inserted(TRAIN_AND_GATE, "sed -i s/auc/recall/ project.yml"),
    ),
    Defect("checked out twice", "checkout", ROLLOUT, SET_UP, SET_UP + CHECK_OUT.replace("Check out", "Again")),
    # environment of the commands
    Defect("an old Python", "variable", TRAIN, IDS, 'UV_PYTHON: "3.9"\n      ' + IDS),
    Defect(
        "checks without assertions",
        "variable",
        PULL_REQUEST,
        MACHINE,
        MACHINE + '    env:\n      PYTHONOPTIMIZE: "1"\n',
    ),
    Defect("nothing is installed", "variable", ROLLOUT, IDS, 'UV_NO_SYNC: "1"\n      ' + IDS),
    Defect(
        "rollout always of staging",
        "variable",
        ROLLOUT,
        "ENVIRONMENT: ${{ inputs.environment }}",
        "ENVIRONMENT: staging",
    ),
    Defect("proposed to itself", "variable", ROLLOUT, "NEXT: ${{ inputs.next }}", "NEXT: ${{ inputs.environment }}"),
    Defect("a token for every step", "variable", TRAIN, IDS, "GITHUB_TOKEN: ${{ github.token }}\n      " + IDS),
    # artifacts
    Defect(
        "reports after success only",
        "artifact",
        PULL_REQUEST,
        UPLOAD,
        UPLOAD.replace("        if: ${{ !cancelled() }}\n", ""),
    ),
    Defect("reports before the training", "artifact", PULL_REQUEST, JUDGE + COMMENT + UPLOAD, UPLOAD + JUDGE + COMMENT),
    Defect("everything is a report", "artifact", TRAIN, "path: out", "path: ."),
    Defect(
        "reports of a second attempt collide", "artifact", MONITOR, '"reports-${{ github.run_attempt }}"', "reports"
    ),
    Defect("no reports", "artifact", MONITOR, UPLOAD),
    Defect("reports with what is hidden", "artifact", TRAIN, "path: out}", "path: out, include-hidden-files: true}"),
    # order, commands, conditions
    Defect("commented before it is judged", "order", PULL_REQUEST, JUDGE + COMMENT, COMMENT + JUDGE),
    Defect("set up when pushed only", "condition", TRAIN, SET_UP, SET_UP + "        if: github.event_name == 'push'\n"),
    Defect("production is never asked", "condition", ROLLOUT, ASK, ASK + "        if: inputs.next != ''\n"),
    Defect(
        "proposed though it failed", "condition", ROLLOUT, "if: inputs.next != ''", "if: always() && inputs.next != ''"
    ),
    Defect("reverted when cancelled", "condition", ROLLOUT, "if: failure()", "if: cancelled()"),
    Defect("production unless told not to", "condition", DEPLOY, "== 'true'", "!= 'false'"),
    Defect("production always has changes", "output", DEPLOY, "${{ steps.plan.outputs.changes }}", '"true"'),
    Defect(
        "production proposes to staging",
        "input",
        DEPLOY,
        "      environment: production\n",
        "      environment: production\n      next: staging\n",
    ),
    Defect("nothing said is production", "input", ROLLOUT, "        required: true\n", "        default: production\n"),
    Defect(
        "a failed smoke test is a word",
        "swallowed",
        ROLLOUT,
        'smoke "$ENVIRONMENT"',
        'smoke "$ENVIRONMENT" || echo unhealthy',
    ),
    Defect("rollout in the background", "swallowed", ROLLOUT, APPLY, APPLY + " &"),
    Defect("a shell that goes on", "shell", ROLLOUT, APPLY, f"shell: bash {{0}}\n        {APPLY}"),
    Defect(
        "a shell that goes on for all",
        "shell",
        TRAIN,
        TRAIN_JOB,
        TRAIN_JOB + "    defaults:\n      run:\n        shell: bash {0}\n",
    ),
    Defect(
        "another folder",
        "shell",
        TRAIN,
        "run: uv run register",
        "working-directory: docs\n        run: uv run register",
    ),
    Defect("another pandas", "command", TRAIN, "uv run run_pipeline", "uv run --with pandas==2.2 run_pipeline"),
    Defect("registered without a test", "command", TRAIN, "run: uv run register", "run: uv run register --help"),
    Defect("packages as new as can be", "command", SETUP, "run: uv sync", "run: uv sync --upgrade"),
    # machines and actions
    Defect("trained in somebody's container", "runner", TRAIN, MACHINE, MACHINE + "    container: python:3.12\n"),
    Defect(
        "rolled out on a machine of one's own",
        "runner",
        ROLLOUT,
        "runs-on: ubuntu-24.04",
        "runs-on: [self-hosted, linux]",
    ),
    Defect("an older uv", "action", SETUP, "version: 0.13.8", "version: 0.9.0"),
    Defect("another action sets up", "action", SETUP, "astral-sh/setup-uv@", "example/setup-uv@"),
    Defect(
        "an older checkout",
        "action",
        ROLLOUT,
        CHECKOUT,
        "actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1",
    ),
    Defect(
        "restored before it is installed",
        "order",
        SETUP,
        "    - name: Install the project\n      shell: bash\n      run: uv sync\n",
        "",
        Defect(
            "",
            "",
            SETUP,
            "      run: uv run rehearsal restore\n",
            "      run: uv run rehearsal restore\n"
            "    - name: Install the project\n      shell: bash\n      run: uv sync\n",
        ),
    ),
    Defect("a workflow of a stranger", "file", ".github/workflows/try.yml", "", STRANGER),
]
