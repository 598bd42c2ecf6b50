"""The local registry is read without MLflow, and says what MLflow says."""

import subprocess
import sys
from pathlib import Path

import pytest
from tracked import FILES, tracked

from mlops import UserError
from mlops.platform import ModelVersion
from mlops.platform.local.models import LocalModels


def test_the_versions_are_those_that_mlflow_knows(tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    models = LocalModels(Path(".mlops"))
    (first,) = models.versions("flights")
    for number in range(2, 13):
        models.register("flights", first.run_id, {"number": f"'{number}' %", "same": "tag"})
    models.register("fares", first.run_id, {})
    models.client.delete_model_version("flights", "3")
    found = models.client.search_model_versions("name = 'flights'", max_results=100)
    wanted = [ModelVersion("flights", int(each.version), each.run_id, each.tags) for each in found]
    assert models.versions("flights") == sorted(wanted, key=lambda each: each.version)
    assert [each.version for each in models.versions("flights")] == [1, 2, *range(4, 13)]
    assert [each.tags for each in models.versions("fares")] == [{}]
    assert models.versions("none") == []


def test_a_version_is_fetched_without_mlflow(tmp_path_factory):
    tracked(tmp_path_factory, Path.cwd())
    fetch = "LocalModels(Path('.mlops')).download('flights', 1, Path('fetched'))"
    lines = ("from pathlib import Path", "from mlops.platform.local.models import LocalModels", fetch, "import sys")
    code = "; ".join((*lines, "sys.exit('mlflow' in sys.modules)"))
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {path.relative_to("fetched").as_posix() for path in Path("fetched").rglob("*")} >= {*FILES}


def test_the_files_of_a_run_are_where_mlflow_says_unless_it_deleted_the_run(tmp_path_factory):
    root = tracked(tmp_path_factory, Path.cwd())
    models = LocalModels(root)
    (version,) = models.versions("flights")
    folder, client = models.run_folder(version.run_id), models.client
    assert folder.as_uri() == f"{client.get_run(version.run_id).info.artifact_uri}/model"
    client.delete_run(version.run_id)
    with pytest.raises(UserError, match=r"no model to register \(there is no such run\)"):
        models.run_folder(version.run_id)
    client.restore_run(version.run_id)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(UserError, match="model is not there"):
        models.run_folder(version.run_id)
