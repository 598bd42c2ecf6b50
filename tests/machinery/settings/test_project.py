"""project.yml and the manifests: every mistake is one line that names the file and the key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import edit
from mlops import UserError
from mlops.settings.environments import environments, load_manifest, merge, seconds
from mlops.settings.project import load_project

TIME = "  time: time_hour "
MISTAKES = [
    ("project.yml", "  alpha: 0.05 ", "  alhpa: 0.05 ", "project.yml: gate.alhpa: unknown key"),
    ("project.yml", "  seed: 13", "  seed: 13\n  sede: 13", "project.yml: gate.sede: unknown key"),
    ("project.yml", "  seed: 13", "  seed: 13\n  seed: 14", "project.yml: not valid YAML ('seed' stands here twice"),
    (
        "project.yml",
        "  alpha: 0.05 ",
        "  alpha: often ",
        "project.yml: gate.alpha: Input should be a valid number, got 'often'",
    ),
    (
        "project.yml",
        "  alpha: 0.05 ",
        "  alpha: 0.7 ",
        "project.yml: gate.alpha: Input should be less than or equal to 0.2, got 0.7",
    ),
    (
        "project.yml",
        "  - dest\n",
        "  - dep_delay\n",
        "project.yml: features must be known when the model is asked; take out dep_delay",
    ),
    ("project.yml", "  - dest\n", "  - late\n", "features must be known when the model is asked; take out late"),
    (
        "project.yml",
        "floors: {auc: 0.58, accuracy: 0.60}",
        "floors: {}",
        "project.yml: gate.floors: Dictionary should have",
    ),
    (
        "project.yml",
        "floors: {auc: 0.58, accuracy: 0.60}",
        "floors: {f1: 0.5}",
        "project.yml: gate.floors.f1: task binary has",
    ),
    (
        "project.yml",
        "columns: [carrier, origin]",
        "columns: carrier",
        "gate.slices.columns: Input should be a valid list",
    ),
    (
        "project.yml",
        "\ndata:\n",
        "\ndata:\ndate:\n",
        "project.yml: no table yet; take yours in: uv run adopt my-table.csv",
    ),
    ("project.yml", "engine: sklearn ", "engine: java ", "serving.engine: Input should be 'sklearn' or 'onnx', got"),
    ("project.yml", "  uri: data ", "  uri: [data ", "project.yml: not valid YAML"),
    ("project.yml", "threshold: 0.5 ", "threshold: 1 ", "gate.threshold: Input should be less than 1"),
    ("project.yml", "max_loss: 0.02 ", "max_loss: 0 ", "gate.max_loss: Input should be greater than 0"),
    ("project.yml", "minimum_gain: 0.01 ", "minimum_gain: .inf ", "gate.minimum_gain: Input should be a finite number"),
    ("project.yml", "metric: auc\n", "metric: rmse\n", "gate.metric: task binary has auc, log_loss, brier, accuracy"),
    (
        "project.yml",
        "metric: auc\n",
        "metric: costs\n  own_metrics: {cost: lower}\n",
        "gate.metric: task binary has auc, log_loss, brier, accuracy, cost, got 'costs'",
    ),
    (
        "project.yml",
        "metric: auc\n",
        "own_metrics: {cost: lower, accuracy: higher}\n",
        "project.yml: gate.own_metrics: accuracy is taken; call the function otherwise",
    ),
    ("project.yml", "metric: auc\n", "own_metrics: {to: lower}\n", "gate.own_metrics: to is taken"),
    ("project.yml", "metric: auc\n", "own_metrics: {cost: less}\n", "gate.own_metrics.cost: Input should be 'higher'"),
    (
        "project.yml",
        "metric: auc\n",
        "own_metrics: {my cost: lower}\n",
        "gate.own_metrics.my cost.[key]: String",
    ),
    ("project.yml", "floor: 0.50 ", "floor: 2 ", "gate.slices.floor: AUC is from 0 to 1, got 2"),
    ("project.yml", "{auc: 0.58, accuracy: 0.60}", "{auc: -1}", "gate.floors.auc: AUC is from 0 to 1, got -1"),
    ("project.yml", "{auc: 0.58, accuracy: 0.60}", "{auc: -.inf}", "gate.floors.auc: Input should be a finite number"),
    ("project.yml", "task: binary", "task: regression", "gate.floors.auc: task regression has rmse, mae, r2"),
    ("project.yml", "task: binary", "task: ranking", "task: Input should be 'binary', 'multiclass'"),
    (
        "project.yml",
        "columns: [carrier, origin]",
        "columns: [carrier, carrier]",
        "gate.slices.columns: carrier more than",
    ),
    ("project.yml", "  - dest\n", "  - origin\n", "project.yml: features: origin more than once; take one out"),
    (
        "project.yml",
        "columns: [carrier, origin]",
        "columns: [late]",
        "data.target: late is named as time, key, group or",
    ),
    (
        "project.yml",
        "  time: time_hour ",
        "  time: late ",
        "data.target: late is named as time, key, group or slice too",
    ),
    (
        "project.yml",
        "  target: late",
        "  key: [late]\n  target: late",
        "data.target: late is named as time, key, group",
    ),
    (
        "project.yml",
        TIME,
        "  split: {by: time}",
        "project.yml: data.split: by time needs data.time; name that column, or",
    ),
    (
        "project.yml",
        TIME,
        "  split: {days: 3}",
        "project.yml: data.split: days are for by: time; take them out, or split",
    ),
    (
        "project.yml",
        TIME,
        f"{TIME} \n  split: {{by: group}}",
        "data.split: group names the column for by: group; write",
    ),
    (
        "project.yml",
        TIME,
        f"{TIME} \n  split: {{group: dest}}",
        "data.split: group names the column for by: group; write",
    ),
    (
        "project.yml",
        TIME,
        f"{TIME} \n  split: {{days: 3, share: 0.1}}",
        "data.split: days and share exclude each other",
    ),
    (
        "project.yml",
        TIME,
        f"{TIME} \n  split: {{folds: 5}}",
        "data.split: folds are for by: group or random; by time the newest rows are the test",
    ),
    (
        "project.yml",
        TIME,
        "  split: {folds: 5, share: 0.1}",
        "data.split: folds hold no share out; take share or folds",
    ),
    ("project.yml", TIME, "  split: {folds: 5, days: 3}", "data.split: days are for by: time; take them out"),
    ("project.yml", TIME, "  split: {repeats: 5}", "data.split: repeats are of folds; write both, or take repeats out"),
    ("project.yml", TIME, "  split: {folds: 1}", "data.split.folds: Input should be greater than or equal to 2, got 1"),
    (
        "project.yml",
        TIME,
        "  split: {by: group, group: dest, cluster: origin, folds: 5}",
        "data.split: folds keep one column together, group or cluster; take cluster out",
    ),
    ("project.yml", TIME, f"{TIME} \n  split: {{days: 0}}", "data.split.days: Input should be greater than 0, got 0"),
    ("project.yml", TIME, f"{TIME} \n  split: {{share: 1}}", "data.split.share: Input should be less than 1, got 1"),
    (
        "project.yml",
        TIME,
        f"{TIME} \n  split: {{by: month}}",
        "data.split.by: Input should be 'time', 'group' or 'random'",
    ),
    ("project.yml", "min_effect: 0.1 ", "min_effect: 0 ", "monitoring.min_effect: Input should be greater than 0"),
    (
        "environments/base.yml",
        "steps: [10, 50, 100]",
        "steps: [10, 50]",
        "rollout.steps must rise and end at 100, got [10, 50]",
    ),
    ("environments/base.yml", "steps: [10, 50, 100]", "steps: [50, 10, 100]", "must rise and end at 100"),
    ("environments/base.yml", "steps: [10, 50, 100]", "steps: [10, 10, 100]", "must rise and end at 100"),
    ("environments/base.yml", "steps: [10, 50, 100]", "steps: []", "must rise and end at 100"),
    (
        "environments/base.yml",
        "steps: [10, 50, 100]",
        "steps: [0, 100]",
        "rollout.steps.0: Input should be greater than",
    ),
    ("environments/base.yml", "steps: [10, 50, 100]", "steps:", "rollout.steps: nothing stands there; write what"),
    ("environments/production.yml", "\nmodel:", "\nrollout:\nmodel:", "production.yml: rollout: nothing stands there"),
    ("project.yml", "columns: [carrier, origin]", "columns:", "gate.slices.columns: nothing stands there; write what"),
    ("environments/base.yml", "bake: 20s", "bake: soon", "rollout.bake: Input should be a duration such as 90s"),
    ("environments/base.yml", "platform: local", "platform: aws", "platform: Input should be 'local' or 'azureml'"),
    ("environments/base.yml", "  bake: 20s", "  bkae: 20s", "rollout.bkae: unknown key"),
    (
        "environments/production.yml",
        "version: null",
        "version: seven",
        "model.version: Input should be a valid integer",
    ),
    (
        "environments/production.yml",
        "version: null",
        "version: 0",
        "model.version: Input should be greater than or equal to 1",
    ),
    ("environments/production.yml", "version: null", "version: 7.5", "model.version: Input should be a valid integer"),
    ("environments/production.yml", "version: null", 'version: "7"', "model.version: Input should be a valid integer"),
    *(
        ("environments/production.yml", "version: null", f"version: {version}", f"{version} is no plain number")
        for version in ("0x1", "01", "1_0", "1:30", "0b1", "017")
    ),
    ("environments/production.yml", "version: null", "version: 2147483648", "model.version: Input should be less than"),
    *(
        ("environments/production.yml", 'name: "flights"\n', f"name: {name}\n", "model.name: String should match")
        for name in ("it''s", "a b", "../b", "a/b", "-a", '""', "a'; DROP", "\u00fc")
    ),
    ("environments/base.yml", "deadline: 30m", "deadline: 0s", "rollout.deadline: 0 s are too few for 3 steps of 20 s"),
    ("environments/base.yml", "deadline: 30m", "deadline: 59s", "59 s are too few for 3 steps of 20 s; it takes 60 s"),
    ("environments/base.yml", "bake: 20s", "bake: 999999999999h", "rollout.bake: Input should be a duration such as"),
    ("project.yml", "  alpha: 0.05 ", "  alpha: 0.4999 ", "gate.alpha: Input should be less than or equal to 0.2, got"),
    ("project.yml", "max_loss: 0.02 ", "max_loss: 0.9999 ", "gate.max_loss: a loss of 0.9999 in AUC is no limit; 0.2"),
    ("project.yml", "max_drop: 0.05 ", "max_drop: 0.3 ", "slices.max_drop: a loss of 0.3 in AUC is no limit; 0.2"),
    ("project.yml", "seed: 13", "seed: -1", "gate.seed: Input should be greater than or equal to 0, got -1"),
    ("project.yml", 'name: "flights"', 'name: "fly\'s"', "project.yml: name: String should match pattern"),
    (
        "environments/base.yml",
        "  port: 0 ",
        "  prot: 8102 ",
        "endpoint.prot: unknown key",
    ),
    ("environments/production.yml", "model:", "modle:", "modle: unknown key"),
    ("environments/production.yml", '  name: "flights-production"\n', "  port: 8102\n", "endpoint.name: missing"),
    ("environments/production.yml", '"flights-production"', '"Flights"', "endpoint.name: String should match pattern"),
    (
        "environments/base.yml",
        "port: 0",
        "port: 80000",
        "endpoint.port: Input should be less than or equal to 65535",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "line"), MISTAKES, ids=[line for *_, line in MISTAKES])
def test_a_mistake_is_one_line_with_file_and_key(project, file, old, new, line):
    edit(project / file, old, new)
    with pytest.raises(UserError) as error:
        load_project() if file == "project.yml" else load_manifest("production")
    assert line in str(error.value)
    assert "\n" not in str(error.value) and str(error.value).count(", got ") <= 1


def test_the_files_as_they_are_load(project):
    assert load_project().data.target == "late"
    assert environments() == ["production", "staging"]
    assert load_manifest("staging").rollout.deadline == 1800


@pytest.mark.parametrize(
    ("lines", "by"), [("", "random"), (TIME, "time"), (f"{TIME}\n  split: {{by: random}}", "random")]
)
def test_without_a_word_about_it_the_split_is_by_time_where_there_is_one(project, lines, by):
    edit(project / "project.yml", TIME, lines)
    assert load_project().data.split_by == by


def test_every_column_that_is_named_is_known_with_its_key(project):
    edit(project / "project.yml", TIME, f"{TIME}\n  key: [flight, dest]\n  split: {{by: group, group: plane}}")
    named = load_project().columns
    assert (named["time_hour"], named["late"], named["plane"]) == ("data.time", "data.target", "data.split.group")
    assert (named["dest"], named["carrier"], named["flight"]) == ("features", "features", "data.key")


def test_an_environment_overrides_base_by_key(project):
    edit(project / "environments/staging.yml", "model:", "rollout: {bake: 2m}\nmodel:")
    rollout = load_manifest("staging").rollout
    assert (rollout.bake, rollout.steps) == (120, [10, 50, 100])


def test_an_endpoint_is_of_one_environment(project):
    edit(project / "environments/production.yml", "flights-production", "flights-staging")
    for name, other in (("production", "staging"), ("staging", "production")):
        line = f"^environments/{name}.yml: endpoint.name: flights-staging is that of {other} too; choose another$"
        with pytest.raises(UserError, match=line):
            load_manifest(name)


def test_an_endpoint_that_base_names_is_of_one_environment_too(project):
    edit(project / "environments/base.yml", "endpoint:", "endpoint:\n  name: shared")
    for name in ("production", "staging"):
        edit(project / f"environments/{name}.yml", f'endpoint:\n  name: "flights-{name}"\n', "")
    with pytest.raises(UserError, match=r"endpoint\.name: shared is that of staging too; choose another$"):
        load_manifest("production")


@pytest.mark.parametrize("name", ["Flights-staging", "flights-Staging", "flights-staging ", "flights_staging"])
def test_an_endpoint_has_one_spelling(project, name):
    """Azure tells no capitals apart, so two environments could mean the same endpoint."""
    edit(project / "environments/production.yml", "flights-production", name)
    with pytest.raises(UserError, match=r"production\.yml: endpoint\.name: String should match pattern"):
        load_manifest("production")


@pytest.mark.parametrize(("text", "bake"), [("90s", 90), ("0.5m", 30), ("30m", 1800), ("2h", 7200), ("0s", 0)])
def test_a_duration_has_its_unit(project, text, bake):
    edit(project / "environments/base.yml", "bake: 20s", f"bake: {text}")
    edit(project / "environments/base.yml", "deadline: 30m", "deadline: 6h")
    assert load_manifest("staging").rollout.bake == bake


@pytest.mark.parametrize("text", ["90", "-90s", "90 s", "2h30m", "s", "2d", "٣s", "999999999999h", "169h", "1e3s"])
def test_a_number_without_a_unit_of_time_is_no_duration(text):
    with pytest.raises(ValueError, match="a duration such as 90s, 30m or 2h, and 168h at most"):
        seconds(text)


def test_what_was_read_stays_as_it_is(project):
    with pytest.raises(ValueError, match="frozen"):
        load_project().gate.alpha = 0.4


def test_an_unknown_environment_names_those_that_exist(project):
    with pytest.raises(UserError, match=re.escape("no environment 'prod'; there is production, staging")):
        load_manifest("prod")


def test_a_missing_file_says_where_to_run(project):
    (project / "project.yml").unlink()
    with pytest.raises(UserError, match="run this in the project's folder"):
        load_project()


trees = st.recursive(
    st.dictionaries(st.text(max_size=2), st.integers() | st.lists(st.integers()), max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=2), inner | st.integers(), max_size=3),
    max_leaves=8,
)


def leaves(tree, path=()):
    """Path to value for everything that is not a mapping with keys."""
    if isinstance(tree, dict) and tree:
        return {key: value for name, inner in tree.items() for key, value in leaves(inner, (*path, name)).items()}
    return {path: tree}


@given(trees, trees)
def test_merge_keeps_what_is_overridden_and_adds_nothing(base, override):
    merged = leaves(merge(base, override))
    wanted, below = leaves(override), leaves(base)
    for path, value in merged.items():
        assert wanted.get(path) == value or below.get(path) == value or value == {}
    for path, value in wanted.items():
        if value != {}:
            assert merged[path] == value


@given(trees)
def test_merge_with_nothing_changes_nothing(tree):
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree
    assert merge(tree, tree) == tree
