"""Score files with the version that scores by default in the environment's batch endpoint.

INPUT is a Parquet or CSV file (UTF-8, commas, names in the first line), or a folder of them; all must have the model's
columns and those of data.key. OUTPUT is a folder that is empty, or not there yet. It gets one Parquet file for each
input file: the key (without data.key the number of the row, from 0), the answer, the version and the time when the run
began. Each is written aside and renamed, so what is there is whole; _run.json says what was scored by what.

Run it again with the same INPUT and OUTPUT after it was killed, or ran out of room: it goes on from there, and the
files are byte for byte what they would have been. `batch:` of the environment says how many workers there are, how many
files each is given at a time, and how often a file that failed is tried again.

Exits 1 when a file could not be scored: it is named with the reason, and all others are done. Exits 2, with nothing
written, when the order as a whole cannot be done; 3 while another run writes to OUTPUT.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops import UserError, counted
from mlops.commands.console import NO, YES, command
from mlops.decide.rollout import label
from mlops.platform import Order, Scored, open_platform
from mlops.repo.lineage import who_runs
from mlops.settings.environments import Manifest, load_manifest, manifest_path
from mlops.settings.project import load_project


def say(text: str) -> None:
    print(text, flush=True)


def tell(done: Scored, manifest: Manifest, output: Path) -> None:
    """How it went, in a few lines; what was not scored on stderr."""
    version, wanted = f"{done.model}:{done.version}", label(manifest.model)
    speed = f"{done.rows / done.seconds:,.0f} rows a second" if done.seconds else "at once"
    whole = done.files - len(done.failed)
    now = f"{counted(done.rows, 'row')} scored now by {version} in {done.seconds:.1f} s, {speed}"
    print(f"{output}: answers to {whole} of {counted(done.files, 'file')}; {now}")
    if version != wanted and manifest.model.version is not None:
        print(f"{wanted} is what the manifest names; `apply` lets it score by default")
    for name, why in done.failed.items():
        print(f"not scored: {name}: {why}", file=sys.stderr)


@command
def main(argv: Sequence[str] | None = None) -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="score_batch", description=__doc__, formatter_class=raw)
    parser.add_argument("environment", help="name of a file in environments/")
    parser.add_argument("input", type=Path, help="a file, or a folder of files, to score")
    parser.add_argument("output", type=Path, help="the folder for the answers")
    args = parser.parse_args(argv)
    manifest, key = load_manifest(args.environment), load_project().data.key
    batches = open_platform(manifest).batches
    if manifest.batch is None or batches is None:
        raise UserError(f"{manifest_path(args.environment)}: batch: missing; docs/batch.md shows one")
    done = batches.score(manifest.batch.endpoint, Order(args.input, args.output, key, holder=who_runs()), say)
    tell(done, manifest, args.output)
    return NO if done.failed else YES


if __name__ == "__main__":
    sys.exit(main())
