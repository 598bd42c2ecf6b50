"""What the template renders, with every choice and in awkward places."""

import ast
import json
import os
import re
import subprocess
import tomllib
from itertools import product
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import OutputDirExistsException

from conftest import QUESTIONS, ROOT, TEMPLATE, Project, Render, files_below, names_below

ASKED = [question for question in QUESTIONS if question[0] != "_"]
CHOICES = [question for question in ASKED if isinstance(QUESTIONS[question], list)]
COMBINATIONS = [dict(zip(CHOICES, each, strict=True)) for each in product(*(QUESTIONS[key] for key in CHOICES))]
LEFTOVER = re.compile(r"\{\{-?\s*cookiecutter|\{%|cookiecutter\.")
PARSERS = {".json": json.loads, ".toml": tomllib.loads, ".yml": yaml.safe_load, ".yaml": yaml.safe_load}
WINDOWS_ILLEGAL = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
PIPELINES = {"github": {".github"}, "azure-devops": {"azure-pipelines"}, "both": {".github", "azure-pipelines"}}
LICENSES = {"MIT": "MIT License", "Apache-2.0": "Apache License", "Proprietary": "All rights reserved"}
SHOWN_BY_FILES = {"ci_system", "start_from"}
FLIGHTS = {
    *(f"data/2013-0{month}.parquet" for month in (1, 2, 3)),
    "expectations/flights.json",
    "model/estimator.py",
    "model/families.py",
    "model/features.py",
}
ANSWERS = {
    "start_from": "own-table",
    "project_name": "Über-pünktlich: it's 100 %",
    "project_slug": "punctual-2",
    "description": "Kommt der Flug zu spät? — #[späť]",
    "author": "Søren O'Brien & Co <ops>",
    "ci_system": "azure-devops",
    "azure_region": "swedencentral",
    "python_version": "3.11",
    "license": "Apache-2.0",
}


def text_of(project: Project) -> dict[str, str]:
    """All text files by name, with the line ends that they have."""
    paths = [path for path in files_below(project.folder) if path.suffix != ".parquet"]
    return {path.relative_to(project.folder).as_posix(): path.read_bytes().decode("utf-8") for path in paths}


