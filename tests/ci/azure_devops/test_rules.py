"""`check` has nothing against a careful project, and finds each single thing done carelessly."""

import pytest

from ci.azure_devops import check

PIPELINE = """
trigger:
  branches: {include: [main]}
  paths: {include: [environments]}
pr: none
schedules:
  - cron: "0 3 * * *"
    displayName: nightly
    branches: {include: [main]}
    always: true
parameters:
  - {name: reason, type: string, default: ""}
  - {name: size, type: string, default: small, values: [small, large]}
  - {name: version, type: number}
lockBehavior: sequential
pool: {vmImage: ubuntu-24.04}
variables: {branch: plain}
stages:
  - stage: plan
    jobs:
      - job: plan
        timeoutInMinutes: 9
        steps:
          - checkout: self
            fetchDepth: 0
          - template: templates/setup.yml
            parameters: {group: dev}
          - script: ./ci plan --size ${{ parameters.size }} --version ${{ parameters.version }} $(branch)
            name: plan
            env: {REASON: "${{ parameters.reason }}", BRANCH: $(Build.SourceBranchName)}
          - publish: out
            artifact: plan
  - stage: staging
    dependsOn: plan
    condition: and(succeeded(), eq(dependencies.plan.outputs['plan.plan.changed'], 'true'))
    jobs:
      - deployment: staging
        environment: staging
        variables: {changed: "$[ stageDependencies.plan.plan.outputs['plan.changed'] ]"}
        strategy:
          runOnce:
            deploy:
              steps:
                - checkout: self
                - task: AzureCLI@2
                  displayName: apply
                  env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}
                  inputs:
                    azureSubscription: azure-staging
                    addSpnToEnvironment: true
                    scriptType: bash
                    scriptLocation: inlineScript
                    inlineScript: ./ci apply --to staging
  - stage: production
    dependsOn: [plan, staging]
    jobs:
      - job: notify
        steps:
          - script: ./ci notify
      - job: after
        dependsOn: notify
        steps:
          - script: ./ci after
"""
SETUP = """
parameters: [{name: group, type: string}]
steps:
  - task: UsePythonVersion@0
    inputs: {versionSpec: "3.11"}
  - script: pip install --group ${{ parameters.group }}
    displayName: install
"""


def findings(pipeline: str = PIPELINE, setup: str = SETUP) -> list[str]:
    return check({"ci/pipeline.yml": pipeline, "ci/templates/setup.yml": setup})


def test_nothing_is_wrong_with_a_careful_project() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lockBehavior: sequential", "lockBehavior: maybe", "lockBehavior"),
        ("scriptType: bash", "scriptType: bush", "'bush' is not one of"),
        ("timeoutInMinutes: 9", "timeoutInMinutes: soon", "timeoutInMinutes"),
        ("addSpnToEnvironment: true", "addSpnToEnvironment: maybe", "addSpnToEnvironment"),
        ("pr: none", "pr: none\nunknown: x", "unknown"),
        ("          - publish: out", "          - publish: out\n            continueOnError: true", "continueOnError"),
        ("fetchDepth: 0", "persistCredentials: true", "persistCredentials"),
        ("    always: true\n", "", "always: true"),
        ("  branches: {include: [main]}\n  paths", "  paths", "paths without branches"),
        ("pool: {vmImage: ubuntu-24.04}", "", "the pool of 'plan'"),
        ("pool: {vmImage: ubuntu-24.04}", "pool: {vmImage: ubuntu-latest}", "the pool of 'plan'"),
        ("pool: {vmImage: ubuntu-24.04}", "pool: {vmimage: ubuntu-24.04}", "the pool of 'plan'"),
        ("stage: production", "stage: to-production", "'to-production' is no name"),
        ("dependsOn: plan\n", "dependsOn: []\n", "dependencies.plan without 'plan'"),
        ("stageDependencies.plan.plan", "stageDependencies.production.x", "without 'production' in its dependsOn"),
        ("stageDependencies.plan.plan", "stageDependencies.plan.plam", "the job 'plam'"),
        ("['plan.changed']", "['plam.changed']", "the output 'plam.changed'"),
        ("['plan.plan.changed']", "['plan.plam.changed']", "the output 'plan.plam.changed'"),
        ("./ci notify", "./ci $(Build.SourceVersionMessage)", "holds Build.SourceVersionMessage"),
        ("./ci notify", "./ci $(System.AccessToken)", "holds System.AccessToken"),
        ("./ci notify", "./ci ${{ parameters.reason }}", "'script' in 'notify' holds free text"),
        ("./ci notify", "./ci ${{ variables['Build.SourceBranchName'] }}", "'script' in 'notify' holds free text"),
        ("{branch: plain}", "{branch: $(Build.SourceBranchName)}", "holds Build.SourceBranchName"),
        ("{branch: plain}", "{branch: \"$[ variables['Build.SourceBranch'] ]\"}", "holds Build.SourceBranch"),
        ("{group: dev}", "{group: '${{ parameters.reason }}'}", "'install' in 'plan' holds free text"),
        ("{name: size, type: string", "{name: size, type: object", "anything can be typed"),
        ("type: number}", "type: number, default: many}", "takes a number"),
        ("environment: staging", "environment: $(branch)", "plain name"),
        ("./ci notify", "${{ nope() }}", "unrecognized function"),
        ("templates/setup.yml", "templates/none.yml", "no such file"),
        ("pr: none", "pr: &x none", "anchors"),
    ],
)
def test_carelessness_is_found(old: str, new: str, message: str) -> None:
    assert old in PIPELINE
    found = findings(PIPELINE.replace(old, new))
    assert any(message in finding for finding in found), found


def test_templates_are_looked_at_too() -> None:
    assert any(
        "no stand-in for the task" in text for text in findings(setup=SETUP.replace("UsePythonVersion", "NodeTool"))
    )
    assert any("templates/setup.yml: steps/1" in text for text in findings(setup=SETUP.replace("displayName", "title")))
    broken = SETUP + "  - ${{ if false }}:\n      - script: ${{ nope('x') }}\n"
    assert any("setup.yml:9: unrecognized function 'nope'" in text for text in findings(setup=broken))
    assert findings(setup=SETUP.replace("pip install", "pip install $(Build.SourceBranch)"))
