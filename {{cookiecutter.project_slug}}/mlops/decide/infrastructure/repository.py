"""What the host of the repository should say: who waits for whom, what main takes, which pipelines may use what.

Nothing here is a host's: GitHub and Azure DevOps each make it so in their own words (mlops/ci/setup/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRAINING, MONITORING = "training", "monitoring"  # the environments in which no model serves
CLIENT, TENANT, SUBSCRIPTION = "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"

CHECK = "checks"  # what has to be green before a merge


@dataclass(frozen=True)
class Subject:
    """How a job of an environment names itself to Azure, as the host says: what a federated credential trusts."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class RepositorySettings:
    """The repository as it should be.

    environments: those of CI. waiting: the one of them whose jobs wait for a reviewer. reviewers: who that is; empty:
    whoever sets it up. pulls_only: whether main takes pull requests alone, which keeps pipelines from committing there.
    variables: of all environments alike; none of them is a secret. pipelines: the environments that each of them uses.
    """

    environments: tuple[str, ...]
    waiting: str
    reviewers: tuple[str, ...]
    pulls_only: bool
    variables: Mapping[str, str]
    pipelines: Mapping[str, tuple[str, ...]]

    @property
    def together(self) -> bool:
        """Whether somebody else can approve what one of them did; nobody is locked out while there is one alone."""
        return len(self.reviewers) > 1


def repository_settings(
    stages: Sequence[str], reviewers: Sequence[str], ids: Mapping[str, str], open_main: bool = False
) -> RepositorySettings:
    """The settings for the stages, in order.

    ids: TENANT and SUBSCRIPTION, as far as they are known. open_main: whether main is pushed to without a pull request:
    by pipelines (`promotion.staging: commit` of project.yml), or as it has to be made first.
    """
    return RepositorySettings(
        environments=(TRAINING, *stages, MONITORING),
        waiting=stages[-1],
        reviewers=tuple(reviewers),
        pulls_only=not open_main,
        variables=dict(ids),
        pipelines={
            "pull-request": (),
            "train": (TRAINING,),
            "deploy": (*stages, MONITORING),
            "monitor": (MONITORING,),
        },
    )
