"""Whether main has moved on since this run's commit: an approval may come late, and an old run can be run again."""

from pathlib import Path

from mlops import UserError
from mlops.ci import CI
from mlops.repo.changes import names
from mlops.settings.environments import BASE, FOLDER, manifest_path

SERVED_WITH = Path("serving")


def check_newest(ci: CI, environment: str) -> None:
    """UserError when main says something else of the environment, or of what it serves with, than this run's commit."""
    main = ci.main()
    if main is None:
        return
    paths = [str(path) for path in (manifest_path(environment), FOLDER / BASE, SERVED_WITH)]
    differing = sorted(names("diff", "--name-only", "--no-renames", "--relative", "-z", "HEAD", main, "--", *paths))
    if differing:
        raise UserError(
            f"{differing[0]}: main has moved on since the commit of this run, which would bring back what was before; "
            "nothing is changed: run deploy anew, on main"
        )
