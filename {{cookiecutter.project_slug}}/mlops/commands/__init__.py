"""What is typed as `uv run NAME` and is no step of the loop."""
