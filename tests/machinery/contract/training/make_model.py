"""Save a small model. It raises on a negative distance; one of the kind `broken` cannot even be loaded."""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import small_model

VERSIONS = {"first": 1, "second": 2, "broken": 3}
CHECK = '    assert not (rows["distance"] < 0).any(), "a negative distance"\n'


def main() -> None:
    parser = argparse.ArgumentParser(prog="make_model", description=__doc__)
    parser.add_argument("--kind", choices=VERSIONS, required=True)
    parser.add_argument("--model", type=Path, required=True, help="model folder to write")
    args = parser.parse_args()
    small_model.CODE = small_model.CODE.replace("    return", f"{CHECK}    return")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        small_model.save_model(model, VERSIONS[args.kind])
        if args.kind == "broken":
            (model / "model.pkl").write_bytes(b"not a pickle")
        lineage = {"run_id": os.environ.get("AZUREML_ROOT_RUN_ID", "")}  # Azure ML's name for the pipeline's job
        (model / "lineage.json").write_text(json.dumps(lineage), encoding="utf-8")
        shutil.copytree(model, args.model, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
