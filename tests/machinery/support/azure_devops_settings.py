"""The part of Azure DevOps that sets a repository up. Requests are judged by golden bodies of its documentation.

azure_devops_golden.json holds them, and where they are from: there is no description of the whole interface that would
have the settings of a check.
"""

import base64
import json
import re
from copy import deepcopy
from pathlib import Path

from services import AzureDevOpsService, RefusalError
from trouble import Troubled

GOLDEN = json.loads((Path(__file__).parent / "azure_devops_golden.json").read_text("utf-8"))
PEOPLE = {"ada@example.org": "ada-id", "grace@example.org": "grace-id"}
PROJECT_ID = "project-id"
SERVICE = "Microsoft.TeamFoundation.ServiceIdentity;host:Build:project-id"
ACTIONS = {
    "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87": {
        "GenericContribute": 4,
        "CreateBranch": 16,
        "PullRequestContribute": 16384,
    },
    "33344d9c-fc72-4d6f-aba5-fa317101a7e9": {"QueueBuilds": 128, "EditPipelineQueueConfigurationPermission": 8388608},
    "83e28ad4-2d72-4ceb-97b0-c7726d5502c3": {"WORK_ITEM_WRITE": 32},
}


def shaped_like(body, golden):
    """Whether it has the same keys, with values of the same types."""
    if isinstance(golden, dict):
        return (
            isinstance(body, dict)
            and body.keys() == golden.keys()
            and all(shaped_like(body[k], golden[k]) for k in body)
        )
    if isinstance(golden, list):
        return isinstance(body, list) and all(shaped_like(each, golden[0]) for each in body if golden)
    return type(body) is type(golden)


def judge(method, path, body):
    """RefusalError for a body like none of the golden ones, if there are any of that call."""
    known = [said["bodies"] for call, said in GOLDEN.items() if re.fullmatch(rf"{call}(/.*)?", f"{method} {path}")]
    if known and not any(shaped_like(body, golden) for golden in known[0]):
        raise RefusalError(400, f"{method} {path}: a body like none of the golden ones: {body}")


