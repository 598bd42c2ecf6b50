"""Edits of a project's pipelines that mean nothing, and such that a rule forbids: `kind` is in what the rule says."""

from ci.defects import Defect
from ci.defects.azure_devops import DEPLOY as AZURE_DEPLOY
from ci.defects.azure_devops import MONITOR as AZURE_MONITOR
from ci.defects.azure_devops import PULL_REQUEST as AZURE_PULL_REQUEST
from ci.defects.azure_devops import ROLLOUT as AZURE_ROLLOUT
from ci.defects.azure_devops import SETUP as AZURE_SETUP
from ci.defects.azure_devops import TRAIN as AZURE_TRAIN
from ci.defects.github import CHECK_OUT, DEPLOY, MONITOR, PULL_REQUEST, ROLLOUT, SETUP, TRAIN

REGISTER = "      - name: Register\n        run: uv run register\n"

HARMLESS = [
    Defect("a comment", "", TRAIN, "jobs:\n", "# a comment\njobs: # another\n"),
    Defect("blank lines", "", TRAIN, "jobs:\n", "\n\njobs:\n"),
    Defect("single quotes", "", TRAIN, '"17 3 * * 1"', "'17 3 * * 1'"),
    Defect("no quotes", "", AZURE_SETUP, '"3.12"', "'3.12'"),
    Defect("quotes where none were", "", TRAIN, "run: uv run register", 'run: "uv run register"'),
    Defect("a block for a flow", "", TRAIN, "branches: [main]", "branches:\n      - main"),
    Defect("keys in another order", "", TRAIN, "    timeout-minutes: 300\n    environment: training\n",
           "    environment: training\n    timeout-minutes: 300\n"),
    Defect("what a step does before its name", "", TRAIN, REGISTER,
           "      - run: uv run register\n        name: Register\n"),
    Defect("a step's name", "", TRAIN, "name: Register", "name: Register what passed"),
    Defect("a step's name on Azure DevOps", "", AZURE_TRAIN, "displayName: Register", "displayName: Other"),
    Defect("a schedule's name", "", AZURE_TRAIN, "displayName: every Monday", "displayName: weekly"),
    Defect("folded", "", TRAIN, "run: uv run register", "run: >-\n          uv run\n          register"),
    Defect("literal", "", TRAIN, "run: uv run register", "run: |\n          uv run register"),
    Defect("literal on Azure DevOps", "", AZURE_TRAIN, "script: uv run register\n",
           "script: |\n              uv run register\n"),
    Defect("an anchor", "", TRAIN, "          GITHUB_TOKEN: ${{ github.token }}\n        run: uv run promote staging",
           "          GITHUB_TOKEN: &token ${{ github.token }}\n        run: uv run promote staging",
           Defect("", "", TRAIN, "          GITHUB_TOKEN: ${{ github.token }}\n        run: uv run rehearsal save",
                  "          GITHUB_TOKEN: *token\n        run: uv run rehearsal save")),
]  # fmt: skip

