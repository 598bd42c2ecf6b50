"""The search for a better model, without disk and clock: what is tried next, and who wins."""
