"""The folder of answers: held by one run, begun once, gone on with by the next run of the same order.

OUTPUT/_run.json     what is scored by which version, and the time that stands in every row: written before any answer
OUTPUT/<name>        the answers to one file, whole; what is being written is called <name>.<process>.part
"""

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from mlops import TakenError, UserError
from mlops.data.artefacts import Artefact
from mlops.data.files import hash_file, read_json, write_json

RUN_FILE, LEASE, HOLDER = "_run.json", ".lease", ".holder"
MEND = "give another folder"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Run(Artefact):
    """_run.json. time: when the run began, in ISO 8601; input: the SHA-256 of each file by name."""

    model: str
    version: int
    key: list[str]
    input: dict[str, str]
    time: str


@contextmanager
def held(output: Path, holder: str) -> Iterator[None]:
    """Hold the folder, made when it is not there, against other runs. UserError when it holds anything else.

    So is a full disk, whoever finds out.
    """
    check_ours(output)
    named = output / HOLDER
    try:
        output.mkdir(parents=True, exist_ok=True)
        with FileLock(output / LEASE, timeout=0):  # let go of when its holder is killed
            named.write_text(holder, encoding="utf-8")
            sweep(output)
            try:
                yield
            finally:
                sweep(output)
    except Timeout:
        other = named.read_text(encoding="utf-8", errors="replace") if named.exists() else "another command"
        raise TakenError(f"{output}: {other} writes answers there; try again when that has ended") from None
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise UserError(f"{output}: {error.strerror}; make room and run this again: it goes on from here") from None


def check_ours(output: Path) -> None:
    """UserError when the folder has anything in it and no run began there. Hidden files do not count."""
    there = sorted(path.name for path in output.iterdir() if path.name[0] != ".") if output.is_dir() else []
    if there and RUN_FILE not in there:
        raise UserError(f"{output}: not empty ({there[0]}); {MEND}, or empty this one")


def sweep(output: Path) -> None:
    """Take away what a killed worker had not finished."""
    for part in output.glob("*.part"):
        part.unlink(missing_ok=True)


def begun(output: Path, model: str, version: int, key: Sequence[str], files: Sequence[Path]) -> Run:
    """The run that began in the folder, or one that begins now. UserError when it is of another order."""
    check_ours(output)
    path, hashes = output / RUN_FILE, {each.name: hash_file(each) for each in files}
    if not path.exists():
        time = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(path, {"model": model, "version": version, "key": [*key], "input": hashes, "time": time})
    run = Run.model_validate(read_json(path, Run, MEND))
    if (run.model, run.version) != (model, version):
        raise UserError(f"{output}: answers of {run.model}:{run.version}, and {model}:{version} scores now; {MEND}")
    if run.key != [*key]:
        raise UserError(f"{output}: answers by another data.key ({', '.join(run.key) or 'none'}); {MEND}")
    if changed := [name for name in differing(run.input, hashes) if is_settled(output, name, run.input, hashes)]:
        raise UserError(f"{output}: answers to other files than there are now ({changed[0]}); {MEND}")
    if run.input != hashes:
        write_json(path, {**run.model_dump(), "input": hashes})
    return run


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names that are not in both with the same content."""
    return sorted(name for name in {**before, **now} if before.get(name) != now.get(name))


def is_settled(output: Path, name: str, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether that file may change no more: only one that has no answers can have been mended."""
    return name not in before or name not in now or answers_to(output, Path(name)).exists()


def answers_to(output: Path, file: Path) -> Path:
    """Where the answers to that file are once it is done."""
    return output / f"{file.stem}.parquet"
