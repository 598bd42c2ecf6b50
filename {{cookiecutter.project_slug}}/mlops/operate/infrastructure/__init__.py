"""From nothing to Azure and back: what `infra` does with the subscription, the repository's host and environments/."""
