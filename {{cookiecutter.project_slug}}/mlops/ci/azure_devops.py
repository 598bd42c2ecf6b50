"""Azure Pipelines. It sets all variables that are read here but SYSTEM_ACCESSTOKEN, which a step has to map."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlops import UserError
from mlops.ci import MAIN, Proposal, comment_marker, declined, fit, keep_summary, run_branch, variable
from mlops.ci.api import Api, Query, unless_read_only
from mlops.repo import commits
from mlops.repo.git import Account

VERSION = "7.1"
AZURE_REPOS = "TfsGit"
LONGEST_COMMENT = 150_000  # characters
LONGEST_DESCRIPTION = 4_000  # of a pull request
NEEDS = "give the step `env: {{SYSTEM_ACCESSTOKEN: $(System.AccessToken)}}` and the build service the permission {0}"
OVER = "'Closed', 'Done', 'Removed'"  # how a task ends in the four processes
ESCAPES = {"%": "%AZP25", ";": "%3B", "\r": "%0D", "\n": "%0A", "]": "%5D"}


class AzureDevOps:
    name = "Azure DevOps"

    def account(self) -> Account:
        """Azure DevOps looks at the token alone, so the user may be empty. Another host must not get to see it."""
        token = "" if kept_elsewhere() else os.environ.get("SYSTEM_ACCESSTOKEN", "")
        return Account("azure-pipelines[bot]", "noreply@dev.azure.com", "", token)

    def summary(self, name: str, markdown: str) -> None:
        say("task.uploadsummary", str(keep_summary(name, markdown)))

    def output(self, name: str, value: str) -> None:
        say(f"task.setvariable variable={escape(name)};isOutput=true", value)

    def target(self) -> str | None:
        branch = os.environ.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix("refs/heads/")
        return commits.remote_branch(branch, self.account()) if branch else None

    def main(self) -> str | None:
        return commits.newest(MAIN, self.account())

    def comment(self, markdown: str) -> str:
        number = variable(
            "SYSTEM_PULLREQUEST_PULLREQUESTID", "this run is not for a pull request, so there is nothing to comment on"
        )
        if host := kept_elsewhere():
            print(f"no comment: the pull request is on {host}, not in Azure Repos; the run's summary holds it all")
            return ""
        api, content = project("Contribute to pull requests"), fit(f"{comment_marker()}\n{markdown}", LONGEST_COMMENT)
        return unless_read_only(lambda: write_comment(api, number, content))

    def propose(self, proposal: Proposal) -> str:
        api = project("Contribute, Create branch and Contribute to pull requests")
        pusher, base = self.account(), default_branch(api)
        pulls = pull_requests(api, proposal.branch, base)  # before the push: it must not be in vain
        pushed = commits.replace(proposal.branch, commits.take_out(proposal.title, proposal.paths, pusher), pusher)
        wanted = {"title": proposal.title, "description": fit(proposal.body, LONGEST_DESCRIPTION)}
        for found in pulls:
            if found["status"] == "active":
                return update_pull_request(api, found["pullRequestId"], wanted)
        for found in pulls:
            if not pushed and found["status"] == "abandoned" and found["title"] == proposal.title:
                return declined(proposal.title, pull_request_page(found["pullRequestId"]))
        refs = {"sourceRefName": f"refs/heads/{proposal.branch}", "targetRefName": base}
        made = api.call("POST", f"{repository()}/pullrequests", {**refs, **wanted})
        return pull_request_page(made["pullRequestId"])

    def publish(self, title: str, paths: Sequence[Path], starts: str) -> str:
        """Commit the files and push. The push itself starts the pipeline that listens, so `starts` is ignored."""
        branch = run_branch(variable("BUILD_SOURCEBRANCH"))
        project("Contribute")  # says what is missing before anything is done
        pusher = self.account()
        commit = commits.commit(title, paths, pusher)
        commits.push(commit, branch, pusher)
        return f"{repository_page()}/commit/{commit}"

    def issue(self, title: str, body: str) -> str:
        api = project("Edit work items in this node")
        found = open_task(api, title)
        described = [
            {"op": "add", "path": "/fields/System.Description", "value": body},
            {"op": "add", "path": "/multilineFieldsFormat/System.Description", "value": "Markdown"},
        ]
        if found is None:
            titled = {"op": "add", "path": "/fields/System.Title", "value": title}
            found = api.call("POST", "wit/workitems/$Task", [titled, *described], kind="json-patch+json")["id"]
        elif api.call("GET", f"wit/workitems/{found}")["fields"].get("System.Description") != body:
            api.call("PATCH", f"wit/workitems/{found}", described, kind="json-patch+json")
        return f"{project_page()}/_workitems/edit/{found}"

    def start(self, pipeline: str) -> str:
        api = project("Queue builds")
        branch = {"self": {"refName": default_branch(api)}}
        path = f"pipelines/{pipeline_id(api, pipeline)}/runs"
        run = api.call("POST", path, {"resources": {"repositories": branch}})
        return f"{project_page()}/_build/results?buildId={run['id']}"

    def last_started(self, pipeline: str) -> datetime | None:
        api = project("View builds")
        newest: Query = {"reasonFilter": "manual", "queryOrder": "queueTimeDescending", "$top": 1}
        query = {**newest, "definitions": pipeline_id(api, pipeline)}
        builds = api.call("GET", "build/builds", query=query)["value"]
        return datetime.fromisoformat(builds[0]["queueTime"]) if builds else None


def escape(text: str) -> str:
    """The text as the agent wants it in a logging command."""
    return "".join(ESCAPES.get(character, character) for character in text)


def say(command: str, data: str) -> None:
    """Tell the agent, which reads along: one line on stdout, at once."""
    print(f"##vso[{command}]{escape(data)}", flush=True)


def write_comment(api: Api, number: str, content: str) -> str:
    """Create the comment, or update the one that a run before this one made: the first of a thread of its own."""
    threads = f"{repository()}/pullRequests/{number}/threads"
    address = f"{pull_request_page(number)}?discussionId="
    for thread in api.call("GET", threads)["value"]:
        first: dict[str, Any] = next(iter(thread["comments"]), {})
        if (first.get("content") or "").startswith(comment_marker()) and not first.get("isDeleted"):
            if first["content"] != content:
                api.call("PATCH", f"{threads}/{thread['id']}/comments/{first['id']}", {"content": content})
            return f"{address}{thread['id']}"
    comment = {"parentCommentId": 0, "content": content, "commentType": "text"}
    thread = api.call("POST", threads, {"comments": [comment], "status": "closed"})  # an active one can block the merge
    return f"{address}{thread['id']}"


def pull_requests(api: Api, branch: str, base: str) -> list[dict[str, Any]]:
    """Those of the branch, active and over, newest first; with their descriptions cut."""
    refs = {"sourceRefName": f"refs/heads/{branch}", "targetRefName": base}
    query = {"searchCriteria.status": "all", **{f"searchCriteria.{key}": value for key, value in refs.items()}}
    found = api.call("GET", f"{repository()}/pullrequests", query=query)["value"]
    return sorted(found, key=lambda each: each["pullRequestId"], reverse=True)


def update_pull_request(api: Api, number: int, wanted: dict[str, str]) -> str:
    """Give the pull request the title and description, unless it has them; its page."""
    path = f"{repository()}/pullrequests/{number}"
    whole = api.call("GET", path)  # the list cuts descriptions
    if any(whole.get(key) != value for key, value in wanted.items()):
        api.call("PATCH", path, wanted)
    return pull_request_page(number)


def open_task(api: Api, title: str) -> int | None:
    """The work item of that title that is not over yet."""
    quoted = title.replace("'", "''")
    query = (
        "SELECT [System.Id] FROM WorkItems "  # noqa: S608  the service takes no parameters
        "WHERE [System.TeamProject] = @project AND [System.WorkItemType] = 'Task' "
        f"AND [System.Title] = '{quoted}' AND [System.State] NOT IN ({OVER})"
    )
    found = api.call("POST", "wit/wiql", {"query": query}, query={"$top": 1})["workItems"]
    return int(found[0]["id"]) if found else None


def pipeline_id(api: Api, name: str) -> int:
    """The pipeline of that name in the folder that is named like the repository or, failing that, at the root."""
    folder, root = f"\\{variable('BUILD_REPOSITORY_NAME')}", "\\"
    found = {each["path"]: each["id"] for each in api.call("GET", "build/definitions", query={"name": name})["value"]}
    for path in (folder, root):
        if path in found:
            return int(found[path])
    raise UserError(f"no pipeline {name} in the folder {folder} or at the root; make one of azure-pipelines/{name}.yml")


def project(permission: str) -> Api:
    """The API of this project, for calls that need the permission."""
    needs = NEEDS.format(f"`{permission}`")
    token = variable("SYSTEM_ACCESSTOKEN", needs)
    return Api(base=f"{project_page()}/_apis", token=token, needs=needs, query={"api-version": VERSION})


def kept_elsewhere() -> str:
    """The host that keeps the repository, nothing when it is Azure Repos."""
    host = os.environ.get("BUILD_REPOSITORY_PROVIDER", AZURE_REPOS)
    return "" if host == AZURE_REPOS else host


def repository() -> str:
    """Its address below the project's. UserError when another host keeps it, where nothing can be proposed."""
    if host := kept_elsewhere():
        raise UserError(f"this run's repository is on {host}; run its pipelines there, or import it into Azure Repos")
    return f"git/repositories/{variable('BUILD_REPOSITORY_ID')}"


def default_branch(api: Api) -> str:
    """As a full ref."""
    return str(api.call("GET", repository())["defaultBranch"])


def project_page() -> str:
    """The web page of the project, whose name may hold spaces."""
    return f"{variable('SYSTEM_COLLECTIONURI').rstrip('/')}/{quote(variable('SYSTEM_TEAMPROJECT'), safe='')}"


def repository_page() -> str:
    return f"{project_page()}/_git/{quote(variable('BUILD_REPOSITORY_NAME'), safe='')}"


def pull_request_page(number: int | str) -> str:
    return f"{repository_page()}/pullrequest/{number}"
