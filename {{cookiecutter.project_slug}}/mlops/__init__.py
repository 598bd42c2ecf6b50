"""What the steps call: configuration, statistics, rollout decisions, reports and the platform seam."""
