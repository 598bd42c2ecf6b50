"""What the Azure SDK says of a pipeline's files."""

from collections.abc import Sequence
from pathlib import Path


def mistakes(pipeline: Path, components: Sequence[Path]) -> list[str]:
    """What the SDK finds wrong, in loading or in validating."""
    from azure.ai.ml import load_component, load_job

    try:
        results = [load_job(pipeline)._validate(), *(load_component(path)._validate() for path in components)]
    except Exception as error:  # loading raises half a dozen unrelated kinds
        return [repr(error)]
    return [str(result.error_messages) for result in results if not result.passed]
