"""What a value refers to: something in the pipeline, or something outside of it (a path, an asset, an environment)."""

import re
from typing import Any

from mlops.pipeline.graph import Source
from mlops.pipeline.keys import FILE, EnvironmentKeys
from mlops.pipeline.place import Place
from mlops.settings.reading import read_yaml

MARK = "${{"
INPUT = re.compile(r"\$\{\{parent\.inputs\.(\w+)\}\}")
JOB_OUTPUT = re.compile(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}")
OUTPUT = re.compile(r"\$\{\{parent\.outputs\.(\w+)\}\}")
ELSEWHERE = re.compile(r"(azureml|https?|wasbs?|abfss?):")
ASSET = re.compile(r"azureml:(//.+|/subscriptions/.+|[^:@/]+[:@][^:@/]+)")


def source(place: Place, text: str) -> Source:
    """What an input refers to. UserError when it is no reference, or one with something around it."""
    if match := INPUT.fullmatch(text):
        return Source("", match[1])
    if match := JOB_OUTPUT.fullmatch(text):
        return Source(match[1], match[2])
    shapes = "${{parent.inputs.<name>}} or ${{parent.jobs.<job>.outputs.<name>}}"
    raise place.mistake(f"a reference is {shapes}, without spaces or text around it, got {text!r}")


def target(place: Place, text: Any) -> str:
    """The pipeline's output that an output refers to. UserError when it is no such reference.

    The SDK takes one with spaces in it for a path in storage, so that is refused here.
    """
    match = OUTPUT.fullmatch(str(text))
    if not match:
        raise place.mistake(f"must be ${{{{parent.outputs.<name>}}}}, without spaces or text around it, got {text!r}")
    return match[1]


def data_path(place: Place, text: str, kind: str) -> str:
    """An absolute path of this machine, or an address elsewhere as it stands. UserError when there is no such path."""
    if ELSEWHERE.match(text):
        check_asset(place, text)
        return text
    path = place.regular_file(text) if kind == FILE else place.folder(text)
    return str(path.resolve())


def check_asset(place: Place, text: str) -> None:
    """UserError when the text names an asset of Azure ML's without saying which version."""
    if text.startswith("azureml:") and not ASSET.fullmatch(text):
        raise place.mistake(f"{text} names no version; write azureml:<name>:<version> or azureml:<name>@<label>")


def check_code(place: Place, text: str) -> None:
    """UserError when the code is no folder of this machine."""
    if ELSEWHERE.match(text) or text.startswith("git+"):
        raise place.mistake(f"{text} is not on this machine; name a folder")
    place.folder(text)


def check_environment(place: Place, value: Any) -> None:
    """UserError when it is neither a name with a version, nor a file or keys that describe an environment."""
    if not isinstance(value, str):
        check_description(place, value)
    elif value.startswith("azureml:"):
        check_asset(place, value)
    elif value.startswith("file:"):
        file = place.regular_file(value.removeprefix("file:"))
        check_description(Place(file), read_yaml(file))
    else:
        raise place.mistake(f"write azureml:<name>:<version>, file:<path> or {{build: {{path: ...}}}}, got {value!r}")


def check_description(place: Place, content: Any) -> None:
    """UserError when the keys do not describe an environment that can be built."""
    keys = place.read(EnvironmentKeys, content)
    if (keys.build is None) == (keys.image is None):
        raise place.mistake("needs build or image, and not both")
    if keys.build:
        context = place.at("build", "path")
        dockerfile = context.folder(keys.build.path) / keys.build.dockerfile_path
        if not dockerfile.is_file():
            raise context.mistake(f"{keys.build.path} holds no {keys.build.dockerfile_path}")
    if keys.conda_file is not None and keys.image is None:
        raise place.at("conda_file").mistake("goes with image, not with build")
    if isinstance(keys.conda_file, str):
        place.at("conda_file").regular_file(keys.conda_file)
