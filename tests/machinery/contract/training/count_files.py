"""Count the files of a model; exits 1 when there are more than may be."""

import argparse
import json
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="count_files", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--most", type=int, required=True)
    parser.add_argument("--count", type=Path, required=True, help="folder to write count.json to")
    args = parser.parse_args()
    files = sum(path.is_file() for path in args.model.rglob("*"))
    print(f"{files} files, {args.most} at most")
    (args.count / "count.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return int(files > args.most)


if __name__ == "__main__":
    sys.exit(main())
