"""Cut GitHub's own OpenAPI description down to what the stand-in judges requests by.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz
    uv run python -m tools.github_openapi package

It writes tests/machinery/support/github_openapi.json: of each call that sets a repository up, the names of its query,
the statuses that it may answer, and what its body has to be, without the words.
"""

import json
import sys
from pathlib import Path
from typing import Any

TO = Path(__file__).parent.parent / "tests" / "machinery" / "support" / "github_openapi.json"
REPOSITORY = "/repos/{owner}/{repo}"
ENVIRONMENT = f"{REPOSITORY}/environments/{{environment_name}}"
POLICIES = f"{ENVIRONMENT}/deployment-branch-policies"
CALLS = {
    REPOSITORY: "get",
    f"{REPOSITORY}/branches/{{branch}}": "get",
    "/user": "get",
    "/users/{username}": "get",
    ENVIRONMENT: "get put",
    POLICIES: "get post",
    f"{POLICIES}/{{branch_policy_id}}": "delete",
    f"{ENVIRONMENT}/variables": "post",
    f"{ENVIRONMENT}/variables/{{name}}": "get patch delete",
    f"{REPOSITORY}/actions/variables": "post",
    f"{REPOSITORY}/actions/variables/{{name}}": "get patch delete",
    f"{REPOSITORY}/actions/permissions": "get put",
    f"{REPOSITORY}/actions/permissions/workflow": "get put",
    f"{REPOSITORY}/actions/oidc/customization/sub": "get",
    f"{REPOSITORY}/rulesets": "get post",
    f"{REPOSITORY}/rulesets/{{ruleset_id}}": "get put",
}
WORDS = {"description", "example", "examples", "title", "deprecated", "default", "format", "x-github"}


def bare(schema: Any) -> Any:
    """The schema as JSON Schema has it: null is a type of its own, and a name that it does not know is wrong."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value if key in {"enum", "required"} else bare(value) for key, value in schema.items() if key not in WORDS
    }
    if "properties" in schema:
        kept["properties"] = {name: bare(each) for name, each in schema["properties"].items()}
        kept.setdefault("additionalProperties", False)
    if kept.pop("nullable", False) and "type" in kept:
        kept["type"] = [kept["type"], "null"]
    return kept


def call(path: dict[str, Any], method: str) -> dict[str, Any]:
    """What there is to know of one call."""
    said = path[method]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    given = [*path.get("parameters", []), *said.get("parameters", [])]
    query = sorted(each["name"] for each in given if each["in"] == "query")
    return {"query": query, "statuses": sorted(map(int, said["responses"])), "body": bare(body)}


def main() -> None:
    package = Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    paths = json.loads((package / "generated" / "api.github.com.deref.json").read_text("utf-8"))["paths"]
    calls = {path: {method: call(paths[path], method) for method in methods.split()} for path, methods in CALLS.items()}
    TO.write_text(json.dumps({"@octokit/openapi": version, "calls": calls}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
