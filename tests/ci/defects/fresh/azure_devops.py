"""Fresh mistakes in a project's Azure DevOps pipelines."""

from ci.defects import Defect
from ci.defects.azure_devops import (
    ASK,
    DEPLOY,
    MONITOR,
    PULL_REQUEST,
    ROLL_OUT,
    ROLLOUT,
    SETUP,
    TRAIN,
    TRAIN_AND_GATE,
)

VARIABLES = "azure-pipelines/variables.yml"
APPLY = 'script: uv run apply "$ENVIRONMENT"\n'
PUBLISH = """\
          - publish: out
            displayName: Keep the reports
            artifact: reports-$(System.JobAttempt)
            condition: succeededOrFailed()
"""
PUBLISHED = PUBLISH.replace("          - ", "  - ").replace("\n            ", "\n    ")
COMMENT = """\
  - script: uv run comment
    displayName: Comment
    condition: succeededOrFailed()
    env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}
"""
JUDGE = "  - script: uv run run_pipeline --pull-request\n    displayName: Train and gate\n"
INSTALL = "- script: uv sync\n  displayName: Install the project\n"
RESTORE = """\
- script: uv run rehearsal restore
  displayName: Fetch the rehearsal's state
  env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}
"""
DEPLOY_PATHS = "  paths: {include: [environments, serving]}\n"
LOCK = "lockBehavior: sequential\n"
STRANGER = """\
trigger: none
pr:
  branches: {include: ["*"]}
jobs:
- job: try
  steps:
  - script: uv run apply production
"""


