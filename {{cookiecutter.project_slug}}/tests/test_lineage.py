"""Where a model comes from, on a laptop and in both CI systems."""

from mlops.config import load_project
from mlops.lineage import ci_run_url, training_lineage

SPLIT = {"data_hash": "d1", "train": {"rows": 5001, "to": "2013-02-28T22:00:00"}}


def test_the_ci_run_is_a_page_that_can_be_opened():
    assert ci_run_url({}) == "none"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "team/flights",
        "GITHUB_RUN_ID": "42",
    }
    assert ci_run_url(github) == "https://github.example/team/flights/actions/runs/42"
    azure = {
        "TF_BUILD": "True",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.example/team/",
        "SYSTEM_TEAMPROJECT": "flights",
        "BUILD_BUILDID": "42",
    }
    assert ci_run_url(azure) == "https://dev.azure.example/team/flights/_build/results?buildId=42"


def test_lineage_is_flat_text_with_all_that_was_promised(project):
    facts = training_lineage(load_project(), SPLIT, "r1")
    assert {"run_id": "r1", "data_hash": "d1", "train_rows": "5001", "ci_run": "none"}.items() <= facts.items()
    assert {"commit", "dirty", "template_version", "python"} <= facts.keys()
    assert all(isinstance(value, str) for value in facts.values())
