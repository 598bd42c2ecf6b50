"""Mistakes in the GitHub workflows."""

from ci.defects import Defect

PULL_REQUEST, TRAIN, DEPLOY, ROLLOUT, MONITOR = (
    f".github/workflows/{name}.yml" for name in ("pull-request", "train", "deploy", "rollout", "monitor")
)
SETUP = ".github/actions/setup/action.yml"

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SETUP_UV = "astral-sh/setup-uv@20cfd1bf945f4377ade1205e4dbc17946fc9a30d # v10.0.1"
CHECK_OUT = f"""\
      - name: Check out
        uses: {CHECKOUT}
        with: {{fetch-depth: 0, persist-credentials: false}}
"""
TOKEN = "        env:\n          GITHUB_TOKEN: ${{ github.token }}\n"
TRAIN_AND_GATE = "      - name: Train and gate\n        run: uv run run_pipeline\n"
REGISTER = "      - name: Register\n        run: uv run register\n"
ROLL_OUT = f'      - name: Roll out\n{TOKEN}        run: uv run apply "$ENVIRONMENT"\n'
CHECK = "uv run check"
ASK = '      - name: Ask the endpoint\n        run: uv run smoke "$ENVIRONMENT"\n'
ONLY_IF_CHANGED = (
    "    if: needs.compare.outputs.changes == 'true' # no approval is asked for when there is nothing to change\n"
)
PATHS = (
    "    paths: [data/**, expectations/**, mlops/**, model/**, pipelines/**, steps/**, "
    "project.yml, pyproject.toml, uv.lock]\n"
)
GATE = "    environment: ${{ inputs.environment }}\n    concurrency:"
NEXT_INPUT = 'proposed to.\n        type: string\n        default: ""'
CALLER = """\
      contents: write # push a proposal
      id-token: write # log in to Azure
      pull-requests: write # open a proposal
    with:
      environment: staging"""

