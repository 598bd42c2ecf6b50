"""How schedules differ from those that should be, in lines that people read."""

import pytest

from mlops.decide.infrastructure.scheduled import differences, inputs_of, short

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
STORED = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/blobs/paths/flights/"


def test_one_that_is_not_there_is_told_in_all_its_facts():
    assert differences(None, {"time": "0 5 * * *", "enabled": "yes"}) == [
        "time: none -> 0 5 * * *",
        "enabled: none -> yes",
    ]


def test_only_what_is_otherwise_is_told_also_what_is_too_much():
    there = {"time": "0 5 * * *", "enabled": "no", "champion": "c:1"}
    assert differences(there, {"time": "0 5 * * *", "enabled": "yes"}) == [
        "enabled: no -> yes",
        "champion: c:1 -> none",
    ]
    assert differences(there, there) == []


def test_one_that_should_not_be_there_is_told_while_it_is():
    assert differences({"time": "0 5 * * *"}, None) == ["there -> none"]
    assert differences(None, None) == []


@pytest.mark.parametrize(
    ("sent", "kept", "known"),
    [
        ("azureml:flights-data:0a1b", f"{WORKSPACE}/data/flights-data/versions/0a1b", "flights-data:0a1b"),
        ("azureml:flights-data:0a1b", f"azureml:{WORKSPACE}/data/flights-data/versions/0a1b", "flights-data:0a1b"),
        ("azureml://datastores/blobs/paths/flights/", STORED, "blobs/flights/"),
        ("superiority", "superiority", "superiority"),
    ],
)
def test_an_address_is_the_same_as_sent_and_as_azure_keeps_it(sent, kept, known):
    assert short(sent) == short(kept) == known


def test_of_an_input_that_no_later_run_sees_change_it_is_said():
    given = {"criterion": "superiority", "data": STORED, "champion": "azureml:flights-champion:12", "script": "other"}
    assert inputs_of(given) == {
        "data": "blobs/flights/",
        "champion, a copy": "flights-champion:12",
        "criterion": "superiority",
    }
