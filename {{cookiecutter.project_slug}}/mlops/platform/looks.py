"""Looks at held-out rows: each model that asks to be called better there spends one, or luck would find a winner.

A look is a tag of the run that trained the model, or on Azure ML of the gate's own job: what MLflow keeps on both
platforms, in CI too, whatever the verdict was. What a lost database, or another workspace, has seen is not known.
"""

import os
from typing import TYPE_CHECKING

from mlops import UserError
from mlops.platform.tracking import LOCAL_FOLDER, RUN_VARIABLE, URI_VARIABLE, database, use_tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

ROWS, MODEL = "gate_rows", "gate_model"  # tags: the hashes of the test rows and of what the model said of them
MOST = 1000  # runs of a search


def look(experiment: str, run_id: str, rows: str, model: str, allowed: int) -> int:
    """How many other models have been judged on these rows. While that is less than allowed, this look is noted.

    UserError when the run is not known here. Without any run there is nothing to count.
    """
    if URI_VARIABLE not in os.environ and not database(LOCAL_FOLDER).exists():
        return 0
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    use_tracking(experiment)
    client, run_id = MlflowClient(), os.environ.get(RUN_VARIABLE, run_id)
    try:
        others = seen(client, client.get_run(run_id).info.experiment_id, rows) - {model}
        if len(others) < allowed:
            client.set_tag(run_id, ROWS, rows)
            client.set_tag(run_id, MODEL, model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise UserError(f"run {run_id}: not known here, so its looks cannot be counted; train again") from None
    return len(others)


def seen(client: "MlflowClient", experiment_id: str, rows: str) -> set[str]:
    """The hashes of what models said of these rows that were judged on them."""
    found = client.search_runs([experiment_id], f"tags.{ROWS} = '{rows}'", max_results=MOST)
    return {run.data.tags[MODEL] for run in found if MODEL in run.data.tags}
