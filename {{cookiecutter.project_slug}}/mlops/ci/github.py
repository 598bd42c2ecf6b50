"""GitHub Actions. It sets all variables that are read here but GITHUB_TOKEN, which a job has to ask for."""

import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops import UserError
from mlops.ci import MAIN, Proposal, comment_marker, declined, fit, keep_summary, run_branch, variable
from mlops.ci.api import Api, Query, unless_read_only
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json
from mlops.repo import commits
from mlops.repo.git import Account

VERSION = "2022-11-28"
LONGEST_TEXT = 65_536  # characters of a comment, a pull request or an issue
NEEDS = "give the job `env: {{GITHUB_TOKEN: ${{{{ github.token }}}}}}` and `permissions: {{{0}}}`"


class PullRequest(Artefact):
    number: int


class Event(Artefact):
    """What started the run, in the file that GitHub leaves for it."""

    pull_request: PullRequest | None = None


class GitHub:
    name = "GitHub"

    def account(self) -> Account:
        """By the name and address that GitHub shows as its own robot."""
        email = "41898282+github-actions[bot]@users.noreply.github.com"
        return Account("github-actions[bot]", email, "x-access-token", os.environ.get("GITHUB_TOKEN", ""))

    def summary(self, name: str, markdown: str) -> None:
        keep_summary(name, markdown)
        append("GITHUB_STEP_SUMMARY", f"{markdown}\n\n")

    def output(self, name: str, value: str) -> None:
        end = uuid.uuid4().hex  # a line that no value holds
        append("GITHUB_OUTPUT", f"{name}<<{end}\n{value}\n{end}\n")

    def target(self) -> str | None:
        branch = os.environ.get("GITHUB_BASE_REF")
        return commits.remote_branch(branch, self.account()) if branch else None

    def main(self) -> str | None:
        return commits.newest(MAIN, self.account())

    def comment(self, markdown: str) -> str:
        number = pull_request_number()
        api = repository("pull-requests: write")
        content = fit(f"{comment_marker()}\n{markdown}", LONGEST_TEXT)
        return unless_read_only(lambda: write_comment(api, number, content))

    def propose(self, proposal: Proposal) -> str:
        api = repository("contents: write, pull-requests: write")
        pusher, base = self.account(), default_branch(api)
        pulls = pull_requests(api, proposal.branch, base)  # before the push: it must not be in vain
        pushed = commits.replace(proposal.branch, commits.take_out(proposal.title, proposal.paths, pusher), pusher)
        wanted = {"title": proposal.title, "body": fit(proposal.body, LONGEST_TEXT)}
        for found in pulls:
            if found["state"] == "open":
                if any(found[key] != value for key, value in wanted.items()):
                    api.call("PATCH", f"pulls/{found['number']}", wanted)
                return str(found["html_url"])
        for found in pulls:
            if not pushed and found["merged_at"] is None and found["title"] == proposal.title:
                return declined(proposal.title, found["html_url"])
        return str(api.call("POST", "pulls", {**wanted, "head": proposal.branch, "base": base})["html_url"])

    def publish(self, title: str, paths: Sequence[Path], starts: str) -> str:
        """Commit the files, push, and start the pipeline: a push with the run's own token starts nothing."""
        branch = run_branch(variable("GITHUB_REF"))
        repository("contents: write, actions: write")  # says what is missing before anything is done
        pusher = self.account()
        commit = commits.commit(title, paths, pusher)
        commits.push(commit, branch, pusher)
        self.start(starts)
        return f"{page()}/commit/{commit}"

    def issue(self, title: str, body: str) -> str:
        api, body = repository("issues: write"), fit(body, LONGEST_TEXT)
        for found in api.pages("issues", {"state": "open"}):
            if found["title"] == title and "pull_request" not in found:  # the list holds pull requests too
                if found["body"] != body:
                    api.call("PATCH", f"issues/{found['number']}", {"body": body})
                return str(found["html_url"])
        return str(api.call("POST", "issues", {"title": title, "body": body})["html_url"])

    def start(self, pipeline: str) -> str:
        api = repository("actions: write")
        api.call("POST", f"actions/workflows/{pipeline}.yml/dispatches", {"ref": default_branch(api)})
        return f"{page()}/actions/workflows/{pipeline}.yml"

    def last_started(self, pipeline: str) -> datetime | None:
        path = f"actions/workflows/{pipeline}.yml/runs"
        query: Query = {"event": "workflow_dispatch", "per_page": 1}
        runs = repository("actions: read").call("GET", path, query=query)["workflow_runs"]
        return datetime.fromisoformat(runs[0]["created_at"]) if runs else None


def write_comment(api: Api, number: int, body: str) -> str:
    """Create the comment, or update the one that a run before this one made."""
    for found in api.pages(f"issues/{number}/comments", {}):
        if (found["body"] or "").startswith(comment_marker()):
            if found["body"] != body:
                api.call("PATCH", f"issues/comments/{found['id']}", {"body": body})
            return str(found["html_url"])
    return str(api.call("POST", f"issues/{number}/comments", {"body": body})["html_url"])


def pull_requests(api: Api, branch: str, base: str) -> list[dict[str, Any]]:
    """Those of the branch, open and closed, newest first."""
    owner = variable("GITHUB_REPOSITORY").partition("/")[0]
    return list(api.pages("pulls", {"state": "all", "head": f"{owner}:{branch}", "base": base}))


def repository(permission: str) -> Api:
    """The API of this repository, for calls that need the permission."""
    needs = NEEDS.format(permission)
    return Api(
        base=f"{variable('GITHUB_API_URL')}/repos/{variable('GITHUB_REPOSITORY')}",
        token=variable("GITHUB_TOKEN", needs),
        needs=needs,
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION},
    )


def default_branch(api: Api) -> str:
    return str(api.call("GET", "")["default_branch"])


def page() -> str:
    """The repository's web page."""
    return f"{variable('GITHUB_SERVER_URL')}/{variable('GITHUB_REPOSITORY')}"


def pull_request_number() -> int:
    """The pull request that this run is of. UserError when it is of none."""
    event = read_json(Path(variable("GITHUB_EVENT_PATH")), Event)
    if event.get("pull_request") is None:
        raise UserError("this run is not for a pull request, so there is nothing to comment on")
    return int(event["pull_request"]["number"])


def append(file_variable: str, text: str) -> None:
    """Add to the file that the runner reads after the step."""
    with Path(variable(file_variable)).open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
