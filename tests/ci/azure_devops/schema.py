"""Microsoft's own schema of pipeline files, which the package check-jsonschema carries."""

import json
from functools import cache
from importlib import resources

from check_jsonschema.transforms.azure_pipelines import traverse_data
from jsonschema import TypeChecker, ValidationError, validators
from jsonschema.protocols import Validator

from ci.azure_devops.loading import Files, Node, load
from ci.events import PipelineError

LONGEST = 160


@cache
def validator(kind: str) -> Validator:
    """The validator of one definition of the schema."""
    file = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "azure-pipelines.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    plain = validators.validator_for(schema)
    types = plain.TYPE_CHECKER.redefine_many({"boolean": is_boolean, "integer": is_integer})
    return validators.extend(plain, type_checker=types)(
        {"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]}
    )


def is_boolean(_: TypeChecker, value: object) -> bool:
    return str(value).lower() in ("true", "false")  # as all scalars, it comes as a string


def is_integer(_: TypeChecker, value: object) -> bool:
    return isinstance(value, str) and value.isdecimal()


def schema_findings(path: str, document: Node) -> list[str]:
    """What the schema has against the file, the deepest reason of each."""
    # The command of that package reads 20 as a number, which the schema then refuses: here all scalars are strings.
    kind = "variablesTemplate" if set(document) <= {"variables", "parameters"} else "pipeline"
    errors = validator(kind).iter_errors(traverse_data(document))
    reasons = [reason(error) for error in errors]
    return [f"{path}: {'/'.join(map(str, reason.absolute_path))}: {reason.message[:LONGEST]}" for reason in reasons]


def load_valid(path: str, files: Files) -> dict[str, Node]:
    """The file of the repository. PipelineError when the schema has something against it."""
    document = load(path, files)
    for finding in schema_findings(path, document):
        raise PipelineError(finding)
    return document


def reason(error: ValidationError) -> ValidationError:
    """What is wrong at the bottom: of several shapes that do not fit, in the one that comes closest."""
    if not error.context:
        return error
    shapes: dict[int | str, list[ValidationError]] = {}
    for inner in error.context:
        shapes.setdefault(inner.relative_schema_path[0], []).append(inner)
    closest = min(shapes.values(), key=lambda inner: sum(map(weight, inner)))
    return max(map(reason, closest), key=lambda leaf: len(leaf.absolute_path))


def weight(error: ValidationError) -> int:
    """How much is wrong, at the least."""
    shapes: dict[int | str, int] = {}
    for inner in error.context or []:
        shape = inner.relative_schema_path[0]
        shapes[shape] = shapes.get(shape, 0) + weight(inner)
    return min(shapes.values(), default=1)
