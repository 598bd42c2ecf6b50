"""Mistakes in the Azure DevOps pipelines."""

from ci.defects import Defect

PULL_REQUEST, TRAIN, DEPLOY, MONITOR, ROLLOUT, SETUP = (
    f"azure-pipelines/{name}.yml"
    for name in ("pull-request", "train", "deploy", "monitor", "templates/rollout", "templates/setup")
)

TOKEN = "    env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}\n"
DEPLOYMENT = """\
  - deployment: train
    timeoutInMinutes: 300
    environment: training
    strategy:
      runOnce:
        deploy:
          steps:
"""
JOB = "  - job: train\n    timeoutInMinutes: 300\n    steps:\n"
GATE = "    environment: ${{ parameters.environment }}\n    variables"
STEP_TOKEN = f"        {TOKEN}"
TRAIN_AND_GATE = f"          - script: uv run run_pipeline\n            displayName: Train and gate\n{STEP_TOKEN}"
REGISTER = f"          - script: uv run register\n            displayName: Register\n{STEP_TOKEN}"
ROLL_OUT = f'          - script: uv run apply "$ENVIRONMENT"\n            displayName: Roll out\n{STEP_TOKEN}'
CHECK = "uv run check"
ASK = f'          - script: uv run smoke "$ENVIRONMENT"\n            displayName: Ask the endpoint\n{STEP_TOKEN}'
CONDITION = (
    "    condition: and(succeeded(), "
    "eq(dependencies.${{ parameters.after }}.outputs['compare.compare.plan.changes'], 'true'))\n"
)
CHECK_OUT = "- checkout: self\n  displayName: Check out\n  fetchDepth: 0\n  persistCredentials: false\n"
PATHS = (
    "  paths: {include: [data, expectations, mlops, model, pipelines, steps, project.yml, pyproject.toml, uv.lock]}\n"
)
SAVE = "            displayName: Keep the rehearsal's state\n            condition: succeededOrFailed()\n"
NEXT = 'is proposed to\n  type: string\n  default: ""'
OUTSIDE = '"$(System.PullRequest.SourceBranch)"'
SUBSCRIPTION = (
    '        echo "##vso[task.setvariable variable=AZURE_SUBSCRIPTION_ID]$(az account show --query id --output tsv)"\n'
)

