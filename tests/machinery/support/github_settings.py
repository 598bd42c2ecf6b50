"""The part of GitHub that sets a repository up. Requests are judged by GitHub's own description of them.

github_openapi.json is that description, cut down by tools/github_openapi.py.
"""

import json
import re
from copy import deepcopy
from pathlib import Path

from jsonschema import Draft202012Validator
from services import GitHubService, Pages, RefusalError
from trouble import Troubled

ROOT = "/api/v3"
CALLS = json.loads((Path(__file__).parent / "github_openapi.json").read_text("utf-8"))["calls"]
PEOPLE = {"ada": 1815, "grace": 1906}
DEFAULT_SUBJECT = {"use_default": True}
NO_REVIEWERS = "Failed to create the environment protection rule. Please ensure the billing plan supports it."
NO_RULES = "Upgrade to GitHub Pro or make this repository public to enable this feature."


def pattern(template):
    """What matches the paths of that template, with its parts by name."""
    return re.compile(ROOT + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


KNOWN = [(pattern(template), template) for template in CALLS]


def judge(call, request):
    """RefusalError for what GitHub's description does not have."""
    if unknown := set(request.query) - set(call["query"]):
        raise RefusalError(400, f"query: unknown {sorted(unknown)}")
    schema = call["body"]
    if schema is None and request.body is not None:
        raise RefusalError(400, "no body is taken")
    for error in Draft202012Validator(schema or {}).iter_errors(request.body if schema else {}):
        raise RefusalError(422, f"{'.'.join(map(str, error.path))}: {error.message}")


class GitHubSettings(Troubled, GitHubService):
    """A repository of somebody's own, as a push leaves it."""

    number, owner_number = 4711, 99

    def __init__(self, repository):
        super().__init__(repository)
        self.me, self.admin, self.plan = "ada", True, True
        self.subject = dict(DEFAULT_SUBJECT)
        self.environments, self.variables, self.rulesets = {}, {}, []
        self.runs_actions = {"enabled": False}
        self.tokens = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False}
        self.made = 0

    def state(self):
        """All that was set up, without the numbers that things have."""
        kept = [self.environments, self.variables, self.rulesets, self.runs_actions, self.tokens]
        return json.loads(json.dumps(kept), object_hook=lambda each: {k: v for k, v in each.items() if k != "id"})

    def next_number(self):
        self.made += 1
        return self.made

    def dispatch(self, request):
        for known, template in KNOWN:
            found = known.fullmatch(request.path)
            parts = found.groupdict() if found else {}
            if "owner" in parts and f"{parts.pop('owner')}/{parts.pop('repo')}" != self.name:
                continue
            if found and (call := CALLS[template].get(request.method.lower())):
                judge(call, request)
                answered = self.acts()[request.method, template](*parts.values(), request=request)
                body, headers = answered.of(request) if isinstance(answered, Pages) else (answered, {})
                return min(call["statuses"]), body, headers
        return super().dispatch(request)

    def acts(self):
        """Who answers which call."""
        own = "/repos/{owner}/{repo}"
        place = f"{own}/environments/{{environment_name}}"
        policies, actions = f"{place}/deployment-branch-policies", f"{own}/actions/permissions"
        return {
            ("GET", own): self.get_repository,
            ("GET", f"{own}/branches/{{branch}}"): self.get_branch,
            ("GET", "/user"): lambda request: {"login": self.me, "id": PEOPLE[self.me]},
            ("GET", "/users/{username}"): self.get_person,
            ("GET", place): self.get_environment,
            ("PUT", place): self.put_environment,
            ("GET", policies): self.get_policies,
            ("POST", policies): self.create_policy,
            ("DELETE", f"{policies}/{{branch_policy_id}}"): self.delete_policy,
            **self.variables_of(f"{place}/variables", lambda name: self.place(name)["variables"]),
            **self.variables_of(f"{own}/actions/variables", lambda: self.variables),
            ("GET", actions): lambda request: self.runs_actions,
            ("PUT", actions): lambda request: setattr(self, "runs_actions", request.body),
            ("GET", f"{actions}/workflow"): lambda request: self.tokens,
            ("PUT", f"{actions}/workflow"): lambda request: self.tokens.update(request.body),
            ("GET", f"{own}/actions/oidc/customization/sub"): self.get_subject,
            ("GET", f"{own}/rulesets"): self.list_rulesets,
            ("POST", f"{own}/rulesets"): self.create_ruleset,
            ("GET", f"{own}/rulesets/{{ruleset_id}}"): self.ruleset,
            ("PUT", f"{own}/rulesets/{{ruleset_id}}"): self.update_ruleset,
        }

    def get_repository(self, request):
        found = {"full_name": self.name, "default_branch": "main", "permissions": {"admin": self.admin}}
        return {**found, "id": self.number, "owner": {"login": "someone", "id": self.owner_number}}

    def get_branch(self, branch, request):
        if not (tip := self.tip(branch)):
            raise RefusalError(404, "Branch not found")
        return {"name": branch, "commit": {"sha": tip}}

    def get_person(self, login, request):
        if login.lower() not in PEOPLE:
            raise RefusalError(404, "Not Found")
        return {"login": login.lower(), "id": PEOPLE[login.lower()]}

    def get_subject(self, request):
        if self.subject is None:
            raise RefusalError(404, "Not Found")
        return self.subject

    def place(self, name):
        if name not in self.environments:
            raise RefusalError(404, "Not Found")
        return self.environments[name]

    def get_environment(self, name, request):
        return {key: value for key, value in self.place(name).items() if key not in ("policies", "variables")}

    def put_environment(self, name, request):
        """All that is not said is taken away."""
        body = request.body
        if body.get("reviewers") and not self.plan:
            raise RefusalError(422, NO_REVIEWERS)
        policy = body.get("deployment_branch_policy")
        if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
            raise RefusalError(422, "protected_branches and custom_branch_policies cannot have the same value")
        there = self.environments.setdefault(name, {"name": name, "policies": [], "variables": {}})
        if not policy or policy["protected_branches"]:
            there["policies"] = []
        there.update(deployment_branch_policy=policy, protection_rules=rules_of(body))
        return self.get_environment(name, request)

    def get_policies(self, name, request):
        found = self.place(name)["policies"]
        return {"total_count": len(found), "branch_policies": found}

    def create_policy(self, name, request):
        if not (self.place(name)["deployment_branch_policy"] or {}).get("custom_branch_policies"):
            raise RefusalError(404, "Not Found")
        if request.body["name"] not in [each["name"] for each in self.place(name)["policies"]]:
            self.place(name)["policies"].append({"id": self.next_number(), "name": request.body["name"]})

    def delete_policy(self, name, number, request):
        there = self.place(name)["policies"]
        there.remove(next(each for each in there if str(each["id"]) == number))

    def variables_of(self, path, found):
        """The four calls for variables that are kept in what `found` gives."""

        def known(*parts):
            if parts[-1] not in found(*parts[:-1]):
                raise RefusalError(404, "Not Found")
            return found(*parts[:-1])

        def create(*parts, request):
            if request.body["name"] in found(*parts):
                raise RefusalError(409, "Already exists - Variable already exists")
            found(*parts)[request.body["name"]] = request.body["value"]

        def change(*parts, request):
            known(*parts)[parts[-1]] = request.body["value"]

        return {
            ("POST", path): create,
            ("GET", f"{path}/{{name}}"): lambda *parts, request: {"name": parts[-1], "value": known(*parts)[parts[-1]]},
            ("PATCH", f"{path}/{{name}}"): change,
            ("DELETE", f"{path}/{{name}}"): lambda *parts, request: known(*parts).pop(parts[-1]) and None,
        }

    def list_rulesets(self, request):
        if not self.plan:
            raise RefusalError(403, NO_RULES)
        return Pages([{"id": each["id"], "name": each["name"]} for each in self.rulesets])

    def create_ruleset(self, request):
        self.rulesets.append({"id": self.next_number(), **as_kept(request.body)})
        return self.rulesets[-1]

    def ruleset(self, number, request):
        for each in self.rulesets:
            if str(each["id"]) == number:
                return each
        raise RefusalError(404, "Not Found")

    def update_ruleset(self, number, request):
        self.ruleset(number, request).update(as_kept(request.body))


def rules_of(body):
    """The protection rules that GitHub makes of what it is told."""
    rules = [{"type": "branch_policy"}] if body.get("deployment_branch_policy") else []
    if body.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": body["wait_timer"]})
    if body.get("reviewers"):
        names = {number: login for login, number in PEOPLE.items()}
        people = [
            {"type": each["type"], "reviewer": {"id": each["id"], "login": names[each["id"]]}}
            for each in body["reviewers"]
        ]
        own = body.get("prevent_self_review", False)
        rules.append({"type": "required_reviewers", "prevent_self_review": own, "reviewers": people})
    return rules


def as_kept(ruleset):
    """With what GitHub adds by itself."""
    kept = deepcopy(ruleset)
    for rule in kept["rules"]:
        if rule["type"] == "pull_request":
            rule["parameters"]["allowed_merge_methods"] = ["merge", "squash", "rebase"]
    return kept
