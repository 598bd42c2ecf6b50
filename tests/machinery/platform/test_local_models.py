"""The local registry is read without MLflow, and says what MLflow says."""

from pathlib import Path

from tracked import tracked

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
