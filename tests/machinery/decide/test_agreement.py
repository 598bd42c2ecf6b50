"""A model's answers where it is served: the same as when it was trained, and not odd beside stable's."""

import math

import numpy as np
import pytest

from mlops.decide.agreement import TOLERANCE, agrees, apart, disagreement, oddness, points


@pytest.mark.parametrize(
    ("candidate", "stable", "problem"),
    [
        ({"scores": [0.1, 0.5, 0.9]}, {"scores": [0.2, 0.5, 0.8]}, ""),
        ({"scores": [0.1, None, 0.9]}, {"scores": [0.2, 0.5, 0.8]}, "no numbers"),
        ({"scores": [0.1, math.nan, 0.9]}, {"scores": [0.2, 0.5, 0.8]}, "no numbers"),
        ({"scores": [0.5, 0.5, 0.5]}, {"scores": [0.2, 0.5, 0.8]}, "hardly differ from row to row"),
        ({"values": [60.0, 120.0, 180.0]}, {"values": [1.0, 2.0, 3.0]}, "apart from stable's"),
        ({"values": [1.1, 2.0, 3.0]}, {"values": [1.0, 2.0, 3.0]}, ""),
        ({"values": [1.0, 9.0, 3.0]}, {"scores": [1.0, 1.0, 1.0]}, ""),  # stable's are all the same
        ({"values": [9.0]}, {"values": [1.0]}, ""),  # of one row nothing is known of how far two are apart
        ({"values": [1.0, 90.0, 5.0]}, {"values": [1.0, 2.0]}, ""),
        ({"values": [2.0, 3.0]}, {"values": [0.0, 1.0]}, ""),  # twice as far apart, which may be
        ({"values": [4.5, 5.5]}, {"values": [0.0, 10.0]}, ""),  # they differ a tenth as much
        ({"values": [1.0, 9.0]}, {"message": "another model"}, ""),
        (
            {"labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]},
            {"labels": ["b", "a", "c"], "probabilities": [[0.1, 0.9, 0.0], [0.8, 0.2, 0.0]]},
            "",
        ),
        (
            {"labels": ["a", "b"], "probabilities": [[0.5, 0.5], [0.5, 0.5]]},
            {"labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]},
            "hardly differ",
        ),
    ],
)
def test_answers_are_held_against_stables(candidate, stable, problem):
    found = oddness(candidate, stable, 2.0)
    assert found == "" if problem == "" else problem in found


def test_how_far_answers_are_apart_needs_no_unit_and_no_constant_is_closer_than_a_half():
    rng = np.random.default_rng(5)
    for scale, values in ((1.0, rng.random(40)), (1e6, rng.exponential(1.0, 40)), (1.0, (rng.random(40) < 0.1) * 1.0)):
        stable = points({"values": (scale * values).tolist()})
        shuffled = points({"values": (scale * rng.permutation(values)).tolist()})
        assert apart(stable, stable) == 0
        assert 0.6 < apart(shuffled, stable) < 1.6
        assert all(
            apart([{"": scale * each}] * 40, stable) >= 0.5 for each in (*values, np.median(values), values.mean())
        )


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {"scores": [0.1, 0.2]}, ""),
        (200, {"scores": [0.1, 0.2 + 1e-9]}, ""),
        (200, {"scores": [0.1 + 9e-7, 0.2 - 9e-7]}, ""),
        (200, {"scores": [0.1, 0.2 + 1e-5]}, "1 of 2 scores differ"),
        (200, {"scores": [0.1, float("nan")]}, "1 of 2 scores differ"),
        (200, {"scores": [0.1, None]}, "1 of 2 scores differ"),
        (200, {"scores": ["0.1", [0.2]]}, "2 of 2 scores differ"),
        (200, {"scores": [0.1]}, "1 scores instead of 2"),
        (200, {"predictions": [1]}, "no scores in"),
        (200, "text", "status 200, text"),
        (500, {"message": "boom"}, "status 500"),
        (500, {"scores": [0.1, 0.2]}, "status 500"),
    ],
)
def test_answers_must_agree_with_the_offline_ones(status, body, problem):
    found = disagreement(status, body, {"scores": [0.1, 0.2]})
    assert found == "" if problem == "" else problem in found


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.8 + 1e-9]]}, ""),
        ({"classes": ["a", "a"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]}, "1 of 2 classes"),
        ({"classes": ["a", "b"], "labels": ["b", "a"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]}, "2 of 2 labels"),
        ({"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.7]]}, "1 of 2 probab"),
        ({"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2]]}, "1 of 2 probabilities"),
        ({"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [0.9, [0.2, 0.8]]}, "1 of 2 probabilities"),
        ({"classes": ["a", "b"], "labels": ["a", "b"]}, "no probabilities in"),
    ],
)
def test_classes_labels_and_probabilities_must_all_agree(body, problem):
    offline = {"classes": ["a", "b"], "labels": ["a", "b"], "probabilities": [[0.9, 0.1], [0.2, 0.8]]}
    found = disagreement(200, body, offline)
    assert found == "" if problem == "" else problem in found


def test_a_number_may_be_off_by_the_tolerance_itself():
    assert agrees(TOLERANCE, 0.0) and not agrees(1.01 * TOLERANCE, 0.0)
