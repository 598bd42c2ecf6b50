"""The gate on scores of known quality: a worse model is refused, a better one passes, and doubt is never a pass."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from mlops.decide import comparison
from mlops.decide.checks import Check, overall, worst
from mlops.decide.comparison import Comparison, in_words
from mlops.decide.gate import better, enough, floors, looks_left, no_worse, verdict_on
from mlops.decide.jackknife import MOST
from mlops.decide.scored import MODELS, Scored
from mlops.decide.slicing import Slice, holm, look_at, slice_checks
from mlops.decide.tasks.binary import Binary
from mlops.decide.tasks.multiclass import Multiclass
from mlops.decide.tasks.regression import Regression
from mlops.settings.project import Gate

RULES = Gate.model_validate(
    {
        "threshold": 0.5,
        "floors": {"auc": 0.6},
        "alpha": 0.05,
        "looks": 1,
        "minimum_gain": 0.01,
        "max_loss": 0.02,
        "min_rows": 100,
        "seed": 1,
        "slices": {"columns": ["origin"], "min_rows": 200, "floor": 0.5, "max_drop": 0.05},
    }
)


TASK = Binary("auc", 0.5)


def as_scored(frame):
    """The frame's columns told apart: answers, predictions, and what may be sliced by."""
    predictions = {name: frame[name].to_numpy() for name in MODELS if name in frame}
    return Scored(frame["target"].to_numpy(), predictions, frame.filter(["origin"]), [0, 1])


def compare(frame, opponent, alpha, seed):
    return comparison.compare(TASK, as_scored(frame), opponent, alpha, seed)


