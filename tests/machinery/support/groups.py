"""Marks for tests of what needs packages of a group: skipped where it is not installed.

tests/test_groups.py of the template runs them where it is.
"""

import importlib.util

import pytest


def needs(package: str, group: str) -> pytest.MarkDecorator:
    there = importlib.util.find_spec(package) is not None
    return pytest.mark.skipif(not there, reason=f"the group {group} is not installed")


NEEDS_EXPLAIN = needs("shap", "explain")
NEEDS_SEARCH = needs("optuna", "search")
NEEDS_INTERPRETABLE = needs("interpret", "interpretable")
