"""The project's reference is what its commands and settings say of themselves, and its pages name what is there."""

import re
from pathlib import Path

from conftest import ROOT, TEMPLATE, Project, Render

NAMED = re.compile(
    r"(?<![\w/.-])((?:model|data|expectations|environments|steps|mlops|serving|pipelines|tests|docs|azure-pipelines|\.github)"
    r"/[\w./-]*[\w/])"
)
FETCHED = "tests/machinery"  # by `upgrade --tests`
TO_WRITE = {"model/metrics.py", "model/search.json"}  # is a user\'s to add; is what `tune` adds


def test_the_reference_is_current(installed: Project) -> None:
    """`uv run reference` renews it."""
    said = installed.uv_run("python", str(ROOT / "tools" / "reference.py"), str(installed.folder))
    assert (TEMPLATE / "docs" / "reference.md").read_text(encoding="utf-8") == said


def test_it_holds_every_command_and_every_key(installed: Project) -> None:
    page = (TEMPLATE / "docs" / "reference.md").read_text(encoding="utf-8")
    for path in [*TEMPLATE.glob("steps/*.py"), *TEMPLATE.glob("mlops/commands/*.py")]:
        assert path.stem in {"__init__", "console"} or f"\n### {path.stem}\n\n```\nusage: {path.stem} " in page
    for key in ("data.uri", "gate.slices.max_drop", "stages", "workspace.registry", "rollout.synthetic_rate"):
        assert f"\n| `{key}` |" in page


def test_what_a_page_or_a_comment_names_is_there(render: Render, tmp_path: Path) -> None:
    folder = render(tmp_path, ci_system="both").folder
    texts = [path for path in folder.rglob("*") if path.suffix in {".md", ".yml", ".py", ".toml"}]
    texts.remove(folder / "mlops" / "settings" / "renamed.yml")  # it is about what is not there any more
    named = {(path, name) for path in texts for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 30
    gone = [(str(path.relative_to(folder)), name) for path, name in named if not (folder / name).exists()]
    assert [each for each in gone if not each[1].startswith(FETCHED) and each[1] not in TO_WRITE] == []
