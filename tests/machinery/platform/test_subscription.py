"""What az says, as the lines that people read: no tokens, no noise, and of nested errors the innermost."""

import json
import os

import pytest

from mlops import UserError
from mlops.platform.subscription import az
from mlops.platform.subscription.changes import lines_of, short, together, without
from mlops.platform.subscription.needs import matches

HOME = "/subscriptions/s/resourceGroups/g"
STORE = f"{HOME}/providers/Microsoft.Storage/storageAccounts/store"
TOKEN = "eyJhbGciOiJub25lIn0.eyJvaWQiOiJ4In0.c2lnbmVk"


def az_that(tmp_path, monkeypatch, *lines):
    """An `az` that does this, and no other."""
    program = tmp_path / "az"
    program.write_text("\n".join(("#!/bin/sh", *lines)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.mark.parametrize(
    ("stderr", "line"),
    [
        ("ERROR: (Code) what is wrong\nCode: Code\nMessage: what is wrong\n", "(Code) what is wrong"),
        ("WARNING: old\nERROR: one\n  and more", "one and more"),
        (f"ERROR: got Bearer {TOKEN} and https://x/?sv=1&sig=abc%3D", "got *** and https://x/?sv=1&***"),
        ("", "no reason given"),
        ("ERROR: {not json", "{not json"),
    ],
)
def test_the_reason_is_one_line_without_tokens(stderr, line):
    assert az.said(stderr) == line


def test_of_nested_errors_the_innermost_are_the_reason():
    inner = {"error": {"code": "NoRoom", "message": "no room"}}
    details = [{"code": "Conflict", "message": json.dumps(inner)}, {"code": "Other", "message": "an other"}]
    whole = {"status": "Failed", "error": {"code": "DeploymentFailed", "message": "At least one", "details": details}}
    assert az.said(f"ERROR: {json.dumps(whole)}") == "NoRoom: no room; Other: an other"


@pytest.mark.skipif(os.name == "nt", reason="the program is a script of the shell")
def test_what_is_given_goes_in_by_stdin_alone(tmp_path, monkeypatch):
    az_that(tmp_path, monkeypatch, 'read line; echo "{\\"arguments\\": \\"$*\\", \\"given\\": \\"$line\\"}"')
    assert az.az("do", "--it", "@-", given="secret\n") == {"arguments": "do --it @-", "given": "secret"}


@pytest.mark.skipif(os.name == "nt", reason="the program is a script of the shell")
def test_an_answer_that_is_none_ends_in_one_line(tmp_path, monkeypatch):
    az_that(tmp_path, monkeypatch, "echo '<html>'")
    with pytest.raises(UserError, match="the answer of az: not valid JSON"):
        az.az("version")


def change(kind, **more):
    return {"resourceId": STORE, "changeType": kind, **more}


def test_a_change_is_told_by_the_properties_that_differ():
    children = [{"path": "bypass", "propertyChangeType": "Modify", "before": "None", "after": "AzureServices"}]
    delta = [
        {"path": "properties.acls", "propertyChangeType": "Array", "children": children},
        {"path": "properties.noise", "propertyChangeType": "NoEffect", "before": 1, "after": 2},
        {"path": "tags.by", "propertyChangeType": "Delete", "before": "hand", "after": None},
    ]
    assert list(lines_of(change("Modify", delta=delta))) == [
        "storageAccounts store in g: properties.acls.bypass: None -> AzureServices",
        "storageAccounts store in g: tags.by: hand -> none",
    ]


@pytest.mark.parametrize("kind", ["NoChange", "Ignore", "Unsupported", "Deploy"])
def test_what_is_no_change_or_cannot_be_told_is_no_line(kind):
    assert list(lines_of(change(kind, delta=[]))) == []


@pytest.mark.parametrize(("kind", "line"), [("Create", "none -> there"), ("Delete", "there -> none")])
def test_what_comes_and_goes_is_a_line(kind, line):
    assert list(lines_of(change(kind))) == [f"storageAccounts store in g: {line}"]


def test_a_secret_and_an_address_that_opens_something_are_not_shown():
    hook = "https://chat.example.com/hooks/secret"
    delta = [
        {"path": "a", "propertyChangeType": "Modify", "before": "", "after": [{"to": f"{hook}?x"}]},
        {"path": "b", "propertyChangeType": "Modify", "before": "", "after": "https://l/?sig=opens"},
    ]
    lines = "\n".join(lines_of(without(hook, change("Modify", delta=delta))))
    assert "secret" not in lines and "opens" not in lines and lines.count("***") == 2
    assert without("", {"a": ["b", 1]}) == {"a": ["b", 1]}


def test_what_has_a_number_for_a_name_is_counted():
    numbers = [f"roleAssignments 0000000{n}-0000-4000-8000-000000000000 in g: none -> there" for n in (1, 2)]
    assert together([*numbers, "x y in g: none -> there"]) == [
        "2 roleAssignments in g: none -> there",
        "x y in g: none -> there",
    ]


def test_a_resource_has_a_short_name():
    assert short(HOME) == "resource group g"
    assert short("/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/r") == "roleAssignments r"


def test_an_action_is_allowed_by_a_pattern_whatever_its_letters():
    assert matches("Microsoft.Authorization/roleAssignments/write", ["microsoft.authorization/*/Write"])
    assert matches("Microsoft.Resources/deploymentStacks/write", ["*"])
    assert not matches("Microsoft.Authorization/roleAssignments/write", ["*/read"])
