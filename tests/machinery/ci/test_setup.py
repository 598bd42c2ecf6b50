"""Which host a repository is at, by the address that Git has."""

import pytest
from repositories import NOBODY, git

from mlops import UserError
from mlops.ci.setup import open_repository

GITHUB = (
    "https://github.com/someone/flights.git",
    "https://github.com/someone/flights",
    "https://somebody@github.com/someone/flights/",
    "https://x-access-token:secret@github.com/someone/flights",
    "git@github.com:someone/flights.git",
    "ssh://git@github.com/someone/flights.git",
    "ssh://git@ssh.github.com:443/someone/flights.git",
)
AZURE_DEVOPS = (
    "https://dev.azure.com/someone/Data%20Science/_git/flights",
    "https://someone@dev.azure.com/someone/Data%20Science/_git/flights",
    "git@ssh.dev.azure.com:v3/someone/Data%20Science/flights",
    "ssh://git@ssh.dev.azure.com/v3/someone/Data%20Science/flights",
    "https://someone.visualstudio.com/Data%20Science/_git/flights",
    "https://someone.visualstudio.com/DefaultCollection/Data%20Science/_git/flights",
    "someone@vs-ssh.visualstudio.com:v3/someone/Data%20Science/flights",
)


@pytest.fixture
def remote(tmp_path, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    git("init", "--quiet", folder=tmp_path)
    return lambda address: git("remote", "add", "origin", address)


@pytest.mark.parametrize("address", GITHUB)
def test_github_is_known_by_every_form_of_its_address(remote, address):
    remote(address)
    found = open_repository()
    assert (found.name, found.owner, found.repository) == ("GitHub", "someone", "flights")


@pytest.mark.parametrize("address", AZURE_DEVOPS)
def test_azure_devops_is_known_by_every_form_of_its_address(remote, address):
    remote(address)
    found = open_repository()
    assert (found.name, found.organisation, found.project, found.repository) == (
        "Azure DevOps", "someone", "Data Science", "flights",
    )  # fmt: skip


def test_a_project_named_like_its_repository_may_be_left_out(remote):
    remote("https://dev.azure.com/someone/_git/flights")
    assert open_repository().project == "flights"


def test_no_remote_is_one_line(remote):
    with pytest.raises(UserError, match="Git knows no remote origin; make the repository"):
        open_repository()


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("https://dev.azure.com/someone/Data%20Science", "dev.azure.com"),
        ("https://someone@dev.azure.com/someone/Data%20Science/_git/flights?path=/README.md", "dev.azure.com"),
        ("https://someone:secret@someone.visualstudio.com/Data%20Science", "someone.visualstudio.com"),
        ("git@ssh.dev.azure.com:someone/Data%20Science/flights", "ssh.dev.azure.com"),
        ("https://github.com/someone", "github.com"),
        ("https://github.com/someone/flights/tree/main", "github.com"),
    ],
)
def test_an_address_of_something_else_at_the_host_is_one_line_with_its_mend(remote, address, where):
    remote(address)
    with pytest.raises(UserError) as caught:
        open_repository()
    assert str(caught.value).startswith(f"the remote origin is at {where}, but names no repository there; `git remote")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("https://somebody:secret@gitlab.com/someone/flights.git", "gitlab.com"),
        ("git@example.org:someone/flights.git", "example.org"),
        ("https://github.com.example.org/someone/flights", "github.com.example.org"),
        ("https://somebody:se@cret@example.org/x/y", "example.org"),
        ("/srv/flights.git", "a path"),
    ],
)
def test_another_host_is_one_line_without_the_password(remote, address, where):
    remote(address)
    with pytest.raises(UserError) as caught:
        open_repository()
    assert f"the remote origin is at {where}, which is neither" in str(caught.value) and "secret" not in str(
        caught.value
    )