@pytest.fixture(scope="module")
def awkward(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return render(tmp_path_factory.mktemp("awkward"), **ANSWERS)


def git(project: Project, *arguments: str) -> str:
    return project.run("git", *arguments).strip()


def parts(project: Project) -> tuple[set[str], set[str]]:
    """The folders with pipelines, and the names of all files that are not in one."""
    names = names_below(project.folder)
    folders = {name.split("/")[0] for name in names} & PIPELINES["both"]
    return folders, {name for name in names if name.split("/")[0] not in folders}


def test_the_files_are_exactly_these(both: Project) -> None:
    """Add a file to, or take it out of, tests/expected_files.txt on purpose."""
    expected = (ROOT / "tests" / "expected_files.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert names_below(both.folder) == sorted(expected)


@pytest.mark.parametrize("answers", COMBINATIONS, ids=str)
def test_every_choice_renders(render: Render, both: Project, tmp_path: Path, answers: dict[str, str]) -> None:
    project = render(tmp_path, **answers)
    without = FLIGHTS if answers["start_from"] == "own-table" else set()
    assert parts(project) == (PIPELINES[answers["ci_system"]], parts(both)[1] - without)
    assert LICENSES[answers["license"]] in text_of(project)["LICENSE"]


@pytest.mark.parametrize("question", [question for question in ASKED if question not in SHOWN_BY_FILES])
def test_every_answer_reaches_the_project(awkward: Project, question: str) -> None:
    answer = ANSWERS[question]
    assert any(LICENSES.get(answer, answer) in text for text in text_of(awkward).values())


@pytest.mark.parametrize("answers", ["rendered", "awkward"])
def test_what_is_rendered_is_well_formed(request: pytest.FixtureRequest, answers: str) -> None:
    for name, text in text_of(request.getfixturevalue(answers)).items():
        if not name.endswith(".jinja"):
            assert not LEFTOVER.search(text), name
        assert "\r" not in text, name
        assert text == "" or text.endswith("\n"), name
        PARSERS.get(Path(name).suffix, str)(text)


def test_awkward_answers_arrive_whole(awkward: Project) -> None:
    texts = text_of(awkward)
    metadata = tomllib.loads(texts["pyproject.toml"])["project"]
    assert metadata["description"] == ANSWERS["description"]
    assert metadata["authors"] == [{"name": ANSWERS["author"]}]
    assert ANSWERS["author"] in texts["LICENSE"]


def test_python_and_pipelines_are_copied_byte_for_byte(both: Project) -> None:
    """So the folder inside the template can be linted and tested as it stands. An image is told which Python it has."""
    folders = ("pipelines/", ".github/", "azure-pipelines/")
    copied = {name for name in names_below(both.folder) if name.startswith(folders) or name.endswith(".py")}
    copied.remove("pipelines/image/Dockerfile")
    assert {"steps/train.py", "pipelines/train.yml", ".github/workflows/train.yml"} <= copied
    for name in copied:
        assert (both.folder / name).read_bytes() == (TEMPLATE / name).read_bytes(), name


def test_a_project_without_the_flights_holds_no_word_of_them(awkward: Project, rendered: Project) -> None:
    words = re.compile("flight|carrier|airport", re.IGNORECASE)
    texts = text_of(awkward)
    assert [name for name, text in texts.items() if words.search(name + text)] == []
    waiting, shipped = yaml.safe_load(texts["project.yml"]), yaml.safe_load(text_of(rendered)["project.yml"])
    assert waiting.keys() == shipped.keys() - {"task"}, "in the order in which `adopt` fills them in"
    assert waiting["data"] is None


def test_names_are_legal_on_windows(rendered: Project) -> None:
    names = names_below(rendered.folder) + names_below(ROOT)
    assert not [name for name in names if any(WINDOWS_ILLEGAL.search(part) for part in name.split("/"))]
    for folder in (rendered.folder, ROOT):
        assert len({name.casefold() for name in names_below(folder)}) == len(names_below(folder))
    assert max(len(name) for name in names) < 120


def test_caches_in_the_template_stay_there(render: Render, tmp_path: Path) -> None:
    """Developers run the tests inside the template folder."""
    cache = TEMPLATE / "mlops" / "__pycache__" / "left_by_a_test"
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("{% not Jinja", encoding="utf-8")
    try:
        project = render(tmp_path)
    finally:
        cache.unlink()
    assert not [*project.folder.rglob("__pycache__")]


def test_an_existing_folder_is_refused_and_left_as_it_was(render: Render, tmp_path: Path) -> None:
    project = render(tmp_path)
    (project.folder / "project.yml").write_text("mine\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}
    with pytest.raises(OutputDirExistsException, match="already exists"):
        render(tmp_path)
    assert {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()} == before


def test_everything_is_committed_on_main(rendered: Project) -> None:
    assert git(rendered, "branch", "--show-current") == "main"
    assert git(rendered, "rev-list", "--count", "HEAD") == "1"
    assert git(rendered, "status", "--porcelain", "--ignored") == ""
    committed = git(rendered, "-c", "core.quotePath=false", "ls-files").splitlines()
    assert sorted(committed) == names_below(rendered.folder)


def test_the_lock_file_is_the_users_to_commit(rendered: Project) -> None:
    ignored = subprocess.run(["git", "check-ignore", "uv.lock"], cwd=rendered.folder, check=False)
    assert ignored.returncode == 1


def test_the_first_commit_needs_no_identity(render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(variable)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    assert git(render(tmp_path), "log", "--format=%an <%ae>") == "cookiecutter <cookiecutter@localhost>"


def test_a_known_identity_signs_the_first_commit(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert git(render(tmp_path), "log", "--format=%an <%ae>") == "Ada <ada@example.org>"


def test_without_git_the_project_is_still_made(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    project = render(tmp_path)
    assert (project.folder / "project.yml").is_file()
    assert not (project.folder / ".git").exists()
    assert "git: no first commit (" in capfd.readouterr().out


def test_a_refusing_git_does_not_stop_the_generation(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = no-such-program\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert (render(tmp_path).folder / "project.yml").is_file()
    [line] = [line for line in capfd.readouterr().out.splitlines() if line.startswith("git: ")]
    assert line.startswith("git: no first commit (") and "no-such-program" in line and "make it with" in line


@pytest.mark.parametrize(
    ("ci_system", "wanted"),
    [
        ("github", ["GitHub reads .github at", "move it there, and let its commands run in models/flight-delays/"]),
        ("azure-devops", ["ci: let the commands of azure-pipelines run in models/flight-delays/"]),
        ("both", ["GitHub reads .github at", "    let the commands of azure-pipelines run in models/flight-delays/"]),
    ],
)
def test_inside_a_repository_nothing_is_committed_and_it_says_what_ci_needs_there(
    render: Render, tmp_path: Path, capfd: pytest.CaptureFixture[str], ci_system: str, wanted: list[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    project = render(tmp_path / "models", ci_system=ci_system)
    assert not (project.folder / ".git").exists()
    assert git(project, "status", "--porcelain") == "?? models/"
    said = capfd.readouterr().out
    assert said.startswith("git: the folder is inside a repository already")
    assert all(line in said for line in wanted) and ".github" not in said.replace("GitHub reads .github", "")
    assert (".github" in said) == (ci_system != "azure-devops")
    assert "docs/first-run.md" in said and "one repository per model" in said and "{" not in said
    assert "## In a bigger repository" in (project.folder / "docs/first-run.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("start", "commands"),
    [
        ("flights", ["uv run run_pipeline", "uv run pytest"]),
        ("own-table", ["uv run adopt my-table.csv --target COLUMN", "uv run run_pipeline"]),
    ],
)
def test_it_says_what_to_do_next(
    render: Render, tmp_path: Path, capfd: pytest.CaptureFixture[str], start: str, commands: list[str]
) -> None:
    project = render(tmp_path, start_from=start)
    said = [line.strip() for line in capfd.readouterr().out.splitlines()]
    assert said[-4:] == ["Next:", f'cd "{project.folder}"', *commands]
    assert git(project, "log", "--format=%b") == f"Next: {commands[0]}"


def test_the_version_is_one_everywhere(rendered: Project) -> None:
    version = QUESTIONS["__template_version"]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["version"] == version
    record = json.loads((rendered.folder / ".template.json").read_text(encoding="utf-8"))
    assert record["version"] == version
    headings = re.findall(r"^## \[?v?([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == version


def test_every_question_is_a_human_sentence() -> None:
    assert list(QUESTIONS["__prompts__"]) == ASKED
    prompts = [each["__prompt__"] if isinstance(each, dict) else each for each in QUESTIONS["__prompts__"].values()]
    assert all(sentence.endswith("?") for sentence in prompts)


def test_the_families_are_those_that_adopt_drafts() -> None:
    """`adopt` replaces model/, and a search goes on in the same words."""
    tree = ast.parse((TEMPLATE / "mlops/data/adoption/model.py").read_text(encoding="utf-8"))
    texts = {ast.unparse(each.targets[0]): each.value for each in tree.body if isinstance(each, ast.Assign)}
    settings = '{"max_iter": 1000, **parameters}'
    filled = {"kind": "Classifier", "linear": "LogisticRegression", "settings": settings, "pairs": 5}
    drafted = str(ast.literal_eval(texts["FAMILIES"])).format(**filled)
    assert (TEMPLATE / "model/families.py").read_text(encoding="utf-8") == drafted
