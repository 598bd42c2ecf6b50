"""Our compiler in the place of Microsoft's, as a program: `bicep` itself, or an `az` that has `bicep build` alone.

It signs what it makes as theirs does, and says what is wrong in their form, so that all around it is as with theirs.
"""

import sys
from pathlib import Path

VERSION = "0.38.33"
COMPILER = """#!{python}
import json, sys
from pathlib import Path
from bicep import BicepError, compile_file
if not {works}:
    sys.exit("ERROR: no Bicep here")
if "--version" in sys.argv:
    print("Bicep CLI version {version} (6bb5d5f859)")
    sys.exit()
[source] = [each for each in sys.argv if each.endswith(".bicep")]
try:
    made = compile_file(Path(source))
except BicepError as error:
    sys.exit(f"{{source}}(1,1) : Error BCP000: {{error}}")
signed = {{"metadata": {{"_generator": {{"name": "bicep", "version": "{version}", "templateHash": "1"}}}}, **made}}
print(json.dumps(signed, indent=2))
"""


def put_compiler(program: Path, works: bool = True) -> None:
    """Make that file the program. works: whether it compiles; else it refuses, as an `az` without Bicep does."""
    text = COMPILER.format(python=sys.executable, version=VERSION, works=works)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
