"""serving/score.py of this project as a module: whoever reads what an endpoint was asked reads it by the same rules.

It is the script that goes out with the next deployment. One that is out may be older; what that let through, and this
one would not, is left out and counted.
"""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "serving" / "score.py"


@cache
def scoring_script(path: Path = SCRIPT) -> ModuleType:
    """The project's script, which lies elsewhere in a job on another machine."""
    return load_script(path)


def load_script(path: Path) -> ModuleType:
    """The script, imported anew under a name of its own: it is no part of a package."""
    spec = importlib.util.spec_from_file_location("scoring_script", path)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script
