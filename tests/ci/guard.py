"""The guard of the pipelines that a project has, for the template's tests: table, rules, and copies to break."""

import shutil
import sys
from pathlib import Path

from conftest import ROOT, TEMPLATE

sys.path.append(str(TEMPLATE / "tests"))
import pipeline_rules as rules
import pipeline_table as tables

OWNERS = {"template": ROOT, "project": TEMPLATE}  # whose pipelines they are
OF_PROJECTS = {rules.has_its_identity}  # the template trains on its runners, and asks nothing of Azure


def rules_of(root: Path) -> list:
    return [rule for rule in rules.RULES if root != ROOT or rule not in OF_PROJECTS]


def folders(root: Path) -> list[Path]:
    """Those of both systems, as far as they are there."""
    return [root / name for name in tables.SYSTEMS if (root / name).is_dir()]


def copied(owner: Path, folder: Path) -> Path:
    """The folder, with a copy of the owner's pipelines and their tables in it."""
    for name in tables.SYSTEMS:
        shutil.copytree(owner / name, folder / name)
    return folder


def changes(root: Path) -> list[str]:
    """Where the pipelines of both systems are not as their tables say."""
    return [line for folder in folders(root) for line in tables.changes(folder)]


def broken(root: Path, owner: Path = TEMPLATE) -> list[str]:
    """The rules that the pipelines of both systems break."""
    return [line for folder in folders(root) for line in rules.broken_rules(folder, rules_of(owner))]
