"""Decisions: pure functions on plain data, without clock, disk or network."""
