"""environments/ is told of its workspaces with nothing else moved."""

from pathlib import Path

import pytest

from mlops import UserError
from mlops.operate.infrastructure.edits import edited

BASE, STAGING = Path("environments/base.yml"), Path("environments/staging.yml")
BASE_TEXT = """\
stages: [staging]
platform: local     # or azureml
workspace:          # azureml only
  name: "prices"    # of the workspace
  registry: null
endpoint: {instance_count: 1}
"""
OWN = "# What staging should be.\nendpoint: {name: prices-staging}\nmodel:\n  version: null  # none yet\n"
PLACE = {"resource_group": "prices-staging", "name": "prices-staging", "registry": "prices"}


def write(own, place=PLACE, base=BASE_TEXT):
    return edited({BASE: base, STAGING: own}, {"staging": place})


def test_the_platform_and_each_stages_workspace_are_put_in():
    found = write(OWN)
    assert found[BASE] == BASE_TEXT.replace("platform: local ", "platform: azureml ")
    added = 'workspace:\n  resource_group: "prices-staging"\n  name: "prices-staging"\n  registry: "prices"\n'
    assert found[STAGING] == OWN + added
    assert write(found[STAGING], base=found[BASE]) == {}, "again: nothing to do"


def test_what_base_says_already_is_not_said_again():
    assert STAGING not in write(OWN, {"name": "prices", "registry": None})


def test_what_stands_there_is_replaced_and_its_comment_stays():
    own = OWN + "workspace:\n  name: 'old'  # ours\n  region: here\n\nrollout: {}\n"
    assert write(own)[STAGING] == OWN + (
        'workspace:\n  name: "prices-staging"  # ours\n  region: here\n  resource_group: "prices-staging"\n'
        '  registry: "prices"\n\nrollout: {}\n'
    )


def test_a_block_in_braces_is_refused():
    with pytest.raises(UserError, match=r"staging\.yml: workspace: write it with one key a line"):
        write(OWN + "workspace: {name: x}\n")
