"""The project's reference is what its commands and settings say of themselves."""

from conftest import ROOT, TEMPLATE, Project


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
