"""Stand-ins for the two services on loopback: REST as their public references say, and Git over HTTP.

Each serves one bare repository. A request that the real service would not understand gets a loud refusal. State lives
in memory; branches and merges are real. Nothing of the project is imported, so that any test can use this file.
"""

import base64
import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "token-of-this-run"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class RefusalError(Exception):
    """An answer other than yes."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One call, as it came. `path` is unquoted; `body` is the parsed JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass
class Fault:
    """What goes wrong the next time. With `status` the call is refused; without, it is done and its answer is lost."""

    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A call that the service knows: query and fields by name, `!` at the end of those that must be there."""

    method: str
    path: str
    act: Callable[..., Any]
    query: str = ""
    fields: str = ""
    status: int = 200


@dataclass(frozen=True)
class Pages:
    """A list that is given out page by page."""

    items: list[Any]

    def of(self, request: Request) -> tuple[list[Any], dict[str, str]]:
        """The page that is asked for; a header names the next one."""
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        if size > 100:
            raise RefusalError(422, "per_page is at most 100")
        following = f'<http://{request.headers["Host"]}{request.path}?per_page={size}&page={page + 1}>; rel="next"'
        return self.items[(page - 1) * size : page * size], {"Link": following} if page * size < len(self.items) else {}


def check_names(kind: str, given: Mapping[str, Any], known: str) -> None:
    """Refuse what is unknown, missing or, in a body, not of the type that its name calls for."""
    names = {name.rstrip("!"): name.endswith("!") for name in known.split()}
    unknown, missing = set(given) - set(names), {name for name, must in names.items() if must} - set(given)
    if unknown or missing:
        raise RefusalError(422, f"{kind}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    nested = {"comments": list, "resources": dict, "parentCommentId": int}
    for name, value in given.items():
        if not isinstance(value, nested.get(name, str)):
            raise RefusalError(422, f"{kind} {name}: {value!r} is no {nested.get(name, str).__name__}")


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Service:
    """What both have in common. Use as a context manager."""

    def __init__(self, repository: Path, token: str = TOKEN) -> None:
        self.repository, self.token = repository, token
        self.requests: list[Request] = []  # REST calls only
        self.faults: list[Fault] = []
        self.read_only = False  # as for a fork's pull request
        self.public = False  # Git may fetch without a token
        self.pulls: dict[int, dict[str, Any]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"service": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "Service":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """What git prints in the bare repository."""
        where = folder or self.repository
        done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RefusalError(422, f"git {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def merge(self, number: int) -> str:
        """Merge the open pull request as a person would; the id of the merge commit."""
        pull = self.pulls[number]
        if not pull["open"]:
            raise RefusalError(405, f"pull request {number} is not open")
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder)
            self.git("clone", "--quiet", "--branch", pull["target"], str(self.repository), folder)
            who = ("-c", "user.name=reviewer", "-c", "user.email=reviewer@example.org")
            message = f"Merge pull request {number}"
            merge = ("merge", "--quiet", "--no-ff", "-m", message, f"origin/{pull['source']}")
            self.git(*who, *merge, folder=clone)
            self.git("push", "--quiet", "origin", pull["target"], folder=clone)
        pull.update(open=False, merged_at=now())
        return self.git("rev-parse", pull["target"])

    def close(self, number: int) -> None:
        """Close the open pull request unmerged, as a person would; its branch stays."""
        if not self.pulls[number]["open"]:
            raise RefusalError(405, f"pull request {number} is not open")
        self.pulls[number]["open"] = False

    def tip(self, branch: str) -> str | None:
        """The newest commit of the branch, None when there is no such branch."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None

    def default_branch(self) -> str:
        return self.git("symbolic-ref", "--short", "HEAD")

    def open_pull(self, number: int, source: str, target: str, title: str, body: str) -> dict[str, Any]:
        """Keep a new pull request, if its branches are there and differ."""
        for branch in (source, target):
            self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        if any(each["open"] and (each["source"], each["target"]) == (source, target) for each in self.pulls.values()):
            raise RefusalError(422, f"A pull request already exists for {source}.")
        if not int(self.git("rev-list", "--count", f"{target}..{source}")):
            raise RefusalError(422, f"No commits between {target} and {source}")
        pull = {"number": number, "source": source, "target": target, "title": title, "body": body}
        self.pulls[number] = pull | {"open": True, "merged_at": None}
        return self.pulls[number]

    def known_pull(self, number: str) -> dict[str, Any]:
        if int(number) not in self.pulls:
            raise RefusalError(404, f"no pull request {number}")
        return self.pulls[int(number)]

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers for one call."""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.unauthorized(request)
        for fault in [each for each in self.faults if each.method == request.method and each.path in request.path]:
            self.faults.remove(fault)
            if not fault.status:
                self.dispatch(request)
                raise ConnectionAbortedError
            return fault.status, {"message": f"planned, not for {self.token}"}, dict(fault.headers)
        if self.read_only and request.method in WRITES:
            return 403, {"message": "Resource not accessible by integration"}, {}
        return self.dispatch(request)

    def dispatch(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        for route in self.routes():
            found = re.fullmatch(self.prefix() + route.path, request.path)
            if found and route.method == request.method:
                self.check(request, route)
                result = route.act(*found.groups(), request=request)
                answer, headers = result.of(request) if isinstance(result, Pages) else (result, {})
                return route.status, answer, headers
        raise RefusalError(404, f"no {request.method} {request.path}")

    def check(self, request: Request, route: Route) -> None:
        """Refuse a query or body of the wrong shape."""
        check_names("query", request.query, route.query)
        if isinstance(request.body, list) != (route.fields == "[json-patch]"):
            raise RefusalError(400, "a JSON patch where none is taken, or none where one is")
        if not isinstance(request.body, list):
            check_names("body", request.body or {}, route.fields)
        wanted = {list: "application/json-patch+json", dict: "application/json"}.get(type(request.body))
        if wanted and request.headers.get("Content-Type") != wanted:
            raise RefusalError(415, f"the media type must be {wanted}")


class GitHubService(Service):
    """api.github.com as a server of one's own has it: under /api/v3."""

    name = "someone/flights"

    def __init__(self, repository: Path, token: str = TOKEN) -> None:
        super().__init__(repository, token)
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []  # oldest first

    def environment(self, folder: Path, branch: str = "main", pull_request: int = 0) -> dict[str, str]:
        """What the runner and a job that asks for the token set; the files are in that folder."""
        event = folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": pull_request}} if pull_request else {}), "utf-8")
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{self.url}/api/v3",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_REPOSITORY": self.name,
            "GITHUB_REF": f"refs/pull/{pull_request}/merge" if pull_request else f"refs/heads/{branch}",
            "GITHUB_BASE_REF": branch if pull_request else "",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "step_summary"),
            "GITHUB_RUN_ID": "1",
            "GITHUB_TOKEN": self.token,
        }

    def remote(self) -> str:
        """What a clone has as `origin`."""
        return f"{self.url}/{self.name}"

    def prefix(self) -> str:
        return f"/api/v3/repos/{self.name}"

    def unauthorized(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        return 401, {"message": "Bad credentials"}, {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", "", self.get_repository),
            Route("GET", r"/issues/(\d+)/comments", self.list_comments, "per_page page"),
            Route("POST", r"/issues/(\d+)/comments", self.create_comment, "", "body!", 201),
            Route("PATCH", r"/issues/comments/(\d+)", self.update_comment, "", "body!"),
            Route("GET", "/issues", self.list_issues, "state per_page page"),
            Route("POST", "/issues", self.create_issue, "", "title! body", 201),
            Route("PATCH", r"/issues/(\d+)", self.update_issue, "", "title body state"),
            Route("GET", "/pulls", self.list_pulls, "state head base per_page page"),
            Route("POST", "/pulls", self.create_pull, "", "title! head! base! body", 201),
            Route("PATCH", r"/pulls/(\d+)", self.update_pull, "", "title body"),
            Route("POST", r"/actions/workflows/([^/]+)/dispatches", self.start_workflow, "", "ref!", 204),
            Route("GET", r"/actions/workflows/([^/]+)/runs", self.list_runs, "event per_page"),
        ]

    def dispatch(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        if request.headers.get("Accept") != "application/vnd.github+json":
            raise RefusalError(406, "Accept must be application/vnd.github+json")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", request.headers.get("X-GitHub-Api-Version", "")):
            raise RefusalError(400, "X-GitHub-Api-Version is missing")
        return super().dispatch(request)

    def get_repository(self, request: Request) -> Any:
        return {"full_name": self.name, "default_branch": self.default_branch()}

    def new_number(self) -> int:
        """Issues and pull requests are numbered together."""
        return max([0, *self.pulls, *(each["number"] for each in self.issues)]) + 1

    def list_comments(self, number: str, request: Request) -> Any:
        self.known_pull(number)
        return Pages(self.comments.get(int(number), []))

    def create_comment(self, number: str, request: Request) -> Any:
        self.known_pull(number)
        comment_id = sum(map(len, self.comments.values())) + 1
        address = f"{self.url}/{self.name}/pull/{number}#issuecomment-{comment_id}"
        comment = {"id": comment_id, "body": request.body["body"], "html_url": address}
        self.comments.setdefault(int(number), []).append(comment)
        return comment

    def update_comment(self, comment_id: str, request: Request) -> Any:
        every = [each for comments in self.comments.values() for each in comments]
        return self.change(every, "id", comment_id, request)

    def list_issues(self, request: Request) -> Any:
        state = request.query.get("state", "open")
        pulls = [{**self.pull_view(each), "pull_request": {}} for each in self.pulls.values()]
        found = [each for each in [*pulls, *self.issues] if state in ("all", each["state"])]
        return Pages(sorted(found, key=lambda each: -each["number"]))

    def create_issue(self, request: Request) -> Any:
        number = self.new_number()
        address = f"{self.url}/{self.name}/issues/{number}"
        self.issues.append({"body": None, **request.body, "number": number, "state": "open", "html_url": address})
        return self.issues[-1]

    def update_issue(self, number: str, request: Request) -> Any:
        return self.change(self.issues, "number", number, request)

    def pull_view(self, pull: Mapping[str, Any]) -> dict[str, Any]:
        shown = {key: pull[key] for key in ("number", "title", "body", "merged_at")}
        address = f"{self.url}/{self.name}/pull/{pull['number']}"
        return {**shown, "state": "open" if pull["open"] else "closed", "html_url": address}

    def list_pulls(self, request: Request) -> Any:
        """Newest first."""
        state = request.query.get("state", "open")
        if state not in ("open", "closed", "all"):
            raise RefusalError(422, f"state: {state!r}")
        owner, _, source = request.query.get("head", "").partition(":")
        if source and owner != self.name.partition("/")[0]:
            return Pages([])
        wanted = {"source": source, "target": request.query.get("base", "")}
        pulls = [self.pull_view(each) for each in reversed(self.pulls.values()) if fits(each, wanted)]
        return Pages([each for each in pulls if state in ("all", each["state"])])

    def create_pull(self, request: Request) -> Any:
        body = request.body
        pull = self.open_pull(self.new_number(), body["head"], body["base"], body["title"], body.get("body") or "")
        return self.pull_view(pull)

    def update_pull(self, number: str, request: Request) -> Any:
        return self.pull_view(self.change(list(self.pulls.values()), "number", number, request))

    def start_workflow(self, file: str, request: Request) -> None:
        ref = request.body["ref"].removeprefix("refs/heads/")
        if "workflow_dispatch" not in self.git("show", f"{ref}:.github/workflows/{file}"):
            raise RefusalError(422, "Workflow does not have 'workflow_dispatch' trigger")
        run = {"workflow": file, "event": "workflow_dispatch", "head_branch": ref, "created_at": now()}
        self.runs.append(run | {"head_sha": self.git("rev-parse", ref)})

    def list_runs(self, file: str, request: Request) -> Any:
        self.git("cat-file", "-e", f"{self.default_branch()}:.github/workflows/{file}")
        runs = [each for each in reversed(self.runs) if each["workflow"] == file]
        runs = [each for each in runs if request.query.get("event") in (None, each["event"])]
        return {"total_count": len(runs), "workflow_runs": runs[: int(request.query.get("per_page", 30))]}

    @staticmethod
    def change(items: list[dict[str, Any]], key: str, value: str, request: Request) -> dict[str, Any]:
        for item in items:
            if str(item[key]) == value:
                item.update(request.body)
                return item
        raise RefusalError(404, f"no {key} {value}")


class AzureDevOpsService(Service):
    """dev.azure.com: a collection, a project whose name needs quoting, and one repository of it."""

    collection, project, name, repository_id = "someone", "Data Science", "flights", "7d1c"
    over = ("Closed", "Done", "Removed")

    def __init__(self, repository: Path, token: str = TOKEN) -> None:
        super().__init__(repository, token)
        self.threads: dict[int, list[dict[str, Any]]] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self.pipelines: list[dict[str, Any]] = []
        self.builds: list[dict[str, Any]] = []  # oldest first

    def environment(self, folder: Path, branch: str = "main", pull_request: int = 0) -> dict[str, str]:
        """What the agent and a step that maps the token set."""
        pull = {
            "SYSTEM_PULLREQUEST_PULLREQUESTID": str(pull_request),
            "SYSTEM_PULLREQUEST_TARGETBRANCH": f"refs/heads/{branch}",
        }
        return {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.url}/{self.collection}/",
            "SYSTEM_TEAMPROJECT": self.project,
            "BUILD_REPOSITORY_ID": self.repository_id,
            "BUILD_REPOSITORY_NAME": self.name,
            "BUILD_SOURCEBRANCH": f"refs/pull/{pull_request}/merge" if pull_request else f"refs/heads/{branch}",
            "BUILD_BUILDID": "1",
            "SYSTEM_ACCESSTOKEN": self.token,
            **(pull if pull_request else {}),
        }

    def remote(self) -> str:
        """What a clone has as `origin`."""
        return f"{self.url}/{self.collection}/{self.project.replace(' ', '%20')}/_git/{self.name}"

    def add_pipeline(self, name: str, folder: str = "\\") -> int:
        """A pipeline as a person makes one; its id."""
        self.pipelines.append({"id": len(self.pipelines) + 1, "name": name, "path": folder})
        return len(self.pipelines)

    def prefix(self) -> str:
        return f"/{self.collection}/{self.project}/_apis"

    def unauthorized(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """The sign-in page, as the service answers to a token that it does not know."""
        return (302, None, {"Location": f"{self.url}/_signin"}) if request.method != "PATCH" else (401, None, {})

    def dispatch(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        query = dict(request.query)
        if query.pop("api-version", None) != "7.1":
            raise RefusalError(400, "No api-version was supplied, or not 7.1")
        return super().dispatch(Request(request.method, request.path, query, request.body, request.headers))

    def routes(self) -> list[Route]:
        git = f"/git/repositories/{self.repository_id}"
        create = "title! sourceRefName! targetRefName! description"
        search = "searchCriteria.status searchCriteria.sourceRefName searchCriteria.targetRefName"
        threads = rf"{git}/pullRequests/(\d+)/threads"
        return [
            Route("GET", git, self.get_repository),
            Route("GET", threads, self.list_threads),
            Route("POST", threads, self.create_thread, "", "comments! status"),
            Route("PATCH", threads + r"/(\d+)/comments/(\d+)", self.update_comment, "", "content!"),
            Route("GET", f"{git}/pullrequests", self.list_pulls, search),
            Route("GET", rf"{git}/pullrequests/(\d+)", self.get_pull),
            Route("POST", f"{git}/pullrequests", self.create_pull, "", create, 201),
            Route("PATCH", rf"{git}/pullrequests/(\d+)", self.update_pull, "", "title description"),
            Route("POST", "/wit/wiql", self.find_tasks, "$top", "query!"),
            Route("GET", r"/wit/workitems/(\d+)", self.get_task),
            Route("POST", r"/wit/workitems/\$Task", self.create_task, "", "[json-patch]"),
            Route("PATCH", r"/wit/workitems/(\d+)", self.update_task, "", "[json-patch]"),
            Route("GET", "/build/definitions", self.list_pipelines, "name"),
            Route("POST", r"/pipelines/(\d+)/runs", self.run_pipeline, "", "resources!"),
            Route("GET", "/build/builds", self.list_builds, "definitions reasonFilter queryOrder $top"),
        ]

    def get_repository(self, request: Request) -> Any:
        return {"id": self.repository_id, "name": self.name, "defaultBranch": f"refs/heads/{self.default_branch()}"}

    def list_threads(self, number: str, request: Request) -> Any:
        self.known_pull(number)
        return {"value": self.threads.get(int(number), [])}

    def create_thread(self, number: str, request: Request) -> Any:
        self.known_pull(number)
        statuses = ("active", "byDesign", "closed", "fixed", "pending", "wontFix")
        if request.body.get("status", "active") not in statuses:
            raise RefusalError(400, f"status: {request.body['status']!r} is none of {statuses}")
        comments = [dict(each) for each in request.body["comments"]]
        for comment_id, comment in enumerate(comments, start=1):
            check_names("comment", comment, "content! commentType parentCommentId")
            comment.update(id=comment_id, isDeleted=False)
        threads = self.threads.setdefault(int(number), [])
        threads.append({"id": len(threads) + 1, "isDeleted": False, "comments": comments})
        return threads[-1]

    def update_comment(self, number: str, thread: str, comment: str, request: Request) -> Any:
        for each in self.threads.get(int(number), []):
            for found in each["comments"]:
                if (str(each["id"]), str(found["id"])) == (thread, comment):
                    found.update(request.body)
                    return found
        raise RefusalError(404, f"no comment {comment} in thread {thread}")

    def pull_view(self, pull: Mapping[str, Any]) -> dict[str, Any]:
        over = "completed" if pull["merged_at"] else "abandoned"
        return {
            "pullRequestId": pull["number"],
            "status": "active" if pull["open"] else over,
            "sourceRefName": f"refs/heads/{pull['source']}",
            "targetRefName": f"refs/heads/{pull['target']}",
            "title": pull["title"],
            "description": pull["body"],
        }

    def list_pulls(self, request: Request) -> Any:
        """As the real list: descriptions are cut."""
        wanted = {
            "source": request.query.get("searchCriteria.sourceRefName", "").removeprefix("refs/heads/"),
            "target": request.query.get("searchCriteria.targetRefName", "").removeprefix("refs/heads/"),
        }
        found = [self.pull_view(each) for each in self.pulls.values() if fits(each, wanted)]
        status = request.query.get("searchCriteria.status", "active")
        if status not in ("active", "abandoned", "completed", "all"):
            raise RefusalError(400, f"searchCriteria.status: {status!r}")
        chosen = [each for each in found if status in ("all", each["status"])]
        return {"value": [{**each, "description": each["description"][:400]} for each in chosen]}

    def get_pull(self, number: str, request: Request) -> Any:
        return self.pull_view(self.known_pull(number))

    def create_pull(self, request: Request) -> Any:
        body, refs = request.body, (request.body["sourceRefName"], request.body["targetRefName"])
        self.check_description(body)
        if not all(ref.startswith("refs/heads/") for ref in refs):
            raise RefusalError(400, f"{refs}: branches are named in full, refs/heads/...")
        source, target = (ref.removeprefix("refs/heads/") for ref in refs)
        pull = self.open_pull(
            max(self.pulls, default=0) + 1, source, target, body["title"], body.get("description", "")
        )
        return self.pull_view(pull)

    def update_pull(self, number: str, request: Request) -> Any:
        self.get_pull(number, request)
        self.check_description(request.body)
        names = {"title": "title", "description": "body"}
        self.pulls[int(number)].update({names[key]: value for key, value in request.body.items()})
        return self.get_pull(number, request)

    @staticmethod
    def check_description(body: Mapping[str, Any]) -> None:
        if len(body.get("description", "")) > 4000:
            raise RefusalError(400, "The description is longer than 4000 characters")

    def find_tasks(self, request: Request) -> Any:
        """The one query that is understood: open work items of a type and title."""
        states = ", ".join(f"'{each}'" for each in self.over)
        known = (
            r"SELECT \[System\.Id\] FROM WorkItems WHERE \[System\.TeamProject\] = @project"
            r" AND \[System\.WorkItemType\] = 'Task' AND \[System\.Title\] = '((?:[^']|'')*)'"
            rf" AND \[System\.State\] NOT IN \({states}\)"
        )
        found = re.fullmatch(known, request.body["query"])
        if not found:
            raise RefusalError(400, f"TF51006: the query is not understood: {request.body['query']}")
        title = found[1].replace("''", "'").lower()
        chosen = [each for each in self.tasks.values() if each["fields"]["System.Title"].lower() == title]
        chosen = [{"id": each["id"]} for each in chosen if each["fields"]["System.State"] not in self.over]
        return {"workItems": chosen[: int(request.query.get("$top", 20000))]}

    def get_task(self, number: str, request: Request) -> Any:
        if int(number) not in self.tasks:
            raise RefusalError(404, f"TF401232: no work item {number}")
        return self.tasks[int(number)]

    def create_task(self, request: Request) -> Any:
        number = len(self.tasks) + 101
        task = {"id": number, "fields": {"System.State": "To Do"}, "multilineFieldsFormat": {}}
        self.patch(task, request.body)
        if not task["fields"].get("System.Title"):
            raise RefusalError(400, "TF401320: Title is required")
        self.tasks[number] = task
        return task

    def update_task(self, number: str, request: Request) -> Any:
        self.patch(self.get_task(number, request), request.body)
        return self.tasks[int(number)]

    @staticmethod
    def patch(task: dict[str, Any], operations: list[dict[str, Any]]) -> None:
        known = {"fields": ("System.Title", "System.Description"), "multilineFieldsFormat": ("System.Description",)}
        for operation in operations:
            check_names("operation", operation, "op! path! value!")
            _, part, name = operation["path"].split("/")
            if operation["op"] not in ("add", "replace") or name not in known.get(part, ()):
                raise RefusalError(400, f"TF51535: cannot {operation['op']} {operation['path']}")
            task[part][name] = operation["value"]

    def list_pipelines(self, request: Request) -> Any:
        name = request.query.get("name")
        return {"value": [each for each in self.pipelines if name in (None, each["name"])]}

    def run_pipeline(self, number: str, request: Request) -> Any:
        if not any(str(each["id"]) == number for each in self.pipelines):
            raise RefusalError(404, f"no pipeline {number}")
        check_names("resources", {key: str(value) for key, value in request.body["resources"].items()}, "repositories!")
        ref = request.body["resources"]["repositories"]["self"]["refName"]
        self.git("rev-parse", "--verify", "--quiet", ref)
        return self.add_build(int(number), "manual", now(), ref)

    def add_build(self, pipeline: int, reason: str, when: str, ref: str = "refs/heads/main") -> dict[str, Any]:
        build = {"definition": {"id": pipeline}, "reason": reason, "queueTime": when, "sourceBranch": ref}
        self.builds.append({"id": len(self.builds) + 1001, **build})
        return self.builds[-1]

    def list_builds(self, request: Request) -> Any:
        if request.query.get("queryOrder") != "queueTimeDescending":
            raise RefusalError(400, "only queueTimeDescending is understood")
        wanted = request.query["definitions"], request.query["reasonFilter"]
        chosen = [each for each in self.builds if (str(each["definition"]["id"]), each["reason"]) == wanted]
        chosen.sort(key=lambda each: each["queueTime"], reverse=True)
        return {"value": chosen[: int(request.query["$top"])]}


def fits(item: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether the item has what is wanted; nothing is wanted of an empty value."""
    return all(not value or item[key] == value for key, value in wanted.items())


class Handler(BaseHTTPRequestHandler):
    """HTTP, and Git's own protocol over it through the program that comes with Git."""

    service: Service

    def reply(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if re.search(r"/(info/refs|git-(upload|receive)-pack)$", address.path):
            self.serve_git(address.path, address.query, body)
            return
        headers = dict(self.headers.items())
        query = dict(parse_qsl(address.query))
        request = Request(self.command, unquote(address.path), query, json.loads(body or "null"), headers)
        self.service.requests.append(request)
        try:
            status, answer, more = self.service.answer(request)
        except RefusalError as error:
            status, answer, more = error.status, {"message": str(error)}, {}
        except ConnectionAbortedError:
            return  # the connection ends without a word
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # a shape that no check foresaw
            status, answer, more = 400, {"message": f"not understood: {error!r}"}, {}
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send(status, {**more, "Content-Type": "application/json"}, text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815 - the names that http.server looks for

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve_git(self, path: str, query: str, body: bytes) -> None:
        """Answer git, if it names the token once, as the password of any user, or fetches what is public."""
        given = [each.partition(" ")[2] for each in self.headers.get_all("Authorization") or []]
        passwords = [base64.b64decode(each).decode().partition(":")[2] for each in given]
        is_push = "receive-pack" in path + query
        is_open = self.service.public and not given and not is_push
        if passwords != [self.service.token] and not is_open:
            self.send(401 if not given else 400, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
            return
        if self.service.read_only and is_push:
            self.send(403, {}, b"")
            return
        environment = self.git_environment(path, query)
        program = subprocess.run(["git", "http-backend"], input=body, env=environment, stdout=-1, check=True)
        head, _, content = program.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200 OK").split()[0])
        self.send(status, headers, content)

    def git_environment(self, path: str, query: str) -> dict[str, str]:
        action = re.search(r"/(info/refs|git-(upload|receive)-pack)$", path)
        return {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.service.repository.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{self.service.repository.name}{action[0]}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "a-run",  # known by its token, so it may push
        }

    def log_message(self, *_: object) -> None:
        """Tests print what they need."""