def inserted(before: str, script: str) -> str:
    return f"          - script: {script}\n            displayName: Also\n{before}"


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
    Defect(
        "monitored twice a day",
        "clock",
        MONITOR,
        "schedules:\n",
        'schedules:\n- cron: "7 18 * * *"\n  branches: {include: [main]}\n  always: true\n',
    ),
    Defect("monitored on weekdays", "clock", MONITOR, "7 6 * * *", "7 6 * * 1-5"),
    Defect("repaired every hour", "clock", DEPLOY, "47 5 * * *", "47 * * * *"),
    Defect("monitored also where it is built", "clock", MONITOR, "{include: [main]}", "{include: [main, develop]}"),
    Defect("monitored when something changed", "clock", MONITOR, "always: true", "always: false"),
    Defect("every push monitors", "trigger", MONITOR, "trigger: none", "trigger: [main]"),
    Defect("pushes are gathered", "trigger", DEPLOY, "trigger:\n", "trigger:\n  batch: true\n"),
    Defect("pull requests monitor", "trigger", MONITOR, "pr: none", "pr: [main]"),
    Defect(
        "deploy after any train",
        "trigger",
        DEPLOY,
        "variables:\n",
        "resources:\n  pipelines:\n  - pipeline: train\n    source: train\n    trigger: true\nvariables:\n",
    ),
    Defect("release branches deploy", "filter", DEPLOY, "[main]}\n  paths", "[main, release/*]}\n  paths"),
    Defect(
        "all branches but one deploy",
        "filter",
        DEPLOY,
        "{include: [main]}\n  paths",
        '{include: ["*"], exclude: [develop]}\n  paths',
    ),
    Defect("tags deploy", "filter", DEPLOY, DEPLOY_PATHS, DEPLOY_PATHS + '  tags: {include: ["v*"]}\n'),
    Defect("paths the other way round", "filter", DEPLOY, "paths: {include", "paths: {exclude"),
    Defect("only the scoring script deploys", "filter", DEPLOY, "serving]", "serving/score.py]"),
    Defect("only one manifest deploys", "filter", DEPLOY, "[environments,", "[environments/production.yml,"),
    Defect("only the model's Python trains", "filter", TRAIN, " model,", " model/*.py,"),
    Defect("new data trains nothing", "filter", TRAIN, "uv.lock]}", "uv.lock], exclude: [data]}"),
    # the required check
    Defect(
        "checked when the model changes",
        "required check",
        PULL_REQUEST,
        "  branches: {include: [main]}\n",
        "  branches: {include: [main]}\n  paths: {include: [model]}\n",
    ),
    Defect(
        "not checked when documents change",
        "required check",
        PULL_REQUEST,
        "  branches: {include: [main]}\n",
        "  branches: {include: [main]}\n  paths: {exclude: [docs]}\n",
    ),
    Defect(
        "drafts are not checked",
        "required check",
        PULL_REQUEST,
        "  branches: {include: [main]}\n",
        "  branches: {include: [main]}\n  drafts: false\n",
    ),
    Defect(
        "never checked",
        "required check",
        PULL_REQUEST,
        "pr: # for a repository on GitHub; in Azure Repos a build validation policy of main starts it "
        "(docs/first-run.md)\n  branches: {include: [main]}\n",
        "pr: none\n",
    ),
    Defect(
        "forks are not checked",
        "required check",
        PULL_REQUEST,
        "- job: checks\n",
        "- job: checks\n  condition: ne(variables['System.PullRequest.IsFork'], 'True')\n",
    ),
    Defect("the check is called otherwise", "required check", PULL_REQUEST, "job: checks", "job: tests"),
    Defect(
        "the check is shown otherwise",
        "required check",
        PULL_REQUEST,
        "- job: checks\n",
        "- job: checks\n  displayName: All checks\n",
    ),
    Defect(
        "the check is doubled",
        "required check",
        PULL_REQUEST,
        "- job: checks\n",
        "- job: checks\n  strategy: {parallel: 2}\n",
    ),
    Defect(
        "the check cannot fail",
        "required check",
        PULL_REQUEST,
        "- job: checks\n",
        "- job: checks\n  continueOnError: true\n",
    ),
    Defect(
        "only the settings are tested",
        "required check",
        PULL_REQUEST,
        "uv run check",
        "uv run pytest tests/test_settings.py",
    ),
    # limits
    Defect("train ends after half an hour", "limit", TRAIN, "Minutes: 300", "Minutes: 30"),
    Defect(
        "limits of train and monitor swapped",
        "limit",
        TRAIN,
        "Minutes: 300",
        "Minutes: 60",
        Defect("", "", MONITOR, "Minutes: 60", "Minutes: 300"),
    ),
    Defect("no limit at all", "limit", ROLLOUT, "Minutes: 120", "Minutes: 0"),
    Defect("rollout's step is cut off", "limit", ROLLOUT, APPLY, APPLY + "            timeoutInMinutes: 5\n"),
    Defect(
        "cancelled within a minute",
        "limit",
        ROLLOUT,
        "    timeoutInMinutes: 120\n",
        "    timeoutInMinutes: 120\n    cancelTimeoutInMinutes: 1\n",
    ),
    # identity
    Defect("trained in production's name", "identity", TRAIN, "environment: training", "environment: production"),
    Defect("monitored in production's name", "identity", MONITOR, "environment: monitoring", "environment: production"),
    Defect("trained by another connection", "identity", TRAIN, "${{ variables.trainingConnection }}", "azure-admin"),
    Defect("monitored by production's connection", "identity", MONITOR, "monitoringConnection", "productionConnection"),
    Defect("connection of a group", "identity", TRAIN, "- template: variables.yml", "- group: connections"),
    Defect("one connection for all", "identity", VARIABLES, 'stagingConnection: ""', "stagingConnection: azure"),
    Defect(
        "login when main is built only",
        "identity",
        SETUP,
        "    displayName: Name the identity\n",
        "    displayName: Name the identity\n    condition: eq(variables['Build.SourceBranchName'], 'main')\n",
    ),
    Defect(
        "login may fail",
        "identity",
        SETUP,
        "    displayName: Name the identity\n",
        "    displayName: Name the identity\n    continueOnError: true\n",
    ),
    Defect(
        "tenant and client mixed up",
        "identity",
        SETUP,
        "${AZURESUBSCRIPTION_TENANT_ID:?}",
        "${AZURESUBSCRIPTION_CLIENT_ID:?}",
    ),
    Defect(
        "no subscription is no matter",
        "identity",
        SETUP,
        "$(az account show --query id --output tsv)",
        "$(az account show --query id --output tsv || echo none)",
    ),
    Defect(
        "an empty client is no matter",
        "identity",
        SETUP,
        "${AZURESUBSCRIPTION_CLIENT_ID:?}",
        "${AZURESUBSCRIPTION_CLIENT_ID}",
    ),
    Defect(
        "identity named after it is used",
        "order",
        SETUP,
        RESTORE,
        "",
        Defect("", "", SETUP, "- ${{ if ne", RESTORE + "- ${{ if ne"),
    ),
    Defect("subscription of another account", "identity", SETUP, "az account show", "az account list"),
    Defect(
        "rollout with somebody's token",
        "identity",
        ROLLOUT,
        ROLL_OUT,
        ROLL_OUT.replace("$(System.AccessToken)", "$(adminToken)"),
    ),
    Defect("the login task is gone", "identity", SETUP, "task: AzureCLI@2", "task: AzurePowerShell@5"),
    # one at a time, once
    Defect("only the last deploy", "concurrency", DEPLOY, LOCK, "lockBehavior: runLatest\n"),
    Defect("monitors side by side", "concurrency", MONITOR, LOCK),
    Defect(
        "rolled out again when it fails", "retry", ROLLOUT, APPLY, APPLY + "            retryCountOnTaskFailure: 3\n"
    ),
    Defect(
        "rolled out twice when it fails",
        "retry",
        ROLLOUT,
        APPLY,
        'script: uv run apply "$ENVIRONMENT" || uv run apply "$ENVIRONMENT"\n',
    ),
    Defect(
        "rolled out until it works", "retry", ROLLOUT, APPLY, 'bash: until uv run apply "$ENVIRONMENT"; do :; done\n'
    ),
    Defect(
        "login is repeated",
        "retry",
        SETUP,
        "    displayName: Name the identity\n",
        "    displayName: Name the identity\n    retryCountOnTaskFailure: 5\n",
    ),
    # the checkout
    Defect("checked out without a clean", "checkout", SETUP, "  fetchDepth: 0\n", "  fetchDepth: 0\n  clean: false\n"),
    Defect("two commits of history", "checkout", SETUP, "fetchDepth: 0", "fetchDepth: 2"),
    Defect("other code with it", "checkout", SETUP, "  fetchDepth: 0\n", "  fetchDepth: 0\n  submodules: recursive\n"),
    Defect("another repository", "checkout", SETUP, "checkout: self", "checkout: git://example/other@main"),
    Defect("in another folder", "checkout", SETUP, "  fetchDepth: 0\n", "  fetchDepth: 0\n  path: s/other\n"),
    Defect(
        "pulled before it is rolled out",
        "checkout",
        ROLLOUT,
        ROLL_OUT,
        inserted(ROLL_OUT, "git pull --rebase origin main"),
    ),
    Defect(
        "manifest edited before it is applied",
        "checkout",
        ROLLOUT,
        ROLL_OUT,
        inserted(ROLL_OUT, 'sed -i s/10/100/ "environments/$ENVIRONMENT.yml"'),
    ),
    Defect(
        "locked anew before training", "checkout", TRAIN, TRAIN_AND_GATE, inserted(TRAIN_AND_GATE, "uv lock --upgrade")
    ),
    Defect("checked out twice", "checkout", ROLLOUT, ROLL_OUT, "          - checkout: self\n" + ROLL_OUT),
    # environment of the commands
    Defect(
        "an old Python for uv",
        "variable",
        TRAIN,
        "- template: variables.yml\n",
        '- template: variables.yml\n- {name: UV_PYTHON, value: "3.9"}\n',
    ),
    Defect(
        "checks without assertions",
        "variable",
        PULL_REQUEST,
        "    displayName: Lint and test\n",
        '    displayName: Lint and test\n    env: {PYTHONOPTIMIZE: "1"}\n',
    ),
    Defect(
        "rollout always of staging",
        "variable",
        ROLLOUT,
        "ENVIRONMENT: ${{ parameters.environment }}",
        "ENVIRONMENT: staging",
    ),
    Defect(
        "proposed to itself", "variable", ROLLOUT, "NEXT: ${{ parameters.next }}", "NEXT: ${{ parameters.environment }}"
    ),
    Defect(
        "a secret group for all",
        "variable",
        DEPLOY,
        "- template: variables.yml\n",
        "- template: variables.yml\n- group: production-secrets\n",
    ),
    Defect(
        "a token for all",
        "variable",
        TRAIN,
        "- template: variables.yml\n",
        '- template: variables.yml\n- {name: SYSTEM_ACCESSTOKEN, value: "$(System.AccessToken)"}\n',
    ),
    Defect("another Python", "variable", SETUP, 'versionSpec: "3.12"', 'versionSpec: "3.11"'),
    # artifacts
    Defect(
        "reports after success only",
        "artifact",
        PULL_REQUEST,
        PUBLISHED,
        PUBLISHED.replace("    condition: succeededOrFailed()\n", ""),
    ),
    Defect(
        "reports before the training",
        "artifact",
        PULL_REQUEST,
        JUDGE + COMMENT + PUBLISHED,
        PUBLISHED + JUDGE + COMMENT,
    ),
    Defect("everything is a report", "artifact", TRAIN, "publish: out", "publish: $(Build.SourcesDirectory)"),
    Defect("reports of a second attempt collide", "artifact", MONITOR, "reports-$(System.JobAttempt)", "reports"),
    Defect("no reports", "artifact", MONITOR, PUBLISH),
    Defect(
        "reports when it failed only",
        "artifact",
        TRAIN,
        "            artifact: reports-$(System.JobAttempt)\n            condition: succeededOrFailed()",
        "            artifact: reports-$(System.JobAttempt)\n            condition: failed()",
    ),
    # order, commands, conditions
    Defect("commented before it is judged", "order", PULL_REQUEST, JUDGE + COMMENT, COMMENT + JUDGE),
    Defect(
        "production is never asked",
        "condition",
        ROLLOUT,
        ASK,
        ASK + "            condition: eq(variables.NEXT, 'production')\n",
    ),
    Defect(
        "rolled out though set-up failed",
        "condition",
        ROLLOUT,
        "            displayName: Roll out\n",
        "            displayName: Roll out\n            condition: always()\n",
    ),
    Defect("reverted when cancelled", "condition", ROLLOUT, "condition: failed()", "condition: canceled()"),
    Defect(
        "production unless told not to",
        "condition",
        ROLLOUT,
        "eq(dependencies.",
        "ne(dependencies.",
        Defect("", "", ROLLOUT, ", 'true')", ", 'false')"),
    ),
    Defect(
        "production proposes to staging",
        "input",
        DEPLOY,
        "    environment: production\n",
        "    environment: production\n    next: staging\n",
    ),
    Defect(
        "parameters of staging and production swapped",
        "input",
        DEPLOY,
        "    environment: staging\n",
        "    environment: production\n",
        Defect("", "", DEPLOY, "    environment: production\n    after", "    environment: staging\n    after"),
    ),
    Defect(
        "nothing said is production",
        "input",
        ROLLOUT,
        "- name: environment\n  type: string\n",
        "- name: environment\n  type: string\n  default: production\n",
    ),
    Defect("compared in parallel", "order", DEPLOY, "  dependsOn: staging\n", "  dependsOn: []\n  trigger: manual\n"),
    Defect(
        "a failed smoke test is a word",
        "swallowed",
        ROLLOUT,
        'smoke "$ENVIRONMENT"',
        'smoke "$ENVIRONMENT" || echo unhealthy',
    ),
    Defect("rollout in the background", "swallowed", ROLLOUT, APPLY, 'script: uv run apply "$ENVIRONMENT" &\n'),
    Defect(
        "what goes wrong is a warning",
        "swallowed",
        TRAIN,
        "            displayName: Register\n",
        "            displayName: Register\n            continueOnError: true\n",
    ),
    Defect("switched off", "condition", ROLLOUT, ASK, ASK + "            enabled: false\n"),
    Defect(
        "another folder",
        "shell",
        TRAIN,
        "            displayName: Register\n",
        "            displayName: Register\n            workingDirectory: docs\n",
    ),
    Defect("another pandas", "command", TRAIN, "uv run run_pipeline", "uv run --with pandas==2.2 run_pipeline"),
    Defect("packages as new as can be", "command", SETUP, "script: uv sync", "script: uv sync --upgrade"),
    Defect("on another kind of hook", "hook", TRAIN, "        deploy:\n", "        preDeploy:\n"),
    Defect("all at once", "hook", ROLLOUT, "      runOnce:\n", "      canary:\n        increments: [10]\n"),
    # machines
    Defect(
        "trained in somebody's container",
        "runner",
        TRAIN,
        "  - deployment: train\n",
        "  - deployment: train\n    container: python:3.12\n",
    ),
    Defect("rolled out on a machine of one's own", "runner", DEPLOY, "pool: {vmImage: ubuntu-24.04}", "pool: Default"),
    Defect("an older uv", "action", SETUP, "uv==0.13.8", "uv==0.9.0"),
    Defect("uv from another place", "action", SETUP, "pip install uv", "pip install -i https://example.org uv"),
    Defect(
        "restored before it is installed",
        "order",
        SETUP,
        INSTALL,
        "",
        Defect("", "", SETUP, RESTORE, RESTORE + INSTALL),
    ),
    Defect(
        "stages of another file",
        "template",
        DEPLOY,
        "  parameters:\n    environment: production",
        "  parameters:\n    environments: production",
    ),
    Defect("a pipeline of a stranger", "file", "azure-pipelines/try.yml", "", STRANGER),
]