def scored(seed=0, rows=3000, champion=None, challenger=1.0):
    """Test rows whose scores are the truth plus noise; the numbers say how much signal each model has."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 2, rows)
    shared = rng.normal(size=rows)
    frame = pd.DataFrame({"target": target, "origin": rng.choice(["EWR", "JFK"], rows)})
    for name, signal in {"challenger": challenger, "champion": champion}.items():
        if signal is not None:
            frame[name] = 1 / (1 + np.exp(-(signal * target + shared + 0.3 * rng.normal(size=rows))))
    return frame


def verdict(frame, auc=0.9, criterion="superiority"):
    return verdict_on(TASK, {"auc": auc}, as_scored(frame), RULES, criterion)


def check(result, name):
    return next(each for each in result["checks"] if each["name"].startswith(name))


def test_a_clearly_better_challenger_passes():
    result = verdict(scored(champion=0.5, challenger=1.0))
    assert result["status"] == "PASS" and not result["cold_start"]
    assert result["comparison"]["lower"] > 0


def test_a_worse_challenger_fails():
    result = verdict(scored(champion=1.0, challenger=0.5))
    assert result["status"] == "FAIL"
    assert check(result, "better than the champion")["status"] == "FAIL"


def test_a_challenger_with_the_champions_scores_fails():
    frame = scored(champion=1.0)
    result = verdict(frame.assign(challenger=frame["champion"]))
    assert result["status"] == "FAIL"
    assert result["comparison"]["difference"] == 0


def test_a_gain_that_the_rows_cannot_show_is_insufficient():
    result = verdict(scored(rows=400, champion=1.0, challenger=1.05))
    assert result["status"] == "INSUFFICIENT"
    assert result["comparison"]["detectable"] > RULES.minimum_gain


def test_too_few_positives_are_insufficient():
    frame = scored(champion=0.5, challenger=2.0)
    few = pd.concat([frame[frame["target"] == 1].head(50), frame[frame["target"] == 0]])
    result = verdict(few)
    assert check(result, "test rows")["status"] == "INSUFFICIENT"
    assert result["status"] == "INSUFFICIENT"


@pytest.mark.parametrize(("rows", "status"), [(100, "PASS"), (99, "INSUFFICIENT")])
def test_each_class_needs_its_rows(rows, status):
    target = np.repeat([0, 1], [rows, 5000])
    assert enough(TASK, target, [0, 1], RULES).status == enough(TASK, 1 - target, [0, 1], RULES).status == status


def test_a_cold_start_must_beat_a_trivial_model():
    assert verdict(scored(challenger=1.0))["status"] == "PASS"
    useless = verdict(scored(challenger=0.0))
    assert useless["cold_start"] and useless["status"] != "PASS"
    assert "trivial model" in check(useless, "better than")["name"]


def test_a_broken_floor_fails_however_much_better_it_is():
    assert verdict(scored(champion=0.5, challenger=1.0), auc=0.59)["status"] == "FAIL"


def test_a_slice_that_got_worse_fails_although_the_whole_got_better():
    frame = scored(rows=6000, champion=0.6, challenger=1.4)
    hurt = (frame["origin"] == "JFK") & (np.arange(len(frame)) % 5 == 0)
    hurt_rows = frame[hurt].assign(origin="LGA", challenger=1 - frame["champion"])
    result = verdict(pd.concat([frame[~hurt], hurt_rows]))
    assert check(result, "better than the champion")["status"] == "PASS"
    assert check(result, "slice origin=LGA")["status"] == "FAIL"
    assert result["status"] == "FAIL"


def sliced(seed, loss, **kept):
    """400 rows of one slice, on which the challenger has that much less signal, and the rules with these for slices."""
    rng = np.random.default_rng(seed)
    target = np.arange(400) % 2
    shared = rng.normal(size=400)
    champion, challenger = (signal * target + shared + 0.5 * rng.normal(size=400) for signal in (1, 1 - loss))
    frame = pd.DataFrame({"target": target, "origin": "JFK", "champion": champion, "challenger": challenger})
    return frame, RULES.model_copy(update={"slices": RULES.slices.model_copy(update=kept)})


def statuses(frame, rules):
    return [each.status for each in slice_checks(TASK, as_scored(frame), "champion", rules)]


def test_a_loss_on_a_slice_that_may_be_chance_is_none():
    frame, rules = sliced(6, 0.15, max_drop=0.01)
    assert compare(frame, "champion", rules.alpha, rules.seed).difference < -0.01
    assert statuses(frame, rules) == ["PASS"]


def test_beyond_chance_is_what_alpha_says():
    frame, rules = sliced(6, 0.15, max_drop=0.01)
    assert statuses(frame, rules.model_copy(update={"alpha": 0.49})) == ["FAIL"]


def test_rows_are_dealt_by_the_seed_of_the_rules():
    frame = scored(rows=400, champion=0.8)
    for seed in (1, 7):
        rules = RULES.model_copy(update={"seed": seed})
        told = verdict_on(TASK, {"auc": 0.9}, as_scored(frame), rules)["comparison"]
        assert told["lower"] == compare(frame, "champion", 0.05, seed).lower
    assert told["lower"] != compare(frame, "champion", 0.05, 1).lower


def test_rows_of_a_slice_keep_their_clusters():
    rows = replace(as_scored(scored(rows=40)), clusters=np.arange(40) % 12)
    part = rows.where(np.arange(40) < 20)
    assert part.clusters.tolist() == (np.arange(20) % 12).tolist() and len(part.target) == 20


def test_there_are_no_more_groups_than_rows_of_the_rarer_answer():
    target = np.repeat([0, 1], [90, 30])
    assert Scored(target, {}, pd.DataFrame(index=target), [0, 1]).groups(TASK, 1)[1] == 30


@pytest.mark.parametrize(
    ("gain", "words"),
    [(2.09, "better by 2.0900"), (-2.09, "worse by 2.0900"), (0.0, "the same"), (math.nan, "without a value")],
)
@pytest.mark.parametrize("task", [TASK, Regression("rmse", 0.5)], ids=["auc", "rmse"])
def test_a_gain_or_a_loss_is_told_in_words_whichever_way_the_metric_goes(task, gain, words):
    title, target = task.decisive.title, np.arange(40) % 2
    assert in_words(gain) == words
    worse = {"challenger": 1 - target, "champion": target * 1.0}
    found = comparison.compare(task, Scored(target, worse, pd.DataFrame(index=target), [0, 1]), "champion", 0.05, 1)
    assert found.seen == f"{title} worse by 1.0000, gain [{found.lower:+.4f}, {found.upper:+.4f}]" and found.upper < 0


def test_the_worst_of_an_error_is_its_most():
    assert worst(0.6, TASK.decisive) == ">= 0.6"
    assert worst(0.6, Regression("rmse", 0.5).decisive) == "<= 0.6"


def test_one_slice_among_many_needs_more_than_what_is_beyond_chance_by_itself():
    frame, rules = sliced(1, 0.15, max_drop=0.01)
    assert statuses(frame, rules) == ["FAIL"]
    others = [frame.assign(origin=f"same {at}", challenger=frame["champion"]) for at in range(19)]
    assert statuses(pd.concat([frame, *others]), rules) == ["PASS"] * 20


@pytest.mark.parametrize(("max_drop", "status"), [(0.1, "PASS"), (0.01, "FAIL")])
def test_a_slice_may_certainly_lose_as_much_as_is_allowed(max_drop, status):
    frame, rules = sliced(3, 0.15, max_drop=max_drop)
    assert compare(frame, "champion", rules.alpha, rules.seed).upper < 0
    assert statuses(frame, rules) == [status]


def test_a_slice_may_lose_just_what_is_allowed():
    """Of 256 rows 128 are right, and 192 were: a loss of 0.25, beyond all chance."""
    target, at = np.ones(256), np.arange(256)
    target[::2] = 0
    predictions = {
        name: np.where(at % 4 < right, target, 1 - target) for name, right in zip(MODELS, (2, 3), strict=True)
    }
    part = Scored(target.astype(int), predictions, pd.DataFrame(index=at), [0, 1])
    for most, lost in ((0.25, 1.0), (0.24, pytest.approx(0, abs=0.001))):
        rules = sliced(0, 0, max_drop=most)[1]
        found = look_at(Binary("accuracy", 0.5), part, "any", "champion", rules)
        assert (found.gain, found.lost) == (-0.25, lost)


@pytest.mark.parametrize(("floor", "status"), [(0.5, "PASS"), (0.51, "FAIL")])
def test_a_slice_keeps_its_floor_whatever_the_champion_does_there(floor, status):
    frame, rules = sliced(0, 0, floor=floor)
    assert statuses(frame.assign(challenger=0.5, champion=0.5), rules) == [status], "its AUC is 0.5"


@pytest.mark.parametrize(("floor", "status"), [(0.8, "PASS"), (0.9, "FAIL")])
def test_a_slice_below_its_floor_by_chance_alone_does_not_block(floor, status):
    frame, rules = sliced(0, 0, floor=floor)
    [found] = slice_checks(TASK, as_scored(frame), "champion", rules)
    assert found.status == status and found.seen.startswith("AUC 0.7"), "below either floor"


def test_a_floor_broken_on_one_of_many_slices_has_to_be_broken_beyond_all_chance():
    frame, rules = sliced(0, 0, floor=0.83)
    assert statuses(frame, rules) == ["FAIL"]
    others = [frame.assign(origin=f"fine {at}", challenger=frame["target"]) for at in range(19)]
    assert statuses(pd.concat([frame, *others]), rules) == ["PASS"] * 20


def test_equally_good_challengers_are_hardly_ever_blocked_by_any_of_twenty_slices():
    rules = RULES.model_copy(update={"slices": RULES.slices.model_copy(update={"max_drop": 0.0, "min_rows": 100})})
    blocked = 0
    for seed in range(60):
        frame = scored(seed, rows=3000, champion=0.8, challenger=0.8)
        blocked += "FAIL" in statuses(frame.assign(origin=[f"slice {at % 20}" for at in range(3000)]), rules)
    assert blocked <= 8, "99 % binomial limit for 60 runs at 5 %"


@pytest.mark.parametrize(
    ("chances", "certain"),
    [
        ([], []),
        ([0.05], [True]),
        ([0.051], [False]),
        ([0.04, 0.01], [True, True]),  # 0.01 of 0.05 / 2, then 0.04 of 0.05
        ([0.04, 0.03], [False, False]),
        ([0.9, 0.01, 0.02], [False, True, True]),
        ([0.9, 0.02, 0.001], [False, True, True]),
        ([0.9, 0.02, 0.017], [False, False, False]),
    ],
)
def test_chance_is_shared_out_step_by_step(chances, certain):
    assert holm(chances, 0.05) == certain


def test_a_slice_is_gated_from_the_rows_on_that_the_rules_name():
    frame, rules = sliced(0, 0, min_rows=400)
    assert statuses(frame, rules) == ["PASS"]
    assert statuses(frame.iloc[1:], rules) == ["INSUFFICIENT"]


@pytest.mark.parametrize(
    ("waived", "status"),
    [
        ({"origin=JFK": "new there"}, "PASS"),
        ({"origin": "all small"}, "PASS"),
        ({"origin=LGA": "another"}, "INSUFFICIENT"),
        ({"JFK": "no column"}, "INSUFFICIENT"),
    ],
)
def test_a_slice_too_small_is_named_and_blocks_unless_git_says_why_not(waived, status):
    frame, rules = sliced(0, 0, min_rows=401, waived=waived)
    [found] = slice_checks(TASK, as_scored(frame), "champion", rules)
    assert (found.name, found.status) == ("slice origin=JFK", status)
    assert found.seen == ("400 rows, waived: " + next(iter(waived.values())) if status == "PASS" else "400 rows")
    assert found.wanted == ">= 401 rows, or a reason in gate.slices.waived"


@pytest.mark.parametrize(("count", "rows", "models"), [(1, "1 row", "1 other model"), (2, "2 rows", "2 other models")])
def test_one_is_told_as_one(count, rows, models):
    assert looks_left(count, 20) == Check("looks at these test rows", "PASS", models, looks_left(1, 20).wanted)
    frame, rules = sliced(0, 0, min_rows=401)
    assert [each.seen for each in slice_checks(TASK, as_scored(frame.iloc[:count]), "champion", rules)] == [rows]


@pytest.mark.parametrize(("before", "status"), [(0, "PASS"), (1, "PASS"), (2, "INSUFFICIENT")])
def test_each_look_is_one_of_those_that_are_allowed(before, status):
    assert looks_left(before, 2).status == status


def test_a_waiver_is_about_rows_alone():
    frame, rules = sliced(0, 0, floor=0.9, waived={"origin": "always"})
    assert statuses(frame, rules) == ["FAIL"]


def test_a_slice_of_one_class_cannot_tell():
    frame, rules = sliced(0, 0)
    assert statuses(frame[frame["target"] == 1], rules) == ["INSUFFICIENT"]


def test_a_slice_that_cannot_tell_takes_no_evidence_from_the_others():
    frame, rules = sliced(1, 0.15, max_drop=0.01)
    part = look_at(TASK, as_scored(frame), "origin=JFK", "champion", rules)
    rules = rules.model_copy(update={"alpha": 2.1 * min(part.below, part.lost)})  # of two tests; not of four
    one_class = frame[frame["target"] == 1].assign(origin="LGA")
    assert statuses(pd.concat([frame, one_class, one_class]), rules) == ["FAIL", "INSUFFICIENT"]


def test_the_rows_of_a_slice_are_dealt_by_the_seed_of_the_rules():
    frame, rules = sliced(1, 0.15, max_drop=0.01, floor=0.75)
    one, other = (
        look_at(TASK, as_scored(frame), "origin=JFK", "champion", rules.model_copy(update={"seed": seed}))
        for seed in (1, 7)
    )
    assert one.below != other.below and one.lost != other.lost


@pytest.mark.parametrize(("most", "status"), [(0.5, "FAIL"), (2.0, "PASS")])
def test_the_floor_of_an_error_is_the_most_that_it_may_be_on_a_slice(most, status):
    rules = sliced(0, 0, floor=most)[1]
    target = np.random.default_rng(1).normal(size=400)
    predictions = {"challenger": target + 1, "champion": target + 1.01}
    rows = Scored(target, predictions, pd.DataFrame({"origin": ["JFK"] * 400}))
    [found] = slice_checks(Regression("rmse", 0.5), rows, "champion", rules)
    assert found.status == status and found.seen == "RMSE 1.0000, better by 0.0100"


@pytest.mark.parametrize(
    ("below", "lost", "status"), [(0.9, 0.9, "PASS"), (math.nan, 0.9, "INSUFFICIENT"), (0.9, math.nan, "INSUFFICIENT")]
)
def test_a_slice_on_which_either_model_has_no_value_cannot_tell(below, lost, status):
    assert Slice("origin=JFK", 0.7, 0.0, below, lost).check(False, TASK.decisive, RULES.slices).status == status


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_never_passes(label):
    frame = scored(champion=0.5)
    with np.errstate(all="raise"):  # nothing is divided by no rows
        result = verdict(frame[frame["target"] == label])
    assert result["status"] == "FAIL"
    assert math.isnan(result["comparison"]["difference"])


@given(st.dictionaries(st.sampled_from(["auc", "accuracy"]), st.floats(allow_nan=True) | st.none()))
@example({"auc": 0.6, "accuracy": 0.5})
def test_a_missing_or_nan_metric_is_a_broken_floor(metrics):
    for each in floors(metrics, {"auc": 0.6, "accuracy": 0.5}, TASK):
        value = metrics.get(each.name.removeprefix("floor "))
        good = value is not None and not math.isnan(value) and value >= float(each.wanted.removeprefix(">= "))
        assert each.status == ("PASS" if good else "FAIL")
        assert each.seen == ("missing" if value is None else f"{value:.4f}")


@given(st.lists(st.sampled_from(["PASS", "FAIL", "INSUFFICIENT"])))
def test_it_passes_only_when_every_check_does(statuses):
    status = overall([Check("any", status, "", "") for status in statuses])
    assert (status == "PASS") == (bool(statuses) and set(statuses) == {"PASS"})
    assert (status == "FAIL") == ("FAIL" in statuses or not statuses), "doubt elsewhere hides no failure"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), champion=st.floats(0.2, 1.5), loss=st.floats(0.15, 1.0))
def test_no_worse_challenger_ever_passes(seed, champion, loss):
    assert verdict(scored(seed, rows=800, champion=champion, challenger=champion - loss))["status"] != "PASS"


def test_a_challenger_with_the_champions_scores_is_no_worse_although_it_is_not_better():
    frame = scored(champion=1.0).assign(challenger=lambda frame: frame["champion"])
    assert verdict(frame)["status"] == "FAIL"
    result = verdict(frame, criterion="non-inferiority")
    assert (result["status"], result["criterion"]) == ("PASS", "non-inferiority")
    assert check(result, "no worse than the champion")["wanted"] == "lower bound > -0.02"
    assert not [each for each in result["checks"] if each["name"].startswith("better")]


def test_a_clearly_worse_challenger_fails_non_inferiority():
    result = verdict(scored(champion=1.0, challenger=0.5), criterion="non-inferiority")
    assert check(result, "no worse than the champion")["status"] == "FAIL"
    assert result["status"] == "FAIL"


def test_a_loss_that_the_rows_cannot_rule_out_is_insufficient():
    result = verdict(scored(rows=400, champion=1.0, challenger=0.95), criterion="non-inferiority")
    assert check(result, "no worse than the champion")["status"] == "INSUFFICIENT"
    assert result["status"] == "INSUFFICIENT"


def test_a_cold_start_has_to_be_better_whatever_the_criterion():
    assert verdict(scored(challenger=1.0), criterion="non-inferiority")["status"] == "PASS"
    useless = verdict(scored(challenger=0.0), criterion="non-inferiority")
    assert check(useless, "better than the trivial model")["status"] != "PASS"
    assert useless["cold_start"] and useless["status"] != "PASS"


def test_a_broken_floor_or_slice_fails_a_challenger_that_is_no_worse():
    frame = scored(champion=0.5, challenger=1.0)
    assert verdict(frame, auc=0.59, criterion="non-inferiority")["status"] == "FAIL"
    hurt = frame.assign(challenger=frame["challenger"].where(frame["origin"] != "JFK", 1 - frame["challenger"]))
    sliced = verdict(pd.concat([frame.assign(origin="EWR")] * 4 + [hurt]), criterion="non-inferiority")
    assert check(sliced, "no worse")["status"] == "PASS" and check(sliced, "slice origin=JFK")["status"] == "FAIL"
    assert sliced["status"] == "FAIL"


@pytest.mark.parametrize(
    ("lower", "upper", "status"),
    [
        (-0.019, 0.0, "PASS"),
        (-0.02, 0.0, "INSUFFICIENT"),
        (-0.03, -0.02, "INSUFFICIENT"),
        (-0.03, -0.021, "FAIL"),
        (math.nan, math.nan, "FAIL"),
        (-0.03, math.inf, "FAIL"),
        (-math.inf, 0.03, "FAIL"),
    ],
)
def test_the_margin_itself_is_not_within_it(lower, upper, status):
    assert no_worse(Comparison("AUC", "champion", -0.01, lower, upper, 0.01), 0.02).status == status


@pytest.mark.parametrize(
    ("lower", "upper", "status"),
    [
        (0.001, 0.03, "PASS"),
        (0.001, 0.005, "PASS"),  # certain, if small
        (0.0, 0.03, "INSUFFICIENT"),
        (-0.01, 0.01, "INSUFFICIENT"),
        (-0.01, 0.009, "FAIL"),  # whatever it gains is not worth having
        (math.nan, math.nan, "FAIL"),
        (-0.01, math.inf, "FAIL"),
        (-math.inf, 0.03, "FAIL"),
    ],
)
def test_better_is_beyond_chance_and_a_gain_that_is_not_worth_having_is_none(lower, upper, status):
    assert better(Comparison("AUC", "champion", 0.004, lower, upper, 0.01), 0.01).status == status


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_each_bound_is_wrong_with_the_chance_alpha(alpha):
    found = [
        compare(scored(seed, rows=500, champion=0.6, challenger=0.8), "champion", alpha, seed=1) for seed in range(200)
    ]
    spread = np.std([each.difference for each in found])
    for bound in ("lower", "upper"):
        widths = [abs(getattr(each, bound) - each.difference) / student.ppf(1 - alpha, MOST - 1) for each in found]
        assert np.mean(widths) == pytest.approx(spread, rel=0.1)


def test_a_true_gain_that_is_called_detectable_is_found_four_times_of_five():
    found = compare(scored(rows=500, champion=0.6, challenger=0.8), "champion", alpha=0.05, seed=1)
    least_that_passes = found.difference - found.lower
    assert student.sf((least_that_passes - found.detectable) / found.error, MOST - 1) == pytest.approx(0.8)


def test_equal_models_whose_rows_share_their_day_pass_no_more_often_than_alpha_says():
    """What both models see of a day they share with all rows of it, each in its own way."""
    passed = {"by day": 0, "alone": 0}
    for seed in range(100):
        rng, days = np.random.default_rng(seed), np.repeat(np.arange(20), 30)
        target, predictions = rng.integers(0, 2, 600), {}
        for name in MODELS:
            shared = rng.normal(size=20)[days] * (2 * target - 1)
            predictions[name] = target + 0.5 * shared + rng.normal(size=600)
        alone = Scored(target, predictions, pd.DataFrame(index=range(600)), [0, 1])
        for name, rows in {"by day": replace(alone, clusters=days), "alone": alone}.items():
            passed[name] += comparison.compare(TASK, rows, "champion", 0.05, seed).lower > 0
    assert passed["by day"] <= 12, "99 % binomial limits for 100 runs at 5 %"
    assert passed["alone"] > 15


def test_alpha_is_shared_out_over_the_looks_that_test_rows_allow():
    frame, rules = scored(rows=1000, champion=0.6, challenger=0.8), RULES.model_copy(update={"looks": 20})
    one, shared = (verdict_on(TASK, {"auc": 0.9}, as_scored(frame), each)["comparison"] for each in (RULES, rules))
    assert (one["alpha"], shared["alpha"], shared["p"]) == (0.05, 0.05 / 20, one["p"])
    assert shared["lower"] == compare(frame, "champion", 0.05 / 20, 1).lower < one["lower"]
    assert shared["detectable"] > one["detectable"]


def test_what_a_pull_request_asks_costs_no_look():
    rules = RULES.model_copy(update={"looks": 20})
    rows = as_scored(scored(champion=1.0, challenger=1.0))
    result = verdict_on(TASK, {"auc": 0.9}, rows, rules, "non-inferiority", looks=20)
    assert result["comparison"]["alpha"] == 0.05 and result["status"] == "PASS"


@pytest.mark.parametrize(("before", "status"), [(0, "PASS"), (4, "PASS"), (5, "INSUFFICIENT"), (9, "INSUFFICIENT")])
@pytest.mark.parametrize("champion", [0.5, None])
def test_rows_on_which_too_many_were_judged_promote_nobody(before, status, champion):
    rules = RULES.model_copy(update={"looks": 5})
    rows = as_scored(scored(champion=champion, challenger=1.5))
    result = verdict_on(TASK, {"auc": 0.9}, rows, rules, looks=before)
    assert (result["status"], result["looks"]) == (status, before)
    assert "add newer data, or change data.split" in check(result, "looks at these test rows")["wanted"]


def test_a_year_of_twenty_retrains_without_gain_hardly_ever_promotes():
    """Twenty challengers as good as the champion, with other errors, on the same rows."""
    rules, promoted = RULES.model_copy(update={"looks": 20}), 0
    for year in range(25):
        rng = np.random.default_rng(year)
        target = rng.integers(0, 2, 400)
        champion, *others = (target + rng.normal(size=400) for _ in range(21))
        pairs = [Scored(target, {"challenger": each, "champion": champion}, None, [0, 1]) for each in others]
        gains = [comparison.compare(TASK, each, "champion", rules.alpha / rules.looks, 1) for each in pairs]
        promoted += any(each.lower > 0 for each in gains)
    assert promoted <= 5, "99 % binomial limit for 25 years at 5 %"


@pytest.mark.parametrize(("criterion", "worth"), [("superiority", 0.01), ("non-inferiority", 0.02)])
def test_the_verdict_says_how_many_rows_would_tell(criterion, worth):
    result = verdict(scored(rows=400, champion=1.0, challenger=1.02), criterion=criterion)["comparison"]
    times = result["rows_needed"] / 400
    assert times == pytest.approx((result["detectable"] / worth) ** 2) and times > 1
    many = verdict(scored(rows=round(400 * times), champion=1.0, challenger=1.02), criterion=criterion)["comparison"]
    assert many["detectable"] == pytest.approx(worth, rel=0.4)


@pytest.mark.parametrize(
    ("criterion", "challenger", "setting", "other"),
    [
        ("superiority", 1.05, {"minimum_gain": 0.2}, "FAIL"),
        ("non-inferiority", 0.95, {"max_loss": 0.2}, "PASS"),
    ],
)
def test_what_matters_is_what_the_rules_say(criterion, challenger, setting, other):
    rows = as_scored(scored(rows=400, champion=1.0, challenger=challenger))
    for rules, status in ((RULES, "INSUFFICIENT"), (RULES.model_copy(update=setting), other)):
        assert verdict_on(TASK, {"auc": 0.9}, rows, rules, criterion)["checks"][2]["status"] == status


def test_how_much_wider_days_make_no_interval_at_all_has_no_value():
    frame = scored(rows=400, champion=1.0)
    rows = replace(as_scored(frame.assign(challenger=frame["champion"])), clusters=np.arange(400) % 20)
    assert math.isnan(verdict_on(TASK, {"auc": 0.9}, rows, RULES)["comparison"]["widened"])


def test_the_chance_in_a_verdict_is_about_the_loss_that_its_criterion_allows():
    frame = scored(rows=400, champion=1.0, challenger=1.0)
    strict, lenient = (verdict(frame, criterion=each)["comparison"] for each in ("superiority", "non-inferiority"))
    assert (strict["rule"], lenient["rule"]) == ("minimum_gain", "max_loss")
    assert lenient["p"] < strict["p"] and lenient["lower"] == strict["lower"]
    assert compare(frame, "champion", lenient["p"], 1).lower == pytest.approx(-0.02)


def test_the_verdict_says_of_how_many_clusters_its_rows_are_and_how_much_wider_that_makes_it():
    rows = as_scored(scored(rows=600, champion=1.0))
    shared = np.random.default_rng(1).normal(size=20)[np.arange(600) % 20] * (2 * rows.target - 1)
    rows = replace(rows, predictions={**rows.predictions, "challenger": rows.predictions["challenger"] + 0.2 * shared})
    alone, alike = (
        verdict_on(TASK, {"auc": 0.9}, replace(rows, clusters=days), RULES)["comparison"]
        for days in (None, np.arange(600) % 20)
    )
    assert (alone["rows"], alone["clusters"], alone["widened"]) == (600, None, None)
    assert alike["clusters"] == 20 and alike["widened"] > 1.5
    assert alike["widened"] == alike["error"] / alone["error"]


def test_the_verdict_says_on_how_many_rows_the_two_decide_differently():
    champion, challenger = np.array([0.2, 0.5, 0.6, 0.7]), np.array([0.7, 0.5, 0.51, 0.5])
    rows = Scored(np.array([0, 1, 0, 1]), {"challenger": challenger, "champion": champion}, pd.DataFrame(), [0, 1])
    assert comparison.discordance(TASK, rows, "champion") == 0.5, "a score at the threshold is not above it"
    many = {"challenger": np.eye(3), "champion": np.eye(3)[[0, 2, 2]] * 0.4}
    assert comparison.discordance(Multiclass("log_loss", 0.5), replace(rows, predictions=many), "champion") == 1 / 3
    assert comparison.discordance(Regression("rmse", 0.5), rows, "champion") is None
    frame = scored(champion=0.5)
    told = verdict(frame)["comparison"]["discordance"]
    assert told == ((frame["challenger"] > 0.5) != (frame["champion"] > 0.5)).mean() > 0


@pytest.mark.parametrize("gain", [-0.2, 0.0, 0.1, 0.4])
def test_the_chance_is_below_alpha_where_the_lower_bound_is_above_nothing(gain):
    frame = scored(rows=500, champion=0.6, challenger=0.6 + gain)
    p = compare(frame, "champion", 0.05, seed=1).p
    if p < 0.5:
        assert compare(frame, "champion", p, seed=1).lower == pytest.approx(0, abs=1e-9)
    assert (p < 0.05) == (compare(frame, "champion", 0.05, seed=1).lower > 0)


bounds = st.floats(-1, 1) | st.just(math.nan)


@given(bounds, bounds, bounds, st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_what_is_better_is_no_worse(difference, lower, upper, gain, margin):
    found = Comparison("AUC", "champion", difference, lower, upper, 0.01)
    strict, lenient = better(found, gain).status, no_worse(found, margin).status
    assert strict != "PASS" or lenient == "PASS"
    assert lenient != "FAIL" or strict != "PASS"


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), champion=st.floats(0.2, 1.5), gain=st.floats(-0.5, 0.5))
def test_a_verdict_that_passes_superiority_passes_non_inferiority(seed, champion, gain):
    frame = scored(seed, rows=800, champion=champion, challenger=champion + gain)
    if verdict(frame)["status"] == "PASS":
        assert verdict(frame, criterion="non-inferiority")["status"] == "PASS"


def test_equal_models_pass_about_as_often_as_alpha_says():
    passed = sum(
        compare(scored(seed, rows=300, champion=0.8, challenger=0.8), "champion", alpha=0.05, seed=seed).lower > 0
        for seed in range(100)
    )
    assert 1 <= passed <= 12, "99 % binomial limits for 100 runs at 5 %"
