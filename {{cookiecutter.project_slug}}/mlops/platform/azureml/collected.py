"""The inputs and outputs that deployments collected, as Azure ML's data collector keeps them in blob storage.

modelDataCollector/<endpoint>/<slot>/<collection>/<yyyy>/<MM>/<dd>/<HH>/<instance>.jsonl: one line a request, joined
over the collections by its correlation id.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from mlops.data.artefacts import Artefact
from mlops.data.files import whole_lines

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

FOLDER = "modelDataCollector"
INPUTS, OUTPUTS = "model_inputs", "model_outputs"


def of_one_table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, which have to have the same columns."""
    if any(row.keys() != rows[0].keys() for row in rows):
        raise PydanticCustomError("rows", "they differ in their columns")
    return rows


def a_time(text: str) -> str:
    """The same text, which has to be a time with its zone."""
    if datetime.fromisoformat(text).tzinfo is None:
        raise PydanticCustomError("time", "it has no zone")
    return text


class Line(Artefact):
    """What was collected of one request; of a line that was cut off nothing is left."""

    correlationid: str
    time: Annotated[str, AfterValidator(a_time)]
    data: Annotated[list[dict[str, Any]], Field(min_length=1), AfterValidator(of_one_table)]


def collected_since(container: "ContainerClient", endpoint: str, since: float) -> Iterator[dict[str, Any]]:
    """The requests since then (seconds since the epoch), slot by slot, as `Endpoints.collected` has them."""
    root = f"{FOLDER}/{endpoint}/"
    slots = {each.name.removeprefix(root).split("/")[0] for each in container.walk_blobs(root)}
    for slot in sorted(slots):
        answers = {line["correlationid"]: line["data"] for line in lines(container, f"{root}{slot}/{OUTPUTS}/", since)}
        for line in lines(container, f"{root}{slot}/{INPUTS}/", since):
            columns, answer = list(line["data"][0]), answers.get(line["correlationid"], [])
            yield {
                "time": seconds(line),
                "slot": slot,
                "version": answer[0].get("version") if answer else None,
                "inputs": {"columns": columns, "data": [[row[name] for name in columns] for row in line["data"]]},
                "outputs": outputs_of(answer),
            }


def outputs_of(answer: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The collected answer by name, without the version that stands beside it in each row."""
    names = [name for name in answer[0] if name != "version"] if answer else []
    return {name: [row[name] for row in answer] for name in names}


def lines(container: "ContainerClient", folder: str, since: float) -> Iterator[dict[str, Any]]:
    """The lines of one collection since then, each once; hours that ended before are not read.

    What would be yet to come was written by a clock that ran ahead, and is left out.
    """
    seen: set[str] = set()
    now = time.time()
    first = folder + datetime.fromtimestamp(since, UTC).strftime("%Y/%m/%d/%H/")
    for blob in container.list_blobs(name_starts_with=folder):
        if blob.name < first:
            continue
        text = container.download_blob(blob.name).readall().decode(errors="replace")
        for line in whole_lines(text, Line, Path(blob.name)):
            written = json.dumps(line, sort_keys=True)
            if written not in seen and int(since) <= seconds(line) <= now:  # collected with whole seconds
                seen.add(written)
                yield line


def seconds(line: dict[str, Any]) -> float:
    """When the request was served, in seconds since the epoch."""
    return datetime.fromisoformat(line["time"]).timestamp()
