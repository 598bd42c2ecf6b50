"""Commands that are no step of the loop, one file each; `uv run <name>`."""