class AzureDevOpsSettings(Troubled, AzureDevOpsService):
    """A project with an empty repository, as its administrator sees it."""

    def __init__(self, repository):
        super().__init__(repository)
        self.me, self.admin, self.has_run = "ada-id", True, True
        self.environments, self.checks, self.endpoints, self.policies = [], [], [], []
        self.definitions = []
        self.lets, self.entries = {}, {}
        self.made = 0

    def state(self):
        """All that was set up, without the numbers that things have."""
        kept = [self.environments, self.checks, self.endpoints, self.policies, self.definitions]
        text = json.dumps([*kept, self.lets, {"/".join(key): value for key, value in self.entries.items()}])
        return json.loads(text)

    def answer(self, request):
        """A personal access token is a password, as the real service has it."""
        given = request.headers.get("Authorization", "")
        if given == "Basic " + base64.b64encode(f":{self.token}".encode()).decode():
            request.headers["Authorization"] = f"Bearer {self.token}"
        return super().answer(request)

    def dispatch(self, request):
        project, whole = f"/{self.collection}/{self.project}/_apis/", f"/{self.collection}/_apis/"
        for prefix, acts in ((project, self.of_project()), (whole, self.of_organisation())):
            if request.path.startswith(prefix):
                path = request.path.removeprefix(prefix)
                for call, act in acts.items():
                    method, _, known = call.partition(" ")
                    if request.method == method and (found := re.fullmatch(known, path)):
                        self.check_version(request, path)
                        judge(method, path, request.body)
                        return 200, act(*found.groups(), request=request), {}
        return super().dispatch(request)

    def check_version(self, request, path):
        preview = path.startswith(("pipelines/", "connectionData"))
        given = request.query.get("api-version", "")
        if given.partition("-")[0] != "7.1" or ("-preview" in given) != preview:
            raise RefusalError(400, f"The requested version {given} of {path} is not that")

    def of_project(self):
        checks, definitions = "pipelines/checks/configurations", "build/definitions"
        lets, policies = "pipelines/pipelinePermissions/([a-z]+/[^/]+)", "policy/configurations"
        return {
            "GET git/repositories/([^/]+)": self.find_repository,
            "GET git/repositories/([^/]+)/refs": self.list_refs,
            "GET pipelines/environments": self.list_environments,
            "POST pipelines/environments": self.create_environment,
            f"GET {checks}": self.list_checks,
            f"POST {checks}": self.create_check,
            rf"PATCH {checks}/(\d+)": self.changing(self.checks),
            f"GET {definitions}": lambda request: self.those(self.definitions, "path", request.query["path"]),
            rf"GET {definitions}/(\d+)": lambda number, request: self.one(self.definitions, number),
            rf"PUT {definitions}/(\d+)": self.changing(self.definitions),
            "POST pipelines": self.create_pipeline,
            "GET serviceendpoint/endpoints": self.list_endpoints,
            f"GET {lets}": lambda of, request: self.lets.get(of, {"pipelines": []}),
            f"PATCH {lets}": self.let,
            f"GET {policies}": lambda request: self.those(self.policies, "type", {"id": request.query["policyType"]}),
            f"POST {policies}": lambda request: self.add(self.policies, request.body),
            rf"PUT {policies}/(\d+)": self.changing(self.policies),
            "GET wit/classificationnodes/areas": lambda request: {"identifier": "area-id"},
        }

    def of_organisation(self):
        return {
            "GET projects/([^/]+)": self.find_project,
            "GET connectionData": lambda request: {"authenticatedUser": {"id": self.me}},
            "POST serviceendpoint/endpoints": self.create_endpoint,
            r"PUT serviceendpoint/endpoints/(\d+)": self.changing(self.endpoints),
            r"DELETE serviceendpoint/endpoints/(\d+)": self.delete_endpoint,
            "GET identities": self.find_people,
            "GET securitynamespaces/(.+)": self.list_actions,
            "GET accesscontrollists/(.+)": self.list_entries,
            "POST accesscontrolentries/(.+)": self.set_entries,
            "GET permissions/52d39943-cb85-4d7f-8fa8-c6baac873819/2": lambda request: {"value": [self.admin]},
        }

    def those(self, things, key, value):
        return {"value": [each for each in things if each[key] == value]}

    def list_actions(self, space, request):
        return {"value": [{"actions": [{"name": name, "bit": bit} for name, bit in ACTIONS[space].items()]}]}

    def add(self, things, body):
        self.made += 1
        things.append({**deepcopy(body), "id": self.made})
        return things[-1]

    def one(self, things, number):
        for each in things:
            if str(each["id"]) == number:
                return each
        raise RefusalError(404, f"nothing of the number {number}")

    def changing(self, things):
        """What puts the body in place of the one of that number."""

        def change(number, request):
            found = self.one(things, number)
            found.clear()
            found.update(request.body, id=int(number))
            return found

        return change

    def find_project(self, name, request):
        if name != self.project:
            raise RefusalError(404, f"TF200016: no project {name}")
        return {"id": PROJECT_ID, "name": name}

    def find_repository(self, name, request):
        if name not in (self.name, self.repository_id):
            raise RefusalError(404, f"TF401019: no repository {name}")
        return super().get_repository(request)

    def list_refs(self, name, request):
        """Those whose names begin as the filter says."""
        self.find_repository(name, request)
        listed = self.git("for-each-ref", "--format=%(refname)", f"refs/{request.query['filter']}*").splitlines()
        return {"value": [{"name": each} for each in listed]}

    def list_environments(self, request):
        wanted = request.query.get("name", "")
        return {"value": [each for each in self.environments if each["name"].startswith(wanted)]}

    def create_environment(self, request):
        if any(each["name"] == request.body["name"] for each in self.environments):
            raise RefusalError(400, "Environment already exists")
        return self.add(self.environments, request.body)

    def list_checks(self, request):
        of = {"type": request.query["resourceType"], "id": request.query["resourceId"]}
        found = [each for each in self.checks if of.items() <= each["resource"].items()]
        if request.query.get("$expand") != "settings":
            found = [{key: value for key, value in each.items() if key != "settings"} for each in found]
        return {"value": found}

    def create_check(self, request):
        self.of_resource(request.body["resource"])
        if request.body["type"]["name"] == "Approval" and not request.body["settings"]["approvers"]:
            raise RefusalError(400, "An approval needs approvers")
        return self.add(self.checks, request.body)

    def of_resource(self, resource):
        self.one({"environment": self.environments, "endpoint": self.endpoints}[resource["type"]], str(resource["id"]))

    def create_pipeline(self, request):
        body = request.body
        if any((each["path"], each["name"]) == (body["folder"], body["name"]) for each in self.definitions):
            raise RefusalError(409, "The pipeline already exists")
        process = {"type": 2, "yamlFilename": body["configuration"]["path"]}
        return self.add(
            self.definitions,
            {"name": body["name"], "path": body["folder"], "process": process, "queueStatus": "enabled"},
        )

    def list_endpoints(self, request):
        names = request.query["endpointNames"].split(",")
        return {"value": [each for each in self.endpoints if each["name"] in names]}

    def create_endpoint(self, request):
        if any(each["name"] == request.body["name"] for each in self.endpoints):
            raise RefusalError(409, "Service connection with that name already exists")
        made = self.add(self.endpoints, request.body)
        made["authorization"]["parameters"].update(
            workloadIdentityFederationIssuer="https://login.microsoftonline.com/tenant-1/v2.0",
            workloadIdentityFederationSubject=f"/eid1/c/pub/t/abc/a/def/sc/{made['name']}",
        )
        return made

    def delete_endpoint(self, number, request):
        if request.query.get("projectIds") != PROJECT_ID:
            raise RefusalError(400, "projectIds is missing")
        self.endpoints.remove(self.one(self.endpoints, number))

    def let(self, of, request):
        self.of_resource(dict(zip(("type", "id"), of.split("/"), strict=True)))
        said = self.lets.setdefault(of, {"pipelines": []})
        told = {each["id"]: each for each in [*said["pipelines"], *request.body["pipelines"]]}
        said["pipelines"] = [each for each in told.values() if each["authorized"]]
        said.update({key: value for key, value in request.body.items() if key == "allPipelines"})
        return said

    def find_people(self, request):
        name = f"{self.project} Build Service ({self.collection})"
        if request.query["searchFilter"] == "MailAddress":
            found = [{"id": PEOPLE[mail]} for mail in PEOPLE if mail == request.query["filterValue"]]
        else:
            found = [{"id": "service-id", "descriptor": SERVICE, "providerDisplayName": name}] if self.has_run else []
        return {"value": found}

    def list_entries(self, space, request):
        said = self.entries.get((space, request.query["token"]))
        return {"value": [{"token": request.query["token"], "acesDictionary": {SERVICE: said}}] if said else []}

    def set_entries(self, space, request):
        (entry,) = request.body["accessControlEntries"]
        assert entry["descriptor"] == SERVICE and request.body["merge"] is False
        self.entries[space, request.body["token"]] = {key: entry[key] for key in ("allow", "deny")}