FORBIDDEN = [  # by a rule, whatever the table says
    Defect("no limit", "has a time limit", TRAIN, "    timeout-minutes: 300\n"),
    Defect("no limit in Azure DevOps' word", "has a time limit", AZURE_ROLLOUT, "Minutes: 120", "Minutes: 0"),
    Defect("a command's own limit", "has a time limit", AZURE_TRAIN, "            displayName: Register\n",
           "            displayName: Register\n            timeoutInMinutes: 3\n"),
    Defect("it may fail", "`uv` command alone", MONITOR, "      - name: Compare and respond\n",
           "      - name: Compare and respond\n        continue-on-error: true\n"),
    Defect("repeated", "`uv` command alone", AZURE_ROLLOUT, "            displayName: Roll out\n",
           "            displayName: Roll out\n            retryCountOnTaskFailure: 1\n"),
    Defect("in a pipe", "`uv` command alone", AZURE_MONITOR, "production --respond", "production --respond | tee log"),
    Defect("then another", "`uv` command alone", AZURE_PULL_REQUEST, "script: uv run check\n",
           "script: |\n      uv run check\n      uv run status\n"),
    Defect("registered whatever the gate says", "after a failure", TRAIN, REGISTER,
           REGISTER.replace("Register\n", "Register\n        if: ${{ !cancelled() }}\n")),
    Defect("promoted whatever the gate says", "after a failure", AZURE_TRAIN,
           "            displayName: Promote to staging\n",
           "            displayName: Promote to staging\n            condition: succeededOrFailed()\n"),
    Defect("production though staging was rolled back", "after a failure", DEPLOY,
           "if: needs.compare", "if: always() && needs.compare"),
    Defect("compared though staging was rolled back", "after a failure", AZURE_DEPLOY,
           "  dependsOn: staging\n", "  dependsOn: staging\n  condition: always()\n"),
    Defect("production anyhow", "after a failure", AZURE_ROLLOUT, "and(succeeded(), ", "and(always(), "),
    Defect("always reverted", "after a failure", ROLLOUT, "        if: failure()\n"),
    Defect("reverted after success", "after a failure", AZURE_ROLLOUT,
           "            condition: failed()\n", "            condition: succeeded()\n"),
    Defect("cut off", "is cancelled by nothing", ROLLOUT, "in-progress: false", "in-progress: true"),
    Defect("checks cut each other off", "is cancelled by nothing", PULL_REQUEST,
           "pull-request-${{ github.event.pull_request.number }}", "checks"),
    Defect("newest only", "`uv` command alone", AZURE_DEPLOY, "sequential", "runLatest"),
    Defect("set up sometimes", "has no condition", AZURE_SETUP, "  displayName: Install the project\n",
           "  displayName: Install the project\n  condition: always()\n"),
    Defect("set up on pushes", "has no condition", TRAIN, "      - name: Train and gate\n",
           "      - name: More\n        if: github.event_name == 'push'\n        run: uv run status\n"
           "      - name: Train and gate\n"),
    Defect("another commit", "checks out once", ROLLOUT, "{fetch-depth: 0, ", "{ref: main, fetch-depth: 0, "),
    Defect("checked out again", "checks out once", TRAIN, REGISTER, CHECK_OUT + REGISTER),
    Defect("another commit by git", "checks out once", AZURE_ROLLOUT, '          - script: uv run smoke',
           '          - script: git checkout main\n          - script: uv run smoke'),
    Defect("no right to log in", "asks Azure in", TRAIN, "      id-token: write # log in to Azure\n"),
    Defect("no environment", "asks Azure in", MONITOR, "    environment: monitoring\n"),
    Defect("a right to log in of nobody", "asks Azure in", PULL_REQUEST, "      contents: read # check out\n",
           "      contents: read # check out\n      id-token: write\n"),
    Defect("no token to log in with", "asks Azure in", AZURE_MONITOR,
           "              SYSTEM_ACCESSTOKEN: $(System.AccessToken)\n"),
    Defect("another's connection", "asks Azure in", AZURE_TRAIN, "trainingConnection", "productionConnection"),
    Defect("a job without environment", "asks Azure in", AZURE_ROLLOUT,
           "    environment: ${{ parameters.environment }}\n    variables", "    variables"),
    Defect("the other environment", "applies the environment", ROLLOUT, "ENVIRONMENT: ${{ inputs.environment }}",
           "ENVIRONMENT: production"),
    Defect("the other environment on Azure DevOps", "applies the environment", AZURE_ROLLOUT, 'apply "$ENVIRONMENT"',
           "apply production"),
    Defect("the check is filtered", "main requires it", PULL_REQUEST, "    branches: [main]\n",
           "    branches: [main]\n    types: [opened]\n"),
    Defect("the check is filtered on Azure DevOps", "main requires it", AZURE_PULL_REQUEST,
           "  branches: {include: [main]}\n", "  branches: {include: [main]}\n  paths: {include: [model]}\n"),
    Defect("the check is renamed", "main requires it", PULL_REQUEST, "    name: checks\n", "    name: tests\n"),
    Defect("the check is skipped", "main requires it", AZURE_PULL_REQUEST, "- job: checks\n",
           "- job: checks\n  condition: false\n"),
    Defect("two commits of an action", "by its commit", DEPLOY, "checkout@3d3c42e5", "checkout@00000000"),
    Defect("an action by a tag", "by its commit", SETUP,
           "setup-uv@20cfd1bf945f4377ade1205e4dbc17946fc9a30d", "setup-uv@v10"),
]  # fmt: skip
