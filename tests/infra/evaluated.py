"""The project's template, evaluated with parameters that the project's own code makes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import promises

from arm import Deployed, Environment, TemplateError, evaluate, problems
from bicep import BicepError, compile_file
from standin.oracles import TYPES_VARIABLE

HERE = Environment("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000000000aa", "eastus")
SCRIPT = Path(__file__).parent / "parameter_sets.py"
SETS = ("as generated", "one workspace", "scaled out", "everything", "on Azure DevOps")
Values = dict[str, Any]


def types() -> Path | None:
    """The folder with Microsoft's types, where there is one."""
    return Path(os.environ[TYPES_VARIABLE]) if TYPES_VARIABLE in os.environ else None


def parameter_sets(folder: Path, *names: str) -> dict[str, Values]:
    """The values by name, of each of these sets of options; of all of them without one."""
    command = [sys.executable, "-B", str(SCRIPT), *(names or SETS)]
    said = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    found: dict[str, Values] = json.loads(said)
    return found


def azure(values: Values) -> Any:
    """An Azure in which the endpoints are, and nothing else that the template asks for."""
    names = {one["name"] for place in values["places"] for one in place["endpoints"]}
    return lambda id_: {} if "/onlineEndpoints/" in id_ and id_.rsplit("/", 1)[1] in names else None


def deploy(template: Values, values: Values) -> Deployed:
    given = {name: {"value": value} for name, value in values.items()}
    return evaluate(template, given, HERE.place, azure(values), HERE)


def wrong(template: Values, values: Values) -> list[str]:
    """All that Azure or a reader of infra/README.md would say against it."""
    try:
        deployed = deploy(template, values)
    except TemplateError as error:
        return [str(error)]
    return [*map(str, problems(deployed, azure(values), types())), *promises.broken(deployed, values)]


def wrong_in(folder: Path, values: Values) -> list[str]:
    """The same of Bicep files, which may not even compile."""
    try:
        return wrong(compile_file(folder / "main.bicep"), values)
    except BicepError as error:
        return [str(error)]
