"""The step validate_data: verdict, pages, exit codes, and nothing else: no network, no noise, no litter."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from conftest import FIXTURE, MONTHS, edit
from mlops.data.files import hash_folder
from mlops.data.tables import hash_data, read_file
from steps.validate_data import main

SUITE = FIXTURE / "expectations" / "flights.json"
RULES = len(json.loads(SUITE.read_text(encoding="utf-8"))["expectations"])
MONTH = read_file(MONTHS[1])
FIRST, SECOND, THIRD = (path.name for path in MONTHS)
ROWS = f"{len(MONTH):,}"


def february(project):
    return project / "data" / SECOND


def test_one_bad_month_fails_all_and_is_named_everywhere(project, capsys):
    (project / "data" / THIRD).unlink()
    MONTH.assign(carrier=["<b>", "<b>", *MONTH["carrier"][2:]]).to_parquet(february(project), index=False)
    assert main([]) == 1
    printed = capsys.readouterr()
    sound, bad, summary = printed.out.splitlines()
    assert sound == f"{FIRST}: all {RULES} rules are kept by {len(read_file(MONTHS[0])):,} rows"
    assert bad.startswith(f"{SECOND}: carrier values must belong to this set: ")
    assert bad.endswith(f": broken by 2 of {ROWS} rows, such as <b>")
    rows = len(read_file(MONTHS[0])) + len(MONTH)
    assert summary.startswith(f"2 files, {rows:,} rows: 1 not sound, rules broken: 1; see ")
    assert printed.err == ""
    result = json.loads((project / "out/validation/validation.json").read_text(encoding="utf-8"))
    assert (result["data_hash"], result["suite_hash"]) == (hash_data(project / "data"), hash_folder(SUITE))
    assert [result["success"], *(file["success"] for file in result["files"])] == [False, True, False]
    assert [failure["message"] for failure in result["files"][1]["failures"]] == [bad.removeprefix(f"{SECOND}: ")]
    pages = project / "out/validation/data_docs"
    index = (pages / "index.html").read_text(encoding="utf-8")
    assert f"broken by 2 of {ROWS} rows, such as &lt;b&gt;" in index
    assert f'href="{SECOND}.html"' in index
    assert "http" not in index
    page = (pages / f"{SECOND}.html").read_text(encoding="utf-8")
    assert "2 unexpected values found" in page
    assert 'href="index.html"' in page


def test_the_same_month_gets_the_same_verdict_and_pages_of_months_that_left_go(project):
    (project / "data" / THIRD).unlink()
    assert main([]) == 0
    verdict = project / "out/validation/validation.json"
    before = json.loads(verdict.read_text(encoding="utf-8"))
    february(project).unlink()
    assert main([]) == 0
    after = json.loads(verdict.read_text(encoding="utf-8"))
    assert after["files"] == before["files"][:1]
    assert after["data_hash"] != before["data_hash"]
    pages = project / "out/validation/data_docs"
    assert sorted(path.name for path in pages.iterdir()) == [f"{FIRST}.html", "index.html"]


def test_what_only_all_files_together_show_is_said_like_a_broken_rule(project, capsys):
    copy = project / "data" / SECOND.replace(".parquet", " (1).parquet")
    copy.write_bytes(february(project).read_bytes())
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith(f"{SECOND}: ")]
    assert line.startswith(f"{SECOND}: no row may be in two files")
    assert f"broken by {ROWS} of {ROWS} rows, such as row 0 (as row 0 of {copy.name}), row 1" in line
    result = json.loads((project / "out/validation/validation.json").read_text(encoding="utf-8"))
    assert [result["success"], *(file["success"] for file in result["files"])] == [False, True, True, False, True]
    assert "no row may be in two files" in (project / "out/validation/data_docs/index.html").read_text(encoding="utf-8")


def test_a_row_in_the_future_is_held_against_the_clock(project, capsys):
    dated = MONTH.assign(time_hour=[pd.Timestamp("2042-01-01"), *MONTH["time_hour"][1:]])
    february(project).unlink()
    dated.to_parquet(project / "data/all.parquet", index=False)
    assert main([]) == 1
    assert "all.parquet: time_hour must not be in the future" in capsys.readouterr().out


def misspell(project):
    edit(project / "project.yml", "columns: [carrier, origin]", "columns: [carier]")


def no_files(project):
    for path in (project / "data").iterdir():
        path.unlink()


UNREADABLE = {
    "zero bytes": (lambda project: february(project).write_bytes(b""), f"{SECOND}: not a readable Parquet file"),
    "not Parquet": (lambda project: february(project).write_bytes(b"a,b\n1,2\n"), f"{SECOND}: not a readable"),
    "no rows": (lambda project: MONTH[:0].to_parquet(february(project)), f"{SECOND}: no rows"),
    "no files": (no_files, "data: no *.parquet file"),
    "other names": (
        lambda project: february(project).rename("data/02.PARQUET"),
        "data: 1 passed over, such as 02.PARQUET",
    ),
    "misspelt": (misspell, "project.yml: gate.slices.columns: no file has a column carier; the nearest are carrier"),
    "no suite": (lambda project: (project / "expectations/flights.json").unlink(), "flights.json: no such file"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_ends_in_one_line_and_leaves_no_older_verdict(project, capsys, kind):
    verdict = project / "out/validation/validation.json"
    verdict.parent.mkdir(parents=True)
    verdict.write_text('{"success": true}', encoding="utf-8")
    break_it, message = UNREADABLE[kind]
    break_it(project)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1, said
    assert message in said
    assert not verdict.exists()


WATCHED = """
import json, sys
calls = []
sys.addaudithook(lambda event, arguments: calls.append(event) if event.startswith("socket.") else None)
from steps.validate_data import main
code = main([])
outward = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
sys.exit(code or (99 if outward & set(calls) else 0))
"""


def test_sound_months_pass_without_network_noise_or_litter(project):
    homes = {name: str(project / "home") for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}
    (project / "home").mkdir()
    before = {path.name for path in project.iterdir()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GX_")} | homes
    done = subprocess.run([sys.executable, "-c", WATCHED], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = sum(len(read_file(path)) for path in MONTHS)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        FIRST,
        SECOND,
        THIRD,
        f"3 files, {rows:,} rows",
    ]
    assert {path.name for path in project.iterdir()} == before | {"out"}
    assert sorted(path.name for path in (project / "out").rglob("*") if path.is_file()) == [
        f"{FIRST}.html",
        f"{SECOND}.html",
        f"{THIRD}.html",
        "index.html",
        "validation.json",
    ]
    assert list((project / "home").iterdir()) == []
