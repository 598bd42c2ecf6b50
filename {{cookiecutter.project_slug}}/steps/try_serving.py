"""Ask the challenger its sample rows through the scoring script, with the packages of an endpoint and as one would.

Reads the model folder, writes served.json, which the gate asks for. Exits 1 unless the answers are those of training.
Imports nothing that the serving environment does not have.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlops import counted
from mlops.commands.console import NO, YES, command
from mlops.data.files import hash_folder, write_json
from mlops.data.probe import read_probe
from mlops.data.scoring_script import SCRIPT, load_script
from mlops.decide.agreement import disagreement


def ask(script: Path, model: Path, request: Any) -> tuple[int, Any]:
    """Status and body of the script's answer; 500 with the reason where it fails, as a server would have it."""
    with tempfile.TemporaryDirectory() as folder:  # loading a model leaves bytecode beside its code
        os.environ["AZUREML_MODEL_DIR"] = str(shutil.copytree(model, folder, dirs_exist_ok=True))
        try:
            endpoint = load_script(script)
            endpoint.init()
            said = endpoint.run(json.dumps(request))
        except Exception as error:  # whatever a person's own model may raise
            return 500, f"{type(error).__name__}: {error}"
    return (200, said) if isinstance(said, dict) else (said.status_code, json.loads(said.get_data()))


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="try_serving", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("out/model"), help="the challenger's model folder")
    parser.add_argument("--script", type=Path, default=SCRIPT, help="the scoring script (default: the project's)")
    parser.add_argument("--served", type=Path, default=Path("out/served"), help="folder to write served.json into")
    args = parser.parse_args(argv)
    sample = read_probe(args.model)
    problem = disagreement(*ask(args.script, args.model, sample["request"]), sample["answer"])
    if problem:
        print(f"{args.model} cannot be served as it was trained: {problem}", file=sys.stderr)
        return NO
    rows = len(sample["request"]["input_data"]["data"])
    write_json(args.served / "served.json", {"model_hash": hash_folder(args.model), "rows": rows})
    print(f"{counted(rows, 'row')} got the same answers through {args.script.name}")
    return YES


if __name__ == "__main__":
    sys.exit(main())