DEFECTS = [
    Defect("train as a plain job", "gate", TRAIN, DEPLOYMENT, JOB),
    Defect("deployment without an environment", "gate", ROLLOUT, GATE, "    variables"),
    Defect("rollout always asks staging", "gate", ROLLOUT, GATE, "    environment: staging\n    variables"),
    Defect("environment of train misspelt", "environment", TRAIN, "environment: training", "environment: trainning"),
    Defect("production misspelt", "environment", DEPLOY, "environment: production", "environment: prod"),
    Defect("production twice", "environment", DEPLOY, "environment: staging", "environment: production"),
    Defect("production without a condition", "condition", ROLLOUT, CONDITION),
    Defect("production even after a failure", "condition", ROLLOUT, "and(succeeded()", "and(succeededOrFailed()"),
    Defect("production after either", "condition", ROLLOUT, "and(succeeded()", "or(succeeded()"),
    Defect("compared with another word", "condition", ROLLOUT, ", 'true')", ", 'yes')"),
    Defect("revert in every run", "condition", ROLLOUT, "            condition: failed()\n"),
    Defect("revert always", "condition", ROLLOUT, "condition: failed()", "condition: always()"),
    Defect("state saved only after success", "condition", TRAIN, SAVE, SAVE.splitlines(keepends=True)[0]),
    Defect("login only without a connection", "condition", SETUP, "if ne(", "if eq("),
    Defect("next environment the wrong way round", "condition", ROLLOUT, "ne(parameters.next", "eq(parameters.next"),
    Defect("order the wrong way round", "condition", ROLLOUT, "ne(parameters.after", "eq(parameters.after"),
    Defect(
        "production does not wait for staging", "order", ROLLOUT, "dependsOn: ${{ parameters.after }}", "dependsOn: []"
    ),
    Defect("compared before staging is rolled out", "order", DEPLOY, "  dependsOn: staging\n", "  dependsOn: []\n"),
    Defect("production after nothing", "order", DEPLOY, "    after: compare #", "    #"),
    Defect("production after an unknown stage", "order", DEPLOY, "after: compare", "after: comparison"),
    Defect("asked before rolled out", "order", ROLLOUT, ROLL_OUT + ASK, ASK + ROLL_OUT),
    Defect("registered before trained", "order", TRAIN, TRAIN_AND_GATE + REGISTER, REGISTER + TRAIN_AND_GATE),
    Defect("never registered", "command", TRAIN, REGISTER),
    Defect("endpoint never asked", "command", ROLLOUT, ASK),
    Defect("plan instead of smoke", "command", ROLLOUT, "uv run smoke", "uv run plan"),
    Defect("promotes to production", "command", TRAIN, "promote staging", "promote production"),
    Defect("plan of a pull request on live endpoints", "command", PULL_REQUEST, "plan --pull-request", "plan"),
    Defect("pull request judged as if merged", "command", PULL_REQUEST, "run_pipeline --pull-request", "run_pipeline"),
    Defect("drift without response", "command", MONITOR, " --respond"),
    Defect("plan tells the next job nothing", "command", DEPLOY, " --output"),
    Defect("state never restored", "command", SETUP, "rehearsal restore", "rehearsal --help"),
    Defect("project not installed", "command", SETUP, "- script: uv sync\n  displayName: Install the project\n"),
    Defect("no checkout written", "checkout", SETUP, CHECK_OUT),
    Defect("nothing checked out", "checkout", SETUP, "checkout: self", "checkout: none"),
    Defect("shallow", "checkout", SETUP, "  fetchDepth: 0\n"),
    Defect("credentials kept", "credentials", SETUP, "persistCredentials: false", "persistCredentials: true"),
    Defect("any version of uv", "pinning", SETUP, "uv==0.13.8", "uv"),
    Defect("task without a version", "pinning", SETUP, "AzureCLI@2", "AzureCLI"),
    Defect("unknown version of a task", "pinning", SETUP, "UsePythonVersion@0", "UsePythonVersion@1"),
    Defect("version read as a number", "input", SETUP, 'versionSpec: "3.12"', "versionSpec: 3.1"),
    Defect("input of a task misspelt", "input", SETUP, "versionSpec", "version"),
    Defect("required input of a task misspelt", "input", SETUP, "azureSubscription", "azureSubscripton"),
    Defect("connection not told", "variable", SETUP, "=AZURE_SERVICE_CONNECTION_ID]", "=SERVICE_CONNECTION_ID]"),
    Defect("parameter of setup misspelt", "input", TRAIN, "{connection:", "{conection:"),
    Defect("parameter of rollout misspelt", "input", DEPLOY, "next: production", "nxt: production"),
    Defect("required parameter forgotten", "input", DEPLOY, "    connection: ${{ variables.productionConnection }}\n"),
    Defect("default that logs checks in", "input", SETUP, 'default: ""', "default: azure"),
    Defect("default that proposes to production", "input", ROLLOUT, NEXT, NEXT.replace('""', "production")),
    Defect("template in a folder that is not there", "input", MONITOR, "templates/setup.yml", "setup.yml"),
    Defect("output without its job", "output", ROLLOUT, "['compare.compare.plan", "['compare.plan"),
    Defect("output misspelt", "output", ROLLOUT, "plan.changes", "plan.change"),
    Defect("step without its name", "output", DEPLOY, "            name: plan\n"),
    Defect("dash in the name of a step", "output", DEPLOY, "name: plan\n", "name: plan-next\n"),
    Defect("variable misspelt", "variable", MONITOR, "variables.monitoringConnection", "variables.monitorConnection"),
    Defect("variable that does not exist", "variable", ROLLOUT, 'promote "$NEXT"', 'promote "$TARGET"'),
    Defect("macro that does not exist", "variable", ROLLOUT, 'apply "$ENVIRONMENT"', 'apply "$(TARGET)"'),
    Defect("variable never set", "variable", ROLLOUT, "      NEXT: ${{ parameters.next }}\n"),
    Defect("production by staging's connection", "variable", DEPLOY, "productionConnection", "stagingConnection"),
    Defect("no subscription", "variable", SETUP, SUBSCRIPTION),
    Defect("no login for the rollout", "token", ROLLOUT, ROLL_OUT, ROLL_OUT.removesuffix(STEP_TOKEN)),
    Defect("production read by staging", "gate", DEPLOY, "monitoringConnection", "stagingConnection"),
    Defect(
        "no token for the comment",
        "token",
        PULL_REQUEST,
        "    condition: succeededOrFailed()\n" + TOKEN,
        "    condition: succeededOrFailed()\n",
    ),
    Defect("no token for the revert", "token", ROLLOUT, f"failed()\n        {TOKEN}", "failed()\n"),
    Defect("token by another name", "token", MONITOR, "SYSTEM_ACCESSTOKEN", "SYSTEM_ACCESS_TOKEN"),
    Defect("token misspelt", "token", SETUP, "$(System.AccessToken)", "$(System.AccesToken)"),
    Defect(
        "token for all commands",
        "token",
        ROLLOUT,
        "      NEXT:",
        "      SYSTEM_ACCESSTOKEN: $(System.AccessToken)\n      NEXT:",
    ),
    Defect(
        "token in an argument", "token", TRAIN, "promote staging\n", "promote staging --token $(System.AccessToken)\n"
    ),
    Defect("rollouts side by side", "concurrency", ROLLOUT, "  lockBehavior: sequential\n"),
    Defect("rollout cancelled by the next", "concurrency", ROLLOUT, "sequential", "runLatest"),
    Defect("lock misspelt", "concurrency", TRAIN, "sequential", "sequentially"),
    Defect("every push trains", "trigger", TRAIN, PATHS),
    Defect("folder misspelt in the paths", "trigger", DEPLOY, "[environments,", "[environment,"),
    Defect("a folder's old name in the paths", "trigger", TRAIN, " model,", " models,"),
    Defect("paths without branches", "trigger", DEPLOY, "  branches: {include: [main]}\n  paths", "  paths"),
    Defect("every branch deploys", "trigger", DEPLOY, "{include: [main]}\n  paths", '{include: ["*"]}\n  paths'),
    Defect("pull requests to master", "trigger", PULL_REQUEST, "[main]", "[master]"),
    Defect("every push monitors", "trigger", MONITOR, "trigger: none\n"),
    Defect("pull requests train", "trigger", TRAIN, "pr: none\n"),
    Defect(
        "monitor without a schedule",
        "schedule",
        MONITOR,
        """\
schedules:
- cron: "7 6 * * *"
  displayName: every morning
  branches: {include: [main]}
  always: true
""",
    ),
    Defect("schedule that waits for a change", "schedule", DEPLOY, "  always: true\n"),
    Defect("schedule of another branch", "schedule", MONITOR, "[main]", "[release]"),
    Defect("another time than elsewhere", "schedule", TRAIN, "17 3 * * 1", "17 3 1 * *"),
    Defect("four fields of five", "schedule", DEPLOY, "47 5 * * *", "47 5 * *"),
    Defect("endpoint may answer wrongly", "swallowed", ROLLOUT, ASK, f"{ASK}            continueOnError: true\n"),
    Defect("failed checks pass", "swallowed", PULL_REQUEST, CHECK, f"{CHECK} || true"),
    Defect(
        "failed training only warns", "swallowed", TRAIN, "run_pipeline\n", 'run_pipeline || echo "##[warning]failed"\n'
    ),
    Defect("failure lost in a pipe", "swallowed", TRAIN, "run_pipeline\n", "run_pipeline | tee training.log\n"),
    Defect(
        "failure lost before a second line",
        "swallowed",
        PULL_REQUEST,
        f"script: {CHECK}\n",
        f"script: |\n      {CHECK}\n      echo checked\n",
    ),
    Defect("newest image", "runner", MONITOR, "ubuntu-24.04", "ubuntu-latest"),
    Defect("key of the pool misspelt", "runner", TRAIN, "vmImage", "vmimage"),
    Defect("own machine for pull requests", "runner", PULL_REQUEST, "{vmImage: ubuntu-24.04}", "{name: Default}"),
    Defect("training ended too early", "runner", TRAIN, "    timeoutInMinutes: 300\n"),
    Defect("status function without brackets", "syntax", ROLLOUT, "condition: failed()", "condition: failed"),
    Defect("status function misspelt", "syntax", MONITOR, "succeededOrFailed()", "succeededOrFail()"),
    Defect(
        "operator in an expression", "syntax", SETUP, "ne(parameters.connection, '')", "parameters.connection != ''"
    ),
    Defect("key misspelt", "syntax", TRAIN, "timeoutInMinutes", "timeoutInMinute"),
    Defect("hook that does not exist", "syntax", ROLLOUT, "        deploy:\n", "        deployment:\n"),
    Defect(
        "name of a branch in a script", "injection", PULL_REQUEST, "uv run comment\n", f"uv run comment {OUTSIDE}\n"
    ),
    Defect("reports looked for elsewhere", "artifact", PULL_REQUEST, "publish: out", "publish: output"),
]
