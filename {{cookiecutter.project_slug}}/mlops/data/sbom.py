"""What an endpoint is built from, as a list that scanners read: CycloneDX, made of serving/image/requirements.txt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import Field

from mlops import UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_text
from mlops.settings.reading import one_line, read_text

REQUIREMENTS = Path("serving") / "image" / "requirements.txt"
SBOM_FILE = "sbom.cdx.json"
IMAGE = {  # the machine that serves, for a list of packages that holds for all machines
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


class Component(Artefact):
    name: str
    version: str


class Sbom(Artefact):
    """sbom.cdx.json, as far as it is read here."""

    form: Annotated[str, Field(alias="bomFormat", pattern="^CycloneDX$")]
    components: list[Component]


def packages(requirements: Path) -> dict[str, str]:
    """The versions that the image installs, by name. UserError at a line that pins nothing."""
    text = read_text(requirements, "make it again: uv run pin")
    lines = [line.split(" --hash", 1)[0].strip() for line in text.replace("\\\n", " ").splitlines()]
    found: dict[str, str] = {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        try:
            needed = Requirement(line)
        except InvalidRequirement as error:
            why = one_line(error)
            raise UserError(f"{requirements}: no list of packages ({why}); make it again: uv run pin") from None
        if [each.operator for each in needed.specifier] != ["=="]:
            raise UserError(f"{requirements}: {line}: pins no version; make it again: uv run pin")
        if needed.marker is None or needed.marker.evaluate(IMAGE):
            found[needed.name] = next(iter(needed.specifier)).version
    return found


def write_sbom(installed: Mapping[str, str], path: Path) -> None:
    """The bill of materials of these packages."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component as Package
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    urls = [PackageURL("pypi", name=name, version=version) for name, version in installed.items()]
    each = [Package(name=url.name, version=url.version, purl=url, bom_ref=str(url)) for url in urls]
    write_text(path, JsonV1Dot6(Bom(components=each)).output_as_string(indent=2) + "\n")


def read_sbom(path: Path) -> dict[str, str]:
    """The versions in a bill of materials, by name. UserError when it is none."""
    found = read_json(path, Sbom, "train the model again")
    return {each["name"]: each["version"] for each in found["components"]}


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs, as `numpy 2.3.0 -> 2.4.0`, in name order; `none` is a package that is not there."""
    differing = sorted(name for name in {**then, **now} if then.get(name) != now.get(name))
    return [f"{name} {then.get(name, 'none')} -> {now.get(name, 'none')}" for name in differing]
