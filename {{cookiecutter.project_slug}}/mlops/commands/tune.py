"""Search for better parameters of the model: `search:` of project.yml says which are tried, and for how long.

Reads the training rows that split_data wrote (out/split), never the test rows. What has been tried is kept below
.mlops/search, or with --on at Azure: stopped or killed, it goes on from there. Where a trial beats the parameters that
are there, it writes model/search.json and the `model:` block of project.yml; the gate then judges the winner as any
other model. Exits 1 when every trial failed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops import UserError
from mlops.commands.console import NO, YES, command
from mlops.settings.project import PROJECT_FILE, Project, load_project

if TYPE_CHECKING:
    import pandas as pd

    from mlops.operate.measuring import Measure
    from mlops.operate.tuning import Kept
    from mlops.platform import Sweeps
    from mlops.settings.search import Search

CODE = ("mlops", "steps", "uv.lock")  # besides model/, what a trial's value depends on
JOBS = "pipelines"  # and on Azure: the component and its image


def training_rows(folder: Path, project: Project) -> "tuple[pd.DataFrame, Mapping[str, Any]]":
    """The rows to train on and what split.json says. UserError when the split is of other data or other settings."""
    from mlops.data.artefacts import Split
    from mlops.data.files import read_json
    from mlops.data.splitting import held_out
    from mlops.data.tables import hash_data, is_address, local_folder
    from mlops.operate.measuring import rows_to_learn

    split, uri = read_json(folder / "split.json", Split, "uv run run_pipeline writes it"), project.data.uri
    data = local_folder(uri)
    if not is_address(uri) and (
        hash_data(data) != split["data_hash"] or held_out(data, project.data).sum() != split["test"]["rows"]
    ):
        raise UserError(f"{folder}: of other data, or another data.split, than now; uv run run_pipeline makes it anew")
    return rows_to_learn(folder, project), split


def kept_trials(project: Project, search: "Search", folder: Path, data_hash: str, sweep: bool = False) -> "Kept":
    """What has been tried of this very search: same rows, code, settings and Optuna.

    sweep: it is made elsewhere, as a job that is told how many trials to make, and for how long.
    """
    from mlops.data.files import hash_folder
    from mlops.data.model_sources import hash_paths
    from mlops.data.search_file import SEARCH_FILE
    from mlops.decide.search.asking import optuna_version
    from mlops.operate.measuring import TRAINING_ROWS
    from mlops.operate.tuning import Kept

    facts = {
        "task": project.task,
        "metric": project.searched_by,
        "higher": project.metrics[project.searched_by].higher,
        **search.model_dump(include={"seed", "folds", "space"}, exclude_unset=True),
        "seed": search.seed,
        "folds": search.folds,
        "data_hash": data_hash,
        "optuna": optuna_version(),
    }
    own = [str(path) for path in sorted(SEARCH_FILE.parent.rglob("*")) if path.is_file() and path != SEARCH_FILE]
    settings = project.model_dump(mode="json", include={"data", "features", "model", "gate"})
    decided_by: list[Any] = [hash_folder(folder / TRAINING_ROWS), hash_paths([*CODE, *own]), settings]
    if sweep:
        decided_by += [hash_paths([JOBS]), search.trials, search.minutes]
    return Kept(facts, decided_by, search.trials)


def settle(project: Project, kept: "Kept") -> int:
    """Write down the winner, if it is better than what is there; say what comes next."""
    from mlops.decide.search.trials import beaten, best

    higher, default = bool(kept.facts["higher"]), kept.default
    assert default  # it was measured to get here
    place = best(kept.trials, higher)
    if place is None:
        why = next((each.why for each in kept.trials), "no time")
        print(f"error: search: none of {len(kept.trials)} trials has a value; the first: {why}", file=sys.stderr)
        return NO
    winner, was = kept.trials[place], "no value" if default.value is None else f"{default.value:.4f}"
    found = f"{kept.facts['metric']} {winner.value:.4f} in trial {place + 1}, {was} as it is"
    if not beaten(default, winner, higher):
        print(f"{found}: no trial beats the parameters that are there; nothing changed")
        return YES
    print(f"{found}: written to {write_winner(project, kept, place)}")
    print("next: uv run run_pipeline, then commit both files and open a pull request: the gate decides")
    return YES


def write_winner(project: Project, kept: "Kept", place: int) -> str:
    """Into the files that are named: the search with that trial as its winner, and `model:` of project.yml."""
    from mlops.data.estimator import identity
    from mlops.data.files import write_json, write_text
    from mlops.data.search_file import SEARCH_FILE
    from mlops.decide.search.asking import importance
    from mlops.decide.search.trials import needed
    from mlops.settings.reading import read_text
    from mlops.settings.values import with_values

    search, params = project.search, needed(project.model, kept.trials[place].params, identity)
    assert search
    text = with_values(read_text(PROJECT_FILE, "put it back"), "model", params, PROJECT_FILE)
    weights = importance(search.space, search.seed, kept.trials, bool(kept.facts["higher"]))
    outcome = {"winner": place, "model": {**project.model, **params}, "importance": weights}
    write_json(SEARCH_FILE, {**kept.content(), **outcome})
    write_text(PROJECT_FILE, text)
    return f"{PROJECT_FILE} and {SEARCH_FILE}"


def begun(kept: "Kept") -> None:
    """Say what is there already."""
    if kept.trials:
        print(f"{len(kept.trials)} trials of before are kept in {kept.path}; going on")
    elif kept.others:
        print(f"a new search; {kept.others} of other data, code or settings stay in {kept.path.parent}")


def here(project: Project, search: "Search", kept: "Kept", measure: "Measure") -> None:
    """Make the trials on this machine."""
    from mlops.data.estimator import identity
    from mlops.operate.tuning import Tuning
    from mlops.platform.tracking import SearchRuns

    begun(kept)
    try:
        Tuning(search, project.model, kept, measure, identity).run(SearchRuns(project.name, kept.run))
    except KeyboardInterrupt:
        print(f"{len(kept.trials)} of {search.trials} trials are kept; `uv run tune` goes on from there")
        raise


def elsewhere(project: Project, search: "Search", kept: "Kept", sweeps: "Sweeps", rows: Path) -> None:
    """Have the trials made by jobs, or read those of a search that is there already."""
    from mlops.data.estimator import identity
    from mlops.decide.search.trials import needed
    from mlops.operate.sweeping import swept
    from mlops.platform import Sweep

    sweep = Sweep(f"tune-{kept.path.stem}", search, str(kept.facts["metric"]), bool(kept.facts["higher"]), rows)
    job = sweeps.begin(sweep)
    print(f"search {job}: {sweeps.page(job)}", flush=True)
    try:
        state = swept(sweeps, job, sweep, lambda params: needed(project.model, params, identity))
    except KeyboardInterrupt:
        print(f"search {job} goes on by itself; the same command finds it again")
        raise
    kept.default, kept.trials, kept.facts = state.default, [*state.trials], {**kept.facts, "job": job}


def sweeps_of(environment: str) -> "Sweeps":
    """Who makes searches where that environment is. UserError when nobody does."""
    from mlops.platform import open_platform
    from mlops.settings.environments import load_manifest

    platform = open_platform(load_manifest(environment))
    if platform.sweeps is None:
        raise UserError(f"--on {environment}: its platform is {platform.name}, this machine; search here: uv run tune")
    return platform.sweeps


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tune", description=__doc__)
    parser.add_argument("--split", type=Path, default=Path("out/split"), help="what split_data wrote")
    parser.add_argument("--on", metavar="ENVIRONMENT", help="as a sweep job in its Azure ML workspace")
    args = parser.parse_args(argv)
    project = load_project()
    search = project.search
    if search is None:
        raise UserError(f"{PROJECT_FILE}: search: missing; docs/tuning.md shows one")
    sweeps = sweeps_of(args.on) if args.on else None

    from mlops.data.estimator import check_space
    from mlops.decide.folds import folds_of
    from mlops.operate.measuring import TRAINING_ROWS, measure_of
    from mlops.operate.tuning import alone

    rows, split = training_rows(args.split, project)
    check_space(project.model, search.space)
    folds = folds_of(rows, project.data, search.folds, search.seed)
    with alone():
        kept = kept_trials(project, search, args.split, split["data_hash"], sweep=bool(sweeps))
        if sweeps:
            elsewhere(project, search, kept, sweeps, args.split / TRAINING_ROWS)
        else:
            here(project, search, kept, measure_of(project, rows, folds))
        return settle(project, kept)


if __name__ == "__main__":
    sys.exit(main())
