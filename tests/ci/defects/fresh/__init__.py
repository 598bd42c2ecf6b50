"""Mistakes that were written down before the guard of the pipelines was, to measure it: benchmarks/ci_defects.py.

No test and no rule was made from these lists, and none should be: a list that was learnt from measures nothing.
"""
