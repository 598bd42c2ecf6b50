"""Write infra/main.json of the project, the template that `infra/main.bicep` comes to: `uv run compile_bicep`.

A stand-in for `az bicep build` where Microsoft's compiler is not at hand, for the subset that tests/infra/bicep knows.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bicep import BicepError, compile_file

INFRA = Path(__file__).parent.parent / "{{cookiecutter.project_slug}}" / "infra"
SOURCE, MADE = INFRA / "main.bicep", INFRA / "main.json"


def written(template: dict[str, Any]) -> str:
    """A template as it stands in its file."""
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Compile. Exit code 2 with one line for a mistake in the source."""
    try:
        MADE.write_text(written(compile_file(SOURCE)), encoding="utf-8", newline="\n")
    except BicepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
