"""Yours: the features and the estimator. The rest of the project works with whatever these two return."""
