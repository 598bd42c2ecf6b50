"""The two CI systems, executed: the pipelines of a generated project, and tests that hold them to each other."""