DEFECTS = [
    Defect("train needs no approval", "gate", TRAIN, "    environment: training\n"),
    Defect("rollout needs no approval", "gate", ROLLOUT, GATE, "    concurrency:"),
    Defect("rollout always asks staging", "gate", ROLLOUT, GATE, "    environment: staging\n    concurrency:"),
    Defect("environment of train misspelt", "environment", TRAIN, "environment: training", "environment: trainning"),
    Defect("production misspelt", "environment", DEPLOY, "      environment: production", "      environment: prod"),
    Defect("production twice", "environment", DEPLOY, "      environment: staging", "      environment: production"),
    Defect("production without a condition", "condition", DEPLOY, ONLY_IF_CHANGED),
    Defect("production even after a failure", "condition", DEPLOY, "if: needs.", "if: always() && needs."),
    Defect("text compared with a boolean", "condition", DEPLOY, "== 'true'", "== true"),
    Defect("revert in every run", "condition", ROLLOUT, "        if: failure()\n"),
    Defect("revert always", "condition", ROLLOUT, "if: failure()", "if: always()"),
    Defect("state saved only after success", "condition", TRAIN, "        if: ${{ !cancelled() }}\n" + TOKEN, TOKEN),
    Defect("production does not wait for staging", "order", DEPLOY, "    needs: compare\n"),
    Defect("compared before staging is rolled out", "order", DEPLOY, "    needs: staging\n"),
    Defect("production needs an unknown job", "order", DEPLOY, "needs: compare\n", "needs: comparison\n"),
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
    Defect("no checkout", "checkout", MONITOR, CHECK_OUT),
    Defect("shallow rollout", "checkout", ROLLOUT, "fetch-depth: 0, "),
    Defect("shallow pull request", "checkout", PULL_REQUEST, "fetch-depth: 0", "fetch-depth: 1"),
    Defect("credentials kept", "credentials", TRAIN, ", persist-credentials: false"),
    Defect("action by tag", "pinning", TRAIN, CHECKOUT, "actions/checkout@v7"),
    Defect(
        "another commit than the comment says",
        "pinning",
        SETUP,
        SETUP_UV,
        "astral-sh/setup-uv@f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca # v10.0.1",
    ),
    Defect("action misspelt", "pinning", MONITOR, "upload-artifact", "upload-artefact"),
    Defect("any version of uv", "pinning", SETUP, "        version: 0.13.8\n"),
    Defect("cache in a job that deploys", "pinning", SETUP, "enable-cache: false", "enable-cache: true"),
    Defect("unknown input of an action", "input", SETUP, "enable-cache: false", "cache: false"),
    Defect("input of rollout misspelt", "input", DEPLOY, "      next: production", "      nxt: production"),
    Defect("required input forgotten", "input", DEPLOY, "    with:\n      environment: production\n"),
    Defect("input of the wrong type", "input", ROLLOUT, "string\n        required", "boolean\n        required"),
    Defect("default that proposes to production", "input", ROLLOUT, NEXT_INPUT, NEXT_INPUT.replace('""', "production")),
    Defect("setup in a folder that is not there", "input", TRAIN, "./.github/actions/", "./.github/action/"),
    Defect(
        "output of the job misspelt", "output", DEPLOY, "needs.compare.outputs.changes", "needs.compare.outputs.next"
    ),
    Defect("output of the step misspelt", "output", DEPLOY, "plan.outputs.changes", "plan.outputs.change"),
    Defect("step without its id", "output", DEPLOY, "        id: plan\n"),
    Defect("output of an unknown job", "output", DEPLOY, "if: needs.compare.", "if: needs.plan."),
    Defect(
        "input that does not exist",
        "variable",
        ROLLOUT,
        "ENVIRONMENT: ${{ inputs.environment",
        "ENVIRONMENT: ${{ inputs.env",
    ),
    Defect("variable that does not exist", "variable", ROLLOUT, 'promote "$NEXT"', 'promote "$TARGET"'),
    Defect("variable never set", "variable", ROLLOUT, "      NEXT: ${{ inputs.next }}\n"),
    Defect("name of the identity misspelt", "variable", TRAIN, "vars.AZURE_CLIENT_ID", "vars.AZURE_CLIENTID"),
    Defect(
        "identity and tenant mixed up",
        "variable",
        MONITOR,
        "AZURE_CLIENT_ID: ${{ vars.AZURE_CLIENT_ID",
        "AZURE_CLIENT_ID: ${{ vars.AZURE_TENANT_ID",
    ),
    Defect(
        "variable looked for in the secrets",
        "variable",
        TRAIN,
        "vars.AZURE_SUBSCRIPTION_ID",
        "secrets.AZURE_SUBSCRIPTION_ID",
    ),
    Defect(
        "no subscription for the rollout",
        "variable",
        ROLLOUT,
        "      AZURE_SUBSCRIPTION_ID: ${{ vars.AZURE_SUBSCRIPTION_ID }}\n",
    ),
    Defect("monitor in nobody's name", "gate", MONITOR, "    environment: monitoring\n"),
    Defect("production read by staging", "gate", DEPLOY, "environment: monitoring #", "environment: staging #"),
    Defect("train cannot push", "permission", TRAIN, "contents: write", "contents: read"),
    Defect("no right to comment", "permission", PULL_REQUEST, "      pull-requests: write # keep one comment\n"),
    Defect(
        "caller may less than the called",
        "permission",
        DEPLOY,
        CALLER,
        CALLER.replace("contents: write", "contents: read"),
    ),
    Defect("train cannot log in", "permission", TRAIN, "      id-token: write # log in to Azure\n"),
    Defect("no right to start training", "permission", MONITOR, "      actions: write # start train\n"),
    Defect("everything allowed", "permission", PULL_REQUEST, "permissions: {}", "permissions: write-all"),
    Defect("permissions left to the settings", "permission", MONITOR, "permissions: {}\n"),
    Defect("a check may push", "permission", PULL_REQUEST, "contents: read", "contents: write"),
    Defect(
        "secrets for all of rollout",
        "permission",
        DEPLOY,
        "    with:\n      environment: production",
        "    secrets: inherit\n    with:\n      environment: production",
    ),
    Defect(
        "no token for the comment",
        "token",
        PULL_REQUEST,
        TOKEN + "        run: uv run comment",
        "        run: uv run comment",
    ),
    Defect(
        "no token for the revert", "token", ROLLOUT, TOKEN + "        run: uv run revert", "        run: uv run revert"
    ),
    Defect("token by another name", "token", MONITOR, "GITHUB_TOKEN:", "GH_TOKEN:"),
    Defect(
        "token for all commands",
        "token",
        ROLLOUT,
        "      NEXT:",
        "      GITHUB_TOKEN: ${{ github.token }}\n      NEXT:",
    ),
    Defect("token in an argument", "token", TRAIN, "promote staging", "promote staging --token ${{ github.token }}"),
    Defect("rollout cancelled by the next", "concurrency", ROLLOUT, "in-progress: false", "in-progress: true"),
    Defect(
        "rollouts side by side",
        "concurrency",
        ROLLOUT,
        "group: rollout-${{ inputs.environment",
        "group: rollout-${{ github.sha",
    ),
    Defect(
        "trainings side by side", "concurrency", TRAIN, "concurrency:\n  group: train\n  cancel-in-progress: false\n"
    ),
    Defect("every push trains", "trigger", TRAIN, PATHS),
    Defect("folder misspelt in the paths", "trigger", DEPLOY, "[environments/**", "[environment/**"),
    Defect("a folder's old name in the paths", "trigger", TRAIN, " model/**", " models/**"),
    Defect("every branch deploys", "trigger", DEPLOY, "    branches: [main]\n"),
    Defect("pull requests to master", "trigger", PULL_REQUEST, "[main]", "[master]"),
    Defect("checks in the target's name", "trigger", PULL_REQUEST, "  pull_request:\n", "  pull_request_target:\n"),
    Defect("checks on every push", "trigger", PULL_REQUEST, "  pull_request:\n", "  push:\n  pull_request:\n"),
    Defect("no run by hand", "trigger", TRAIN, "  workflow_dispatch:\n"),
    Defect("monitor without a schedule", "schedule", MONITOR, '  schedule:\n    - cron: "7 6 * * *"\n'),
    Defect("impossible day", "schedule", TRAIN, "17 3 * * 1", "17 3 * * 8"),
    Defect("another time than elsewhere", "schedule", DEPLOY, "47 5 * * *", "47 5 * * 0"),
    Defect("endpoint may answer wrongly", "swallowed", ROLLOUT, ASK, f"{ASK}        continue-on-error: true\n"),
    Defect("failed checks pass", "swallowed", PULL_REQUEST, CHECK, f"{CHECK} || true"),
    Defect(
        "failed training only warns", "swallowed", TRAIN, "run_pipeline", 'run_pipeline || echo "::warning::failed"'
    ),
    Defect("failure lost in a pipe", "swallowed", TRAIN, "run_pipeline", "run_pipeline | tee training.log"),
    Defect("newest runner image", "runner", MONITOR, "ubuntu-24.04", "ubuntu-latest"),
    Defect("runner label misspelt", "runner", TRAIN, "ubuntu-24.04", "ubuntu-2404"),
    Defect("own machine for pull requests", "runner", PULL_REQUEST, "ubuntu-24.04", "self-hosted"),
    Defect("training ended too early", "runner", TRAIN, "    timeout-minutes: 300\n"),
    Defect(
        "double quotes in an expression",
        "syntax",
        ROLLOUT,
        "        if: inputs.next != ''",
        '        if: inputs.next != ""',
    ),
    Defect(
        "condition that YAML takes for a tag",
        "syntax",
        PULL_REQUEST,
        "${{ !cancelled() }}\n        env",
        "!cancelled()\n        env",
    ),
    Defect("no shell in an action", "syntax", SETUP, "      shell: bash\n      run: uv sync", "      run: uv sync"),
    Defect(
        "title of a pull request in a script",
        "injection",
        PULL_REQUEST,
        "uv run comment",
        'uv run comment "${{ github.event.pull_request.title }}"',
    ),
    Defect(
        "input in a script",
        "injection",
        ROLLOUT,
        'uv run apply "$ENVIRONMENT"',
        "uv run apply ${{ inputs.environment }}",
    ),
    Defect("reports looked for elsewhere", "artifact", PULL_REQUEST, "path: out", "path: output"),
]
