"""Great Expectations for one file after another: the rules, what breaks them, and the pages a person reads."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from mlops import UserError, counted
from mlops.data.artefacts import Artefact
from mlops.data.files import read_json, write_text

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

SAMPLES = 3
GX_INDEX = "../../../../index.html"  # where a page of Great Expectations expects the index


@dataclass(frozen=True)
class Failure:
    """A broken rule: `failed` of `of` rows break it, or, when `failed` is None, the column or file as a whole does."""

    column: str
    rule: str
    failed: int | None
    of: int | None
    samples: Sequence[str]
    found: str

    @property
    def message(self) -> str:
        named = all(name in self.rule + self.found for name in self.column.split(", "))
        rule = self.rule if named else f"{self.column}: {self.rule}"
        if self.failed is None:
            return f"{rule}: {self.found}"
        samples = f", such as {', '.join(self.samples)}" if self.samples else ""
        return f"{rule}: broken by {self.failed:,} of {counted(self.of or 0, 'row')}{samples}"

    def to_json(self) -> dict[str, Any]:
        share = self.failed / self.of if self.failed and self.of else None
        return {"message": self.message, **asdict(self), "share": share}


@dataclass(frozen=True)
class Checked:
    """What the check of one file found. `rules` counts those that it was held against."""

    file: str
    rows: int
    rules: int
    failures: Sequence[Failure]

    def to_json(self) -> dict[str, Any]:
        failures = [failure.to_json() for failure in self.failures]
        return {"success": not failures, **asdict(self), "failures": failures}


@contextmanager
def without_garbage() -> Iterator[None]:
    """Import something large. Objects by the million are made and none is garbage; to look for it costs a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def read_suite(path: Path) -> "ExpectationSuite":
    """The rules in a suite file. UserError when it holds none, or naming the one that is unknown or misspelt."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; data.suite in project.yml names the rules")
    content = read_json(path, Artefact, "correct it")
    rules = content.get("expectations")
    if not isinstance(rules, list) or not rules:
        raise UserError(f"{path}: no expectations in it; a suite without rules would let everything pass")
    with without_garbage():
        from great_expectations import ExpectationSuite
    expectations = [read_rule(rule, f"{path}: expectations[{index}]") for index, rule in enumerate(rules)]
    return ExpectationSuite(name=str(content.get("name") or path.stem), expectations=expectations)


def read_rule(rule: Any, where: str) -> "Expectation":
    """One expectation. Great Expectations would drop an unknown one from its suite; here it is an error."""
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    if not isinstance(rule, dict) or not {"type", "kwargs"} <= rule.keys():
        raise UserError(f"{where}: needs the keys type and kwargs")
    try:
        return ExpectationConfiguration(**rule).to_domain_obj()
    except (GreatExpectationsError, TypeError, ValueError) as error:
        raise UserError(f"{where}: Great Expectations refuses it ({' '.join(str(error).split())})") from None


class Checks:
    """A suite at work, all in memory: the checkpoint that every file passes, and what it found."""

    def __init__(self, suite: "ExpectationSuite") -> None:
        import great_expectations as gx

        self.results: dict[str, ExpectationSuiteValidationResult] = {}
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False}
        table = self.context.data_sources.add_pandas("data").add_dataframe_asset("file")
        rules = self.context.suites.add(suite)
        self.order = [rule.id for rule in rules.expectations]
        definition = gx.ValidationDefinition(
            name="file", data=table.add_batch_definition_whole_dataframe("rows"), suite=rules
        )
        self.context.validation_definitions.add(definition)
        checkpoint = gx.Checkpoint(name="files", validation_definitions=[definition], result_format="BASIC")
        self.checkpoint = self.context.checkpoints.add(checkpoint)

    def check(self, file: str, rows: "pd.DataFrame") -> Checked:
        """Hold the rows of one file against every rule. One that cannot be checked is broken."""
        from great_expectations.core.run_identifier import RunIdentifier

        run = self.checkpoint.run(batch_parameters={"dataframe": rows}, run_id=RunIdentifier(run_name=file))
        (key,) = run.run_results
        result = self.context.validation_results_store.get(key)  # plain values: the run's own do not render
        result.results.sort(key=lambda rule: self.order.index(rule.expectation_config.id))
        self.results[file] = result
        failures = [failure(rule, rows) for rule in result.results if not rule.success]
        return Checked(file, len(rows), len(result.results), failures)

    def write_pages(self, folder: Path) -> None:
        """Data Docs: the page of Great Expectations for each file."""
        from great_expectations.render.renderer import ValidationResultsPageRenderer
        from great_expectations.render.view import DefaultJinjaPageView

        renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
        for file, result in self.results.items():
            page = view.render(renderer.render(result), show_how_to_buttons=False)
            write_text(folder / f"{file}.html", page.replace(GX_INDEX, "index.html"))


def failure(result: "ExpectationValidationResult", rows: "pd.DataFrame") -> Failure:
    """A broken rule in plain words."""
    found, columns = result.result, columns_of(result)
    samples = dict.fromkeys(text(value) for value in found.get("partial_unexpected_list", []) if value is not None)
    return Failure(
        column=", ".join(columns),
        rule=words(result.expectation_config),
        failed=found.get("unexpected_count"),
        of=found.get("element_count"),
        samples=list(samples)[:SAMPLES],
        found="" if "unexpected_count" in found else evidence(result, columns, rows),
    )


def columns_of(result: "ExpectationValidationResult") -> list[str]:
    """The columns that a rule is about; of a rule about the table, those that break it."""
    kwargs = result.expectation_config.kwargs
    single = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    return single or kwargs.get("column_list") or [name for names in mismatch(result).values() for name in names]


def mismatch(result: "ExpectationValidationResult") -> dict[str, list[str]]:
    """The columns that a table has or lacks against a rule about the set of them."""
    found = result.result.get("details", {}).get("mismatched")
    return found if isinstance(found, dict) else {}  # of a rule about their order it is a list


def words(rule: "ExpectationConfiguration") -> str:
    """The rule as Great Expectations words it, with the suite's own note."""
    expectation = rule.to_domain_obj()
    expectation.render()
    content = expectation.rendered_content[0].value
    values = {name: param["value"] for name, param in (content.params or {}).items()}
    sentence = Template(content.template or rule.type).safe_substitute(values).rstrip(".")
    return f"{sentence} ({rule.notes})" if rule.notes else sentence


def evidence(result: "ExpectationValidationResult", columns: Sequence[str], rows: "pd.DataFrame") -> str:
    """What was found instead, or why the rule could not be checked."""
    found, trouble = result.result, result.exception_info or {}
    if differing := mismatch(result):
        return "; ".join(f"{kind} {', '.join(names)}" for kind, names in differing.items())
    if "observed_value" in found:
        return f"found {text(found['observed_value'])}"
    if missing := [name for name in columns if name not in rows.columns]:
        return f"there is no column {', '.join(missing)}"
    types = [f"{name} is {rows[name].dtype}" for name in columns]
    reports = [trouble] if "exception_message" in trouble else trouble.values()
    causes = [shorten(str(report["exception_message"]), 120) for report in reports]
    return f"could not be checked ({'; '.join([*types, *causes])})"


def text(value: Any) -> str:
    """A sample or an observed value for a person: `0.2363636`, `DL 2019 LGA`."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return " ".join(text(part) for part in value)
    return f"{value:.7g}" if isinstance(value, float) else str(value)
